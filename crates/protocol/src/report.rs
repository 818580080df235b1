//! What a unit said, protocol-neutral; or what a line heard that nobody could read.

use std::fmt;
use std::str::FromStr;

use crate::{Trigger, nowip, osborne_hoffman, scaip, sia_dc09};

/// A protocol this crate can decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// BS 8521 DTMF frame, 24 digits and a checksum.
    Bs8521,
    /// Sur-Gard automation output of a hardware receiver.
    SurGard,
    /// Ademco 685 automation output of a hardware receiver.
    Ademco685,
    /// Automation output of a Radionics D6500, or of a Bosch D6600 or D6100 in 6500 mode.
    Radionics6500,
    /// SIA DC-07, a hardware receiver's computer interface.
    SiaDc07,
    /// Automation output of an FBI CP-220, and of others like an Ademco 685 with other ends.
    Cp220,
    /// Automation output of ITI receivers.
    Iti,
    /// ESPA 4.4.4, the interface of pager systems.
    Espa444,
    /// SIA DC-03 blocks of a panel or hardware receiver.
    SiaDc03,
    /// Texecom's wrapper of polls, Contact ID and DC-03 blocks.
    Texecom,
    /// Osborne-Hoffman over TCP, of OH2000E, OHNetRec and UTC or Interlogix panels.
    OsborneHoffman,
    /// Tunstall TT92, in DTMF or STMF.
    Tt92,
    /// Tunstall TTNEW.
    TtNew,
    /// Tunstall TTOLD, in bursts of one tone.
    TtOld,
    /// Contact ID and the Ademco formats with the same handshake, in tones.
    ContactId,
    /// The BSIA fast format, in tones.
    FastFormat,
    /// SIA DC-09, over TCP and UDP.
    SiaDc09,
    /// SIP itself, where no document tells more: a call without an alarm, a document nobody knows. A line that speaks it
    /// takes SCAIP and NOW-IP.
    Sip,
    /// SCAIP, of SS 91100 and CLC/TS 50134-9.
    Scaip,
    /// NOW-IP, of BS 8521-2.
    NowIp,
    /// Whatever a caller's unit turns out to speak; in a report: nobody found out.
    Detect,
    /// No protocol: this receiver speaks of its own line.
    Own,
}

impl Protocol {
    /// Every protocol, for help texts and walks over all of them.
    pub const ALL: [Protocol; 22] = [
        Protocol::Bs8521,
        Protocol::SurGard,
        Protocol::Ademco685,
        Protocol::Radionics6500,
        Protocol::SiaDc07,
        Protocol::Cp220,
        Protocol::Iti,
        Protocol::Espa444,
        Protocol::SiaDc03,
        Protocol::Texecom,
        Protocol::OsborneHoffman,
        Protocol::Tt92,
        Protocol::TtNew,
        Protocol::TtOld,
        Protocol::ContactId,
        Protocol::FastFormat,
        Protocol::SiaDc09,
        Protocol::Sip,
        Protocol::Scaip,
        Protocol::NowIp,
        Protocol::Detect,
        Protocol::Own,
    ];

    /// Those that a line can speak. SCAIP and NOW-IP are documents within SIP: its line speaks both.
    pub fn spoken() -> impl Iterator<Item = Protocol> {
        let within = [Protocol::Own, Protocol::Scaip, Protocol::NowIp];
        Protocol::ALL.into_iter().filter(move |protocol| !within.contains(protocol))
    }

    /// Those that a line speaks on a port or over a network.
    pub fn on_ports() -> impl Iterator<Item = Protocol> {
        Protocol::spoken().filter(|protocol| !protocol.is_in_tones())
    }

    /// Names, for help and errors.
    pub fn names(protocols: impl Iterator<Item = Protocol>) -> String {
        protocols.map(Protocol::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Whether it is spoken in tones, in a telephone call of its own; [`Protocol::Detect`] is one of these.
    pub fn is_in_tones(self) -> bool {
        matches!(
            self,
            Protocol::Bs8521
                | Protocol::Tt92
                | Protocol::TtNew
                | Protocol::TtOld
                | Protocol::ContactId
                | Protocol::FastFormat
                | Protocol::Detect
        )
    }

    /// The name used in configuration, metrics, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Bs8521 => "bs8521",
            Protocol::SurGard => "surgard",
            Protocol::Ademco685 => "ademco-685",
            Protocol::Radionics6500 => "radionics-6500",
            Protocol::SiaDc07 => "sia-dc07",
            Protocol::Cp220 => "cp-220",
            Protocol::Iti => "iti",
            Protocol::Espa444 => "espa-444",
            Protocol::SiaDc03 => "sia-dc03",
            Protocol::Texecom => "texecom",
            Protocol::OsborneHoffman => "osborne-hoffman",
            Protocol::Tt92 => "tt92",
            Protocol::TtNew => "ttnew",
            Protocol::TtOld => "ttold",
            Protocol::ContactId => "contact-id",
            Protocol::FastFormat => "fast-format",
            Protocol::SiaDc09 => "sia-dc09",
            Protocol::Sip => "sip",
            Protocol::Scaip => "scaip",
            Protocol::NowIp => "nowip",
            Protocol::Detect => "detect",
            Protocol::Own => "own",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Protocol::ALL.into_iter().find(|p| p.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// A name that is none of a closed set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name {0:?}")]
pub struct UnknownName(pub String);

/// One report: everything a unit said in one frame, or what a line heard that nobody could read.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The protocol it was said in.
    pub protocol: Protocol,
    /// Whether it could be read.
    pub outcome: Outcome,
    /// Who speaks.
    pub origin: Origin,
    /// The account or unit number as sent: a text, its leading zeros matter.
    pub identity: Option<String>,
    /// The dwelling behind a controller, as sent; none for a dispersed unit.
    pub local_unit: Option<String>,
    /// Who telephoned, where the carrier tells.
    pub caller: Option<Caller>,
    /// What was said, in the order of the frame. At least one, also when unreadable.
    pub events: Vec<Event>,
    /// The protocol's own fields by the names its document uses.
    pub fields: Fields,
    /// Names of deviations that did not prevent reading, as the protocol's document names them.
    pub warnings: Vec<String>,
}

impl Report {
    /// A report about one of this receiver's own lines, said by nobody outside.
    pub fn own(trigger: Trigger, status: Status, code: &str) -> Report {
        Report {
            protocol: Protocol::Own,
            outcome: Outcome::Decoded,
            origin: Origin::Line,
            identity: None,
            local_unit: None,
            caller: None,
            events: vec![Event {
                trigger,
                status,
                code: code.to_owned(),
                words: trigger.words().to_owned(),
                location: None,
            }],
            fields: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// A report of bytes that stayed unreadable until their call or retry sequence ended.
    pub fn unreadable(protocol: Protocol, fault: Fault) -> Report {
        let event = Event {
            trigger: Trigger::Unreadable,
            status: Status::Active,
            code: fault.name.clone(),
            words: Trigger::Unreadable.words().to_owned(),
            location: None,
        };
        Report {
            protocol,
            outcome: Outcome::Unreadable(fault),
            origin: Origin::Unit,
            identity: None,
            local_unit: None,
            caller: None,
            events: vec![event],
            fields: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What every copy of the same message has in common, where its protocol numbers messages: the key of
    /// [`crate::RepeatProof::Key`]. It is of the report alone, so that a stored one gives it again.
    pub fn repeat_key(&self) -> Option<Vec<u8>> {
        match self.protocol {
            Protocol::OsborneHoffman => osborne_hoffman::repeat_key(self),
            Protocol::SiaDc09 => sia_dc09::repeat_key(self),
            Protocol::Scaip => scaip::repeat_key(self),
            Protocol::NowIp => nowip::repeat_key(self),
            _ => None,
        }
    }

    /// The event a one-line answer speaks of: the first that a person or a hazard raised, else the first.
    pub fn principal(&self) -> Option<&Event> {
        let calls = |event: &&Event| event.trigger.calls_for_help() && event.status != Status::Restored;
        self.events.iter().find(calls).or_else(|| self.events.first())
    }
}

/// Whether a report could be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Every field was read.
    Decoded,
    /// The frame could not be read; its bytes are kept.
    Unreadable(Fault),
}

/// Who speaks in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person's or dwelling's unit.
    Unit,
    /// The hardware receiver itself, about its own health or a call it could not read.
    HardwareReceiver,
    /// This receiver, about one of its lines.
    Line,
}

/// Whose sign of life it is: what a report of the same unit would be known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The protocol it was given in.
    pub protocol: Protocol,
    /// The account or unit number as sent.
    pub identity: String,
}

/// Who telephoned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Telephone number as sent.
    pub number: Option<String>,
    /// Name as sent.
    pub name: Option<String>,
}

/// One thing said.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What it means, protocol-neutral.
    pub trigger: Trigger,
    /// Whether it began, ended, persists.
    pub status: Status,
    /// The protocol's own code, its zeros kept.
    pub code: String,
    /// The code table's words for the code, or words that say it is unknown.
    pub words: String,
    /// Where in the dwelling, as far as the protocol tells.
    pub location: Option<Location>,
}

/// A place in a dwelling: a room, a zone, a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The protocol's own code or number.
    pub code: String,
    /// Words: "bedroom 1 (master)", "zone 015".
    pub words: String,
}

/// The state an event speaks of, protocol-neutral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// It happened, or began.
    Active,
    /// It is over.
    Restored,
    /// It was reported before and still holds.
    Present,
    /// It speaks of a low battery in the device named by the event.
    LowBattery,
    /// The device named by the event is faulty.
    Fault,
    /// The device is out of service, or the visit did not happen.
    OutOfService,
    /// The unit cannot speak: privacy or a non-speech trigger.
    NoSpeech,
    /// The unit is busy.
    Busy,
    /// A code no table knows.
    Unknown,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 9] = [
        Status::Active,
        Status::Restored,
        Status::Present,
        Status::LowBattery,
        Status::Fault,
        Status::OutOfService,
        Status::NoSpeech,
        Status::Busy,
        Status::Unknown,
    ];

    /// The name used in policy, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Restored => "restored",
            Status::Present => "present",
            Status::LowBattery => "low-battery",
            Status::Fault => "fault",
            Status::OutOfService => "out-of-service",
            Status::NoSpeech => "no-speech",
            Status::Busy => "busy",
            Status::Unknown => "unknown",
        }
    }
}

impl FromStr for Status {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Status::ALL.into_iter().find(|s| s.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// Why a frame could not be read: the name and the fields its protocol's document gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// For example `BadChecksum`.
    pub name: String,
    /// For example `computed` and `received`.
    pub fields: Fields,
}

/// Named values in the order of the protocol's document.
pub type Fields = Vec<(String, Value)>;

/// A protocol's own value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Digits and texts as sent.
    Text(String),
    /// A number.
    Number(i64),
    /// Several groups of fields, for frames that carry several events.
    List(Vec<Fields>),
}

/// Texts as fields; a blank one is left out.
pub(crate) fn texts(fields: &[(&str, &str)]) -> Fields {
    let said = fields.iter().filter(|(_, value)| !value.trim().is_empty());
    said.map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned()))).collect()
}

/// Names of deviations, `UnknownCode` among them when an event has a code that no table knows.
pub(crate) fn warnings(found: &[&'static str], events: &[Event]) -> Vec<String> {
    let unknown = events.iter().any(|event| event.trigger == Trigger::Unknown);
    found.iter().copied().chain(unknown.then_some("UnknownCode")).map(str::to_owned).collect()
}
