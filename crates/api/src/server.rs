//! Sockets and their bounds.
//!
//! | bound | at it |
//! |---|---|
//! | connections | the next caller waits in the kernel's queue until one ends |
//! | connections of one address | the next one is closed at once |
//! | a TLS handshake | the connection is closed |
//! | a request's head, and the pause before it | the connection is closed |
//! | a body | see [`crate::body`] |
//! | an answer nobody takes | the kernel closes the connection |
//! | the stop | polls answer at once, what is still open afterwards is cut |

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use telecare_queue::Queue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::handlers::Api;
use crate::handlers::list::List;
use crate::shares::{Share, Shares};
use crate::tls::Tls;
use crate::{Settings, metrics, router};

/// Most connections at once, and never more than half of what the process may open: lines, journal and database
/// need theirs.
const CONNECTIONS_MAX: u64 = 4_096;
/// Connections that wait to be accepted; the kernel makes more try again. Consoles that all come back at once after
/// a restart are more than the standard library's 128.
const BACKLOG: i32 = 1_024;
/// Longest TLS handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Longest wait for a request's head, from the connection's begin or its last answer.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(30);
/// Largest head, bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long sent bytes may stay unacknowledged by the other side's kernel.
const UNTAKEN_MAX: Duration = Duration::from_secs(30);
/// Pause after a failed accept: it fails for want of file descriptors, which come back one by one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long answers may take to leave once the receiver stops.
const DRAIN_MAX: Duration = Duration::from_secs(2);

/// Serves the API until `stop` turns true, then lets answers leave and returns. An error means that the
/// listener could not be used at all.
pub async fn serve(
    listener: std::net::TcpListener,
    queue: Queue,
    settings: Settings,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    rustix::net::listen(&listener, BACKLOG)?;
    let listener = TcpListener::from_std(listener)?;
    let tls = settings.tls.clone();
    let api = Api { queue, settings, list: List::new(), stop: stop.clone() };
    let router = router::router(Arc::new(api));
    let slots = Arc::new(Semaphore::new(connections_max()));
    let shares = Shares::default();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = accept(&listener, &slots) => match accepted {
                Ok((stream, from, slot)) => match shares.take(from.ip()) {
                    Some(share) => {
                        let served = Served { router: router.clone(), tls: tls.clone(), stop: stop.clone() };
                        connections.spawn(served.converse(stream, (slot, share)));
                    }
                    None => metrics::count_turned_away(),
                },
                Err(error) => {
                    tracing::warn!(%error, "a console's connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
        metrics::show_connections(connections.len());
    }
    drop(listener);
    let drained = tokio::time::timeout(DRAIN_MAX, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::info!(connections = connections.len(), "connections were cut because the receiver stops");
    }
    Ok(())
}

fn connections_max() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let most = files.map_or(CONNECTIONS_MAX, |files| CONNECTIONS_MAX.min(files / 2));
    usize::try_from(most).unwrap_or(1).max(1)
}

/// The slot before the connection: beyond the bound nobody is let in to be sent away.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, from) = listener.accept().await?;
    Ok((stream, from, slot))
}

/// What every connection is served with.
struct Served {
    router: Router,
    tls: Option<Tls>,
    stop: watch::Receiver<bool>,
}

impl Served {
    /// One connection from its begin to its end. What it takes of the bounds is given back with it.
    async fn converse(mut self, stream: TcpStream, _held: (OwnedSemaphorePermit, Share)) {
        let untaken_ms = u32::try_from(UNTAKEN_MAX.as_millis()).unwrap_or(u32::MAX);
        let set = stream.set_nodelay(true);
        let set = set.and(rustix::net::sockopt::set_tcp_user_timeout(&stream, untaken_ms).map_err(io::Error::from));
        if let Err(error) = set {
            // It is gone already, or it goes without: the other bounds hold.
            tracing::debug!(%error, "a console's connection could not be set up");
        }
        let Some(tls) = self.tls.take() else { return self.serve(stream).await };
        let mut stop = self.stop.clone();
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(HANDSHAKE_MAX, tls.acceptor().accept(stream)) => shaken,
            () = stopped(&mut stop) => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.serve(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn serve(mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WAIT_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router));
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut self.stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a console's connection ended badly");
        }
    }
}

/// Also when nobody is left to say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
