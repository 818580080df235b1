//! Lines over TCP: this host connects to the hardware receiver, or hardware receivers connect to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::accept::{self, Door, Places};
use super::backoff::Backoff;
use super::conversation::Ended;
use super::link::{Cause, Presence};
use super::sources::{Guest, Sources};
use super::{LineTask, session};

/// How long a connection may take to come about, name lookup included.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

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
                accept::set_up(&stream);
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
    let sources = (!session::is_stop_and_wait(task.line.protocol)).then(|| Sources::new(task.line.per_source_max));
    let door = Door::new(address, Places::new(connections_max, sources)).held(task.listener.as_ref());
    accept::listen(task, &door, |stream, guest| {
        let task = Arc::clone(task);
        async move { one(&task, stream, guest).await }
    })
    .await;
}

/// One connection; `guest` where it is one of many.
async fn one(task: &LineTask, stream: TcpStream, guest: Option<Guest>) {
    let pulse = task.connection_pulse();
    let peer = peer(&stream);
    let many = guest.as_ref();
    let ended = match &task.line.tls {
        None => task.converse_with(stream, peer, Presence::Message, many, &pulse).await,
        Some(tls) => match accept::shake(task, tls, stream, &pulse).await {
            Ok(stream) => task.converse_with(stream, peer, Presence::Message, many, &pulse).await,
            Err(ended) => ended,
        },
    };
    accept::ended(task, ended, guest.is_some());
}

/// The other end's address.
fn peer(stream: &TcpStream) -> Option<String> {
    stream.peer_addr().ok().map(|address| address.to_string())
}
