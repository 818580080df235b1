//! Lines over TCP: this host connects to the hardware receiver, or hardware receivers connect to it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::backoff::Backoff;
use super::conversation::Ended;
use super::link::{Cause, Presence};
use super::sources::{Guest, Sources};
use super::{LineTask, session, stopped};

/// How long a connection may take to come about, name lookup included.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

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

/// Connects, and again whenever the connection ends, until the process stops.
pub async fn connect(task: &LineTask, address: &str) {
    let mut backoff = Backoff::new();
    while !task.is_stopping() {
        let connecting = tokio::time::timeout(CONNECT_WAIT_MAX, TcpStream::connect(address));
        match task.pulse.during(task.unless_stopped(connecting)).await {
            None => return,
            Some(Ok(Ok(stream))) => {
                tracing::info!(line = %task.name(), address, "connected");
                task.link.opened();
                set_up(&stream);
                let peer = peer(&stream);
                match task.converse(stream, peer, Presence::Open).await {
                    Ended::Stopped => return,
                    Ended::Lost { cause, heard } => {
                        if heard {
                            backoff.reset();
                        }
                        task.lost(cause, "the connection ended");
                    }
                }
            }
            Some(Ok(Err(error))) => task.lost(Cause::of(&error), &format!("cannot connect: {error}")),
            Some(Err(_)) => task.lost(Cause::TimedOut, "cannot connect: no answer in time"),
        }
        task.pause(backoff.wait()).await;
    }
}

/// Listens until the process stops. Each connection is a session of its own, and its panic its own.
pub async fn listen(task: &Arc<LineTask>, address: SocketAddr, connections_max: usize) {
    let mut backoff = Backoff::new();
    while !task.is_stopping() {
        match bind(task, address).await {
            Ok(listener) => {
                backoff.reset();
                task.link.opened();
                if let Ok(address) = listener.local_addr() {
                    tracing::info!(line = %task.name(), %address, "listening");
                }
                accept(task, &listener, connections_max).await;
            }
            Err(error) => task.lost(Cause::of(&error), &format!("cannot listen on {address}: {error}")),
        }
        task.pause(backoff.wait()).await;
    }
}

/// The socket that systemd holds for this line, or one of its own.
async fn bind(task: &LineTask, address: SocketAddr) -> io::Result<TcpListener> {
    match &task.listener {
        Some(held) => {
            let listener = held.try_clone()?;
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)
        }
        None => TcpListener::bind(address).await,
    }
}

/// Takes connections until the process stops or the listener fails.
async fn accept(task: &Arc<LineTask>, listener: &TcpListener, connections_max: usize) {
    let mut connections = JoinSet::new();
    let sources = (!session::is_stop_and_wait(task.line.protocol)).then(|| Sources::new(task.line.per_source_max));
    let mut stop = task.stop.clone();
    loop {
        task.meters.connections(connections.len());
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
                Ok(Ok((stream, _))) if connections.len() >= connections_max => {
                    turn_away(task, stream, "all are taken");
                }
                Ok(Ok((stream, from))) => {
                    let guest = sources.as_ref().map(|sources| sources.admit(from.ip()));
                    if let Some(None) = guest {
                        turn_away(task, stream, "its address has as many as it may");
                        continue;
                    }
                    set_up(&stream);
                    let task = Arc::clone(task);
                    connections.spawn(async move { one(&task, stream, guest.flatten()).await });
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

/// One connection; `guest` where it is one of many.
async fn one(task: &LineTask, stream: TcpStream, guest: Option<Guest>) {
    let pulse = task.connection_pulse();
    let peer = peer(&stream);
    let many = guest.as_ref();
    let ended = match &task.line.tls {
        None => task.converse_with(stream, peer, Presence::Message, many, &pulse).await,
        Some(tls) => {
            let shaking = tokio::time::timeout(HANDSHAKE_MAX, tls.acceptor().accept(stream));
            match pulse.during(task.unless_stopped(shaking)).await {
                Some(Ok(Ok(stream))) => task.converse_with(stream, peer, Presence::Message, many, &pulse).await,
                Some(Ok(Err(error))) => {
                    tracing::debug!(line = %task.name(), %error, "a TLS handshake failed");
                    Ended::Lost { cause: Cause::of(&error), heard: false }
                }
                Some(Err(_)) => Ended::Lost { cause: Cause::TimedOut, heard: false },
                None => Ended::Stopped,
            }
        }
    };
    match ended {
        Ended::Stopped => {}
        Ended::Lost { heard: false, .. } => task.meters.empty_connections.increment(1),
        // Units come and go all day.
        Ended::Lost { cause, heard: true } if guest.is_some() => task.meters.lost(cause),
        Ended::Lost { cause, heard: true } => task.lost(cause, "a connection ended"),
    }
}

/// The other end's address.
fn peer(stream: &TcpStream) -> Option<String> {
    stream.peer_addr().ok().map(|address| address.to_string())
}

/// Answers leave at once, and a peer whose host has gone is noticed. A failure is the connection's own end.
fn set_up(stream: &TcpStream) {
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
