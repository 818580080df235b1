//! The API's and the metrics' listeners, on a runtime and threads of their own: consoles that ask a lot take
//! nothing from the lines.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use telecare_queue::Queue;
use tokio::sync::{oneshot, watch};

use crate::metrics::UPKEEP_EVERY;
use crate::metrics::page::Page;
use crate::pulse::{Pulse, Pulses, TICK_EVERY};

/// Threads that serve consoles.
const THREADS: usize = 2;

/// How much the kernel prefers the lines' threads to these when both have work: a flood of requests then costs
/// consoles their time, not units.
const NICE: i32 = 5;

/// How long what still runs when the API has ended may take.
const SHUTDOWN_MAX: Duration = Duration::from_secs(1);

/// The listeners, bound but not yet served.
pub struct Listeners {
    api: TcpListener,
    metrics: TcpListener,
}

impl Listeners {
    /// Binds both; where systemd has bound the API's, that is `passed`.
    pub fn bind(api: SocketAddr, passed: Option<TcpListener>, metrics: SocketAddr) -> io::Result<Listeners> {
        let bind = |name: &str, address: SocketAddr, passed: Option<TcpListener>| {
            let listener = passed.map_or_else(|| TcpListener::bind(address), Ok);
            let listener = listener
                .map_err(|error| io::Error::new(error.kind(), format!("{name} cannot listen on {address}: {error}")))?;
            listener.set_nonblocking(true)?;
            tracing::info!(address = %listener.local_addr()?, "{name} listens");
            Ok::<TcpListener, io::Error>(listener)
        };
        Ok(Listeners { api: bind("the API", api, passed)?, metrics: bind("the metrics page", metrics, None)? })
    }

    /// Serves both on threads of their own until the process stops. The receiver resolves when the API has
    /// ended, in whatever way.
    pub fn serve(
        self,
        queue: Queue,
        settings: telecare_api::Settings,
        page: Page,
        pulses: &Pulses,
        stop: watch::Receiver<bool>,
    ) -> io::Result<oneshot::Receiver<String>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("api")
            .on_thread_start(give_way)
            .enable_all()
            .build()?;
        let (ended, has_ended) = oneshot::channel();
        let pulse = pulses.pulse("api");
        let serving = move || {
            let outcome = runtime.block_on(async {
                tokio::spawn(serve_metrics(self.metrics, page));
                tokio::spawn(tick(pulse));
                tokio::spawn(telecare_api::serve(self.api, queue, settings, stop)).await
            });
            runtime.shutdown_timeout(SHUTDOWN_MAX);
            let words = match outcome {
                Ok(Ok(())) => "the API has ended".to_owned(),
                Ok(Err(error)) => format!("the API has ended: {error}"),
                Err(_) => "the API has panicked".to_owned(),
            };
            // Nobody listens when the process is ending anyway.
            let _ = ended.send(words);
        };
        let _: JoinHandle<()> = std::thread::Builder::new().name("api-main".to_owned()).spawn(serving)?;
        Ok(has_ended)
    }
}

/// For the thread it is called on. Where it is forbidden the threads are equals, as they would be anyway.
fn give_way() {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the API's threads keep the lines' priority");
    }
}

async fn tick(pulse: Pulse) {
    loop {
        pulse.tick();
        tokio::time::sleep(TICK_EVERY).await;
    }
}

async fn serve_metrics(listener: TcpListener, page: Page) {
    let upkeep = page.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            upkeep.run_upkeep();
        }
    });
    let page = get(|| async move { ([(CONTENT_TYPE, "text/plain; version=0.0.4")], page.render()) });
    let serving = async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, Router::new().route("/metrics", page)).await
    };
    if let Err(error) = serving.await {
        tracing::error!(%error, "metrics are no longer served");
    }
}
