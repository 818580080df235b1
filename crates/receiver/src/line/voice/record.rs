//! The record of one call, for who asks after it: exactly one, once the call has ended and the store has spoken.

use std::time::Instant;

use telecare_alarm::{LineId, SignalId};
use telecare_api::calls::{Call, CallAnswer, CallOutcome, Calls};
use telecare_protocol::call::{Ended, Side};
use telecare_protocol::tones::Sound;
use telecare_protocol::voice_modem::NotTold;
use telecare_protocol::{Answered, Caller, Delivery, Message, Outcome, Protocol, Report, Token, Trigger};
use telecare_queue::Answer;

use crate::stamps::Anchor;

/// Who telephoned, as far as the line was told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub caller: Option<Caller>,
    pub not_told: Option<NotTold>,
}

/// The record of a call that goes on.
pub struct Record {
    calls: Calls,
    call: Call,
    not_told: Option<NotTold>,
    messages: Vec<Said>,
    /// What was said first, in words.
    words: Option<String>,
}

/// A message of the call.
struct Said {
    token: Token,
    kind: CallOutcome,
    stored: Option<CallOutcome>,
}

impl Record {
    /// The record of a call that was just answered.
    pub fn new(calls: Calls, line: &LineId, protocol: Protocol, told: &Told) -> Record {
        let now = Anchor::now().wall(Instant::now());
        let call = Call {
            line: line.clone(),
            protocol,
            peer: None,
            caller: told.caller.as_ref().and_then(|caller| caller.number.clone()),
            identity: None,
            began: now,
            last_byte: None,
            ended: now,
            outcome: CallOutcome::Silent,
            answered: None,
            signals: Vec::new(),
            bytes: 0,
            bad_frames: 0,
            detail: String::new(),
        };
        Record { calls, call, not_told: told.not_told, messages: Vec::new(), words: None }
    }

    /// A caller that hung up before anybody answered.
    pub fn rang_off(mut self) {
        self.call.detail = "rang off before the answer".to_owned();
        self.calls.record(self.call);
    }

    /// The call delivered something, which became this signal.
    pub fn delivered(&mut self, delivery: &Delivery, signal: Option<SignalId>) {
        let Message::Report(report) = &delivery.message else { return };
        if self.call.identity.is_none() {
            self.call.identity.clone_from(&report.identity);
        }
        self.words.get_or_insert_with(|| words(report));
        self.call.signals.extend(signal);
        self.messages.push(Said { token: delivery.token, kind: kind(report), stored: None });
    }

    /// The intake answered.
    pub fn stored(&mut self, token: Token, answer: Answer) {
        if let Some(said) = self.messages.iter_mut().find(|said| said.token == token) {
            said.stored = Some(match answer {
                Answer::Stored => said.kind,
                Answer::Repeat => CallOutcome::Repeat,
                Answer::Refused => CallOutcome::Refused,
            });
        }
    }

    /// The call has ended.
    pub fn ended(&mut self, ended: &Ended) {
        let anchor = Anchor::now();
        self.call.protocol = ended.protocol;
        self.call.began = anchor.wall(ended.answered);
        self.call.ended = anchor.wall(ended.ended);
        let digits = ended.heard.iter().filter(|heard| matches!(heard.sound, Sound::Digit(_)));
        self.call.last_byte = digits.clone().filter_map(|heard| heard.ended()).max().map(|at| anchor.wall(at));
        self.call.bytes = u64::try_from(digits.count()).unwrap_or(u64::MAX).saturating_add(ended.unkept);
        self.call.bad_frames = u32::try_from(ended.faults.len()).unwrap_or(u32::MAX);
        let any = |wanted| ended.deliveries.iter().any(|(_, answered)| *answered == wanted);
        self.call.answered = match () {
            () if any(Answered::Positive) => Some(CallAnswer::Positive),
            () if any(Answered::Late) => Some(CallAnswer::Late),
            () if any(Answered::Withheld) => Some(CallAnswer::Withheld),
            () => None,
        };
        self.call.detail = self.detail(ended);
    }

    /// Writes it down.
    pub fn write(mut self) {
        let is = |wanted| self.messages.iter().any(|said| said.stored == Some(wanted));
        let by_rank = [CallOutcome::Stored, CallOutcome::Repeat, CallOutcome::Unreadable, CallOutcome::Silent];
        let outcome = by_rank.into_iter().find(|outcome| is(*outcome));
        self.call.outcome = outcome.unwrap_or(CallOutcome::Refused);
        if outcome.is_none() {
            self.call.signals.clear();
        }
        self.calls.record(self.call);
    }

    fn detail(&self, ended: &Ended) -> String {
        let more = self.messages.len().saturating_sub(1);
        let by = match ended.hung_up {
            Side::Here => "hung up here",
            Side::FarEnd => "hung up there",
        };
        let mut parts = vec![self.words.clone().unwrap_or_default()];
        if more > 0 {
            parts.push(format!("{more} more"));
        }
        parts.push(format!("{}, {by} after {:.1} s", ended.end.as_str(), ended.lasted().as_secs_f64()));
        if ended.requests > 1 {
            parts.push(format!("asked {} times", ended.requests));
        }
        if ended.copies > 0 {
            parts.push(format!("{} copies", ended.copies));
        }
        if !ended.faults.is_empty() {
            parts.push(format!("could not be read: {}", ended.faults.join(", ")));
        }
        parts.extend(self.not_told.map(|why| why.as_str().to_owned()));
        parts.join("; ")
    }
}

fn kind(report: &Report) -> CallOutcome {
    let is_silent = report.events.first().is_some_and(|event| event.trigger == Trigger::Silent);
    match &report.outcome {
        Outcome::Decoded => CallOutcome::Stored,
        Outcome::Unreadable(_) if is_silent => CallOutcome::Silent,
        Outcome::Unreadable(_) => CallOutcome::Unreadable,
    }
}

fn words(report: &Report) -> String {
    match &report.outcome {
        Outcome::Decoded => {
            report.principal().map_or(String::new(), |event| format!("{} ({})", event.words, event.code))
        }
        Outcome::Unreadable(fault) => format!("unreadable: {}", fault.name),
    }
}
