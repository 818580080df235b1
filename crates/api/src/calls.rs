//! The last calls on every line, failed ones too: what an engineer in a hallway asks for after a test call.
//!
//! A call is one conversation as its line had it: on a telephone line the call, on a hardware receiver's line
//! one message. Kept in memory only: what was said is a signal and durable; that somebody tried is a memory
//! of the last hours. A line's calls never push another line's out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use telecare_alarm::{LineId, SignalId};
use telecare_protocol::Protocol;
use time::OffsetDateTime;

/// Calls that are kept of each line; the oldest goes first. Lines are as many as the configuration has.
pub const CALLS_PER_LINE_MAX: usize = 500;
/// Signals that are named of one call, the first ones.
pub const SIGNALS_PER_CALL_MAX: usize = 32;
/// Characters of each text of a call; a longer one is cut.
pub const CALL_TEXT_CHARS_MAX: usize = 200;

/// The last calls of every line. Cheap to clone; all clones are the same memory.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<LineId, VecDeque<Arc<Call>>>>>);

/// One conversation on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The line it was on.
    pub line: LineId,
    /// The protocol the line speaks.
    pub protocol: Protocol,
    /// The other end's network address, where there is one.
    pub peer: Option<String>,
    /// The telephone number, where the carrier told it.
    pub caller: Option<String>,
    /// The account or unit number as said.
    pub identity: Option<String>,
    /// When its first byte came, or the connection where none came (UTC).
    pub began: OffsetDateTime,
    /// When its last byte came; none when none came.
    pub last_byte: Option<OffsetDateTime>,
    /// When it ended (UTC).
    pub ended: OffsetDateTime,
    /// What became of it.
    pub outcome: CallOutcome,
    /// What it was answered; none when no answer was owed.
    pub answered: Option<CallAnswer>,
    /// The signals that were made of it, in their order.
    pub signals: Vec<SignalId>,
    /// Bytes that came.
    pub bytes: u64,
    /// Frames among them that could not be read.
    pub bad_frames: u32,
    /// What an engineer should know of it, in words; may be empty.
    pub detail: String,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// Something new was said and stored.
    Stored,
    /// Everything said was a proven repeat, and stored as one.
    Repeat,
    /// It could not be stored, so it was not acknowledged.
    Refused,
    /// Bytes came and none could be read.
    Unreadable,
    /// Nothing came.
    Silent,
    /// Heartbeats and polls only.
    SignsOfLifeOnly,
}

/// What a call was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallAnswer {
    /// Acknowledged.
    Positive,
    /// Acknowledged, and the sender never said that it has the acknowledgement.
    Unconfirmed,
    /// Refused in the protocol's own way.
    Negative,
    /// An answer was owed and none was given.
    Withheld,
    /// Acknowledged after the sender's wait.
    Late,
}

impl CallOutcome {
    /// Every outcome.
    pub const ALL: [CallOutcome; 6] = [
        CallOutcome::Stored,
        CallOutcome::Repeat,
        CallOutcome::Refused,
        CallOutcome::Unreadable,
        CallOutcome::Silent,
        CallOutcome::SignsOfLifeOnly,
    ];

    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            CallOutcome::Stored => "stored",
            CallOutcome::Repeat => "repeat",
            CallOutcome::Refused => "refused",
            CallOutcome::Unreadable => "unreadable",
            CallOutcome::Silent => "silent",
            CallOutcome::SignsOfLifeOnly => "signs-of-life-only",
        }
    }
}

impl CallAnswer {
    /// Every answer.
    pub const ALL: [CallAnswer; 5] =
        [CallAnswer::Positive, CallAnswer::Unconfirmed, CallAnswer::Negative, CallAnswer::Withheld, CallAnswer::Late];

    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            CallAnswer::Positive => "positive",
            CallAnswer::Unconfirmed => "unconfirmed",
            CallAnswer::Negative => "negative",
            CallAnswer::Withheld => "none",
            CallAnswer::Late => "late",
        }
    }
}

impl Calls {
    /// Remembers a call that has ended. Never waits for anything but another caller's moment here.
    pub fn record(&self, mut call: Call) {
        call.signals.truncate(SIGNALS_PER_CALL_MAX);
        for text in [&mut call.peer, &mut call.caller, &mut call.identity].into_iter().flatten() {
            cut(text);
        }
        cut(&mut call.detail);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = lines.entry(call.line.clone()).or_default();
        if calls.len() >= CALLS_PER_LINE_MAX {
            calls.pop_front();
        }
        calls.push_back(Arc::new(call));
    }

    /// The calls that are wanted, the latest end first, at most so many.
    pub fn latest(&self, wanted: impl Fn(&Call) -> bool, limit: usize) -> Vec<Arc<Call>> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<_> = lines.values().flatten().filter(|call| wanted(call)).cloned().collect();
        drop(lines);
        found.sort_by_key(|call| std::cmp::Reverse(call.ended));
        found.truncate(limit);
        found
    }
}

impl Call {
    /// Whether a telephone number is this call's, by its last digits: national and international spellings
    /// of one number agree in those. Signs between digits and leading zeros do not count.
    pub fn is_from(&self, number: &str) -> bool {
        let wanted = significant(number);
        let told = self.caller.as_deref().map(significant).unwrap_or_default();
        !wanted.is_empty() && !told.is_empty() && (told.ends_with(&wanted) || ends_whole(&wanted, &told))
    }
}

/// A number with its country code, asked for where the call told it without.
fn ends_whole(wanted: &str, told: &str) -> bool {
    /// Digits of a national number; a shorter one is somebody else's extension.
    const NATIONAL_DIGITS_MIN: usize = 7;
    told.len() >= NATIONAL_DIGITS_MIN && wanted.ends_with(told)
}

fn significant(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

fn cut(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(CALL_TEXT_CHARS_MAX) {
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn call(line: &str, ended_s: i64) -> Call {
        let at = datetime!(2026-03-01 8:00 UTC) + time::Duration::seconds(ended_s);
        Call {
            line: LineId::new(line),
            protocol: Protocol::SurGard,
            peer: None,
            caller: Some("01527 123456".to_owned()),
            identity: Some("1234".to_owned()),
            began: at,
            last_byte: Some(at),
            ended: at,
            outcome: CallOutcome::Stored,
            answered: Some(CallAnswer::Positive),
            signals: Vec::new(),
            bytes: 21,
            bad_frames: 0,
            detail: String::new(),
        }
    }

    #[test]
    fn each_line_keeps_its_own_last_calls() {
        let calls = Calls::default();
        calls.record(call("quiet", -1));
        for second in 0..CALLS_PER_LINE_MAX as i64 + 10 {
            calls.record(call("busy", second));
        }
        let all = calls.clone().latest(|_| true, usize::MAX);
        assert_eq!(all.len(), CALLS_PER_LINE_MAX + 1);
        assert_eq!(all.last().unwrap().line.as_str(), "quiet", "the latest comes first");
        assert!(all.windows(2).all(|pair| pair[0].ended > pair[1].ended));
        assert_eq!(all[CALLS_PER_LINE_MAX - 1].ended, call("busy", 10).ended, "the oldest went first");
        assert_eq!(calls.latest(|call| call.line.as_str() == "busy", 3).len(), 3);
    }

    #[test]
    fn a_number_is_known_by_its_last_digits() {
        let table = [
            ("01527 123456", "123456", true),
            ("01527 123456", "+44 1527 123456", true),
            ("+441527123456", "01527-123456", true),
            ("01527 123456", "3456", true),
            ("01527 123456", "01527 123457", false),
            ("456", "01527 123456", false),
            ("01527 123456", "", false),
            ("unknown", "123456", false),
        ];
        for (told, asked, expected) in table {
            let call = Call { caller: Some(told.to_owned()), ..call("a", 0) };
            assert_eq!(call.is_from(asked), expected, "{told} {asked}");
        }
        assert!(!Call { caller: None, ..call("a", 0) }.is_from("123456"));
    }

    #[test]
    fn what_a_call_holds_is_bounded() {
        let calls = Calls::default();
        let long = "é".repeat(CALL_TEXT_CHARS_MAX + 1);
        let signals = vec![SignalId(uuid::Uuid::nil()); SIGNALS_PER_CALL_MAX + 1];
        calls.record(Call { detail: long.clone(), peer: Some(long), signals, ..call("a", 0) });
        let kept = calls.latest(|_| true, 1).remove(0);
        assert_eq!(kept.detail.chars().count(), CALL_TEXT_CHARS_MAX);
        assert_eq!(kept.peer.as_ref().unwrap().chars().count(), CALL_TEXT_CHARS_MAX);
        assert_eq!(kept.signals.len(), SIGNALS_PER_CALL_MAX);
    }
}
