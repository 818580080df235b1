//! One command and its answer: sent when the line is free, sent again without an answer, given up after so many.

use std::time::Instant;

use super::{Call, State};
use crate::bs8521::command::{self, Command, Expects};
use crate::bs8521::{Answer, Settings};
use crate::call::{End, Operated, Side, Speech};
use crate::session::after;
use crate::tones::Digit;
use crate::{Fault, Protocol, Report, Value};

/// A command under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exchange {
    pub(super) command: Command,
    pub(super) phase: Phase,
    attempt: u32,
    /// The record that answered it.
    pub(super) answer: Option<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// Waits for the line.
    Pending,
    Playing,
    Waiting {
        until: Instant,
    },
    /// Its record is not stored yet.
    Storing {
        until: Instant,
    },
}

impl Exchange {
    fn new(command: Command) -> Exchange {
        Exchange { command, phase: Phase::Pending, attempt: 0, answer: None }
    }

    /// Whether it waits for an answer of this kind.
    pub(super) fn waits_for(&self, expects: Expects) -> bool {
        matches!(self.phase, Phase::Waiting { .. }) && self.command.expects() == expects
    }

    pub(super) fn is_clear_down(&self) -> bool {
        self.command == Command::ClearDown
    }

    fn has_attempts(&self, settings: &Settings) -> bool {
        self.attempt < if self.command.is_quick() { settings.attempts } else { settings.data_attempts }
    }
}

impl Call {
    pub(super) fn exchange(&mut self, command: Command) {
        self.state = State::Exchange(Exchange::new(command));
    }

    /// Sends what waits, repeats what is unanswered. True if the state changed.
    pub(super) fn step_exchange(&mut self, mut exchange: Exchange, now: Instant) -> bool {
        let is_free = !self.owes(now) && !self.deframer.is_active(now);
        match exchange.phase {
            Phase::Pending if is_free && now >= self.quiet_until => {
                exchange.attempt = exchange.attempt.saturating_add(1);
                exchange.phase = Phase::Playing;
                self.book.play(exchange.command.notes(&self.settings), now);
                self.state = State::Exchange(exchange);
                true
            }
            Phase::Waiting { until } if now >= until && !self.deframer.is_active(now) => self.unanswered(exchange, now),
            Phase::Storing { until } if now > until => {
                self.owing = None;
                self.unanswered(exchange, now)
            }
            Phase::Pending | Phase::Playing | Phase::Waiting { .. } | Phase::Storing { .. } => false,
        }
    }

    pub(super) fn exchange_deadline(&self, exchange: &Exchange) -> Option<Instant> {
        let active = self.deframer.active_until();
        match exchange.phase {
            Phase::Pending => [active, self.owing_until(), Some(self.quiet_until)].into_iter().flatten().max(),
            Phase::Playing => None,
            Phase::Waiting { until } => Some(active.map_or(until, |active| active.max(until))),
            Phase::Storing { until } => Some(just_after(until)),
        }
    }

    /// The command is out.
    pub(super) fn exchange_played(&mut self, now: Instant) {
        let wait = self.settings.answer_within.saturating_add(self.book.begun().slack);
        if let State::Exchange(exchange) = &mut self.state
            && exchange.phase == Phase::Playing
        {
            exchange.phase = Phase::Waiting { until: after(now, wait) };
        }
    }

    /// The unit has answered, and its record, if it gave one, is acknowledged.
    pub(super) fn answered(&mut self, now: Instant) {
        let State::Exchange(exchange) = std::mem::replace(&mut self.state, State::Online) else { return };
        self.confirmed(now);
        match exchange.command {
            Command::Speak => self.switched(Some(Speech::Speak)),
            Command::Listen => self.switched(Some(Speech::Listen)),
            Command::Speech(Digit::Eight) => self.switched(Some(Speech::Duplex)),
            Command::Speech(Digit::Nine) => self.switched(Some(Speech::Listen)),
            Command::Speech(_) | Command::Equipment(_) => self.switched(None),
            Command::Null => {}
            Command::ClearDown => {
                self.book.speech(Speech::None);
                self.state = State::ClearedDown { until: after(now, self.settings.hang_up_wait) };
            }
            Command::Clear => self.cleared(),
            Command::List(_) => match exchange.answer {
                Some(record) => self.exchange(Command::Select(record.local_unit)),
                None => self.nothing_outstanding(),
            },
            Command::Select(unit) => {
                let unit = exchange.answer.map_or(unit, |record| record.local_unit);
                self.selected = Some(unit);
                self.speak_with_unit();
            }
        }
    }

    fn unanswered(&mut self, mut exchange: Exchange, now: Instant) -> bool {
        exchange.phase = Phase::Pending;
        exchange.answer = None;
        if exchange.has_attempts(&self.settings) {
            self.state = State::Exchange(exchange);
            return true;
        }
        let name = exchange.command.name();
        self.state = State::Online;
        match exchange.command {
            Command::Null => self.null_failed = true,
            Command::ClearDown => self.end(End::Unconfirmed, Side::Here, now),
            Command::Select(_) => {
                // The alarm is stored; some controllers open the path without being asked.
                self.book.fault("SelectUnanswered", no_answer(name));
                self.book.operated(Operated::Refused(NO_ANSWER));
                self.speak_with_unit();
            }
            Command::List(_) => {
                self.book.fault("ListUnanswered", no_answer(name));
                self.book.operated(Operated::Refused(NO_ANSWER));
                self.list_failed(now);
            }
            Command::Speak | Command::Listen | Command::Clear | Command::Equipment(_) | Command::Speech(_) => {
                self.book.operated(Operated::Refused(NO_ANSWER));
            }
        }
        true
    }

    fn switched(&mut self, speech: Option<Speech>) {
        if let Some(speech) = speech {
            self.book.speech(speech);
        }
        self.book.operated(Operated::Done);
    }

    fn cleared(&mut self) {
        if let Some(unit) = self.selected.take() {
            self.alarms.clear(&unit);
        }
        self.book.speech(Speech::None);
        self.book.operated(Operated::Done);
        if self.outstanding > 0 {
            self.exchange(Command::List(ANY_UNIT.to_owned()));
        } else {
            self.exchange(Command::ClearDown);
        }
    }

    fn nothing_outstanding(&mut self) {
        self.outstanding = 0;
        if self.selected.is_some() {
            self.book.operated(Operated::Refused("no other call is outstanding"));
        } else {
            self.exchange(Command::ClearDown);
        }
    }

    /// A scheme said that calls are outstanding and does not tell which: somebody waits. Whoever opened the call
    /// can still be spoken to if nobody was selected yet.
    fn list_failed(&mut self, now: Instant) {
        if self.outstanding == 0 {
            self.speak_with_unit();
            return;
        }
        let outstanding = ("outstanding".to_owned(), Value::Number(i64::from(self.outstanding)));
        let fault = Fault { name: "OutstandingUnread".to_owned(), fields: vec![outstanding] };
        let mut report = Report::unreadable(Protocol::Bs8521, fault);
        report.identity = self.opening.as_ref().map(|opening| crate::bs8521::stripped(&opening.controller));
        self.book.tell(report, now);
        self.exchange(Command::ClearDown);
    }

    /// Confirms an answer that carries no alarm.
    pub(super) fn confirm(&mut self, now: Instant) {
        if !self.book.is_playing() {
            self.book.play(command::acknowledgement(&self.settings), now);
            self.quiet_until = after(now, self.settings.settle);
        }
    }
}

pub(super) const ANY_UNIT: &str = "0000";

const NO_ANSWER: &str = "the unit did not answer";

fn no_answer(command: &str) -> Fault {
    Fault { name: "NoAnswer".to_owned(), fields: vec![("command".to_owned(), Value::Text(command.to_owned()))] }
}

/// The first instant at which an answer would be late.
pub(super) fn just_after(instant: Instant) -> Instant {
    after(instant, std::time::Duration::from_millis(1))
}
