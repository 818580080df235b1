//! One document: its five elements, and how it is written.

use std::fmt::Write;

use time::Time;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const TIME: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second]");

/// The version written here, and the only one that is read without a warning (B).
pub const VERSION: &str = "1.5";

/// The data of an acknowledgement: one family of controllers cannot read an empty element (B).
pub const NOTHING: &str = ".";

/// Elements kept beyond the five. Those after them are only in the bytes.
pub const OTHERS_MAX: usize = 16;

/// What a document is: its `type` (B).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `0`, from the unit: a sign of life.
    Heartbeat,
    /// `1`, from the unit: the 24 digits of an alarm.
    Alarm,
    /// `2`, from the receiver: a command.
    Command,
    /// `5`, from the unit: the command is not carried out.
    Rejected,
    /// `6`, from the unit: the command cannot be carried out just now.
    Busy,
    /// `7`, from the unit: what a command asked for.
    Response,
    /// `8`, from the receiver: a parameter to be set or read.
    Programming,
    /// `9`, from the unit: that parameter.
    Programmed,
    /// `A`, either way.
    Acknowledgement,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::Heartbeat,
        Kind::Alarm,
        Kind::Command,
        Kind::Rejected,
        Kind::Busy,
        Kind::Response,
        Kind::Programming,
        Kind::Programmed,
        Kind::Acknowledgement,
    ];

    /// As the document has it.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Heartbeat => "0",
            Kind::Alarm => "1",
            Kind::Command => "2",
            Kind::Rejected => "5",
            Kind::Busy => "6",
            Kind::Response => "7",
            Kind::Programming => "8",
            Kind::Programmed => "9",
            Kind::Acknowledgement => "A",
        }
    }

    /// The name used by tools.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Heartbeat => "heartbeat",
            Kind::Alarm => "alarm",
            Kind::Command => "command",
            Kind::Rejected => "rejected",
            Kind::Busy => "busy",
            Kind::Response => "response",
            Kind::Programming => "programming",
            Kind::Programmed => "programmed",
            Kind::Acknowledgement => "acknowledgement",
        }
    }

    /// The kind of a `type`, if it is known.
    pub fn of(code: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// As sent.
    pub version: String,
    /// Its `type`.
    pub kind: Kind,
    /// What it says; 24 digits in an alarm, 12 in a heartbeat.
    pub data: String,
    /// As sent: `HH:MM:SS` of a day and zone that it does not name, or something else.
    pub time: String,
    /// A label of the equipment, its hardware address as a rule. It proves nothing.
    pub mac: String,
    /// Elements beyond the five with their texts, up to [`OTHERS_MAX`].
    pub others: Vec<(String, String)>,
    /// Names of deviations that did not prevent reading.
    pub warnings: Vec<&'static str>,
}

impl Document {
    /// A document of ours; the time of day is in UTC, as a gateway in the field has it (B).
    pub fn new(kind: Kind, data: &str, mac: &str, utc: Time) -> Document {
        Document {
            version: VERSION.to_owned(),
            kind,
            data: data.to_owned(),
            time: utc.format(TIME).unwrap_or_else(|_| "00:00:00".to_owned()),
            mac: mac.to_owned(),
            others: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The time of day it states, if that is one.
    pub fn time_of_day(&self) -> Option<Time> {
        Time::parse(&self.time, TIME).ok()
    }

    /// Seconds by which its time is ahead of ours, the shorter way round midnight; none without a time.
    pub fn ahead_s(&self, utc: Time) -> Option<i64> {
        const DAY_S: i64 = 86_400;
        let seconds = |time: Time| {
            let (hour, minute, second) = time.as_hms();
            let minutes = i64::from(hour).saturating_mul(60).saturating_add(i64::from(minute));
            minutes.saturating_mul(60).saturating_add(i64::from(second))
        };
        let apart = seconds(self.time_of_day()?).saturating_sub(seconds(utc)).rem_euclid(DAY_S);
        Some(if apart > DAY_S / 2 { apart.saturating_sub(DAY_S) } else { apart })
    }

    /// The document on one line, its elements in the order version, type, data, time, mac and others, without an XML
    /// declaration. What is written is read as the same.
    pub fn write(&self) -> Vec<u8> {
        let mut text = String::from("<ATM>");
        let five = [
            ("version", &*self.version),
            ("type", self.kind.code()),
            ("data", &self.data),
            ("time", &self.time),
            ("mac", &self.mac),
        ];
        let others = self.others.iter().map(|(name, said)| (&**name, &**said));
        for (name, said) in five.into_iter().chain(others) {
            // Writing to a string does not fail.
            let _ = write!(text, "<{name}>{}</{name}>", escaped(said));
        }
        text.push_str("</ATM>");
        text.into_bytes()
    }
}

/// Text between tags. Control characters have no place in XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use time::macros::time;

    use super::*;

    #[test]
    fn written_on_one_line_in_the_usual_order() {
        let mut document = Document::new(Kind::Acknowledgement, NOTHING, "a<b", time!(14:05:10));
        document.others.push(("e164".to_owned(), "&".to_owned()));
        let text = "<ATM><version>1.5</version><type>A</type><data>.</data><time>14:05:10</time><mac>a&lt;b</mac>\
                    <e164>&amp;</e164></ATM>";
        assert_eq!(String::from_utf8(document.write()).unwrap(), text);
    }

    #[test]
    fn codes_come_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.code()), Some(kind));
        }
        assert_eq!(Kind::of("3"), None);
        assert_eq!(Kind::of("a"), None);
    }

    #[test]
    fn clocks_are_compared_the_shorter_way_round_midnight() {
        for (stated, ours, ahead) in [
            ("14:05:09", time!(14:05:09), Some(0)),
            ("14:07:10", time!(14:05:09), Some(121)),
            ("23:59:50", time!(0:00:10), Some(-20)),
            ("00:00:10", time!(23:59:50), Some(20)),
            ("12:00:00", time!(0:00:00), Some(43_200)),
            ("25:61:00", time!(0:00:00), None),
            ("1:02:03", time!(0:00:00), None),
        ] {
            let mut document = Document::new(Kind::Heartbeat, "", "", ours);
            document.time = stated.to_owned();
            assert_eq!(document.ahead_s(ours), ahead, "{stated}");
        }
    }
}
