//! What a call tells although no frame said it: nothing valid came, the unit speaks another protocol than last time.
//! Nobody waits for an answer to these.

use std::time::Instant;

use super::{Book, Frame};
use crate::call::{Command, End, unread};
use crate::tones::Heard;
use crate::{Delivery, Message, Origin, Protocol, RepeatProof, Report, Status, Trigger, Value};

impl Book {
    /// Delivers what the call itself has to tell; no answer is owed for it.
    pub fn tell(&mut self, report: Report, now: Instant) {
        self.offer_unowed(report, Frame { raw: Vec::new(), began: now, ended: now });
    }

    /// Delivers what was heard and never became valid, in a call that has delivered; no answer is owed for it.
    pub fn tell_heard(&mut self, report: Report, frame: Frame, now: Instant) {
        let began = frame.began.min(now);
        self.offer_unowed(report, Frame { began, ended: frame.ended.min(now).max(began), ..frame });
    }

    /// Tells at once of a call that gave nothing valid, although it goes on; its end then does not.
    pub fn tell_unread(&mut self, protocol: Protocol, end: End, now: Instant) {
        if !self.is_over && !self.is_told && !self.has_delivered() {
            self.is_told = true;
            self.offer_unread(protocol, end, now);
        }
    }

    /// A last time, with no answer owed: what was refused; or the call itself, if it gave nothing.
    pub(super) fn offer_unstored(&mut self, protocol: Protocol, end: End, now: Instant) {
        if !self.has_delivered() && !self.is_told {
            self.offer_unread(protocol, end, now);
        }
        for delivery in self.deliveries.take_all_refused() {
            let token = self.deliveries.token();
            self.push(Command::Deliver(Box::new(Delivery { token, owed: false, ..delivery })));
        }
    }

    fn offer_unread(&mut self, protocol: Protocol, end: End, now: Instant) {
        let call = (self.begun.at, now);
        let report = unread::report(protocol, end, self.last_fault.take(), &self.heard, call);
        let began = self.heard.first().map_or(self.begun.at, |heard| heard.began).min(now);
        let last = self.heard.iter().filter_map(Heard::ended).max();
        let ended = last.unwrap_or(now).min(now).max(began);
        self.offer_unowed(report, Frame { raw: unread::digits(&self.heard), began, ended });
    }

    /// A report that the unit speaks another protocol than last time, once a call.
    pub(super) fn change(&mut self, report: &Report) -> Option<Report> {
        let learnt = self.begun.learnt.filter(|learnt| *learnt != report.protocol && !self.is_change_told)?;
        self.is_change_told = true;
        let mut change = Report::own(Trigger::Communication, Status::Active, "protocol-changed");
        change.protocol = report.protocol;
        change.origin = Origin::Unit;
        change.identity.clone_from(&report.identity);
        change.fields = vec![("before".to_owned(), Value::Text(learnt.to_string()))];
        if let Some(event) = change.events.first_mut() {
            event.words = format!("Protocol changed from {learnt} to {}", report.protocol);
        }
        Some(change)
    }

    fn offer_unowed(&mut self, mut report: Report, frame: Frame) {
        report.caller.clone_from(&self.begun.caller);
        let Frame { raw, began, ended } = frame;
        let delivery = Delivery {
            token: self.deliveries.token(),
            message: Message::Report(report),
            raw,
            first_byte: began,
            last_byte: ended,
            repeat: RepeatProof::None,
            owed: false,
            about: None,
        };
        self.push(Command::Deliver(Box::new(delivery)));
    }
}
