//! Lines over UDP: each datagram is a session of its own, and its answer goes to where it came from.
//!
//! What is too much for one address, or for all, stays without an answer, and its unit sends it again.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rustix::net::sockopt;
use telecare_protocol::{Command, Delivery, Session, Token};
use telecare_queue::Answer;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use super::backoff::Backoff;
use super::calls::CallBook;
use super::ledger::Ledger;
use super::link::{Cause, Present};
use super::sources::{Guest, Sources};
use super::{DRAIN_MAX, LineTask, session, stopped};
use crate::intake::SessionIntake;

/// Longest datagram that is looked at; a longer one is cut, and then no frame.
const DATAGRAM_BYTES_MAX: usize = 8 * 1024;
/// Datagrams under way at once. Beyond it they wait in the kernel, as many as fit.
pub const DATAGRAMS_MAX: usize = 4_096;
/// Of one address.
pub const DATAGRAMS_PER_SOURCE_MAX: usize = 256;
/// What the kernel may keep while we are busy. Bytes.
const KERNEL_BYTES: usize = 4 * 1024 * 1024;

/// Listens until the process stops.
pub async fn listen(task: &Arc<LineTask>, address: SocketAddr) {
    listen_with(task, address, |socket| take(task, socket)).await;
}

/// Binds, and again whenever what takes the datagrams fails, until the process stops.
pub async fn listen_with<F>(task: &LineTask, address: SocketAddr, take: impl Fn(Arc<UdpSocket>) -> F)
where
    F: Future<Output = io::Result<()>>,
{
    let mut backoff = Backoff::new();
    while !task.is_stopping() {
        match UdpSocket::bind(address).await {
            Ok(socket) => {
                backoff.reset();
                task.link.opened();
                // The kernel gives what it is allowed to.
                let _ = sockopt::set_socket_recv_buffer_size(&socket, KERNEL_BYTES);
                if let Ok(address) = socket.local_addr() {
                    tracing::info!(line = %task.name(), %address, "listening for datagrams");
                }
                if let Err(error) = take(Arc::new(socket)).await {
                    task.lost(Cause::of(&error), &format!("cannot receive datagrams: {error}"));
                }
            }
            Err(error) => task.lost(Cause::of(&error), &format!("cannot listen on {address}: {error}")),
        }
        task.pause(backoff.wait()).await;
    }
}

/// Takes datagrams until the process stops or the socket fails.
async fn take(task: &Arc<LineTask>, socket: Arc<UdpSocket>) -> io::Result<()> {
    let sources = Sources::new(DATAGRAMS_PER_SOURCE_MAX);
    let mut under_way = JoinSet::new();
    let mut present: Option<Present> = None;
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    let mut stop = task.stop.clone();
    loop {
        task.meters.connections(under_way.len());
        task.pulse.tick();
        let receiving = tokio::time::timeout(crate::pulse::TICK_EVERY, socket.recv_from(&mut buffer));
        let (count, from) = tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(ended) = under_way.join_next() => {
                match ended {
                    Ok(true) if present.is_none() => present = Some(task.link.present()),
                    Ok(_) => {}
                    Err(error) => {
                        task.meters.restarts.increment(1);
                        tracing::error!(line = %task.name(), %error, "a datagram's task broke off");
                    }
                }
                continue;
            }
            received = receiving, if under_way.len() < DATAGRAMS_MAX => match received {
                Ok(Ok(received)) => received,
                // Somebody to whom an answer was sent is not there.
                Ok(Err(error)) if Cause::of(&error) == Cause::Refused => continue,
                Ok(Err(error)) => return Err(error),
                Err(_) => continue,
            },
        };
        task.meters.byte_came();
        let Some(guest) = sources.admit(from.ip()) else {
            task.meters.turned_away.increment(1);
            continue;
        };
        let datagram = buffer.get(..count).unwrap_or(&buffer).to_vec();
        let (task, socket) = (Arc::clone(task), Arc::clone(&socket));
        under_way.spawn(async move { Datagram::new(&task, &socket, from, &guest).run(&datagram).await });
    }
    // Answers that are owed may leave.
    let _ = tokio::time::timeout(DRAIN_MAX, async { while under_way.join_next().await.is_some() {} }).await;
    Ok(())
}

/// One datagram on its way.
struct Datagram<'a> {
    task: &'a LineTask,
    socket: &'a UdpSocket,
    from: SocketAddr,
    session: Session,
    ledger: Ledger,
    book: CallBook,
    heard: bool,
}

impl<'a> Datagram<'a> {
    fn new(task: &'a LineTask, socket: &'a UdpSocket, from: SocketAddr, guest: &Guest) -> Datagram<'a> {
        Datagram {
            task,
            socket,
            from,
            session: session::new(&task.line, &task.shared.codes, &[], &task.world.now()),
            ledger: Ledger::new(
                SessionIntake::new(task.intake.clone()).through(guest.gate()),
                Arc::clone(&task.meters),
            ),
            book: task.calls.book(Some(from.to_string())),
            heard: false,
        }
    }

    /// Until nothing is owed any more. Whether it held anything.
    async fn run(mut self, datagram: &[u8]) -> bool {
        self.book.heard(datagram.len());
        self.session.handle_datagram(datagram, Instant::now());
        loop {
            self.run_commands().await;
            if !self.ledger.owes() {
                break;
            }
            let (token, answer) = self.ledger.answered().await;
            self.answer(token, answer);
        }
        if self.heard {
            self.book.end();
        }
        self.heard
    }

    async fn run_commands(&mut self) {
        let answering = self.ledger.take_answering();
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    if self.task.line.listen_only {
                        continue;
                    }
                    // One that does not leave is repeated by the unit, as one that is lost on its way.
                    match self.socket.send_to(&bytes, self.from).await {
                        Ok(_) => {
                            if let Some((last_byte, waited_for)) = answering {
                                self.task.meters.answered_after(last_byte.elapsed(), waited_for);
                            }
                        }
                        Err(error) => tracing::debug!(%error, "an answer did not leave"),
                    }
                }
                Command::Deliver(delivery) => self.deliver(*delivery),
                Command::Count(counted) => {
                    self.task.meters.counted(counted);
                    self.book.counted(counted);
                }
                Command::Left(token, answered) => self.book.left(token, answered),
                // A datagram has no connection.
                Command::Close => {}
            }
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        self.heard = true;
        self.ledger.deliver(delivery, &mut self.book);
    }

    fn answer(&mut self, token: Token, answer: Answer) {
        let now = Instant::now();
        if self.ledger.answer(token, answer, now, Some(&mut self.book)) {
            self.session.handle_stored(token, now);
        } else {
            self.session.handle_refused(token, now);
        }
    }
}
