//! What one conversation leaves for who asks after a call: one record for each message, and one for a connection
//! on which nobody said anything useful.
//!
//! A message is recorded when both are known: what became of it in the store, and what became of the answer its
//! sender waited for. The session bounds how many wait for either.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use telecare_alarm::{LineId, SignalId};
use telecare_api::calls::{Call, CallAnswer, CallOutcome, Calls};
use telecare_protocol::{Answered, Counted, Delivery, Message, Origin, Outcome, Protocol, Report, Token};
use telecare_queue::Answer;

use crate::stamps::Anchor;

/// Useless connections on a line are recorded no more often: a probe that connects every second must not push
/// the calls out that somebody looks for.
const USELESS_EVERY: Duration = Duration::from_secs(60);

/// Where a line's conversations leave their calls. Cheap to clone.
#[derive(Clone)]
pub struct LineCalls {
    calls: Calls,
    line: LineId,
    protocol: Protocol,
    useless: Arc<Mutex<Useless>>,
}

/// Connections on which nobody said anything useful.
#[derive(Default)]
struct Useless {
    recorded: Option<Instant>,
    left_out: u32,
}

impl LineCalls {
    /// Those of a line.
    pub fn new(calls: Calls, line: &LineId, protocol: Protocol) -> LineCalls {
        LineCalls { calls, line: line.clone(), protocol, useless: Arc::default() }
    }

    /// The book of a new conversation. `peer` is the other end's address, where it has one: what ends without it
    /// is a port and no call.
    pub fn book(&self, peer: Option<String>) -> CallBook {
        CallBook {
            line: self.clone(),
            peer,
            began: Instant::now(),
            last_byte: None,
            bytes: 0,
            bad_frames: 0,
            signs_of_life: 0,
            messages: 0,
            identity: None,
            drafts: Vec::new(),
        }
    }
}

/// The calls of one conversation.
pub struct CallBook {
    line: LineCalls,
    peer: Option<String>,
    began: Instant,
    last_byte: Option<Instant>,
    bytes: u64,
    /// Frames that could not be read since the last message.
    bad_frames: u32,
    signs_of_life: u32,
    messages: u32,
    /// Of the last event, for the caller line that may follow it.
    identity: Option<String>,
    drafts: Vec<Draft>,
}

/// A message whose store or answer is not known yet.
struct Draft {
    token: Token,
    call: Call,
    outcome: Option<CallOutcome>,
    owed: bool,
}

impl CallBook {
    /// Bytes came.
    pub fn heard(&mut self, count: usize) {
        self.last_byte = Some(Instant::now());
        self.bytes = self.bytes.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// The session counted something.
    pub fn counted(&mut self, counted: Counted) {
        if let Counted::BadFrame(_) = counted {
            self.bad_frames = self.bad_frames.saturating_add(1);
        }
    }

    /// The session delivered something.
    pub fn delivered(&mut self, delivery: &Delivery) {
        let report = match &delivery.message {
            Message::SignOfLife(_) => {
                self.signs_of_life = self.signs_of_life.saturating_add(1);
                return;
            }
            // What this receiver says of its own line is nobody's call.
            Message::Report(report) if report.origin == Origin::Line => return,
            Message::Report(report) => report,
        };
        let anchor = Anchor::now();
        let bad_frames = std::mem::take(&mut self.bad_frames);
        if delivery.about.is_none() {
            self.identity.clone_from(&report.identity);
        }
        self.messages = self.messages.saturating_add(1);
        let call = Call {
            line: self.line.line.clone(),
            protocol: self.line.protocol,
            peer: self.peer.clone(),
            caller: report.caller.as_ref().and_then(|caller| caller.number.clone()),
            identity: report.identity.clone().or_else(|| delivery.about.and(self.identity.clone())),
            began: anchor.wall(delivery.first_byte),
            last_byte: Some(anchor.wall(delivery.last_byte)),
            ended: anchor.wall(delivery.last_byte),
            outcome: match report.outcome {
                Outcome::Decoded => CallOutcome::Stored,
                Outcome::Unreadable(_) => CallOutcome::Unreadable,
            },
            answered: None,
            signals: Vec::new(),
            bytes: u64::try_from(delivery.raw.len()).unwrap_or(u64::MAX),
            bad_frames,
            detail: detail(report, bad_frames),
        };
        self.drafts.push(Draft { token: delivery.token, call, outcome: None, owed: delivery.owed });
    }

    /// A delivery became a signal.
    pub fn signal(&mut self, token: Token, signal: SignalId) {
        self.draft(token, |draft| draft.call.signals.push(signal));
    }

    /// The intake answered.
    pub fn stored(&mut self, token: Token, answer: Answer) {
        self.draft(token, |draft| {
            let outcome = match answer {
                Answer::Refused => CallOutcome::Refused,
                Answer::Repeat => CallOutcome::Repeat,
                Answer::Stored if draft.call.outcome == CallOutcome::Unreadable => CallOutcome::Unreadable,
                Answer::Stored => CallOutcome::Stored,
            };
            if answer == Answer::Refused {
                draft.call.signals.clear();
            }
            draft.outcome = Some(outcome);
        });
        self.settle(token, false);
    }

    /// The session said what became of an answer.
    pub fn left(&mut self, token: Token, answered: Answered) {
        self.draft(token, |draft| {
            draft.call.answered = Some(match answered {
                Answered::Positive => CallAnswer::Positive,
                Answered::Unconfirmed => CallAnswer::Unconfirmed,
                Answered::Late => CallAnswer::Late,
                Answered::Withheld => CallAnswer::Withheld,
            });
        });
        self.settle(token, false);
    }

    /// Whether the store still owes its word on a message.
    pub fn waits(&self) -> bool {
        self.drafts.iter().any(|draft| draft.outcome.is_none())
    }

    /// Whether everything that was said is written down.
    pub fn is_settled(&self) -> bool {
        self.drafts.is_empty()
    }

    /// The conversation has ended, and so has every wait for its answers.
    pub fn end(&mut self) {
        for token in self.drafts.iter().map(|draft| draft.token).collect::<Vec<_>>() {
            self.draft(token, |draft| {
                if draft.owed && draft.call.answered.is_none() {
                    draft.call.answered = Some(CallAnswer::Withheld);
                    draft.call.detail.push_str("; the connection ended before the answer");
                }
            });
            self.settle(token, true);
        }
        if self.messages == 0 && self.peer.is_some() {
            self.useless();
        }
    }

    fn draft(&mut self, token: Token, change: impl FnOnce(&mut Draft)) {
        if let Some(draft) = self.drafts.iter_mut().find(|draft| draft.token == token) {
            change(draft);
        }
    }

    /// Records a message whose store and answer are known; at the end also one whose answer is not.
    fn settle(&mut self, token: Token, at_end: bool) {
        let known = |draft: &Draft| {
            draft.token == token && draft.outcome.is_some() && (at_end || !draft.owed || draft.call.answered.is_some())
        };
        let Some(at) = self.drafts.iter().position(known) else { return };
        let Draft { mut call, outcome, .. } = self.drafts.swap_remove(at);
        call.outcome = outcome.unwrap_or(call.outcome);
        call.ended = Anchor::now().wall(Instant::now());
        self.line.calls.record(call);
    }

    /// A connection on which nobody said anything useful.
    fn useless(&self) {
        let (outcome, words) = match (self.bytes, self.bad_frames, self.signs_of_life) {
            (0, _, _) => (CallOutcome::Silent, "nothing came"),
            (_, 0, 1..) => (CallOutcome::SignsOfLifeOnly, "heartbeats only"),
            (_, 1.., _) => (CallOutcome::Unreadable, "nothing that could be read, and it was not repeated"),
            (_, 0, 0) => (CallOutcome::Unreadable, "bytes in no frame: another protocol, speed or parity"),
        };
        let Some(left_out) = self.line.take_turn() else { return };
        let more = if left_out > 0 { format!("; {left_out} more like it since the last") } else { String::new() };
        let anchor = Anchor::now();
        self.line.calls.record(Call {
            line: self.line.line.clone(),
            protocol: self.line.protocol,
            peer: self.peer.clone(),
            caller: None,
            identity: None,
            began: anchor.wall(self.began),
            last_byte: self.last_byte.map(|at| anchor.wall(at)),
            ended: anchor.wall(Instant::now()),
            outcome,
            answered: None,
            signals: Vec::new(),
            bytes: self.bytes,
            bad_frames: self.bad_frames,
            detail: format!("{words}{more}"),
        });
    }
}

impl LineCalls {
    /// Whether a useless connection is recorded: how many were left out since the last that was.
    fn take_turn(&self) -> Option<u32> {
        let mut useless = self.useless.lock().unwrap_or_else(PoisonError::into_inner);
        if useless.recorded.is_some_and(|recorded| recorded.elapsed() < USELESS_EVERY) {
            useless.left_out = useless.left_out.saturating_add(1);
            return None;
        }
        useless.recorded = Some(Instant::now());
        Some(std::mem::take(&mut useless.left_out))
    }
}

/// What an engineer should know of a message, in words.
fn detail(report: &Report, bad_frames: u32) -> String {
    let event = report.principal();
    let words = match &report.outcome {
        Outcome::Decoded => event.map_or(String::new(), |event| format!("{} ({})", event.words, event.code)),
        Outcome::Unreadable(fault) => format!("unreadable: {}", fault.name),
    };
    match (&report.outcome, bad_frames) {
        (Outcome::Decoded, 1..) => format!("{words}; {bad_frames} before it could not be read"),
        (Outcome::Decoded | Outcome::Unreadable(_), _) => words,
    }
}
