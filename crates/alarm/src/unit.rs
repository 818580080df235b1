//! The unit key: which unit a signal is from, fixed at intake and stored.
//!
//! Best first: the unit registered for the identity that was sent; the identity itself, within its namespace and
//! protocol; the caller's number, said to be a guess; the line, for its own troubles; nothing, and the signal
//! stands alone. Two cards for one person are better than one card for two.
//!
//! ```text
//! registered/UUID
//! unit/NAMESPACE/PROTOCOL/IDENTITY[/LOCAL UNIT]     unit/in/north/surgard/1234
//! caller/NAMESPACE/NUMBER
//! line/RECEIVER/LINE/own
//! signal/UUID
//! ```
//!
//! NAMESPACE is `in/NAME` where the configuration names one, so that lines and receivers may share it, else
//! `at/RECEIVER/LINE`. Two different lists of parts never give one key: the separator and the escape sign are
//! escaped within each part.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use telecare_protocol::report::{Caller, Origin, Outcome};
use telecare_protocol::{Protocol, Report, Sender, Trigger};

use crate::{Basis, LineId, ReceiverId, Registry, SignalId, UnitKey};

/// Bytes a part of a key may have as it is. A longer one (no unit known sends any) is cut and told apart by
/// its hash, so that a key always fits a database index.
const PART_BYTES_MAX: usize = 96;
/// Characters of an identity or a number shown to people; the rest is an ellipsis.
const WORDS_CHARS_MAX: usize = 24;

/// Where a report came in.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The receiver.
    pub receiver: &'a ReceiverId,
    /// Its line.
    pub line: &'a LineId,
    /// The set of lines in which one account number means one unit, as named in the configuration. None: this
    /// line of this receiver alone. Lines of several receivers that give the same name share it.
    pub namespace: Option<&'a str>,
}

/// The namespace of a line that only listens: nobody's account on it is ever a unit of another line's. No
/// namespace of the configuration can have this name, because of its slashes.
pub fn shadow_namespace(receiver: &ReceiverId, line: &LineId) -> String {
    format!("shadow/{}/{}", receiver.as_str(), line.as_str())
}

impl UnitKey {
    /// The key of the unit a report is from. `signal` is the id of the signal the report becomes; the registry
    /// is that of the moment, and what changes in it later changes later signals only.
    pub fn of(report: &Report, place: &Place<'_>, signal: SignalId, registry: &Registry) -> UnitKey {
        let caller = report.caller.as_ref().and_then(|caller| said(caller.number.as_deref()));
        registry.named(UnitKey::told(report, place, signal), caller)
    }

    /// The key of the unit whose sign of life it is.
    pub fn of_sender(sender: &Sender, place: &Place<'_>, registry: &Registry) -> Option<UnitKey> {
        let told = of_identity(sender.protocol, said(Some(&sender.identity))?, None, place);
        Some(registry.named(told, None))
    }

    /// The key as the report alone tells it.
    pub(crate) fn told(report: &Report, place: &Place<'_>, signal: SignalId) -> UnitKey {
        match report.origin {
            Origin::Line => UnitKey::line(place),
            Origin::HardwareReceiver if is_failed_call(report) => by_caller(report, place, signal),
            Origin::HardwareReceiver => UnitKey::line(place),
            Origin::Unit => by_identity(report, place).unwrap_or_else(|| by_caller(report, place, signal)),
        }
    }

    /// The key of a line's own troubles: link, noise, frames nobody could read.
    fn line(place: &Place<'_>) -> UnitKey {
        let key = join(&["line", place.receiver.as_str(), place.line.as_str(), "own"]);
        UnitKey { key, basis: Basis::Line, words: Arc::from(format!("line {}", shown(place.line.as_str()))) }
    }
}

fn by_identity(report: &Report, place: &Place<'_>) -> Option<UnitKey> {
    let identity = said(report.identity.as_deref())?;
    Some(of_identity(report.protocol, identity, said(report.local_unit.as_deref()), place))
}

fn of_identity(protocol: Protocol, identity: &str, local: Option<&str>, place: &Place<'_>) -> UnitKey {
    let key = identity_key(&namespace(place), protocol, identity, local);
    let number = |text| shown(without_padding(protocol, text));
    let words = match local {
        Some(local) => format!("unit {} at scheme {}", number(local), number(identity)),
        None => format!("unit {}", number(identity)),
    };
    UnitKey { key, basis: Basis::Identity, words: Arc::from(words) }
}

fn by_caller(report: &Report, place: &Place<'_>, signal: SignalId) -> UnitKey {
    let number = report.caller.as_ref().and_then(|Caller { number, .. }| said(number.as_deref()));
    if let Some(number) = number {
        let namespace = namespace(place);
        let parts = ["caller"].into_iter().chain(namespace).chain([number]);
        let key = join(&parts.collect::<Vec<_>>());
        let words = Arc::from(format!("caller {} (by number, a guess)", shown(number)));
        return UnitKey { key, basis: Basis::CallerNumber, words };
    }
    // A line at the wrong speed gives hours of these: one card. A call is somebody's: a card of its own.
    let is_frame = matches!(report.outcome, Outcome::Unreadable(_)) && !is_failed_call(report);
    if is_frame && !comes_by_call(report.protocol) {
        return UnitKey::line(place);
    }
    let key = join(&["signal", &signal.to_string()]);
    let words = Arc::from(format!("unknown unit on line {}", shown(place.line.as_str())));
    UnitKey { key, basis: Basis::Alone, words }
}

/// Whether it tells of a call that delivered nothing: somebody's unit rang.
fn is_failed_call(report: &Report) -> bool {
    report.events.iter().any(|event| matches!(event.trigger, Trigger::FaultyCall | Trigger::Silent))
}

/// Whether each frame comes in a telephone call of its own.
fn comes_by_call(protocol: Protocol) -> bool {
    protocol.is_in_tones() && protocol != Protocol::Detect
}

/// The parts of a key that say where an account means one unit.
fn namespace<'a>(place: &Place<'a>) -> Vec<&'a str> {
    match place.namespace {
        Some(name) => vec!["in", name],
        None => vec!["at", place.receiver.as_str(), place.line.as_str()],
    }
}

/// The key of an identity for which no unit is registered.
pub(crate) fn identity_key(namespace: &[&str], protocol: Protocol, identity: &str, local: Option<&str>) -> Arc<str> {
    let mut parts = vec!["unit"];
    parts.extend(namespace);
    parts.extend([protocol.as_str(), identity]);
    parts.extend(local);
    join(&parts)
}

/// BS 8521, TT92 and TTNEW pad their numbers to a fixed width; elsewhere 0042 and 42 are two units and shown as sent.
fn without_padding(protocol: Protocol, text: &str) -> &str {
    match protocol {
        Protocol::Bs8521 | Protocol::Tt92 | Protocol::TtNew => match text.trim_start_matches('0') {
            "" => "0",
            number => number,
        },
        _ => text,
    }
}

/// A field that says something.
fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// A text from outside, fit for a headline.
pub(crate) fn shown(text: &str) -> String {
    crate::headline::tidy(text, WORDS_CHARS_MAX)
}

/// Parts to key, such that different lists give different keys (long parts: as surely as SHA-256 does).
pub(crate) fn join(parts: &[&str]) -> Arc<str> {
    let parts: Vec<String> = parts.iter().map(|part| escape(part)).collect();
    Arc::from(parts.join("/"))
}

fn escape(part: &str) -> String {
    let mut escaped = String::new();
    for c in part.chars() {
        if c == '/' || c == '%' || c.is_control() {
            escaped.push_str(&format!("%{:X};", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    if escaped.len() <= PART_BYTES_MAX {
        return escaped;
    }
    // No escape begins with "%~", so a shortened part is never taken for a whole one.
    let digest = Sha256::digest(part.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("%~{hex}")
}

/// The parts of a key; none when a part was too long to be kept.
pub(crate) fn split_key(key: &str) -> Option<Vec<String>> {
    key.split('/').map(unescape).collect()
}

fn unescape(part: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('%') {
        let (code, after) = after.split_once(';')?;
        text.push_str(before);
        text.push(u32::from_str_radix(code, 16).ok().and_then(char::from_u32)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use telecare_protocol::report::{Fault, Status};
    use uuid::Uuid;

    use super::*;

    const SIGNAL: SignalId = SignalId(Uuid::from_u128(7));

    fn key_at(report: &Report, receiver: &str, line: &str, namespace: Option<&str>) -> UnitKey {
        let (receiver, line) = (ReceiverId::new(receiver), LineId::new(line));
        UnitKey::of(report, &Place { receiver: &receiver, line: &line, namespace }, SIGNAL, &Registry::default())
    }

    fn key(report: &Report) -> UnitKey {
        key_at(report, "redditch-1", "surgard-1", Some("north"))
    }

    fn report(protocol: Protocol, identity: Option<&str>, local: Option<&str>, number: Option<&str>) -> Report {
        let mut report = Report::own(Trigger::Pendant, Status::Active, "101");
        report.protocol = protocol;
        report.origin = Origin::Unit;
        report.identity = identity.map(str::to_owned);
        report.local_unit = local.map(str::to_owned);
        report.caller = number.map(|number| Caller { number: Some(number.to_owned()), name: None });
        report
    }

    fn unreadable(protocol: Protocol) -> Report {
        Report::unreadable(protocol, Fault { name: "BadChecksum".to_owned(), fields: Vec::new() })
    }

    fn from_receiver(trigger: Trigger, status: Status) -> Report {
        let mut report = Report::own(trigger, status, "40");
        report.protocol = Protocol::SurGard;
        report.origin = Origin::HardwareReceiver;
        report
    }

    #[test]
    fn the_best_thing_known_makes_the_key() {
        let failed = from_receiver(Trigger::FaultyCall, Status::Active);
        let mut failed_with_number = failed.clone();
        failed_with_number.caller = Some(Caller { number: Some("01527 1".to_owned()), name: None });
        let mut unreadable_call = unreadable(Protocol::SurGard);
        unreadable_call.caller.clone_from(&failed_with_number.caller);
        let cases = [
            (report(Protocol::SurGard, Some("0042"), None, Some("01527 1")), Basis::Identity, "unit 0042"),
            (
                report(Protocol::SurGard, Some(" "), Some("7"), Some("01527 1")),
                Basis::CallerNumber,
                "caller 01527 1 (by number, a guess)",
            ),
            (report(Protocol::Bs8521, Some("00012345"), None, None), Basis::Identity, "unit 12345"),
            (
                report(Protocol::Bs8521, Some("44120077"), Some("0027"), None),
                Basis::Identity,
                "unit 27 at scheme 44120077",
            ),
            (report(Protocol::Bs8521, Some("00000000"), None, None), Basis::Identity, "unit 0"),
            (report(Protocol::SurGard, None, None, None), Basis::Alone, "unknown unit on line surgard-1"),
            (unreadable(Protocol::SurGard), Basis::Line, "line surgard-1"),
            (unreadable(Protocol::Bs8521), Basis::Alone, "unknown unit on line surgard-1"),
            (unreadable_call, Basis::CallerNumber, "caller 01527 1 (by number, a guess)"),
            (failed, Basis::Alone, "unknown unit on line surgard-1"),
            (failed_with_number, Basis::CallerNumber, "caller 01527 1 (by number, a guess)"),
            (from_receiver(Trigger::HardwareReceiver, Status::Fault), Basis::Line, "line surgard-1"),
            (Report::own(Trigger::LineNoise, Status::Active, "junk"), Basis::Line, "line surgard-1"),
        ];
        for (report, basis, words) in cases {
            let key = key(&report);
            assert_eq!((key.basis, &*key.words), (basis, words), "{report:?}");
        }
    }

    #[test]
    fn an_hour_at_the_wrong_speed_is_one_card() {
        let noise = key(&Report::own(Trigger::LineNoise, Status::Active, "junk"));
        assert_eq!(key(&unreadable(Protocol::SurGard)), noise);
        assert_eq!(key(&Report::own(Trigger::LinkLost, Status::Active, "quiet")), noise);
    }

    #[test]
    fn one_number_on_two_receivers_is_two_people_unless_they_share_a_namespace() {
        let report = report(Protocol::SurGard, Some("1234"), None, None);
        let own = key_at(&report, "a", "surgard-1", None);
        assert_ne!(own.key, key_at(&report, "b", "surgard-1", None).key);
        assert_ne!(own.key, key_at(&report, "a", "surgard-2", None).key);
        let shared = key_at(&report, "a", "surgard-1", Some("north"));
        assert_eq!(shared.key, key_at(&report, "b", "surgard-2", Some("north")).key);
        let lines = [
            key_at(&Report::own(Trigger::LineDown, Status::Active, ""), "a", "surgard-1", Some("north")),
            key_at(&Report::own(Trigger::LineDown, Status::Active, ""), "b", "surgard-1", Some("north")),
        ];
        assert_ne!(lines[0].key, lines[1].key, "another receiver's line");
    }

    #[test]
    fn each_dwelling_of_a_scheme_is_a_unit() {
        let of = |local| key(&report(Protocol::Bs8521, Some("44120077"), local, None)).key;
        let keys = [of(None), of(Some("0027")), of(Some("0104"))];
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "{keys:?}");
        assert_eq!(&*keys[1], "unit/in/north/bs8521/44120077/0027");
        let elsewhere = report(Protocol::SurGard, Some("44120077"), Some("0027"), None);
        assert_ne!(key(&elsewhere).key, keys[1], "one number in two protocols");
    }

    fn part() -> impl Strategy<Value = String> {
        prop_oneof!["[/%~;2F5A\u{0}]{0,5}", ".{0,6}", "[ab/%]{90,110}"]
    }

    proptest! {
        #[test]
        fn a_key_tells_its_parts_unless_they_were_too_long(parts in prop::collection::vec(part(), 1..5)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let told = split_key(&join(&parts));
            prop_assert!(told.is_none() || told.as_deref().is_some_and(|told| told == parts));
            prop_assert_eq!(told.is_none(), parts.iter().any(|part| escape(part).starts_with("%~")));
        }

        #[test]
        fn different_parts_give_different_keys(
            one in prop::collection::vec(part(), 1..5),
            other in prop::collection::vec(part(), 1..5),
        ) {
            let one: Vec<&str> = one.iter().map(String::as_str).collect();
            let other: Vec<&str> = other.iter().map(String::as_str).collect();
            prop_assert_eq!(join(&one) == join(&other), one == other, "{:?} {:?}", one, other);
        }

        #[test]
        fn no_part_looks_like_another_escaped(part in "[/%~;a\\u{1}]{1,40}") {
            let escaped = escape(&part);
            prop_assert_eq!(escape(&escaped) == escaped, part == escaped);
            prop_assert_eq!(escaped.contains('%'), part != escaped);
        }

        #[test]
        fn parts_that_run_together_still_differ(text in "[ab/%]{0,8}", cut in 0usize..9, other in 0usize..9) {
            let (cut, other) = (cut.min(text.len()), other.min(text.len()));
            let (one, two) = (text.split_at(cut), text.split_at(other));
            prop_assert_eq!(join(&[one.0, one.1]) == join(&[two.0, two.1]), one == two);
            prop_assert_ne!(join(&[&text]), join(&[one.0, one.1]));
        }

        #[test]
        fn a_key_fits_an_index_and_holds_no_control_characters(
            identity in ".{0,300}", local in prop::option::of(".{0,300}"), number in prop::option::of(".{0,300}"),
        ) {
            let report = report(Protocol::SurGard, Some(&identity), local.as_deref(), number.as_deref());
            let unit = key(&report);
            prop_assert!(unit.key.len() < 1000);
            prop_assert!(!unit.key.chars().any(char::is_control) && !unit.words.chars().any(char::is_control));
            prop_assert!(unit.words.chars().count() <= 64);
        }
    }
}
