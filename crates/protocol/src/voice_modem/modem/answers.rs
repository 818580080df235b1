//! Lines: answers to commands, the bell, the caller, the end of a call in words.

use std::time::{Duration, Instant};

use super::{Event, Modem, OnError, State, Trouble};
use crate::session::after;

/// The bell told twice, in words and by its code, is one ring.
const ONE_RING: Duration = Duration::from_secs(1);

impl Modem {
    pub(super) fn line(&mut self, line: &str, now: Instant) {
        match line {
            "OK" | "VCON" | "CONNECT" => self.answered(now),
            "NO CARRIER" | "BUSY" | "NO ANSWER" | "NO DIALTONE" | "NO DIAL TONE" => self.no_call(now),
            _ if line.starts_with("ERROR") || line.starts_with("+CME ERROR") => self.error(now),
            _ if line.starts_with("RING") => self.ring(now),
            // The echo of a command, before echo is off.
            _ if line.starts_with("AT") => {}
            _ => {
                let is_call = matches!(self.state, State::Preparing | State::Idle | State::Clearing);
                if is_call && self.caller.line(line) {
                    self.ringing_until = Some(after(now, self.settings.ring_gap));
                }
            }
        }
    }

    pub(super) fn ring(&mut self, now: Instant) {
        let is_told = |last: Instant| now.saturating_duration_since(last) < ONE_RING;
        let is_call = matches!(self.state, State::Preparing | State::Idle | State::Clearing);
        if !is_call || self.last_ring.is_some_and(is_told) {
            return;
        }
        self.last_ring = Some(now);
        self.rings = self.rings.saturating_add(1);
        self.ringing_until = Some(after(now, self.settings.ring_gap));
        if self.state == State::Idle && self.rings >= self.settings.rings {
            self.happened(Event::Ringing);
        }
    }

    /// The command under way is done.
    fn answered(&mut self, now: Instant) {
        let Some(pending) = self.pending.take() else { return };
        if let Some(out_at) = pending.out_at.filter(|_| self.state == State::Talking) {
            // Some say OK when they have read the line, others when it is out (C).
            self.playing = Some(out_at.max(now));
        }
        if !self.steps.is_empty() {
            return self.advance(now);
        }
        match self.state {
            State::Preparing => {
                self.state = State::Idle;
                self.next_check = after(now, self.settings.check_every);
                self.happened(Event::Ready);
            }
            State::Answering => {
                self.state = State::Talking;
                self.rings = 0;
                self.last_ring = None;
                self.quiet_from = now;
                let (caller, not_told) = (self.caller.caller(), self.caller.not_told());
                self.happened(Event::Connected { caller, not_told });
            }
            // What played when the line was to be released is out; "on hook" is next, or done.
            State::Clearing => self.prepare(now),
            State::Idle | State::Talking | State::Failed => {}
        }
        self.advance(now);
    }

    fn error(&mut self, now: Instant) {
        match self.pending.as_ref().map(|pending| pending.on_error) {
            Some(OnError::Fail) => self.fail(Trouble::Error),
            Some(OnError::NoCallerNumber) => {
                self.happened(Event::Trouble(Trouble::NoCallerNumber));
                self.answered(now);
            }
            Some(OnError::GoOn) => self.answered(now),
            None => {}
        }
    }

    /// "No call": the far end's end of it, or the answer to the release of the line.
    fn no_call(&mut self, now: Instant) {
        match self.state {
            State::Talking => {
                self.pending = None;
                self.happened(Event::HungUp);
            }
            State::Answering => {
                self.pending = None;
                self.rings = 0;
                self.happened(Event::RangOff);
                self.clear(now);
            }
            State::Clearing => self.answered(now),
            State::Preparing | State::Idle | State::Failed => {}
        }
    }
}
