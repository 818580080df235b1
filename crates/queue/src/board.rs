//! The board: the open alarms in memory, what the API serves. A snapshot never changes; each change makes
//! the next one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use telecare_alarm::alarm::Rank;
use telecare_alarm::{Alarm, AlarmId, CallId, Policy, ReceiverId, Registry, Shelves};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cards::{Cards, ClosedRank};
use crate::live_calls::{CallCards, LiveCall};

/// One state of the queue as consoles see it.
#[derive(Clone, Debug)]
pub struct Board {
    /// Made at start: a cursor of another boot gets the full list.
    pub boot: Uuid,
    /// This receiver.
    pub receiver: ReceiverId,
    /// Grows with every change.
    pub version: u64,
    /// When this state was true.
    pub as_of: OffsetDateTime,
    /// Whose word the answers are.
    pub link: Link,
    /// Since when.
    pub link_since: OffsetDateTime,
    /// Whether the journal takes entries.
    pub journal_ok: bool,
    /// Whether anything takes entries: the journal, or the connected database.
    pub can_store: bool,
    /// Entries this receiver has not yet got into the database (zero when it stands alone).
    pub backlog: usize,
    /// When the oldest of them was made.
    pub backlog_since: Option<OffsetDateTime>,
    /// Open alarms, most urgent first.
    pub open: Cards<Rank>,
    /// Alarms closed in the last ten minutes or a few seconds more, latest first; of those that rules closed, ten
    /// thousand and what has come since the last look.
    pub closed: Cards<ClosedRank>,
    /// Ids that stand for another alarm: two receivers opened one each for the same unit.
    pub aliases: HashMap<AlarmId, AlarmId>,
    /// The calls on the lines of this receiver.
    pub calls: Arc<BTreeMap<CallId, LiveCall>>,
    /// What is made of the open alarms when it is first asked for.
    pub derived: Derived,
    /// The other receivers on the same database that have fallen silent.
    pub silent: Vec<OtherReceiver>,
    /// Who is behind the alarms, as far as is known.
    pub registry: Arc<Registry>,
    /// What ranks signals, and the rules.
    pub policy: Arc<Policy>,
    /// Who is expected to be heard from.
    pub expected: usize,
    /// Who of them is missing.
    pub overdue: usize,
    /// When an operator's console was last heard, at any receiver of the centre.
    pub operator_heard_at: Option<OffsetDateTime>,
}

/// What needs a look at every open alarm: many a board comes and goes without a console that asks for it.
#[derive(Clone, Debug, Default)]
pub struct Derived {
    shelves: OnceLock<Arc<Shelves>>,
    call_cards: OnceLock<Arc<CallCards>>,
}

/// Whose word an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// No database is configured: this receiver's own.
    Standalone,
    /// The database's.
    Connected,
    /// This receiver's own: the database cannot be reached, or not in time.
    CutOff,
    /// This receiver's own, until the database has all of its entries.
    CatchingUp,
}

impl Link {
    /// Whether answers are this receiver's own although a database is configured.
    pub fn is_degraded(self) -> bool {
        matches!(self, Link::CutOff | Link::CatchingUp)
    }

    /// The name used in metrics and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Link::Standalone => "standalone",
            Link::Connected => "connected",
            Link::CutOff => "cut-off",
            Link::CatchingUp => "catching-up",
        }
    }
}

/// Another receiver that writes to the same database and has fallen silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherReceiver {
    /// Its name.
    pub receiver: ReceiverId,
    /// When it was last heard.
    pub silent_since: OffsetDateTime,
    /// Signals it had journalled but not forwarded when last heard.
    pub unforwarded: i64,
}

impl Board {
    /// The state before any other: nothing known, nothing can store.
    pub fn empty(boot: Uuid) -> Board {
        Board {
            boot,
            receiver: ReceiverId::new(""),
            version: 0,
            as_of: OffsetDateTime::UNIX_EPOCH,
            link: Link::CutOff,
            link_since: OffsetDateTime::UNIX_EPOCH,
            journal_ok: false,
            can_store: false,
            backlog: 0,
            backlog_since: None,
            open: Cards::default(),
            closed: Cards::default(),
            aliases: HashMap::new(),
            calls: Arc::default(),
            derived: Derived::default(),
            silent: Vec::new(),
            registry: Arc::default(),
            policy: Arc::new(Policy::builtin()),
            expected: 0,
            overdue: 0,
            operator_heard_at: None,
        }
    }

    /// The alarm with this id, open or lately closed, also under an id that stands for it.
    pub fn find(&self, id: AlarmId) -> Option<&Arc<Alarm>> {
        let id = self.aliases.get(&id).copied().unwrap_or(id);
        self.open.iter().chain(self.closed.iter()).find(|alarm| alarm.id == id)
    }

    /// Where the open alarms are listed.
    pub fn shelves(&self) -> &Arc<Shelves> {
        self.derived.shelves.get_or_init(|| Arc::new(Shelves::of(self.open.iter().map(|card| &**card))))
    }

    /// Which open alarms are on which call, of any receiver.
    pub fn call_cards(&self) -> &Arc<CallCards> {
        self.derived.call_cards.get_or_init(|| Arc::new(CallCards::of(self.open.iter().map(|card| &**card))))
    }

    /// The cursor of this state: `boot:version`, and whether it is degraded.
    pub fn cursor(&self) -> String {
        let degraded = if self.link.is_degraded() { "d" } else { "" };
        format!("{}:{}{degraded}", self.boot, self.version)
    }
}
