//! One command and its answer, and the way of a scheme from one outstanding call to the next.

use std::sync::Arc;
use std::time::Instant;

use super::Calls;
use super::deliveries::Owed;
use super::output::{End, Output, SendId, Told};
use super::session::{Key, Session, State};
use crate::bs8521::Command as Digits;
use crate::bs8521::{self, Frame};
use crate::call::{Operated, RequestId};
use crate::nowip::command::{Answer, Command, Program};
use crate::nowip::document::{Document, Kind};
use crate::nowip::settings::STEPS_MAX;
use crate::session::after;
use crate::{Fault, Protocol, Report, Value};

/// A command under way.
#[derive(Debug)]
pub(super) struct Exchange {
    command: Command,
    pub(super) send: SendId,
    pub(super) until: Instant,
    pub(super) request: Option<RequestId>,
    after: After,
    /// Commands in a row, this one included.
    steps: u8,
    /// The unit that could not be selected before, and why.
    failed: Option<(String, &'static str)>,
    /// The record that answered it is not stored yet.
    storing: Option<Key>,
}

/// After what a command comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// The call was routed: its path is to be opened.
    Routed,
    /// An operator asked for this.
    Asked,
    /// The speech with one unit was ended: the next one waits, or the call ends.
    Cleared,
}

/// What goes on from one command to the next.
#[derive(Debug)]
struct Chain {
    request: Option<RequestId>,
    after: After,
    /// Commands before it.
    steps: u8,
    /// The unit that could not be selected, and why.
    failed: Option<(String, &'static str)>,
}

impl Calls {
    /// Opens the speech path to the local unit of a scheme whose call was routed.
    pub(super) fn open_path(&mut self, session: &mut Session, now: Instant) {
        let is_due = session.is_routed() && session.is_scheme();
        let is_free = session.selected.is_none() && session.exchange.is_none();
        let stored = session.opening.as_ref().filter(|opening| opening.is_stored && is_due && is_free);
        let Some(unit) = stored.map(|opening| opening.frame.local_unit.clone()) else { return };
        let command = if unit == ANY_UNIT { Digits::List(unit) } else { Digits::Select(unit) };
        self.begin(session, Command::Unit(command), None, After::Routed, now);
    }

    pub(super) fn begin(
        &mut self,
        session: &mut Session,
        command: Command,
        request: Option<RequestId>,
        after: After,
        now: Instant,
    ) {
        self.go_on(session, command, Chain { request, after, steps: 0, failed: None }, now);
    }

    /// Sends a command; the last of too many in a row is not sent.
    fn go_on(&mut self, session: &mut Session, command: Command, chain: Chain, now: Instant) {
        let Chain { request, after: origin, steps, failed } = chain;
        let Some((kind, data)) = command.data().filter(|_| steps < STEPS_MAX) else {
            let reason =
                if steps < STEPS_MAX { DOES_NOT_FIT } else { failed.as_ref().map_or(NO_ANSWER, |(_, why)| why) };
            return self.give_up(session, request, failed, reason);
        };
        let send = self.send(&session.user, kind, &data, now);
        let is_list = matches!(command, Command::Unit(Digits::List(_)));
        let within = if is_list { self.settings.list_within } else { self.settings.answer_within };
        let (until, steps) = (after(now, within), steps.saturating_add(1));
        session.last = now;
        session.exchange =
            Some(Exchange { command, send, until, request, after: origin, steps, failed, storing: None });
    }

    /// A document that answers a command, or should.
    pub(super) fn answer(&mut self, session: &mut Session, document: &Document, raw: &[u8], now: Instant) {
        let Some(exchange) = session.exchange.take() else { return self.unasked(session, document, now) };
        if exchange.storing.is_some() {
            session.exchange = Some(exchange);
            return self.unasked(session, document, now);
        }
        match document.kind {
            Kind::Rejected => self.failed(session, exchange, REJECTED, now),
            Kind::Busy => self.failed(session, exchange, BUSY, now),
            kind if exchange.command.is_answered_by(kind) => match exchange.command.read(kind, &document.data) {
                Some(answer) => self.answered(session, exchange, answer, document, raw, now),
                None => {
                    self.count("DataLength");
                    self.failed(session, exchange, UNREADABLE, now);
                }
            },
            _ => {
                session.exchange = Some(exchange);
                return self.unexpected();
            }
        }
        self.operate(session, now);
    }

    /// A command could not be brought to the unit.
    pub(super) fn not_delivered(&mut self, session: &mut Session, send: SendId, now: Instant) {
        if let Some(exchange) = session.exchange.take_if(|exchange| exchange.send == send && exchange.storing.is_none())
        {
            self.failed(session, exchange, NOT_REACHED, now);
            self.operate(session, now);
        }
    }

    /// No answer came in time, or no verdict on the record in it.
    pub(super) fn unanswered(&mut self, session: &mut Session, now: Instant) {
        if let Some(exchange) = session.exchange.take() {
            let reason = if exchange.storing.is_some() { NOT_STORED } else { NO_ANSWER };
            self.failed(session, exchange, reason, now);
            self.operate(session, now);
        }
    }

    /// The record that a scheme told is stored, and acknowledged: its unit is selected.
    pub(super) fn record_stored(&mut self, session: &mut Session, key: &Key, now: Instant) {
        let waits = |exchange: &mut Exchange| exchange.storing.as_ref() == Some(key);
        if let Some(exchange) = session.exchange.take_if(waits) {
            self.select_recorded(session, exchange, key, now);
            self.operate(session, now);
        }
    }

    pub(super) fn record_refused(&mut self, session: &mut Session, key: &Key, now: Instant) {
        let waits = |exchange: &mut Exchange| exchange.storing.as_ref() == Some(key);
        if let Some(exchange) = session.exchange.take_if(waits) {
            self.failed(session, exchange, NOT_STORED, now);
            self.operate(session, now);
        }
    }

    /// Nothing was asked. A scheme may repeat a record that is not acknowledged yet.
    fn unasked(&mut self, session: &mut Session, document: &Document, now: Instant) {
        let known = session.of_record(&document.data).filter(|_| document.kind == Kind::Response);
        let alarm = known.and_then(|key| session.alarms.get_mut(&key)).filter(|alarm| alarm.was_told);
        let Some(alarm) = alarm else { return self.unexpected() };
        alarm.owed = Some(now);
        self.settle(session, now);
    }

    fn answered(
        &mut self,
        session: &mut Session,
        exchange: Exchange,
        answer: Answer,
        document: &Document,
        raw: &[u8],
        now: Instant,
    ) {
        match (&exchange.command, answer) {
            (Command::Unit(Digits::Select(unit)), Answer::Done) => {
                let unit = unit.clone();
                self.selected(session, exchange.request, unit);
            }
            (Command::Unit(Digits::Select(_)), Answer::Record(record)) if record.is_none() => {
                self.failed(session, exchange, NOTHING_THERE, now);
            }
            (Command::Unit(Digits::Select(_)), Answer::Record(record)) => {
                // An answer to "select" is not acknowledged; what is new in it is an alarm all the same.
                self.take_record(session, &record, (document, raw), Owed::No, now);
                self.selected(session, exchange.request, record.local_unit);
            }
            (Command::Unit(Digits::List(_)), Answer::Record(record)) if record.is_none() => {
                self.nothing_outstanding(session, exchange, now);
            }
            (Command::Unit(Digits::List(_)), Answer::Record(record)) => {
                self.listed(session, exchange, &record, (document, raw), now);
            }
            (Command::Unit(Digits::Clear), Answer::Outstanding(count)) => self.cleared(session, exchange, count, now),
            (Command::Unit(Digits::ClearDown), _) => {
                session.exchange = Some(exchange);
                self.end_call(session, End::ClearedDown, now);
            }
            (Command::Program(Program::Read(_)), Answer::Value(value)) => {
                if let Some(id) = exchange.request {
                    self.push(Output::Value { user: Arc::clone(&session.user), id, value });
                }
                self.reply(session, exchange.request, Operated::Done);
            }
            (_, Answer::None) => self.reply(session, exchange.request, Operated::Unsupported),
            (_, Answer::Done | Answer::Value(_) | Answer::Outstanding(_) | Answer::Record(_)) => {
                self.reply(session, exchange.request, Operated::Done);
            }
        }
    }

    /// A scheme told of an outstanding call. Its unit is selected once the call is stored.
    fn listed(
        &mut self,
        session: &mut Session,
        mut exchange: Exchange,
        record: &bs8521::Answer,
        told: (&Document, &[u8]),
        now: Instant,
    ) {
        let Some(key) = self.take_record(session, record, told, Owed::Yes, now) else {
            return self.failed(session, exchange, NOT_STORED, now);
        };
        let is_stored = session.alarms.get(&key).is_some_and(|alarm| matches!(alarm.state, State::Stored(_)));
        if is_stored {
            self.select_recorded(session, exchange, &key, now);
        } else {
            exchange.until = after(now, self.settings.ack_within);
            exchange.storing = Some(key);
            session.exchange = Some(exchange);
        }
    }

    /// Delivers the alarm that a record tells of, unless it is known. Gives how it is known; none if there is no room.
    fn take_record(
        &mut self,
        session: &mut Session,
        record: &bs8521::Answer,
        (document, raw): (&Document, &[u8]),
        owed: Owed,
        now: Instant,
    ) -> Option<Key> {
        let opening: Frame = session.opening.as_ref()?.frame.clone();
        let key = session.of_record(&document.data).unwrap_or_else(|| {
            // The same digits after its speech was ended are a new press.
            let key = Key::Record(document.data.clone());
            if let Some(alarm) = session.alarms.remove(&key) {
                self.leave_alarm(&alarm);
            }
            key
        });
        let utc = Some(self.clock.utc(now).time());
        let report = document.record_report((&opening, record), &self.codes, &session.user, utc);
        self.alarm_of(session, (key.clone(), owed), report, (raw, &document.data), now);
        let alarm = session.alarms.get_mut(&key)?;
        alarm.was_told |= owed == Owed::Yes;
        Some(key)
    }

    fn select_recorded(&mut self, session: &mut Session, exchange: Exchange, key: &Key, now: Instant) {
        let unit = session.alarms.get(key).and_then(|alarm| alarm.record.get(..4)).unwrap_or(ANY_UNIT).to_owned();
        if session.selected.as_ref() == Some(&unit) {
            return self.reply(session, exchange.request, Operated::Refused(NO_OTHER));
        }
        let Exchange { request, after, steps, failed, .. } = exchange;
        let chain = Chain { request, after, steps, failed };
        self.go_on(session, Command::Unit(Digits::Select(unit)), chain, now);
    }

    fn selected(&mut self, session: &mut Session, request: Option<RequestId>, unit: String) {
        session.selected = Some(unit.clone());
        self.push(Output::Told(Arc::clone(&session.user), Told::Selected(unit)));
        self.reply(session, request, Operated::Done);
    }

    fn cleared(&mut self, session: &mut Session, exchange: Exchange, count: u8, now: Instant) {
        if let Some(unit) = session.selected.take() {
            session.clear(&unit);
        }
        session.outstanding = count;
        self.push(Output::Told(Arc::clone(&session.user), Told::Outstanding(count)));
        self.reply(session, exchange.request, Operated::Done);
        let next = if count > 0 { Digits::List(ANY_UNIT.to_owned()) } else { Digits::ClearDown };
        self.begin(session, Command::Unit(next), None, After::Cleared, now);
    }

    fn nothing_outstanding(&mut self, session: &mut Session, exchange: Exchange, now: Instant) {
        session.outstanding = 0;
        let Exchange { request, after, failed, .. } = exchange;
        if after == After::Cleared && failed.is_none() {
            return self.begin(session, Command::Unit(Digits::ClearDown), request, after, now);
        }
        let reason = failed.as_ref().map_or(NO_OTHER, |(_, why)| why);
        self.give_up(session, request, failed, reason);
    }

    fn failed(&mut self, session: &mut Session, exchange: Exchange, reason: &'static str, now: Instant) {
        let Exchange { command, request, after, steps, failed, .. } = exchange;
        match command {
            Command::Unit(Digits::Select(unit)) if after != After::Asked => {
                let list = Command::Unit(Digits::List(ANY_UNIT.to_owned()));
                let chain = Chain { request, after, steps, failed: Some((unit, reason)) };
                self.go_on(session, list, chain, now);
            }
            Command::Unit(Digits::List(_)) if session.outstanding > 0 && after == After::Cleared => {
                self.outstanding_unread(session, now);
                self.begin(session, Command::Unit(Digits::ClearDown), request, after, now);
            }
            Command::Unit(Digits::List(_)) => {
                let reason = failed.as_ref().map_or(reason, |(_, why)| why);
                self.give_up(session, request, failed, reason);
            }
            Command::Unit(Digits::ClearDown) => {
                self.reply(session, request, Operated::Done);
                self.end_call(session, End::Unconfirmed, now);
            }
            Command::Unit(_) | Command::Program(_) => self.reply(session, request, Operated::Refused(reason)),
        }
    }

    /// A scheme said that calls are outstanding and does not tell which: somebody waits.
    fn outstanding_unread(&mut self, session: &mut Session, now: Instant) {
        let outstanding = ("outstanding".to_owned(), Value::Number(i64::from(session.outstanding)));
        let fault = Fault { name: "OutstandingUnread".to_owned(), fields: vec![outstanding] };
        let mut report = Report::unreadable(Protocol::NowIp, fault);
        report.identity = session.sender.as_ref().map(|sender| sender.identity.clone());
        self.tell(&Arc::clone(&session.user), report, None, now);
    }

    /// No path to a unit could be opened. Whoever has the call is told, and can still speak with whoever called.
    fn give_up(
        &mut self,
        session: &mut Session,
        request: Option<RequestId>,
        failed: Option<(String, &'static str)>,
        reason: &'static str,
    ) {
        if let Some((unit, why)) = failed {
            self.push(Output::Told(Arc::clone(&session.user), Told::NotSelected(unit, why)));
        } else if request.is_none() {
            self.push(Output::Told(Arc::clone(&session.user), Told::NotSelected(ANY_UNIT.to_owned(), reason)));
        }
        self.reply(session, request, Operated::Refused(reason));
    }

    fn reply(&mut self, session: &Session, request: Option<RequestId>, operated: Operated) {
        if let Some(id) = request {
            self.operated(session, id, operated);
        }
    }
}

pub(super) const ANY_UNIT: &str = "0000";

const REJECTED: &str = "the unit refuses";
const BUSY: &str = "the unit is busy";
const NO_ANSWER: &str = "the unit did not answer";
const NOT_REACHED: &str = "the unit could not be reached";
const UNREADABLE: &str = "the unit's answer cannot be read";
const NOTHING_THERE: &str = "no call of this unit is outstanding";
const NOT_STORED: &str = "its call could not be stored";
const NO_OTHER: &str = "no other call is outstanding";
const DOES_NOT_FIT: &str = "it does not fit a document";
