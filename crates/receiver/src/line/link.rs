//! Whether a line's port or peer is there, and the technical alarm when it is not.
//!
//! The line's tasks hold a [`Present`] while there is somebody to hear. [`watch`] raises
//! [`Trigger::LineDown`] once per episode of absence and says `Restored` when it is over. It runs beside the
//! line, so that a line stuck in opening its port is told of, too. An episode outlives a restart: what the
//! board holds of it is taken up again.

use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{Alarm, TriggerKey, TriggerState};
use telecare_protocol::{Report, Status, Trigger};
use telecare_queue::{Answer, Board};
use tokio::sync::watch;

use super::meters::LineMeters;
use crate::intake::LineIntake;

/// How long a port or a peer this host connects to may be away before operations are told. A cable put back
/// and a hardware receiver's restart of its interface are shorter.
pub const AWAY_MAX: Duration = Duration::from_secs(5);

/// How often a report that nothing could store is offered again while its episode lasts.
const OFFER_EVERY: Duration = Duration::from_secs(2);

/// Why a port or peer is away. A closed set: metric label and code of the alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The device or host does not exist.
    NotFound,
    /// Somebody else has it.
    Busy,
    /// This host's user may not open it.
    NotAllowed,
    /// The peer refuses connections.
    Refused,
    /// No answer in time, or silence for too long.
    TimedOut,
    /// It was there and went away.
    Gone,
    /// It takes no more bytes.
    Stuck,
    /// Anything else; the log has the words.
    Failed,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 8] = [
        Cause::NotFound,
        Cause::Busy,
        Cause::NotAllowed,
        Cause::Refused,
        Cause::TimedOut,
        Cause::Gone,
        Cause::Stuck,
        Cause::Failed,
    ];

    /// The name used in metrics, logs and as the code of the alarm.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::NotFound => "not-found",
            Cause::Busy => "busy",
            Cause::NotAllowed => "not-allowed",
            Cause::Refused => "refused",
            Cause::TimedOut => "timed-out",
            Cause::Gone => "gone",
            Cause::Stuck => "stuck",
            Cause::Failed => "failed",
        }
    }

    /// What an error of the system amounts to.
    pub fn of(error: &std::io::Error) -> Cause {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => Cause::NotFound,
            ErrorKind::ResourceBusy | ErrorKind::WouldBlock | ErrorKind::AddrInUse => Cause::Busy,
            ErrorKind::PermissionDenied => Cause::NotAllowed,
            ErrorKind::ConnectionRefused => Cause::Refused,
            ErrorKind::TimedOut => Cause::TimedOut,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Cause::Gone,
            _ => Cause::Failed,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct State {
    present: usize,
    /// Whether opening, listening or connecting has been tried once, with whatever outcome.
    tried: bool,
    /// Of the last loss since somebody was there; none when nobody has been, or nobody was lost since.
    cause: Option<Cause>,
}

impl State {
    /// The code of the alarm.
    fn code(&self) -> &'static str {
        self.cause.map_or("not-yet", Cause::as_str)
    }
}

/// When a port or peer counts as being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// At its first byte, or open for [`STEADY_AFTER`]: a port that opens and fails at once is not.
    Open,
    /// At its first message: anybody may connect to a listener.
    Message,
}

/// See [`Presence::Open`].
pub const STEADY_AFTER: Duration = Duration::from_secs(1);

/// Where a line's tasks say whether somebody is there. Cheap to clone.
#[derive(Clone)]
pub struct Link {
    state: Arc<watch::Sender<State>>,
    meters: Arc<LineMeters>,
}

/// Somebody is there for as long as this lives.
pub struct Present(Link);

impl Link {
    /// Nobody is there yet.
    pub fn new(meters: Arc<LineMeters>) -> Link {
        let (state, _) = watch::channel(State { present: 0, tried: false, cause: None });
        Link { state: Arc::new(state), meters }
    }

    /// Somebody is there.
    pub fn present(&self) -> Present {
        self.state.send_modify(|state| {
            state.present += 1;
            state.tried = true;
            state.cause = None;
        });
        self.meters.up.set(1.0);
        Present(self.clone())
    }

    /// An attempt failed, or somebody went away. False when that was known: the same cause as the last time,
    /// and nobody there since.
    pub fn lost(&self, cause: Cause) -> bool {
        self.meters.lost(cause);
        self.state.send_if_modified(|state| {
            let news = state.cause != Some(cause) || !state.tried;
            state.tried = true;
            state.cause = Some(cause);
            news
        })
    }

    /// The port is open or the listener bound; whether somebody is there is not known yet.
    pub fn opened(&self) {
        self.state.send_modify(|state| state.tried = true);
    }

    /// Resolves when opening, listening or connecting has been tried once.
    pub async fn tried(&self) {
        let mut state = self.state.subscribe();
        // The sender lives in this link.
        let _ = state.wait_for(|state| state.tried).await;
    }

    fn is_up(&self) -> bool {
        self.state.borrow().present > 0
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let link = &self.0;
        link.state.send_modify(|state| state.present = state.present.saturating_sub(1));
        if !link.is_up() {
            link.meters.up.set(0.0);
        }
    }
}

/// Tells operations when nobody is there for longer than `away`, and when somebody is again. Never ends by
/// itself.
pub async fn watch(link: Link, intake: LineIntake, away: Duration) {
    let mut state = link.state.subscribe();
    let mut told = told_of(&intake.queue().board().borrow(), &intake).contains(&Trigger::LineDown);
    loop {
        if !told {
            let back = tokio::time::timeout(away, until(&mut state, true)).await;
            if back.is_err() {
                tracing::warn!(line = %intake.line(), cause = link.state.borrow().code(), "line is down");
                told = tell(&link, &intake, Status::Active, &mut state).await;
            }
        }
        until(&mut state, true).await;
        if told {
            tracing::info!(line = %intake.line(), "line is back");
            told = !tell(&link, &intake, Status::Restored, &mut state).await;
        }
        // Restored that could not be stored before the line went away again: the episode goes on.
        until(&mut state, false).await;
    }
}

/// Offers a report until it is stored. False when the episode ended before it could be.
async fn tell(link: &Link, intake: &LineIntake, status: Status, state: &mut watch::Receiver<State>) -> bool {
    let wanted = status == Status::Restored;
    while link.is_up() == wanted {
        let report = Report::own(Trigger::LineDown, status, link.state.borrow().code());
        match intake.own(report).await {
            Answer::Stored | Answer::Repeat => return true,
            Answer::Refused => {
                // Whichever comes first; the loop looks at both.
                let _ = tokio::time::timeout(OFFER_EVERY, until(state, !wanted)).await;
            }
        }
    }
    false
}

async fn until(state: &mut watch::Receiver<State>, up: bool) {
    if state.wait_for(|state| (state.present > 0) == up).await.is_err() {
        // The sender lives in the link this task holds.
        std::future::pending().await
    }
}

/// What open alarms say of the line itself.
pub fn told_of(board: &Board, intake: &LineIntake) -> Vec<Trigger> {
    let on_this_line = |alarm: &&Arc<Alarm>| alarm.receiver == *intake.receiver() && alarm.line == *intake.line();
    let raised = |(key, state): (&TriggerKey, &TriggerState)| state.is_raised().then_some(key.trigger);
    board.open.iter().filter(on_this_line).flat_map(|alarm| &alarm.triggers).filter_map(raised).collect()
}
