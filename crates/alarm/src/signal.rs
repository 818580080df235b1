//! A signal: a report as kept, with everything a court may ask about it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use telecare_protocol::{Report, report::UnknownName};
use time::OffsetDateTime;

use crate::{AlarmId, CallId, LineId, ReceiverId, SignalId};

/// A report as kept. Made once at intake and never changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Its id, made at its last byte.
    pub id: SignalId,
    /// The receiver that took it in.
    pub receiver: ReceiverId,
    /// The line it came on.
    pub line: LineId,
    /// The telephone call it came in, on a line that carries speech.
    pub call: Option<CallId>,
    /// The unit it is from.
    pub unit: UnitKey,
    /// When it came.
    pub stamps: Stamps,
    /// How urgent policy found it, and why.
    pub ranking: Ranking,
    /// Every byte as it came.
    pub raw: Vec<u8>,
    /// What it says.
    pub report: Report,
    /// The stored signal of which this is a proven repeat. A repeat is kept and is no press of its own.
    pub repeat_of: Option<SignalId>,
    /// Heard on a line that only listens beside another platform, whose operators answer it.
    pub shadow: bool,
    /// What the rules knew of the moment when it was taken in.
    pub marks: Marks,
    /// Version of the software that took it in.
    pub software: Arc<str>,
    /// State of the host's clock when it came.
    pub clock: ClockState,
}

impl Signal {
    /// Whether this is a person's, a hazard's or an unreadable call, and not the repeat of one: it wants an
    /// answer of its own.
    pub fn rings(&self) -> bool {
        self.repeat_of.is_none() && self.ranking.class.rings()
    }
}

/// What the rules knew when a signal was taken in; on a card, what all of its signals have in common. It says
/// where a card is listed, never how urgent it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The test under which it came: the id of the test's own card.
    pub test: Option<AlarmId>,
    /// The incident it belongs to: the key of the incident's card.
    pub incident: Option<Arc<str>>,
    /// Whether its unit had sent technical signals without end before it.
    pub runaway: bool,
}

impl Marks {
    /// Of a card, after one more signal: a test or a runaway only as long as every signal is of it.
    pub(crate) fn join(&mut self, signal: &Marks) {
        self.test = self.test.zip(signal.test).map(|(one, other)| one.max(other));
        self.runaway = self.runaway && signal.runaway;
        if self.incident < signal.incident {
            self.incident = signal.incident.clone();
        }
    }
}

/// When a signal came, by the host's wall clock (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// First byte of the frame.
    pub first_byte: OffsetDateTime,
    /// Last byte of the frame. Every clock of the queue counts from here.
    pub last_byte: OffsetDateTime,
    /// Decoding finished.
    pub decoded: OffsetDateTime,
}

/// Whether the host's clock could be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// The kernel says it is disciplined by a time source.
    Synchronised,
    /// The kernel says it is not.
    Unsynchronised,
    /// The kernel could not be asked.
    Unknown,
}

impl ClockState {
    /// The name used in storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ClockState::Synchronised => "synchronised",
            ClockState::Unsynchronised => "unsynchronised",
            ClockState::Unknown => "unknown",
        }
    }
}

impl FromStr for ClockState {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let all = [ClockState::Synchronised, ClockState::Unsynchronised, ClockState::Unknown];
        all.into_iter().find(|c| c.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// Which unit a signal is from. Two cards for one person are better than one card for two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitKey {
    /// The key itself: equal keys, same unit.
    pub key: Arc<str>,
    /// What the key was made from.
    pub basis: Basis,
    /// The unit in words, for the headline: "unit 12345", "caller 01527 123456".
    pub words: Arc<str>,
}

/// What a unit key was made from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A unit in the registry.
    Registered,
    /// The identity the unit sent, within its namespace and protocol.
    Identity,
    /// The caller's telephone number: a guess, and said to be one.
    CallerNumber,
    /// One of this receiver's lines or the hardware receiver behind it.
    Line,
    /// Many units at once: an incident.
    Group,
    /// Units on test.
    Test,
    /// Nothing: the signal stands alone.
    Alone,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Basis; 7] =
        [Basis::Registered, Basis::Identity, Basis::CallerNumber, Basis::Line, Basis::Group, Basis::Test, Basis::Alone];

    /// The name used in storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Registered => "registered",
            Basis::Identity => "identity",
            Basis::CallerNumber => "caller-number",
            Basis::Line => "line",
            Basis::Group => "group",
            Basis::Test => "test",
            Basis::Alone => "alone",
        }
    }
}

impl FromStr for Basis {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Basis::ALL.into_iter().find(|b| b.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// How urgent policy found a signal, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// 1 most urgent to 5.
    pub priority: Priority,
    /// What kind of alarm it is.
    pub class: Class,
    /// Which lane it takes through every bounded queue.
    pub lane: Lane,
    /// The policy rule that decided, as `trigger/status`.
    pub rule: Arc<str>,
    /// Hash of the whole policy in force (hex, shortened).
    pub policy: Arc<str>,
}

/// Priority of an alarm: 1 most urgent, 5 least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Priority(u8);

impl Priority {
    /// The most urgent.
    pub const HIGHEST: Priority = Priority(1);
    /// The least urgent.
    pub const LOWEST: Priority = Priority(5);

    /// A priority from 1 to 5; none otherwise.
    pub fn new(number: u8) -> Option<Priority> {
        (1..=5).contains(&number).then_some(Priority(number))
    }

    /// The number, 1 most urgent.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// What kind of alarm a signal makes. Policy says; the answer clock goes by it. Of two signals of one
/// priority the earlier class here names the card, so the class with the shortest clock comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A lone worker.
    LoneWorker,
    /// A person asks for help, or a fall detector does for them.
    Person,
    /// Fire, smoke, gas, carbon monoxide.
    Fire,
    /// A call or frame that delivered nothing readable.
    Unreadable,
    /// Intruder, tamper: urgent, not a person's own press.
    Security,
    /// Inactivity, property exit, occupancy: a sensor about a person.
    Activity,
    /// Somebody telephones about something else than an alarm.
    Telephone,
    /// Equipment: batteries, mains, lines.
    Technical,
    /// Tests and other proof of life.
    Test,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 9] = [
        Class::LoneWorker,
        Class::Person,
        Class::Fire,
        Class::Unreadable,
        Class::Security,
        Class::Activity,
        Class::Telephone,
        Class::Technical,
        Class::Test,
    ];

    /// Whether a signal of this class ends a hold, rings the holder of a claim and runs its own answer clock.
    pub fn rings(self) -> bool {
        match self {
            Class::Person | Class::Fire | Class::LoneWorker | Class::Unreadable => true,
            Class::Security | Class::Activity | Class::Telephone | Class::Technical | Class::Test => false,
        }
    }

    /// The name used in policy, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Person => "person",
            Class::Fire => "fire",
            Class::LoneWorker => "lone-worker",
            Class::Unreadable => "unreadable",
            Class::Security => "security",
            Class::Activity => "activity",
            Class::Telephone => "telephone",
            Class::Technical => "technical",
            Class::Test => "test",
        }
    }
}

impl FromStr for Class {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Class::ALL.into_iter().find(|c| c.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The way through every bounded queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Person-initiated, fire and gas, lone worker, unreadable, silent.
    Urgent,
    /// Tests and technical signals.
    Routine,
}

impl Lane {
    /// The name used in policy, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Lane::Urgent => "urgent",
            Lane::Routine => "routine",
        }
    }
}

impl FromStr for Lane {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let all = [Lane::Urgent, Lane::Routine];
        all.into_iter().find(|l| l.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}
