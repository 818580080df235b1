//! The keeper: the one task that holds the ledger. It never waits for a store; it hands entries to the
//! journal and the database, hears back, and answers.
//!
//! ```text
//! submit --> lanes --+--> journal ---+--> ledger (visible) --> answer
//! act ---------^     +--> database --+
//!              |              |
//!              |<--- verdict: the database's, or its own when cut off
//! ```
//! While connected an entry goes to both stores at once, and a line has its answer when both have it. Else it goes to
//! the journal first, and to the database from the backlog.
//!
//! Invariants: a signal is answered "stored" only after the journal, or the database, has it. An action is
//! decided once. Whatever is in the ledger's pending entries is in the journal, or (with the journal down)
//! is on its way to the database and not yet answered. A sequence is used once, whatever became of its entry.

mod actions;
mod backlog;
mod batches;
mod duty;
mod link;
mod publish;
mod refuse;
#[cfg(test)]
mod sample;
mod signals;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::duty::Duty;
use telecare_alarm::expect::Changes;
use telecare_alarm::{Action, ActionId, CallId, ClockState, LineId, Policy, ReceiverId, Registry};
use telecare_protocol::RepeatProof;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use self::backlog::Backlog;
use crate::answered::Answered;
use crate::board::{Board, Link, OtherReceiver};
use crate::consoles::Consoles;
use crate::database;
use crate::entry::{Chain, Entry, What};
use crate::exchange::{ActError, Acted, Answer, Incoming};
use crate::journal::{self, Known, Settle};
use crate::lanes::Lanes;
use crate::ledger::{FORGOTTEN_AT_ONCE, Ledger};
use crate::live_calls::{LiveCall, LiveCalls};
use crate::repeats::Repeats;
use crate::told::{Event, Request};
use crate::trouble::Trouble;

/// Requests taken in before the stores are looked at again.
const REQUESTS_AT_ONCE: usize = 256;
/// How often closed cards are forgotten, and how soon again where more are left.
const TIDY_EVERY: Duration = Duration::from_secs(10);
const TIDY_ON: Duration = Duration::from_millis(100);

/// What waits for the journal.
#[derive(Debug)]
enum Waiting {
    Signal(Box<Incoming>, Instant, oneshot::Sender<Answer>),
    Action(Arc<Action>),
    Verdict(crate::entry::Verdict),
}

/// Who waits for a signal, and until when for the database as well.
type Waiter = (Instant, oneshot::Sender<Answer>);

/// An action under way.
#[derive(Debug)]
struct Acting {
    action: Arc<Action>,
    seq: Option<i64>,
    waiters: Vec<oneshot::Sender<Result<Acted, ActError>>>,
    deadline: Instant,
}

/// Whether the journal takes entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JournalState {
    Ready,
    /// A batch is being written.
    Writing,
    Down,
}

/// The task.
#[derive(Debug)]
pub struct Keeper {
    ledger: Ledger,
    lanes: Lanes<Waiting>,
    repeats: Repeats,
    chain: Chain,
    journal: mpsc::UnboundedSender<journal::Command>,
    journal_state: JournalState,
    /// The batch at the journal, in order, with who waits for its signals.
    writing: Vec<(Arc<Entry>, Option<Waiter>)>,
    /// Whether that batch goes to the database at the same time: the two take as long as the slower one.
    side_by_side: bool,
    /// Entries the journal does not have because it is down, and the chain before the first of them.
    unjournalled: BTreeMap<i64, Arc<Entry>>,
    chain_before: Option<Chain>,
    database: Option<mpsc::UnboundedSender<database::Command>>,
    link: Link,
    link_since: OffsetDateTime,
    link_at: Instant,
    /// Entries not yet in the database; with those caught up while catching up: they leave the ledger when the board is
    /// read afresh.
    backlog: Backlog,
    /// Entries that a restored database may lack, offered again; the cards have them already.
    reoffer: VecDeque<Arc<Entry>>,
    refill: bool,
    rereading: bool,
    at_database: Option<link::Asked>,
    read_at: Instant,
    heard_at: Instant,
    committed_at: Instant,
    skipped_until: Option<Instant>,
    last_write_was_small: bool,
    /// Lines that wait for the word that their signal is stored, and which word that is.
    waiting: HashMap<i64, (oneshot::Sender<Answer>, Answer)>,
    /// The word for those whose signal is stored now; it leaves at the end of the turn.
    stored: Vec<(oneshot::Sender<Answer>, Answer)>,
    deadlines: BTreeMap<(Instant, i64), ()>,
    acting: HashMap<ActionId, Acting>,
    answered: Answered,
    outbox: Vec<(actions::Reply, Result<Acted, ActError>)>,
    silent: Vec<OtherReceiver>,
    live_calls: LiveCalls,
    calls: Arc<BTreeMap<CallId, LiveCall>>,
    registry: Arc<Registry>,
    duty: Duty,
    watch: duty::Watch,
    /// Who was heard when, on its way to the database.
    to_tell: Changes,
    receiver: ReceiverId,
    software: Arc<str>,
    /// As the last signal from a line had it.
    clock: ClockState,
    boot: Uuid,
    version: u64,
    dirty: bool,
    /// By when the board is made anew although no card has changed: how much waits for the database has.
    stale_at: Option<Instant>,
    /// Before this a changed board is not made anew, unless an answer waits for it.
    publish_at: Instant,
    board: watch::Sender<Arc<Board>>,
    troubles: mpsc::UnboundedSender<Trouble>,
    raised: HashMap<&'static str, String>,
    tidy_at: Instant,
    closing: Option<oneshot::Sender<()>>,
}

/// What the keeper is built around.
#[derive(Debug)]
pub struct Ends {
    /// Commands for the journal.
    pub journal: mpsc::UnboundedSender<journal::Command>,
    /// Commands for the database, where one is configured.
    pub database: Option<mpsc::UnboundedSender<database::Command>>,
    /// Where each state of the board goes.
    pub board: watch::Sender<Arc<Board>>,
    /// Where answers to actions are remembered.
    pub answered: Answered,
    /// Where troubles go.
    pub troubles: mpsc::UnboundedSender<Trouble>,
    /// The names the journal knew.
    pub registry: Arc<Registry>,
    /// What ranks signals, and the rules.
    pub policy: Arc<Policy>,
    /// This receiver.
    pub receiver: ReceiverId,
    /// Version of the software.
    pub software: Arc<str>,
    /// When an operator's console was last heard here.
    pub consoles: Consoles,
    /// The calls on the lines.
    pub live_calls: LiveCalls,
}

impl Keeper {
    /// A keeper that begins with what the journal knows.
    pub fn new(known: Known, chain: Chain, boot: Uuid, ends: Ends) -> Keeper {
        let now = Instant::now();
        let link = if ends.database.is_some() { Link::CutOff } else { Link::Standalone };
        let mut keeper = Keeper {
            ledger: Ledger::default(),
            lanes: Lanes::default(),
            repeats: Repeats::default(),
            chain,
            journal: ends.journal,
            journal_state: JournalState::Ready,
            writing: Vec::new(),
            side_by_side: false,
            unjournalled: BTreeMap::new(),
            chain_before: None,
            database: ends.database,
            link,
            link_since: OffsetDateTime::now_utc(),
            link_at: now,
            backlog: Backlog::default(),
            reoffer: VecDeque::new(),
            refill: false,
            rereading: false,
            at_database: None,
            read_at: now,
            heard_at: now,
            committed_at: now,
            skipped_until: None,
            last_write_was_small: false,
            waiting: HashMap::new(),
            stored: Vec::new(),
            deadlines: BTreeMap::new(),
            acting: HashMap::new(),
            answered: ends.answered,
            outbox: Vec::new(),
            silent: Vec::new(),
            live_calls: ends.live_calls,
            calls: Arc::default(),
            duty: Duty::new(&ends.receiver, ends.policy, ends.registry.clone()),
            watch: duty::Watch::new(ends.consoles, OffsetDateTime::now_utc()),
            to_tell: Changes::default(),
            receiver: ends.receiver,
            software: ends.software,
            clock: ClockState::Unknown,
            registry: ends.registry,
            boot,
            version: 0,
            dirty: true,
            stale_at: None,
            publish_at: now,
            board: ends.board,
            troubles: ends.troubles,
            raised: HashMap::new(),
            tidy_at: now,
            closing: None,
        };
        keeper.begin(known);
        keeper.on_duty();
        keeper.publish();
        keeper
    }

    /// Takes over what the journal knows: rows, pending entries, what may be repeated or asked again.
    fn begin(&mut self, known: Known) {
        known.expected.into_iter().for_each(|kept| self.duty.restore_expected(kept));
        let rows: Vec<_> = known.rows.into_iter().map(Arc::new).collect();
        self.ledger.settle(&[], &rows, &known.aliases);
        let said: HashMap<_, _> = known.recent.iter().chain(&known.pending).filter_map(verdict_of).collect();
        let recent = known.recent.iter().filter_map(|entry| match &entry.what {
            What::Signal(signal) => Some(signal),
            What::Action(_) | What::Verdict(_) => None,
        });
        for signal in recent.chain(&known.ahead) {
            let key = signal.report.repeat_key().map(|key| RepeatProof::Key { key, window: Duration::ZERO });
            self.repeats.remember(signal, &key.unwrap_or(RepeatProof::None));
        }
        for entry in known.pending {
            self.ledger.push(&entry);
            if let What::Action(action) = &entry.what {
                match said.get(&action.id.0) {
                    Some(refused) => self.ledger.decided_before(entry.seq, action, refused.clone()),
                    None => drop(self.ledger.decide(entry.seq, action)),
                }
            }
            self.enqueue(&entry);
        }
        if self.link == Link::Standalone {
            self.settle_own();
        }
    }

    /// Runs until asked to end, or until a store's task is gone.
    pub async fn run(mut self, mut requests: mpsc::Receiver<Request>, mut events: mpsc::UnboundedReceiver<Event>) {
        loop {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(event) => self.handle_event(event),
                    None => return,
                },
                request = requests.recv() => match request {
                    Some(request) => {
                        self.handle_request(request);
                        // What else waits shares the commit.
                        for _ in 1..REQUESTS_AT_ONCE {
                            let Ok(request) = requests.try_recv() else { break };
                            self.handle_request(request);
                        }
                    }
                    None => return,
                },
                () = sleep_until(wake) => self.handle_time(),
            }
            self.on_duty();
            self.pump();
            // A unit's acknowledgement does not wait for a board that takes long to make.
            if !self.is_board_small() {
                self.answer_lines();
            }
            self.publish();
            self.answer_lines();
            self.send_answers();
            if self.ended() {
                let _ = self.journal.send(journal::Command::Close);
                if let Some(closed) = self.closing.take() {
                    let _ = closed.send(());
                }
                return;
            }
        }
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Journalled => self.journalled(),
            Event::JournalDown(why) => self.journal_down(&why),
            Event::JournalReady { holds } => self.journal_ready(&holds),
            Event::Reread(entries) => self.reread(entries),
            Event::Database(event) => self.database_says(event),
            // What changed is taken in before the desk next looks.
            Event::Calls => {}
            Event::Registry(registry, expected) => {
                self.duty.set_registry(registry.clone(), *expected, OffsetDateTime::now_utc());
                self.registry = registry;
                self.dirty = true;
            }
        }
    }

    fn handle_request(&mut self, request: Request) {
        match request {
            Request::Submit(incoming, deadline, reply) => self.submit(incoming, deadline, reply),
            Request::Act(action, reply) => self.act(*action, reply),
            Request::Recall(alarm) => self.ledger.recall(alarm),
            Request::Policy(policy) => self.set_policy(policy),
            Request::Own(own, reply) => self.say(*own, reply),
            Request::Learn(number, protocol) => {
                self.settle(Settle { learnt: vec![(number, protocol)], ..Settle::default() });
            }
            Request::Heard(unit, at) => self.duty.hear(unit, at),
            Request::Overdue(reply) => drop(reply.send(self.overdue())),
            Request::Close(reply) => self.closing = Some(reply),
        }
    }

    fn handle_time(&mut self) {
        let now = Instant::now();
        while let Some(((deadline, seq), ())) = self.deadlines.first_key_value() {
            if *deadline > now {
                break;
            }
            let seq = *seq;
            self.deadlines.pop_first();
            self.signal_stored(seq);
        }
        self.actions_in_time(now);
        self.link_in_time(now);
        self.duty_in_time(now);
        if self.tidy_at <= now {
            let is_done = self.tidy() < FORGOTTEN_AT_ONCE;
            self.tidy_at = now + if is_done { TIDY_EVERY } else { TIDY_ON };
        }
    }

    /// How many closed cards it forgot.
    fn tidy(&mut self) -> usize {
        let forgotten = self.ledger.forget_closed(OffsetDateTime::now_utc());
        let count = forgotten.len();
        if !forgotten.is_empty() {
            self.dirty = true;
            self.settle(Settle { dropped: forgotten, ..Settle::default() });
        }
        let oldest = self.ledger.base().map(|alarm| alarm.opened_at).min();
        let keep_from = oldest.unwrap_or_else(OffsetDateTime::now_utc);
        let _ = self.journal.send(journal::Command::Prune(keep_from));
        count
    }

    /// The next instant at which time alone changes something.
    fn next_wake(&self) -> Instant {
        let answer = self.deadlines.first_key_value().map(|((deadline, _), ())| *deadline);
        let action = self.acting.values().map(|acting| acting.deadline).min();
        let link = self.link_wake();
        let duty = [self.duty_wake()];
        let board = self.dirty.then_some(self.publish_at);
        answer
            .into_iter()
            .chain(board)
            .chain(self.stale_at)
            .chain(action)
            .chain(self.journal_wake())
            .chain(link)
            .chain(duty)
            .chain([self.tidy_at])
            .min()
            .unwrap_or(self.tidy_at)
    }

    /// Gives the stores what waits for them.
    fn pump(&mut self) {
        self.pump_journal();
        self.pump_database();
    }

    fn ended(&self) -> bool {
        let idle = self.lanes.is_empty() && self.journal_state != JournalState::Writing;
        self.closing.is_some() && (idle || self.journal_state == JournalState::Down)
    }

    /// Whether anything can store.
    fn can_store(&self) -> bool {
        self.journal_state != JournalState::Down || self.link == Link::Connected
    }

    fn settle(&self, settle: Settle) {
        // The journal's task ends only after this one.
        let _ = self.journal.send(journal::Command::Settle(settle));
    }

    /// Raises or clears a trouble; only a change is told.
    fn trouble(&mut self, what: &'static str, why: Option<String>) {
        let change = match &why {
            Some(why) => self.raised.insert(what, why.clone()).is_none(),
            None => self.raised.remove(what).is_some(),
        };
        if change {
            let _ = self.troubles.send(Trouble { what, active: why.is_some(), why: why.unwrap_or_default() });
        }
    }
}

fn verdict_of(entry: &Arc<Entry>) -> Option<(Uuid, Option<String>)> {
    match &entry.what {
        What::Verdict(verdict) => Some((verdict.action, verdict.refused.clone())),
        What::Signal(_) | What::Action(_) => None,
    }
}

/// Where actions and verdicts stand in the lanes: a source of their own.
fn desk() -> LineId {
    LineId::new("desk")
}
