//! The daemon's life: start in order, run until a core task ends or the host says stop, stop in order.
//!
//! ```text
//! start  journal read back -> API and metrics bound -> lines -> READY (the database may still be away)
//! stop   lines read no more, owed answers leave -> API -> journal closed
//! ```
//!
//! A core task that ends by itself ends the process, and systemd starts it again: a receiver that does half
//! of its work hides the other half.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use telecare_alarm::{LineId, ReceiverId};
use telecare_api::TokenStore;
use telecare_api::calls::Calls;
use telecare_api::tls::Tls;
use telecare_queue::Queue;
use time::OffsetDateTime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::config::{Config, Transport, Webhook};
use crate::intake::Intake;
use crate::line::{self, DRAIN_MAX, Supervisor, VoiceLines, World};
use crate::metrics::answers::Watcher;
use crate::metrics::page::Page;
use crate::pulse::Pulses;
use crate::sockets::{self, Sockets};
use crate::web::Listeners;
use crate::{SOFTWARE, callout, metrics, systemd, trouble};

/// How long readiness waits for every line to have tried its port once.
const LINES_START_MAX: Duration = Duration::from_secs(2);

/// How long the lines may take to stop: what a conversation may, and a little.
const LINES_STOP_MAX: Duration = DRAIN_MAX.saturating_add(Duration::from_secs(1));

/// How long the API may take to stop.
const API_STOP_MAX: Duration = Duration::from_secs(4);

/// How long the queue may take to close. Its own bound is shorter.
const QUEUE_CLOSE_MAX: Duration = Duration::from_secs(15);

/// How long threads that still block may keep the process.
const RUNTIME_STOP_MAX: Duration = Duration::from_secs(1);

/// Runs the receiver until it is told to stop. An error means that it could not start, or that a core task
/// ended by itself.
pub fn run(config: Config, file: &Path) -> anyhow::Result<()> {
    let sockets = Sockets::from_environment();
    let prometheus = metrics::install().context("metrics cannot be set up")?;
    metrics::began();
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("lines").enable_all().build()?;
    let outcome = runtime.block_on(live(config, file, prometheus, sockets));
    runtime.shutdown_timeout(RUNTIME_STOP_MAX);
    outcome
}

/// What the host asks of the process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// Everything that runs.
struct Running {
    queue: Queue,
    lines: JoinSet<()>,
    beside: JoinSet<()>,
    api_ended: oneshot::Receiver<String>,
    tokens: TokenStore,
    tls: Option<Tls>,
    /// Certificates of lines.
    line_tls: Vec<Tls>,
    /// What the sessions of each line are told; its keys are read again when told.
    worlds: HashMap<LineId, World>,
    stop: watch::Sender<bool>,
    /// The configuration's file, read again when told.
    file: PathBuf,
    webhooks: watch::Sender<Arc<[Webhook]>>,
    /// Lines.
    count: usize,
}

async fn live(config: Config, file: &Path, prometheus: PrometheusHandle, sockets: Sockets) -> anyhow::Result<()> {
    let mut signals = Signals::take().context("signals cannot be handled")?;
    let mut running = start(config, file, prometheus, sockets).await?;
    let failure = running.until_told(&mut signals).await;
    match &failure {
        Some(what) => tracing::error!(what, "a core task has ended; the process ends, too"),
        None => tracing::info!("stopping"),
    }
    systemd::stopping();
    running.stop().await;
    match failure {
        Some(what) => Err(anyhow::anyhow!(what)),
        None => Ok(()),
    }
}

/// The threads of the queue's own tasks, which a thousand lines do not share. Two: a long look at a registry must not
/// stand before a press.
fn core() -> anyhow::Result<tokio::runtime::Handle> {
    let builder = &mut tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).thread_name("core").enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("core".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

async fn start(
    config: Config,
    file: &Path,
    prometheus: PrometheusHandle,
    mut sockets: Sockets,
) -> anyhow::Result<Running> {
    tracing::info!(receiver = %config.receiver, lines = config.lines.len(), "{SOFTWARE} starts");
    let queue = core()?.spawn(Queue::open(config.queue(SOFTWARE))).await??;
    let journal = config.journal.directory.clone();
    let passed = sockets.take(sockets::API, config.api.listen);
    let listeners = Listeners::bind(config.api.listen, passed, config.metrics_listen)?;
    if !config.api.tokens.exists() {
        tracing::warn!(
            file = %config.api.tokens.display(),
            "there is no token file, so the API refuses everyone; make one with telecare-ctl token add"
        );
    }
    let tokens = TokenStore::load(&config.api.tokens);
    let pulses = Pulses::new();
    let (stop, stopped) = watch::channel(false);
    let calls = Calls::default();
    let settings = telecare_api::Settings {
        receiver: config.receiver.to_string(),
        site: config.site,
        tokens: tokens.clone(),
        lease: config.api.lease,
        choices: config.choices,
        calls: calls.clone(),
        origins: config.api.origins,
        tls: config.api.tls.clone(),
        software: SOFTWARE.to_owned(),
    };
    let page = Page::new(prometheus, queue.clone());
    let api_ended = listeners.serve(queue.clone(), settings, page, &pulses, stopped.clone())?;
    let intake = Intake { queue: queue.clone(), receiver: config.receiver, software: Arc::from(SOFTWARE) };
    let voice = VoiceLines::new();
    let shared = line::Shared {
        intake: intake.clone(),
        codes: config.codes,
        calls,
        pulses: pulses.clone(),
        voice: voice.clone(),
        stop: stopped,
    };
    let count = config.lines.len();
    let mut lines = JoinSet::new();
    let mut links = Vec::with_capacity(count);
    let (mut worlds, mut line_tls) = (HashMap::new(), Vec::new());
    for line in config.lines {
        let passed = match &line.transport {
            Transport::TcpListen { address, .. } => Some(*address),
            // A passed socket is one of streams; where there are two ports, it is the one in clear.
            Transport::SipListen(listen) => listen.tcp.or(listen.tls),
            _ => None,
        };
        let passed = passed.and_then(|address| sockets.take(&sockets::of_line(line.name.as_str()), address));
        line_tls.extend(line.tls.clone());
        let name = line.name.clone();
        let supervisor = Supervisor::new(line, shared.clone()).on(passed);
        worlds.insert(name, supervisor.world());
        links.push(supervisor.link());
        lines.spawn(supervisor.run());
    }
    sockets.close_unwanted();
    let mut beside = JoinSet::new();
    beside.spawn(systemd::feed_watchdog(pulses));
    beside.spawn(watch_answers(queue.clone(), intake.receiver.clone()));
    metrics::policy_info(config.policy.hash(), None);
    let (webhooks, webhooks_told) = watch::channel(Arc::from(config.webhooks));
    beside.spawn(callout::run(queue.clone(), intake.receiver.clone(), webhooks_told));
    beside.spawn(metrics::host::watch(journal));
    let (tell, others) = mpsc::unbounded_channel();
    beside.spawn(trouble::raise(queue.clone(), intake, others));
    beside.spawn(line::watch_busy(voice, tell));
    let tried = async {
        for link in links {
            link.tried().await;
        }
    };
    if tokio::time::timeout(LINES_START_MAX, tried).await.is_err() {
        tracing::warn!("some lines take long to open; the others are ready");
    }
    let status = systemd::status(count, &queue.board().borrow());
    systemd::ready(&status);
    beside.spawn(systemd::show_status(queue.clone(), count));
    tracing::info!("ready: {status}");
    Ok(Running {
        queue,
        lines,
        beside,
        api_ended,
        tokens,
        tls: config.api.tls,
        line_tls,
        worlds,
        stop,
        count,
        file: file.to_owned(),
        webhooks,
    })
}

/// Times answers and how soon things were there to see, as a console that watches the board would.
async fn watch_answers(queue: Queue, own: ReceiverId) {
    let mut board = queue.board();
    let mut watcher = Watcher::new(own);
    loop {
        let now = Arc::clone(&board.borrow_and_update());
        let seen = watcher.look(&now, OffsetDateTime::now_utc());
        seen.answered.iter().for_each(|(class, took)| metrics::answer_seconds(*class).record(took.as_secs_f64()));
        seen.visible.iter().for_each(|took| metrics::stage_seconds("visible").record(took.as_secs_f64()));
        if board.changed().await.is_err() {
            return;
        }
    }
}

impl Signals {
    fn take() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

impl Running {
    /// Waits until the host says stop (none) or a core task has ended (its name).
    async fn until_told(&mut self, signals: &mut Signals) -> Option<String> {
        loop {
            tokio::select! {
                _ = signals.terminate.recv() => return None,
                _ = signals.interrupt.recv() => return None,
                _ = signals.hang_up.recv() => {
                    systemd::reloading();
                    let reloaded = self.tokens.reload();
                    tracing::info!(reloaded, "token file read again");
                    // A certificate that cannot be read is said in the log and leaves the one in use.
                    for tls in self.tls.iter().chain(&self.line_tls) {
                        tls.reload();
                    }
                    self.reload().await;
                    systemd::ready(&systemd::status(self.count, &self.queue.board().borrow()));
                }
                what = self.queue.failed() => return Some(what),
                what = &mut self.api_ended => {
                    return Some(what.unwrap_or_else(|_| "the API's thread has ended".to_owned()));
                }
                Some(_) = self.lines.join_next() => return Some("a line's supervisor has ended".to_owned()),
                Some(_) = self.beside.join_next() => return Some("a task beside the lines has ended".to_owned()),
            }
        }
    }

    /// Reads the configuration again. Policy and webhooks change at once; one with a mistake changes nothing.
    async fn reload(&self) {
        let config = match Config::load(&self.file) {
            Ok(config) => config,
            Err(error) => {
                metrics::policy_reloads("refused").increment(1);
                tracing::error!("the configuration has a mistake, so nothing of it changes: {error}");
                return;
            }
        };
        let before = self.queue.policy();
        let (old, new) = (before.hash(), config.policy.hash());
        if old != new {
            metrics::policy_info(new, Some(old));
        }
        let webhooks = config.webhooks.len();
        self.queue.set_policy(config.policy.clone()).await;
        for line in &config.lines {
            if let Some(world) = self.worlds.get(&line.name) {
                world.set_keys(Arc::clone(&line.sia_dc09.keys));
                world.set_accounts(Arc::clone(&line.sip.accounts));
            }
        }
        self.webhooks.send_replace(config.webhooks.into());
        metrics::policy_reloads("done").increment(1);
        tracing::info!(
            old,
            new,
            webhooks,
            "configuration read again: policy, webhooks, keys and accounts are in force"
        );
    }

    /// Every wait is bounded: what has not stopped by then is ended with the process. Nothing acknowledged
    /// depends on it.
    async fn stop(mut self) {
        self.stop.send_replace(true);
        let lines = async { while self.lines.join_next().await.is_some() {} };
        if tokio::time::timeout(LINES_STOP_MAX, lines).await.is_err() {
            tracing::warn!("lines did not stop in time");
        }
        tracing::debug!("lines have stopped");
        if tokio::time::timeout(API_STOP_MAX, &mut self.api_ended).await.is_err() {
            tracing::warn!("the API did not stop in time");
        }
        tracing::debug!("the API has stopped");
        if tokio::time::timeout(QUEUE_CLOSE_MAX, self.queue.close()).await.is_err() {
            tracing::warn!("the queue did not close in time");
        }
        tracing::info!("stopped");
    }
}
