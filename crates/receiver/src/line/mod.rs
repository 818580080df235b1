//! Lines: one supervised task each, from port or socket to session to intake.
//!
//! ```text
//! Supervisor ─┬─ LineTask ─┬─ serial | tcp connect ── converse ── Session
//!             │            ├─ voice modem ── talk ── Call
//!             │            ├─ tcp listen ── one task per connection ── converse ── Session
//!             │            ├─ udp listen ── one task per datagram ── Session
//!             │            └─ sip listen ── one task per connection, one for datagrams ── one Session
//!             └─ link::watch: is anybody there?
//! ```
//!
//! A line never gives up and never takes another with it: a lost port is opened again, a panic is contained,
//! counted, and the task replaced.

mod accept;
mod backoff;
mod calls;
mod conversation;
mod ledger;
mod link;
mod listen_only;
mod meters;
mod serial;
mod session;
mod sip;
mod sources;
mod tcp;
mod udp;
mod voice;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_alarm::LineId;
use telecare_api::calls::Calls;
use telecare_protocol::codes::Codes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{self, Transport};
use crate::intake::{Intake, LineIntake, SessionIntake};
use crate::pulse::{Pulse, Pulses};
use backoff::Backoff;
use calls::LineCalls;
use conversation::{Conversation, Ended};
use ledger::Ledger;
use link::Presence;
use listen_only::ListenOnly;
use meters::LineMeters;
use sources::Guest;

pub use conversation::DRAIN_MAX;
pub use link::{Cause, Link};
pub use meters::WaitedFor;
pub use voice::{VoiceLines, watch_busy};
pub use world::World;

/// Of many who may connect, one that says nothing for so long is turned away: it takes the place of another.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What every line gets.
#[derive(Clone)]
pub struct Shared {
    /// Where signals go.
    pub intake: Intake,
    /// The code tables.
    pub codes: Arc<Codes>,
    /// Where the last calls are remembered.
    pub calls: Calls,
    /// For the watchdog.
    pub pulses: Pulses,
    /// The telephone lines.
    pub voice: VoiceLines,
    /// True when the process stops.
    pub stop: watch::Receiver<bool>,
}

/// One run of a line's task.
struct LineTask {
    line: Arc<config::Line>,
    shared: Shared,
    intake: LineIntake,
    link: Link,
    meters: Arc<LineMeters>,
    calls: LineCalls,
    /// What systemd listens on for a listening line.
    listener: Option<std::net::TcpListener>,
    world: World,
    stop: watch::Receiver<bool>,
    pulse: Pulse,
}

/// A line with what outlives its tasks.
pub struct Supervisor {
    line: Arc<config::Line>,
    shared: Shared,
    meters: Arc<LineMeters>,
    link: Link,
    calls: LineCalls,
    world: World,
    listener: Option<std::net::TcpListener>,
}

impl Supervisor {
    /// A line that does nothing yet.
    pub fn new(line: config::Line, shared: Shared) -> Supervisor {
        let meters = Arc::new(LineMeters::new(line.name.as_str(), line.protocol).within(line.answer_wait()));
        let link = Link::new(Arc::clone(&meters));
        let calls = LineCalls::new(shared.calls.clone(), &line.name, line.protocol);
        let world = World::new(Arc::clone(&line.sia_dc09.keys)).with_accounts(Arc::clone(&line.sip.accounts));
        Supervisor { line: Arc::new(line), shared, meters, link, calls, world, listener: None }
    }

    /// A listening line's socket that systemd holds: what arrives while this process is away waits in it.
    pub fn on(mut self, listener: Option<std::net::TcpListener>) -> Supervisor {
        self.listener = listener;
        self
    }

    /// Whether somebody is there to hear.
    pub fn link(&self) -> Link {
        self.link.clone()
    }

    /// Where its keys can be changed.
    pub fn world(&self) -> World {
        self.world.clone()
    }

    /// Runs the line until the process stops, whatever happens in it.
    pub async fn run(self) {
        let line = &self.line;
        let stop_and_wait = session::is_stop_and_wait(line.protocol);
        let intake = self.shared.intake.line(&line.name, line.namespace.as_deref(), stop_and_wait);
        let intake = if line.listen_only { intake.shadowing() } else { intake };
        let away = away_max(line);
        let watching = || link::watch(self.link.clone(), intake.clone(), away);
        let running = || Arc::new(self.task(intake.clone())).run();
        let stop = || self.shared.stop.clone();
        tokio::select! {
            () = keep_up(&line.name, &self.meters, stop(), running) => {}
            () = keep_up(&line.name, &self.meters, stop(), watching) => {}
        }
    }

    fn task(&self, intake: LineIntake) -> LineTask {
        LineTask {
            line: Arc::clone(&self.line),
            shared: self.shared.clone(),
            intake,
            link: self.link.clone(),
            meters: Arc::clone(&self.meters),
            calls: self.calls.clone(),
            // A socket that cannot be had twice is bound anew by the line, which says so when it cannot.
            listener: self.listener.as_ref().and_then(|listener| listener.try_clone().ok()),
            world: self.world.clone(),
            stop: self.shared.stop.clone(),
            pulse: self.shared.pulses.pulse(self.line.name.as_str()),
        }
    }
}

/// Runs a task until it ends by itself because the process stops; a panic is contained and the task replaced.
async fn keep_up<F>(line: &LineId, meters: &LineMeters, mut stop: watch::Receiver<bool>, start: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut backoff = Backoff::new();
    loop {
        let started = Instant::now();
        // A set of one: unlike a bare handle it takes the task with it.
        let mut task = JoinSet::new();
        task.spawn(start());
        if let Some(Err(_)) = task.join_next().await {
            meters.restarts.increment(1);
            tracing::error!(%line, "a task of the line panicked and is replaced");
        }
        if *stop.borrow() {
            return;
        }
        if started.elapsed() > Backoff::LONGEST {
            backoff.reset();
        }
        let _ = tokio::time::timeout(backoff.wait(), stopped(&mut stop)).await;
    }
}

/// How long a line may have nobody to hear before operations are told; none to never tell. A listener's peers
/// come in their own time, and one that connects without ever saying anything is nobody, so there the
/// protocol's link watch counts.
fn away_max(line: &config::Line) -> Duration {
    match line.transport {
        Transport::Serial(_) | Transport::TcpConnect { .. } | Transport::VoiceModem(_) => link::AWAY_MAX,
        Transport::TcpListen { .. } | Transport::UdpListen { .. } | Transport::SipListen(_) => {
            line.link_watch().unwrap_or(Duration::MAX)
        }
    }
}

/// Resolves when the process stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to say so, which is the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

impl LineTask {
    async fn run(self: Arc<Self>) {
        match &self.line.transport {
            Transport::Serial(serial) => serial::run(&self, serial).await,
            Transport::VoiceModem(modem) => voice::run(&self, modem).await,
            Transport::TcpConnect { address } => tcp::connect(&self, address).await,
            Transport::TcpListen { address, connections_max } => tcp::listen(&self, *address, *connections_max).await,
            Transport::UdpListen { address } => udp::listen(&self, *address).await,
            Transport::SipListen(listen) => sip::listen(&self, listen).await,
        }
    }

    fn name(&self) -> &LineId {
        &self.line.name
    }

    fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// A conversation over what has been opened or connected, in a session of its own. `peer` is the other
    /// end's address, where it has one.
    async fn converse<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        port: P,
        peer: Option<String>,
        presence: Presence,
    ) -> Ended {
        self.converse_with(port, peer, presence, None, &self.pulse).await
    }

    async fn converse_with<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        port: P,
        peer: Option<String>,
        presence: Presence,
        guest: Option<&Guest>,
        pulse: &Pulse,
    ) -> Ended {
        let told = link::told_of(&self.intake.queue().board().borrow(), &self.intake);
        let intake = || SessionIntake::new(self.intake.clone());
        let with = Conversation {
            session: session::new(&self.line, &self.shared.codes, &told, &self.world.now()),
            ledger: Ledger::new(
                guest.map_or_else(intake, |guest| intake().through(guest.gate())),
                Arc::clone(&self.meters),
            ),
            link: self.link.clone(),
            presence,
            meters: Arc::clone(&self.meters),
            book: self.calls.book(peer),
            world: self.world.clone(),
            silence_max: guest.map(|_| SILENCE_MAX),
            stop: self.stop.clone(),
        };
        if self.line.listen_only {
            return conversation::converse(ListenOnly(port), with, pulse).await;
        }
        conversation::converse(port, with, pulse).await
    }

    fn connection_pulse(&self) -> Pulse {
        self.shared.pulses.pulse(self.name().as_str())
    }

    /// Says that an attempt failed or somebody went away, in the log only when it is news.
    fn lost(&self, cause: Cause, what: &str) {
        if self.link.lost(cause) {
            tracing::info!(line = %self.name(), cause = cause.as_str(), "{what}");
        } else {
            tracing::debug!(line = %self.name(), cause = cause.as_str(), "{what}");
        }
    }

    /// Waits, but not beyond the process's stop.
    async fn pause(&self, wait: Duration) {
        self.pulse.during(self.unless_stopped(tokio::time::sleep(wait))).await;
    }

    /// What comes of a wait; none when the process stops first.
    async fn unless_stopped<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stopped(&mut stop) => None,
            done = wait => Some(done),
        }
    }
}

#[cfg(test)]
mod tests;
