//! Frames that are right: delivered once, acknowledged when stored, and again for each copy.

use std::time::Instant;

use super::alarms::Owing;
use super::{Call, State};
use crate::session::after;
use crate::tunstall::command::acknowledgement;
use crate::tunstall::{Body, BurstGroup, Group, OldFrame, Opened, Probe, Signalling, Verified, old_report, report};
use crate::{Fault, Protocol, Report, Token, call};

impl Call {
    /// A frame whose checksum is right, or that is taken without.
    pub(super) fn frame(
        &mut self,
        verified: &Verified,
        body: &[u8],
        group: &Group,
        is_start_missing: bool,
        now: Instant,
    ) {
        // In doubt it is acknowledged as the receiver asked for it.
        let asked = self.probe().filter(|probe| *probe != Probe::TtOld).map_or(Protocol::Tt92, Probe::protocol);
        let opened = Opened::of_frame(verified, Some(group.signalling), asked);
        let mut report = report(verified, &opened, &self.codes);
        if is_start_missing {
            report.warnings.insert(0, "MissingStart".to_owned());
        }
        let Some(token) = self.take(body, copy_of(group), report, now) else { return self.too_many() };
        self.owe(Owing { token, until: group.ended, protocol: opened.protocol, signalling: group.signalling });
        let is_alarm = matches!(verified.body, Body::Opening(_));
        self.opened(opened, is_alarm, now);
    }

    /// A burst frame that came twice. It is known to be over only when its silence is.
    pub(super) fn old_frame(&mut self, frame: &OldFrame, group: &BurstGroup, now: Instant) {
        let opened = Opened::of_old(frame);
        let report = old_report(frame, &self.codes);
        let copy = call::Frame { raw: group.digits.clone(), began: group.began, ended: group.ended };
        let Some(token) = self.take(&group.digits, copy, report, now) else { return self.too_many() };
        let until = after(group.ended, self.settings.ttold_silence);
        self.owe(Owing { token, until, protocol: Protocol::TtOld, signalling: Signalling::Dtmf });
        self.opened(opened, true, now);
    }

    /// A copy came while the store had not spoken, and then it refused: the copy is offered.
    pub(super) fn offer_copy(&mut self, token: Token) {
        let came_since = self.alarms.of_token(token).is_some_and(|known| known.copy.is_some());
        if came_since {
            self.offer_again(token);
        }
    }

    /// Whether an acknowledgement can still be given.
    pub(super) fn owes(&self, now: Instant) -> bool {
        self.owing.is_some_and(|owing| now <= owing.until)
    }

    /// Plays the acknowledgement that is owed, if its alarm is stored, the unit still waits and the line is free.
    pub(super) fn acknowledge(&mut self, now: Instant) {
        let Some(owing) = self.owing else { return };
        let Some(stored) = self.book.stored(owing.token) else { return };
        if now > owing.until {
            self.owing = None;
            self.book.late(owing.token);
        } else if !self.book.is_playing() && !self.is_in_frame(now) {
            self.owing = None;
            self.acknowledging = true;
            let notes = acknowledgement(owing.protocol, &self.settings, owing.signalling);
            self.book.acknowledge(&stored, notes, now);
        }
    }

    /// The token that a copy is acknowledged by: that of its alarm, which is offered again if it was refused.
    pub(super) fn copied(&mut self, token: Token) -> Option<Token> {
        self.book.copy();
        if self.book.is_refused(token) { self.offer_again(token) } else { Some(token) }
    }

    pub(super) fn too_many(&mut self) {
        self.book.fault("TooManyAlarms", Fault { name: "TooManyAlarms".to_owned(), fields: Vec::new() });
    }

    /// Delivers a frame, or takes it as a copy of one that was delivered.
    fn take(&mut self, digits: &[u8], frame: call::Frame, report: Report, now: Instant) -> Option<Token> {
        let window = self.settings.repeat_window;
        if let Some(known) = self.alarms.of_frame(digits, &frame, window) {
            known.copy = Some(frame);
            let token = known.token;
            return self.copied(token);
        }
        let ended = frame.ended;
        let token = self.book.deliver(report, frame, now)?;
        self.alarms.add(token, digits, None, ended);
        Some(token)
    }

    /// The first alarm opens the call; a record does only if nothing else came.
    fn opened(&mut self, opened: Opened, is_alarm: bool, now: Instant) {
        if self.opening.is_none() || (is_alarm && self.is_opening()) {
            self.opening = Some(opened);
        }
        if self.is_opening() {
            self.data_by.get_or_insert(after(now, self.settings.data_valid));
            if self.state != State::Asking {
                self.state = State::Receiving;
            }
        }
    }

    fn offer_again(&mut self, token: Token) -> Option<Token> {
        let window = self.settings.repeat_window;
        let known = self.alarms.of_token(token)?;
        let again = self.book.deliver_again(token, known.copy.take()?, window)?;
        known.token = again;
        if let Some(owing) = self.owing.as_mut().filter(|owing| owing.token == token) {
            owing.token = again;
        }
        Some(again)
    }

    /// `until` is when the unit began to wait.
    fn owe(&mut self, owing: Owing) {
        let wait = self.settings.ack_within.saturating_add(self.book.begun().slack);
        self.owing = Some(Owing { until: after(owing.until, wait), ..owing });
    }
}

pub(super) fn copy_of(group: &Group) -> call::Frame {
    call::Frame { raw: group.digits.clone(), began: group.began, ended: group.ended }
}
