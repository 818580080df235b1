//! What units say.

use std::sync::Arc;
use std::time::Instant;

use super::Calls;
use super::deliveries::{Owed, What};
use super::output::Output;
use super::session::{Digest, Key, Opening, Session, State};
use crate::nowip::document::{Document, Kind};
use crate::nowip::read::Bad;
use crate::nowip::settings::UNREAD_MAX;
use crate::{Delivery, Message, RepeatProof, Report, Sender, Token};

impl Calls {
    pub(super) fn hear(&mut self, user: &str, read: Result<Document, Bad>, raw: &[u8], now: Instant) {
        let user: Arc<str> = Arc::from(user);
        match read {
            Err(bad) => {
                self.count(bad.error.name());
                if bad.kind == Some(Kind::Heartbeat) {
                    self.heartbeat(&user, None, raw, now);
                } else {
                    self.with_new(&user, now, |calls, session| calls.unread(&user, session, &bad, raw, now));
                }
            }
            Ok(document) => match document.kind {
                Kind::Heartbeat => self.heartbeat(&user, document.sender(), raw, now),
                Kind::Alarm => {
                    self.with_new(&user, now, |calls, session| calls.alarm(&user, session, &document, raw, now));
                }
                Kind::Rejected | Kind::Busy | Kind::Response | Kind::Programmed | Kind::Acknowledgement => {
                    let is_known = self.with(&user, now, |calls, session| {
                        session.last = now;
                        calls.answer(session, &document, raw, now);
                    });
                    if !is_known {
                        self.unexpected();
                    }
                }
                Kind::Command | Kind::Programming => self.unexpected(),
            },
        }
    }

    /// A valid document that nobody waits for.
    pub(super) fn unexpected(&mut self) {
        self.count("UnexpectedType");
    }

    /// Nothing is remembered of heartbeats.
    fn heartbeat(&mut self, user: &Arc<str>, sender: Option<Sender>, raw: &[u8], now: Instant) {
        self.deliver(user, What::Heartbeat, Message::SignOfLife(sender), raw, None, now);
    }

    fn unread(&mut self, user: &Arc<str>, session: Option<&mut Session>, bad: &Bad, raw: &[u8], now: Instant) {
        let digest = Digest::of(raw);
        let is_known =
            |session: &&mut Session| session.unread.len() >= UNREAD_MAX || session.unread.contains_key(&digest);
        if session.as_ref().is_some_and(is_known) {
            return;
        }
        let token = self.deliver(user, What::Unread(digest), Message::Report(bad.report(user)), raw, None, now);
        if let (Some(session), Some(token)) = (session, token) {
            session.unread.insert(digest, token);
        }
    }

    fn alarm(&mut self, user: &Arc<str>, session: Option<&mut Session>, document: &Document, raw: &[u8], now: Instant) {
        let utc = Some(self.clock.utc(now).time());
        let (Some(frame), Some(report)) = (document.frame(), document.report(&self.codes, user, utc)) else { return };
        let key = Key::Document(Digest::of(&document.write()));
        let Some(session) = session else {
            self.deliver(user, What::Alarm(key, Owed::Yes), Message::Report(report), raw, None, now);
            return;
        };
        let record = document.data.get(RECORD_AT).unwrap_or_default();
        if let Some(token) = self.alarm_of(session, (key, Owed::Yes), report, (raw, record), now) {
            session.sender = document.sender();
            let had_call = session.call.is_some();
            session.opening = Some(Opening { frame, token, is_stored: false, is_called: false, had_call });
        }
    }

    /// An alarm of a session: a copy is answered by what became of the first. Gives the token of a delivery.
    pub(super) fn alarm_of(
        &mut self,
        session: &mut Session,
        (key, owed): (Key, Owed),
        report: Report,
        (raw, record): (&[u8], &str),
        now: Instant,
    ) -> Option<Token> {
        if let Some(alarm) = session.alarms.get_mut(&key) {
            if owed == Owed::Yes {
                alarm.owed = Some(now);
            }
            let token = alarm.token;
            match alarm.state {
                State::Waiting => {
                    self.deliveries.copy(token, now);
                    return None;
                }
                State::Stored(_) => {
                    self.settle(session, now);
                    self.copied(session, token, now);
                    return None;
                }
                State::Refused(_) => {}
            }
        }
        let user = Arc::clone(&session.user);
        let what = What::Alarm(key.clone(), owed);
        let token = self.deliver(&user, what, Message::Report(report), raw, None, now)?;
        session.remember(key, token, (record, owed), now);
        Some(token)
    }

    /// Hands something over; none, and not handed over, if too much waits already.
    pub(super) fn deliver(
        &mut self,
        user: &Arc<str>,
        what: What,
        message: Message,
        raw: &[u8],
        about: Option<Token>,
        now: Instant,
    ) -> Option<Token> {
        let owed = matches!(what, What::Heartbeat | What::Alarm(_, Owed::Yes));
        let Some(token) = self.deliveries.open(user, what, now) else {
            self.count("TooManyWaiting");
            return None;
        };
        let window = self.settings.repeat_window;
        let key = match &message {
            Message::Report(report) => report.repeat_key(),
            Message::SignOfLife(_) => None,
        };
        let repeat = key.map_or(RepeatProof::None, |key| RepeatProof::Key { key, window });
        let raw = raw.to_vec();
        let delivery = Delivery { token, message, raw, first_byte: now, last_byte: now, repeat, owed, about };
        self.push(Output::Deliver(Arc::clone(user), Box::new(delivery)));
        Some(token)
    }
}

/// Digits of an alarm that are a scheme's record too: R E L P S, after C D TT G.
const RECORD_AT: std::ops::RangeFrom<usize> = 12..;
