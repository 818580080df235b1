//! Lines of digital units: SIP in datagrams and over connections, one session for all of them.
//!
//! ```text
//! datagrams ────────┐ bytes, flow, instant of reading       ┌─ datagram, or dropped
//! connection ───────┼───────────────────────────────► hub ──┼─ a connection's outbox, or the connection's end
//! connection, TLS ──┘        bounded channel                └─ intake
//! ```
//! The hub never waits for a connection, and no connection for another. What is too much waits where it is: in the kernel,
//! or with its sender, who has no answer and sends again.

mod connection;
mod datagrams;
mod hub;
mod operator;
mod peers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use telecare_protocol::sip::{Flow, Transport};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::accept::{self, Door, Places};
use super::conversation::Ended;
use super::link::Cause;
use super::sources::{Guest, Sources};
use super::{LineTask, ledger};
use crate::config::SipListen;
use connection::Connection;
use hub::Hub;

/// What has been read and not looked at yet. Beyond it whoever has read waits.
const HEARD_MAX: usize = 1_024;

/// What happened to a flow, and when it was read.
struct Heard {
    flow: Flow,
    at: Instant,
    what: What,
}

enum What {
    /// A connection came about.
    Opened(peers::Door),
    /// Bytes of a connection, or a datagram.
    Bytes(Vec<u8>, Arc<UnderWay>),
    /// A connection has ended.
    Closed,
}

/// Bytes that are under way count as such for as long as this lives: until what was in them is stored.
struct UnderWay {
    _room: OwnedSemaphorePermit,
    _guest: Option<Guest>,
}

/// What is to leave on a connection; with what it answers, where that is to be timed.
struct Outgoing {
    bytes: Vec<u8>,
    answering: Option<ledger::Answering>,
}

/// Listens until the process stops.
pub async fn listen(task: &Arc<LineTask>, listen: &SipListen) {
    let (tell, heard) = mpsc::channel(HEARD_MAX);
    let (socket, sockets) = watch::channel(None);
    let mut parts = JoinSet::new();
    parts.spawn(Hub::new(Arc::clone(task), heard, sockets).run());
    if let Some(address) = listen.udp {
        parts.spawn(datagrams::listen(Arc::clone(task), address, tell.clone(), socket));
    }
    let places = Places::new(listen.connections_max, Some(Sources::new(task.line.per_source_max)));
    let connections = Arc::new(AtomicU64::new(1));
    for (address, transport) in [(listen.tcp, Transport::Tcp), (listen.tls, Transport::Tls)] {
        let Some(address) = address else { continue };
        let (task, tell, places) = (Arc::clone(task), tell.clone(), places.clone());
        let connections = Arc::clone(&connections);
        // The one socket that is passed is that in clear, where there is one.
        let is_first = transport == Transport::Tcp || listen.tcp.is_none();
        parts.spawn(async move {
            let door = Door::new(address, places).held(task.listener.as_ref().filter(|_| is_first));
            accept::listen(&task, &door, |stream, guest| {
                let connection = connections.fetch_add(1, Ordering::Relaxed);
                one(Arc::clone(&task), stream, guest, transport, connection, tell.clone())
            })
            .await;
        });
    }
    drop(tell);
    task.pulse.during(all(parts)).await;
}

/// Until every part has ended. The panic of one is the line's, which is started again as a whole.
async fn all(mut parts: JoinSet<()>) {
    while let Some(ended) = parts.join_next().await {
        if let Err(error) = ended
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// One connection.
async fn one(
    task: Arc<LineTask>,
    stream: TcpStream,
    guest: Option<Guest>,
    transport: Transport,
    connection: u64,
    hub: mpsc::Sender<Heard>,
) {
    let Ok(remote) = stream.peer_addr() else { return };
    let flow = Flow { transport, remote, connection };
    let pulse = task.connection_pulse();
    let (out, outbox) = mpsc::channel(connection::OUTBOX_MAX);
    let (cut, cut_off) = oneshot::channel();
    let door = peers::Door { out, cut };
    let with = Connection { task: &task, flow, hub, outbox, cut_off, pulse: &pulse };
    let ended = match &task.line.tls {
        Some(tls) if transport == Transport::Tls => match accept::shake(&task, tls, stream, &pulse).await {
            Ok(stream) => with.run(stream, door).await,
            Err(ended) => ended,
        },
        _ => with.run(stream, door).await,
    };
    accept::ended(&task, ended, true);
    drop(guest);
}

#[cfg(test)]
mod tests;
