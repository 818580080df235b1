//! Drives one session over one open port or connection. Knows nothing of the protocol.
//!
//! Each turn, in this order:
//!
//! 1. run the session's commands: write, deliver, count
//! 2. hand it the answers of the intake
//! 3. when the process stops: read no more, let answers that are owed leave, end
//! 4. hand it the bytes that came, so that bytes which waited in the kernel are heard before a timer that
//!    ran out meanwhile
//! 5. hand it the time
//!
//! Reading never waits for an answer. Writing is bounded by [`WRITE_WAIT_MAX`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_protocol::{Command, Delivery, Session, Token};
use telecare_queue::Answer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

use super::calls::CallBook;
use super::ledger::Ledger;
use super::link::{Cause, Link, Presence, Present, STEADY_AFTER};
use super::meters::LineMeters;
use super::stopped;
use super::world::World;
use crate::pulse::{Pulse, TICK_EVERY};

/// A peer that takes no byte for so long is gone: the longest answer is a few bytes, and at 1200 bit/s each
/// takes under 10 ms.
pub(super) const WRITE_WAIT_MAX: Duration = Duration::from_secs(2);

/// How long answers that are owed may take to leave once the process stops.
pub const DRAIN_MAX: Duration = Duration::from_secs(2);

/// How late the session's timer may fire behind a peer that never stops sending.
pub(super) const TIMER_LATE_MAX: Duration = Duration::from_secs(1);

/// Bytes taken at one read.
const READ_BYTES_MAX: usize = 4096;

/// How a conversation ended.
#[derive(Debug)]
pub enum Ended {
    /// The port or peer went away.
    Lost {
        /// Why.
        cause: Cause,
        /// Whether any byte had come.
        heard: bool,
    },
    /// The process stops.
    Stopped,
}

/// What a conversation needs besides its port.
pub struct Conversation {
    /// The protocol.
    pub session: Session,
    /// Where deliveries go.
    pub ledger: Ledger,
    /// Where it says that somebody is there.
    pub link: Link,
    /// When somebody counts as being there.
    pub presence: Presence,
    /// Its line's instruments.
    pub meters: Arc<LineMeters>,
    /// Where its calls are written down.
    pub book: CallBook,
    /// What its session is told before it hears anything.
    pub world: World,
    /// Who says nothing for so long after connecting is not waited for.
    pub silence_max: Option<Duration>,
    /// True when the process stops.
    pub stop: watch::Receiver<bool>,
}

/// A conversation under way.
struct Talk<'a, P> {
    port: P,
    with: Conversation,
    pulse: &'a Pulse,
    opened: Instant,
    heard: bool,
    present: Option<Present>,
    /// Since when the process has been stopping.
    stopping: Option<Instant>,
}

/// What happened in a turn.
enum Turn {
    Answer(Token, Answer),
    Bytes(std::io::Result<usize>),
    Woken,
    Stop,
}

/// Talks until the port is gone or the process stops.
pub async fn converse<P: AsyncRead + AsyncWrite + Unpin>(port: P, with: Conversation, pulse: &Pulse) -> Ended {
    let mut talk = Talk { port, with, pulse, opened: Instant::now(), heard: false, present: None, stopping: None };
    let ended = match talk.run().await {
        Ok(()) => Ended::Stopped,
        Err(cause) => Ended::Lost { cause, heard: talk.heard },
    };
    write_down(talk.with);
    ended
}

/// Writes down the calls of a conversation that has ended. Where the store still owes its word on one, that is
/// waited for beside the line: it opens its port again meanwhile.
fn write_down(with: Conversation) {
    let Conversation { mut book, ledger, .. } = with;
    if !book.waits() || !ledger.owes() {
        book.end();
        return;
    }
    tokio::spawn(ledger.write_down(book));
}

impl<P: AsyncRead + AsyncWrite + Unpin> Talk<'_, P> {
    async fn run(&mut self) -> Result<(), Cause> {
        let mut buffer = [0; READ_BYTES_MAX];
        loop {
            self.run_commands().await?;
            self.pulse.tick();
            let stopping = self.stopping.is_some();
            if stopping && !self.with.ledger.owes() {
                return Ok(());
            }
            let wake = self.next_wake();
            let turn = tokio::select! {
                biased;
                (token, answer) = self.with.ledger.answered(), if self.with.ledger.owes() => Turn::Answer(token, answer),
                () = stopped(&mut self.with.stop), if !stopping => Turn::Stop,
                read = self.port.read(&mut buffer), if !stopping && self.with.session.wants_bytes() => Turn::Bytes(read),
                () = tokio::time::sleep_until(wake.into()) => Turn::Woken,
            };
            match turn {
                Turn::Answer(token, answer) => self.answer(token, answer),
                Turn::Bytes(read) => self.bytes(&buffer, read)?,
                Turn::Woken => {
                    self.woken();
                    if self.silent_until().is_some_and(|until| until <= Instant::now()) {
                        return Err(Cause::TimedOut);
                    }
                }
                Turn::Stop => self.stopping = Some(Instant::now()),
            }
            if self.stopping.is_some_and(|since| since.elapsed() >= DRAIN_MAX) {
                return Ok(());
            }
        }
    }

    /// The session's timer, the line's own, or the next tick: whichever comes first.
    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let steady =
            (self.with.presence == Presence::Open && self.present.is_none()).then_some(self.opened + STEADY_AFTER);
        let drained = self.stopping.map(|since| since + DRAIN_MAX);
        let own = [self.with.session.poll_timeout(), steady, drained, self.silent_until()];
        own.into_iter().flatten().fold(now + TICK_EVERY, Instant::min)
    }

    /// When a peer that has never said anything useful is given up.
    fn silent_until(&self) -> Option<Instant> {
        self.with.silence_max.filter(|_| self.present.is_none()).map(|longest| self.opened + longest)
    }

    async fn run_commands(&mut self) -> Result<(), Cause> {
        let answering = self.with.ledger.take_answering();
        while let Some(command) = self.with.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    self.write(&bytes).await?;
                    if let Some((last_byte, waited_for)) = answering {
                        self.with.meters.answered_after(last_byte.elapsed(), waited_for);
                    }
                }
                Command::Deliver(delivery) => self.deliver(*delivery),
                Command::Count(counted) => {
                    self.with.meters.counted(counted);
                    self.with.book.counted(counted);
                }
                Command::Left(token, answered) => self.with.book.left(token, answered),
                Command::Close => return Err(Cause::TimedOut),
            }
        }
        Ok(())
    }

    fn deliver(&mut self, delivery: Delivery) {
        if self.with.presence == Presence::Message {
            self.is_present();
        }
        self.with.ledger.deliver(delivery, &mut self.with.book);
    }

    fn answer(&mut self, token: Token, answer: Answer) {
        let now = Instant::now();
        if self.with.ledger.answer(token, answer, now, Some(&mut self.with.book)) {
            self.with.session.handle_stored(token, now);
        } else {
            self.with.session.handle_refused(token, now);
        }
    }

    fn bytes(&mut self, buffer: &[u8], read: std::io::Result<usize>) -> Result<(), Cause> {
        let now = Instant::now();
        let count = match read {
            // End of the stream, or a serial port that is unplugged: it would say 0 for ever.
            Ok(0) => return Err(Cause::Gone),
            Ok(count) => count,
            Err(error) => {
                tracing::debug!(%error, "reading failed");
                return Err(Cause::of(&error));
            }
        };
        self.heard = true;
        self.with.meters.byte_came();
        self.with.book.heard(count);
        if self.with.presence == Presence::Open {
            self.is_present();
        }
        self.with.session.set_outside(&self.with.world.now());
        self.with.session.handle_bytes(buffer.get(..count).unwrap_or(buffer), now);
        if self.with.session.poll_timeout().is_some_and(|due| due + TIMER_LATE_MAX <= now) {
            self.with.session.handle_timeout(now);
        }
        Ok(())
    }

    fn woken(&mut self) {
        let now = Instant::now();
        if self.with.session.poll_timeout().is_some_and(|due| due <= now) {
            self.with.session.handle_timeout(now);
        }
        if self.with.presence == Presence::Open && now >= self.opened + STEADY_AFTER {
            self.is_present();
        }
    }

    fn is_present(&mut self) {
        if self.present.is_none() {
            self.present = Some(self.with.link.present());
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        // No flush: a TCP stream has none, and a serial port's would block the thread until the wire is idle.
        match tokio::time::timeout(WRITE_WAIT_MAX, self.port.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::debug!(%error, "writing failed");
                Err(Cause::of(&error))
            }
            Err(_) => Err(Cause::Stuck),
        }
    }
}
