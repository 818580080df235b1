//! A unit as the centre knows it: what it is, where it stands, who is behind it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use telecare_protocol::report::UnknownName;
use uuid::Uuid;

use super::Identity;

/// A registered unit. Made once, kept for ever: a unit that is gone is retired, not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId(pub Uuid);

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One unit of the registry. Texts are one line each; an empty one says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its id here.
    pub id: UnitId,
    /// Its id in the centre's own records; unique where it is not empty.
    pub reference: String,
    /// What an operator calls it: a person's name, a flat, a lift. Never empty.
    pub label: String,
    /// The building or group it belongs to.
    pub scheme: String,
    /// Where help must go.
    pub address_line: String,
    /// Telephone numbers it may call from, as typed.
    pub phones: Vec<String>,
    /// Where the person's record is, as a web address; empty where there is none.
    pub record_link: String,
    /// Who pays for the service.
    pub customer: String,
    /// How much harm a missed call may do.
    pub risk: Risk,
    /// Make and model.
    pub model: String,
    /// Version of its software.
    pub firmware: String,
    /// Who carries its calls.
    pub carrier: String,
    /// Whether somebody depends on it.
    pub stock: Stock,
    /// How often it is to be heard from, if that is known.
    pub expected_interval: Option<Duration>,
    /// What whoever answers must know at once.
    pub flags: Vec<Flag>,
    /// How it names itself on which lines.
    pub identities: Vec<Identity>,
}

impl Unit {
    /// A unit of which only the id is known yet.
    pub fn blank(id: UnitId) -> Unit {
        Unit {
            id,
            reference: String::new(),
            label: String::new(),
            scheme: String::new(),
            address_line: String::new(),
            phones: Vec::new(),
            record_link: String::new(),
            customer: String::new(),
            risk: Risk::Standard,
            model: String::new(),
            firmware: String::new(),
            carrier: String::new(),
            stock: Stock::OnLoan,
            expected_interval: None,
            flags: Vec::new(),
            identities: Vec::new(),
        }
    }
}

/// How much harm a missed call may do, as the centre judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// Less than usual.
    Low,
    /// As usual.
    Standard,
    /// More than usual.
    High,
}

impl Risk {
    /// Every risk.
    pub const ALL: [Risk; 3] = [Risk::Low, Risk::Standard, Risk::High];

    /// The name used in CSV, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Risk::Low => "low",
            Risk::Standard => "standard",
            Risk::High => "high",
        }
    }
}

impl FromStr for Risk {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Risk::ALL.into_iter().find(|risk| risk.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// Whether somebody depends on the unit. A unit nobody should have still matches when it calls: the card
/// says what the registry says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stock {
    /// With the person.
    OnLoan,
    /// Returned or not yet given out.
    InStore,
    /// Gone.
    Retired,
}

impl Stock {
    /// Every state.
    pub const ALL: [Stock; 3] = [Stock::OnLoan, Stock::InStore, Stock::Retired];

    /// The name used in CSV, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Stock::OnLoan => "on-loan",
            Stock::InStore => "in-store",
            Stock::Retired => "retired",
        }
    }

    /// What a card must say of it: nothing of a unit that is where it should be.
    pub fn remark(self) -> Option<&'static str> {
        match self {
            Stock::OnLoan => None,
            Stock::InStore => Some("in store"),
            Stock::Retired => Some("retired"),
        }
    }
}

impl FromStr for Stock {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Stock::ALL.into_iter().find(|stock| stock.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// What whoever answers must know before they speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// Nobody will answer the speech call: send help.
    CannotSpeak,
    /// Speaks with difficulty.
    SpeechImpaired,
    /// Hears with difficulty.
    HearingImpaired,
    /// Speaks another language.
    Interpreter,
    /// Cannot get up or to the door.
    CannotMove,
    /// Oxygen in the dwelling: tell the fire service.
    Oxygen,
    /// Responders get in by a key safe.
    KeySafe,
    /// Responders go in pairs.
    VisitInPairs,
    /// Doors and relays at its end may be switched from here, where its line allows that at all.
    EquipmentControl,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Flag; 9] = [
        Flag::CannotSpeak,
        Flag::SpeechImpaired,
        Flag::HearingImpaired,
        Flag::Interpreter,
        Flag::CannotMove,
        Flag::Oxygen,
        Flag::KeySafe,
        Flag::VisitInPairs,
        Flag::EquipmentControl,
    ];

    /// The name used in CSV, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Flag::CannotSpeak => "cannot-speak",
            Flag::SpeechImpaired => "speech-impaired",
            Flag::HearingImpaired => "hearing-impaired",
            Flag::Interpreter => "interpreter",
            Flag::CannotMove => "cannot-move",
            Flag::Oxygen => "oxygen",
            Flag::KeySafe => "key-safe",
            Flag::VisitInPairs => "visit-in-pairs",
            Flag::EquipmentControl => "equipment-control",
        }
    }

    /// What an operator reads.
    pub fn words(self) -> &'static str {
        match self {
            Flag::CannotSpeak => "cannot speak: send help",
            Flag::SpeechImpaired => "speaks with difficulty",
            Flag::HearingImpaired => "hears with difficulty",
            Flag::Interpreter => "needs an interpreter",
            Flag::CannotMove => "cannot get to the door",
            Flag::Oxygen => "oxygen in the dwelling",
            Flag::KeySafe => "key safe",
            Flag::VisitInPairs => "visit in pairs",
            Flag::EquipmentControl => "doors and relays may be switched",
        }
    }
}

impl FromStr for Flag {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Flag::ALL.into_iter().find(|flag| flag.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}
