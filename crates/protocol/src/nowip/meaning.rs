//! What a document says, protocol-neutral. Its digits are those of BS 8521, and so are their meanings.
//!
//! Fields of a report: those of BS 8521, then `version`, `time` and `mac` as sent, `elements` nobody knows (a list of
//! `name` and `text`), `from` (the SIP user that sent it), `clock_ahead_s` where its clock is far off. An alarm that a
//! scheme told of when it was asked has `told_by` = `list`.

use time::Time;

use super::document::{Document, Kind};
use super::read::Bad;
use crate::bs8521::{Answer, Frame, report, stripped};
use crate::report::texts;
use crate::{Codes, Event, Fault, Fields, Outcome, Protocol, Report, Sender, Status, Trigger, Value};

/// A clock that differs by more is told of, in seconds (ours).
const SKEW_S_MAX: i64 = 120;

/// The field that differs between a report and its copy.
const CLOCK_AHEAD: &str = "clock_ahead_s";
const FROM: &str = "from";
const TOLD_BY: &str = "told_by";

impl Document {
    /// The frame of BS 8521 that an alarm carries.
    pub fn frame(&self) -> Option<Frame> {
        let is_alarm = self.kind == Kind::Alarm;
        Frame::decode_data(self.data.as_bytes()).ok().filter(|_| is_alarm)
    }

    /// Whose sign of life a heartbeat or alarm is: its controller, known by the same name as in reports.
    pub fn sender(&self) -> Option<Sender> {
        let controller = match self.kind {
            Kind::Alarm => self.frame()?.controller,
            Kind::Heartbeat => self.data.get(..8)?.to_owned(),
            Kind::Command
            | Kind::Rejected
            | Kind::Busy
            | Kind::Response
            | Kind::Programming
            | Kind::Programmed
            | Kind::Acknowledgement => return None,
        };
        Some(Sender { protocol: Protocol::NowIp, identity: stripped(&controller) })
    }

    /// The report of an alarm; none for other kinds. `from` is the SIP user that sent it, empty where there is none;
    /// with the time of day in UTC its clock is looked at.
    ///
    /// The controller is the identity, its leading zeros stripped; the local unit stands beside it where it is not
    /// 0000.
    pub fn report(&self, codes: &Codes, from: &str, utc: Option<Time>) -> Option<Report> {
        let frame = self.frame()?;
        Some(self.report_of(&frame, codes, from, utc))
    }

    /// The report of an outstanding call that a scheme told of: what the record lacks is that of the opening alarm.
    pub fn record_report(
        &self,
        (opening, record): (&Frame, &Answer),
        codes: &Codes,
        from: &str,
        utc: Option<Time>,
    ) -> Report {
        let mut report = self.report_of(&record.within(opening), codes, from, utc);
        report.fields.extend(texts(&[(TOLD_BY, "list")]));
        report
    }

    fn report_of(&self, frame: &Frame, codes: &Codes, from: &str, utc: Option<Time>) -> Report {
        let mut report = report(frame, codes);
        report.protocol = Protocol::NowIp;
        report.identity = Some(stripped(&frame.controller));
        report.local_unit = Some(frame.local_unit.clone()).filter(|unit| unit != "0000");
        report.warnings.extend(self.warnings.iter().map(|name| (*name).to_owned()));
        report.fields.extend(texts(&[("version", &self.version), ("time", &self.time), ("mac", &self.mac)]));
        if !self.others.is_empty() {
            let list = self.others.iter().map(|(name, said)| texts(&[("name", name), ("text", said)])).collect();
            report.fields.push(("elements".to_owned(), Value::List(list)));
        }
        report.fields.extend(texts(&[(FROM, from)]));
        let skew = utc.and_then(|utc| self.ahead_s(utc)).filter(|ahead| ahead.abs() > SKEW_S_MAX);
        if let Some(ahead) = skew {
            report.warnings.push("ClockSkew".to_owned());
            report.fields.push((CLOCK_AHEAD.to_owned(), Value::Number(ahead)));
        }
        report
    }
}

impl Bad {
    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        self.error.fault()
    }

    /// The report of a body that nobody could read, for people to look at; its bytes are kept beside it.
    pub fn report(&self, from: &str) -> Report {
        let mut report = Report::unreadable(Protocol::NowIp, self.fault());
        report.fields = from_field(from);
        report
    }
}

/// A report of a call itself, said by no document.
pub(super) fn of_call(trigger: Trigger, code: &str, sender: Option<&Sender>, from: &str) -> Report {
    let event =
        Event { trigger, status: Status::Active, code: code.to_owned(), words: words(code).to_owned(), location: None };
    let mut report = Report::own(trigger, Status::Active, code);
    // Who has sent no document may speak anything.
    report.protocol = sender.map_or(Protocol::Sip, |sender| sender.protocol);
    report.origin = crate::Origin::Unit;
    let user = || (!from.is_empty()).then(|| from.to_owned());
    report.identity = sender.map(|sender| sender.identity.clone()).or_else(user);
    report.events = vec![event];
    report.fields = from_field(from);
    report
}

fn words(code: &str) -> &'static str {
    match code {
        CALL_WITHOUT_ALARM => "call without an alarm",
        ABANDONED => "call that ended before its alarm came",
        _ => "speech was announced and no call came",
    }
}

/// A call has come, and no alarm for it.
pub(super) const CALL_WITHOUT_ALARM: &str = "CallWithoutAlarm";
/// A call ended before an alarm came.
pub(super) const ABANDONED: &str = "Abandoned";
/// An alarm with speech has come, and no call for it.
pub(super) const NO_CALL: &str = "NoCall";

fn from_field(from: &str) -> Fields {
    texts(&[(FROM, from)])
}

/// The same user and the same document, whose time is part of it. What a scheme tells of when asked, and what nobody
/// could read, is no copy of anything.
pub(crate) fn repeat_key(report: &Report) -> Option<Vec<u8>> {
    let said = |name: &str| report.fields.iter().any(|(known, _)| known == name);
    if report.outcome != Outcome::Decoded || !said(FROM) || !said("mac") || said(TOLD_BY) {
        return None;
    }
    let kept = report.fields.iter().filter(|(name, _)| name != CLOCK_AHEAD);
    Some(kept.map(|(name, value)| format!("{name}={value:?};")).collect::<String>().into_bytes())
}

#[cfg(test)]
mod tests {
    use time::macros::time;

    use super::*;

    fn alarm(data: &str) -> Document {
        Document::new(Kind::Alarm, data, "00:11:22:33:44:55", time!(14:05:09))
    }

    fn said(document: &Document, utc: Time) -> Report {
        document.report(&Codes::builtin(), "1001", Some(utc)).unwrap()
    }

    #[test]
    fn a_report_is_that_of_the_same_digits_in_tones() {
        let data = "120044120077002701011800";
        let report = said(&alarm(data), time!(14:05:09));
        let frame = Frame::decode_data(data.as_bytes()).unwrap();
        let tones = crate::bs8521::report(&frame, &Codes::builtin());
        assert_eq!((&report.events, &report.warnings), (&tones.events, &tones.warnings));
        assert_eq!((report.identity.as_deref(), report.local_unit.as_deref()), (Some("44120077"), Some("0027")));
        assert_eq!(report.protocol, Protocol::NowIp);
        let dispersed = said(&alarm("010000012345000001901900"), time!(14:05:09));
        assert_eq!((dispersed.identity.as_deref(), dispersed.local_unit), (Some("12345"), None));
    }

    #[test]
    fn a_clock_is_far_off_from_two_minutes_on() {
        let document = alarm("010000012345000001901900");
        assert!(said(&document, time!(14:03:09)).warnings.is_empty());
        let off = said(&document, time!(14:03:08));
        assert_eq!(off.warnings, ["ClockSkew"]);
        assert_eq!(off.fields.last(), Some(&("clock_ahead_s".to_owned(), Value::Number(121))));
        assert_eq!(repeat_key(&off), repeat_key(&said(&document, time!(14:05:09))), "our clock is not part of it");
    }

    #[test]
    fn the_same_document_of_the_same_user_is_a_copy() {
        let (codes, document) = (Codes::builtin(), alarm("010000012345000001901900"));
        let key = |document: &Document, from: &str| repeat_key(&document.report(&codes, from, None).unwrap());
        let first = key(&document, "1001");
        assert!(first.is_some());
        assert_eq!(first, key(&document, "1001"));
        assert_ne!(first, key(&document, "1002"));
        assert_ne!(first, key(&Document { time: "14:05:10".to_owned(), ..document.clone() }, "1001"), "a new press");
        assert_eq!(key(&document, ""), None);
        let record = Answer::decode(b"010404300500").unwrap();
        let listed = document.record_report((&document.frame().unwrap(), &record), &codes, "1001", None);
        assert_eq!((repeat_key(&listed), listed.local_unit.as_deref()), (None, Some("0104")));
    }

    #[test]
    fn heartbeats_and_alarms_are_of_the_same_sender() {
        let heartbeat = Document::new(Kind::Heartbeat, "000123450000", "x", time!(0:00:00));
        assert_eq!(heartbeat.sender().unwrap().identity, "12345");
        assert_eq!(heartbeat.sender(), alarm("010000012345000001901900").sender());
        assert_eq!(heartbeat.report(&Codes::builtin(), "", None), None);
    }
}
