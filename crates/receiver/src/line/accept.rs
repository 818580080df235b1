//! Taking connections: a listening socket, so many places for those who come, so many of them from one address, and what
//! every connection gets before anything is said on it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;
use telecare_api::tls::Tls;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::backoff::Backoff;
use super::conversation::Ended;
use super::link::Cause;
use super::sources::{Guest, Sources};
use super::{LineTask, stopped};
use crate::pulse::Pulse;

/// A silent peer is probed after so long...
const PROBE_AFTER: Duration = Duration::from_secs(15);

/// ...again so often...
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// ...and is gone after so many probes without an answer.
const PROBES_MAX: u32 = 3;

/// How long a TLS handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// How long written bytes may stay unacknowledged by the peer's host, milliseconds.
const UNACKNOWLEDGED_MAX_MS: u32 = 30_000;

/// For how many there is room at once. Clones are the same room.
#[derive(Clone)]
pub struct Places {
    most: usize,
    free: Arc<Semaphore>,
    /// Where those who come are counted by their address.
    sources: Option<Arc<Sources>>,
}

impl Places {
    /// So many, and of one address as many as the sources say.
    pub fn new(most: usize, sources: Option<Arc<Sources>>) -> Places {
        Places { most, free: Arc::new(Semaphore::new(most)), sources }
    }

    fn taken(&self) -> usize {
        self.most.saturating_sub(self.free.available_permits())
    }
}

/// A way in.
pub struct Door<'a> {
    address: SocketAddr,
    places: Places,
    /// What systemd listens on.
    held: Option<&'a std::net::TcpListener>,
}

impl<'a> Door<'a> {
    /// At an address, into these places.
    pub fn new(address: SocketAddr, places: Places) -> Door<'a> {
        Door { address, places, held: None }
    }

    /// With the socket that systemd holds for it, if it does.
    pub fn held(mut self, held: Option<&'a std::net::TcpListener>) -> Door<'a> {
        self.held = held;
        self
    }

    /// The socket that systemd holds for this line, or one of its own.
    async fn bind(&self) -> io::Result<TcpListener> {
        match self.held {
            Some(held) => {
                let listener = held.try_clone()?;
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)
            }
            None => TcpListener::bind(self.address).await,
        }
    }
}

/// Listens until the process stops. Each connection is a task of its own, and its panic its own; `guest` where addresses
/// are counted.
pub async fn listen<F>(task: &LineTask, door: &Door<'_>, one: impl Fn(TcpStream, Option<Guest>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut backoff = Backoff::new();
    while !task.is_stopping() {
        match door.bind().await {
            Ok(listener) => {
                backoff.reset();
                task.link.opened();
                if let Ok(address) = listener.local_addr() {
                    tracing::info!(line = %task.name(), %address, "listening");
                }
                accept(task, &listener, &door.places, &one).await;
            }
            Err(error) => task.lost(Cause::of(&error), &format!("cannot listen on {}: {error}", door.address)),
        }
        task.pause(backoff.wait()).await;
    }
}

/// Takes connections until the process stops or the listener fails.
async fn accept<F>(
    task: &LineTask,
    listener: &TcpListener,
    places: &Places,
    one: &impl Fn(TcpStream, Option<Guest>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let mut stop = task.stop.clone();
    loop {
        task.meters.connections(places.taken());
        let accepting = tokio::time::timeout(crate::pulse::TICK_EVERY, listener.accept());
        task.pulse.tick();
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    task.meters.restarts.increment(1);
                    tracing::error!(line = %task.name(), %error, "a connection's task broke off");
                }
            }
            accepted = accepting => match accepted {
                Ok(Ok((stream, from))) => {
                    let Ok(place) = Arc::clone(&places.free).try_acquire_owned() else {
                        turn_away(task, stream, "all are taken");
                        continue;
                    };
                    let guest = places.sources.as_ref().map(|sources| sources.admit(from.ip()));
                    if let Some(None) = guest {
                        turn_away(task, stream, "its address has as many as it may");
                        continue;
                    }
                    set_up(&stream);
                    let one = one(stream, guest.flatten());
                    connections.spawn(async move {
                        one.await;
                        drop(place);
                    });
                }
                Ok(Err(error)) => {
                    task.lost(Cause::of(&error), &format!("cannot accept: {error}"));
                    // File descriptors are short, or the network is gone: later.
                    task.pause(Backoff::FIRST).await;
                }
                Err(_) => {}
            },
        }
    }
    // Each ends by itself within the bound of a conversation's end.
    while connections.join_next().await.is_some() {}
}

/// A peer that hears no acknowledgement tries again. Said once in a while: a flood must not fill the log as well.
fn turn_away(task: &LineTask, stream: TcpStream, why: &str) {
    task.meters.turned_away.increment(1);
    if task.meters.says_turned_away() {
        tracing::warn!(line = %task.name(), "a connection was turned away: {why}");
    }
    drop(stream);
}

/// The TLS handshake of a connection, within its time.
pub async fn shake(
    task: &LineTask,
    tls: &Tls,
    stream: TcpStream,
    pulse: &Pulse,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>, Ended> {
    let shaking = tokio::time::timeout(HANDSHAKE_MAX, tls.acceptor().accept(stream));
    match pulse.during(task.unless_stopped(shaking)).await {
        Some(Ok(Ok(stream))) => Ok(stream),
        Some(Ok(Err(error))) => {
            tracing::debug!(line = %task.name(), %error, "a TLS handshake failed");
            Err(Ended::Lost { cause: Cause::of(&error), heard: false })
        }
        Some(Err(_)) => Err(Ended::Lost { cause: Cause::TimedOut, heard: false }),
        None => Err(Ended::Stopped),
    }
}

/// Counts the end of a connection; one of many comes and goes all day.
pub fn ended(task: &LineTask, ended: Ended, is_one_of_many: bool) {
    match ended {
        Ended::Stopped => {}
        Ended::Lost { heard: false, .. } => task.meters.empty_connections.increment(1),
        Ended::Lost { cause, heard: true } if is_one_of_many => task.meters.lost(cause),
        Ended::Lost { cause, heard: true } => task.lost(cause, "a connection ended"),
    }
}

/// Answers leave at once, and a peer whose host has gone is noticed. A failure is the connection's own end.
pub fn set_up(stream: &TcpStream) {
    let set = stream
        .set_nodelay(true)
        .and_then(|()| Ok(sockopt::set_socket_keepalive(stream, true)?))
        .and_then(|()| Ok(sockopt::set_tcp_keepidle(stream, PROBE_AFTER)?))
        .and_then(|()| Ok(sockopt::set_tcp_keepintvl(stream, PROBE_EVERY)?))
        .and_then(|()| Ok(sockopt::set_tcp_keepcnt(stream, PROBES_MAX)?))
        .and_then(|()| Ok(sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED_MAX_MS)?));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection could not be set up");
    }
}
