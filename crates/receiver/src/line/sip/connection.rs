//! One connection of a digital unit: what it says goes to the hub, what the hub sends leaves in order.
//!
//! Bounds: [`CHUNKS_MAX`] reads are under way, then the connection is not read; [`OUTBOX_MAX`] messages wait to leave,
//! then the hub closes it; a write that takes longer than [`WRITE_WAIT_MAX`] ends it.

use std::sync::Arc;
use std::time::Instant;

use telecare_protocol::sip::Flow;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{Cause, Ended, Heard, LineTask, Outgoing, UnderWay, What, peers};
use crate::line::conversation::WRITE_WAIT_MAX;
use crate::line::stopped;
use crate::pulse::{Pulse, TICK_EVERY};

/// Messages that wait for a connection to take them.
pub const OUTBOX_MAX: usize = 64;

/// Reads of one connection whose messages are not stored yet.
const CHUNKS_MAX: usize = 16;

/// Bytes taken at one read.
const READ_BYTES_MAX: usize = 4096;

/// What a connection needs besides its stream.
pub struct Connection<'a> {
    pub task: &'a LineTask,
    pub flow: Flow,
    pub hub: mpsc::Sender<Heard>,
    pub outbox: mpsc::Receiver<Outgoing>,
    /// The hub's word to end at once.
    pub cut_off: oneshot::Receiver<Cause>,
    pub pulse: &'a Pulse,
}

enum Turn {
    Cut(Cause),
    Out(Option<Outgoing>),
    Stop,
    Room,
    Read(std::io::Result<usize>, Option<OwnedSemaphorePermit>),
    Tick,
}

impl Connection<'_> {
    /// Until it has ended, by either side.
    pub async fn run<P: AsyncRead + AsyncWrite + Unpin>(mut self, port: P, door: peers::Door) -> Ended {
        if self.tell(What::Opened(door)).await.is_err() {
            return Ended::Stopped;
        }
        let ended = self.talk(port).await;
        // The hub is gone when the process stops.
        let _ = self.tell(What::Closed).await;
        ended
    }

    async fn tell(&self, what: What) -> Result<(), mpsc::error::SendError<Heard>> {
        let heard = Heard { flow: self.flow, at: Instant::now(), what };
        self.pulse.during(self.hub.send(heard)).await
    }

    async fn talk<P: AsyncRead + AsyncWrite + Unpin>(&mut self, mut port: P) -> Ended {
        let chunks = Arc::new(Semaphore::new(CHUNKS_MAX));
        let mut buffer = [0; READ_BYTES_MAX];
        let mut stop = self.task.stop.clone();
        let (mut heard, mut stopping, mut uncut) = (false, false, false);
        // Read, and without room at the hub yet.
        let mut waiting: Option<Heard> = None;
        loop {
            self.pulse.tick();
            let turn = tokio::select! {
                biased;
                cut = &mut self.cut_off, if !uncut => match cut {
                    Ok(cause) => Turn::Cut(cause),
                    Err(_) => {
                        uncut = true;
                        continue;
                    }
                },
                out = self.outbox.recv() => Turn::Out(out),
                () = stopped(&mut stop), if !stopping => Turn::Stop,
                room = self.hub.reserve(), if waiting.is_some() => {
                    if let (Ok(room), Some(heard)) = (room, waiting.take()) {
                        room.send(heard);
                    }
                    Turn::Room
                }
                (read, room) = read(&mut port, &mut buffer, &chunks), if !stopping && waiting.is_none() => {
                    Turn::Read(read, room)
                }
                () = tokio::time::sleep(TICK_EVERY) => Turn::Tick,
            };
            match turn {
                Turn::Cut(cause) => return Ended::Lost { cause, heard },
                // What was sent before has left.
                Turn::Out(None) => {
                    let _ = tokio::time::timeout(WRITE_WAIT_MAX, port.shutdown()).await;
                    return if stopping { Ended::Stopped } else { Ended::Lost { cause: Cause::Gone, heard } };
                }
                Turn::Out(Some(out)) => {
                    if let Err(cause) = self.write(&mut port, out).await {
                        return Ended::Lost { cause, heard };
                    }
                }
                Turn::Stop => stopping = true,
                Turn::Read(Ok(count), Some(room)) if count > 0 => {
                    heard = true;
                    self.task.meters.byte_came();
                    let bytes = buffer.get(..count).unwrap_or(&buffer).to_vec();
                    let under_way = Arc::new(UnderWay { _room: room, _guest: None });
                    waiting = Some(Heard { flow: self.flow, at: Instant::now(), what: What::Bytes(bytes, under_way) });
                }
                Turn::Read(Ok(_), _) => return Ended::Lost { cause: Cause::Gone, heard },
                Turn::Read(Err(error), _) => {
                    tracing::debug!(%error, "reading failed");
                    return Ended::Lost { cause: Cause::of(&error), heard };
                }
                Turn::Room | Turn::Tick => {}
            }
        }
    }

    async fn write<P: AsyncWrite + Unpin>(&self, port: &mut P, out: Outgoing) -> Result<(), Cause> {
        let writing = async {
            port.write_all(&out.bytes).await?;
            // TLS keeps what it could not hand on.
            port.flush().await
        };
        match tokio::time::timeout(WRITE_WAIT_MAX, writing).await {
            Ok(Ok(())) => {
                if let Some((last_byte, waited_for)) = out.answering {
                    self.task.meters.answered_after(last_byte.elapsed(), waited_for);
                }
                Ok(())
            }
            Ok(Err(error)) => {
                self.task.meters.unsent.increment(1);
                Err(Cause::of(&error))
            }
            Err(_) => {
                self.task.meters.unsent.increment(1);
                Err(Cause::Stuck)
            }
        }
    }
}

/// Reads once there is room for what comes. Cancel safe.
async fn read<P: AsyncRead + Unpin>(
    port: &mut P,
    buffer: &mut [u8],
    chunks: &Arc<Semaphore>,
) -> (std::io::Result<usize>, Option<OwnedSemaphorePermit>) {
    let room = Arc::clone(chunks).acquire_owned().await;
    // The semaphore is never closed.
    (port.read(buffer).await, room.ok())
}
