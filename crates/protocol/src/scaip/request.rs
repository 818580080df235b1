//! A request: every element that the document knows, typed.

use super::document::Elements;
use super::{CallerId, DocumentError};

/// What a unit said. Elements that were absent have their defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `ref`: chosen by the unit, echoed in the answer; 1 to 64 characters.
    pub reference: String,
    /// `ver`: protocol version; 01.00 by default (A).
    pub version: String,
    /// `sco`: 0 a unit of its own, 1 to 3 a group, by whether and how its supervisor is on duty (B).
    pub system_configuration: u8,
    /// `cha`: 0 the unit calls out, 1 it wants to be called back (B).
    pub call_handling: u8,
    /// `mty`: what kind of message; an event by default (A).
    pub message_type: MessageType,
    /// `hbo`: 0 the heartbeat cannot be adjusted, 1 it can; 2 and 3 are not known (B).
    pub heartbeat_options: u8,
    /// `cid`: who the unit is; a text, its zeros count.
    pub controller: String,
    /// `dty`: what device speaks, by its table.
    pub device_type: u16,
    /// `did`: which device.
    pub device_id: Option<String>,
    /// `dco`: what part of it, by its table.
    pub component: Option<u16>,
    /// `dte`: words about the device.
    pub device_text: Option<String>,
    /// `crd`: how and from where its voice would come, in the order sent; by SIP where there is none (A).
    pub callers: Vec<CallerId>,
    /// `stc`: what happened, by its table. Without one it is taken for a manual alarm (B).
    pub status_code: Option<u16>,
    /// `stt`: words about it.
    pub status_text: Option<String>,
    /// `pri`: what 1 to 9 mean is not known; nothing is ranked by it (C).
    pub priority: u8,
    /// `lco`: where, by its table; 0 is unknown (B).
    pub location: u16,
    /// `lva`: a number of the floor or room (C).
    pub location_value: Option<String>,
    /// `lge`: where on the globe.
    pub position: Position,
    /// `lte`: words about the place.
    pub location_text: Option<String>,
    /// `ico`: its table is not known.
    pub information_code: Option<u16>,
    /// `ite`: words.
    pub information_text: Option<String>,
    /// `ame`: a further message follows (C).
    pub more_follows: bool,
    /// `mreq`: 4 is no media (B); what others mean is not known.
    pub media_request: Option<String>,
    /// Names of elements that this document does not know. Their contents are in the raw bytes.
    pub unknown: Vec<String>,
    /// Whether it came in the dialect whose answer goes into the body of the SIP answer.
    pub embedded: bool,
    /// Deviations that did not prevent reading.
    pub warnings: Vec<&'static str>,
}

/// Where a unit is, as it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// `geo`: latitude and longitude in degrees (C).
    pub geo: Option<String>,
    /// `tim`: when it was there.
    pub tim: Option<String>,
    /// `gga`: an NMEA sentence.
    pub gga: Option<String>,
}

/// The kind of a message: it decides before the status code does (B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// `ME`: an event.
    Event,
    /// `RE`: an alarm is withdrawn.
    Reset,
    /// `IN`: news of an alarm.
    Information,
    /// `PI`: the unit is alive.
    Heartbeat,
}

impl MessageType {
    /// Every type.
    pub const ALL: [MessageType; 4] =
        [MessageType::Event, MessageType::Reset, MessageType::Information, MessageType::Heartbeat];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            MessageType::Event => "ME",
            MessageType::Reset => "RE",
            MessageType::Information => "IN",
            MessageType::Heartbeat => "PI",
        }
    }
}

/// The version that both sides know.
pub(super) const VERSION: &str = "01.00";
/// Largest device type and status code.
const LONG_CODE_MAX: u16 = 9_999;
/// Largest component, location and information code.
const SHORT_CODE_MAX: u16 = 999;
/// Characters of a reference that is taken and echoed (C); of one as the document has it (A).
const REFERENCE_CHARS_MAX: usize = 64;
const CONFORMING_CHARS_MAX: usize = 16;
/// Characters of an identity that is taken (C).
const CONTROLLER_CHARS_MAX: usize = 32;

/// Every element of the document; those of `lge` by their own names.
const ELEMENTS: [&str; 25] = [
    "ref", "ver", "sco", "cha", "mty", "hbo", "cid", "dty", "did", "dco", "dte", "crd", "stc", "stt", "pri", "lco",
    "lva", "lge/geo", "lge/tim", "lge/gga", "lte", "ico", "ite", "ame", "mreq",
];

/// Texts and the most characters that the document gives them (A); `did` as one unit has it (C). Longer ones are kept.
const LENGTHS: [(&str, usize); 11] = [
    ("did", 64),
    ("dte", 32),
    ("crd", 256),
    ("stt", 32),
    ("lva", 2),
    ("lge/geo", 23),
    ("lge/tim", 22),
    ("lge/gga", 81),
    ("lte", 32),
    ("ite", 128),
    ("mreq", 8),
];

impl Request {
    /// Reads the elements of a document: first whether all that must be there is, then what they say.
    pub(super) fn of(elements: &Elements, mut warnings: Vec<&'static str>) -> Result<Request, DocumentError> {
        for element in ["ref", "cid", "dty"] {
            if elements.all(element).next().is_none() {
                return Err(DocumentError::MissingElement { element });
            }
        }
        let text = |element: &'static str| elements.one(element).map(|said| said.map(str::to_owned));
        let checked = |element: &'static str, fits: fn(&str) -> bool| match elements.one(element)? {
            Some(content) if fits(content) => Ok(content.to_owned()),
            Some(content) => Err(DocumentError::BadContent { element, content: content.to_owned() }),
            None => Err(DocumentError::MissingElement { element }),
        };
        let unknown = elements.other_than(&ELEMENTS);
        let request = Request {
            reference: checked("ref", is_reference)?,
            version: text("ver")?.unwrap_or_else(|| VERSION.to_owned()),
            system_configuration: elements.digit("sco")?,
            call_handling: elements.digit("cha")?,
            message_type: message_type(elements)?,
            heartbeat_options: elements.digit("hbo")?,
            controller: checked("cid", is_controller)?,
            device_type: elements
                .code("dty", LONG_CODE_MAX)?
                .ok_or(DocumentError::MissingElement { element: "dty" })?,
            device_id: text("did")?,
            component: elements.code("dco", SHORT_CODE_MAX)?,
            device_text: text("dte")?,
            callers: elements.all("crd").map(CallerId::read).collect(),
            status_code: elements.code("stc", LONG_CODE_MAX)?,
            status_text: text("stt")?,
            priority: elements.digit("pri")?,
            location: elements.code("lco", SHORT_CODE_MAX)?.unwrap_or(0),
            location_value: text("lva")?,
            position: Position { geo: text("lge/geo")?, tim: text("lge/tim")?, gga: text("lge/gga")? },
            location_text: text("lte")?,
            information_code: elements.code("ico", SHORT_CODE_MAX)?,
            information_text: text("ite")?,
            more_follows: elements.one("ame")?.is_some_and(|said| said.bytes().any(|c| c != b'0')),
            media_request: text("mreq")?,
            embedded: false,
            unknown,
            warnings: Vec::new(),
        };
        warnings.extend(request.deviations(elements));
        Ok(Request { warnings, ..request })
    }

    /// What is not as the document has it and leaves no doubt.
    fn deviations(&self, elements: &Elements) -> Vec<&'static str> {
        let plain = |text: &str| text.len() <= CONFORMING_CHARS_MAX && text.bytes().all(|c| c.is_ascii_alphanumeric());
        let long = |(element, most): &(&str, usize)| elements.all(element).any(|said| said.chars().count() > *most);
        let version = self.version.as_bytes();
        let is_version = matches!(version, [a, b, b'.', c, d] if [a, b, c, d].iter().all(|c| c.is_ascii_digit()));
        let found = [
            (!plain(&self.reference), "RefNonconforming"),
            (!plain(&self.controller) || !self.controller.bytes().all(|c| c.is_ascii_digit()), "CidNonconforming"),
            (!is_version, "BadVersion"),
            (LENGTHS.iter().any(long), "LongText"),
            (!self.unknown.is_empty(), "UnknownElement"),
        ];
        found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, name)| name).collect()
    }
}

fn message_type(elements: &Elements) -> Result<MessageType, DocumentError> {
    let Some(said) = elements.one("mty")? else { return Ok(MessageType::Event) };
    let found = MessageType::ALL.into_iter().find(|kind| kind.as_str() == said);
    found.ok_or_else(|| DocumentError::UnknownMessageType { content: said.to_owned() })
}

/// Whether a reference can be echoed.
pub(super) fn is_reference(text: &str) -> bool {
    let count = text.chars().count();
    (1..=REFERENCE_CHARS_MAX).contains(&count) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether an identity can be one.
pub(super) fn is_controller(text: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"+._-".contains(&c);
    (1..=CONTROLLER_CHARS_MAX).contains(&text.len()) && text.bytes().all(fits)
}

/// What a broken document may say of its codes.
pub(super) fn long_code(text: &str) -> Option<u16> {
    super::document::code(text, LONG_CODE_MAX)
}
