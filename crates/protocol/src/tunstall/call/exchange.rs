//! One command and its answer: sent when the line is free, sent again without an answer, given up after so many.

use std::time::Instant;

use super::{Call, State};
use crate::call::{Operated, Speech};
use crate::session::after;
use crate::tunstall::command::{Command, Expects};

/// A command under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exchange {
    command: Command,
    phase: Phase,
    attempt: u32,
    /// Until when the alarm of a dwelling that is selected may take to be stored.
    store_by: Instant,
    /// It only keeps the link; the speech path stays as it is.
    is_keep_alive: bool,
    /// A dwelling's message came since it was sent.
    pub(super) heard_waiting: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Waits for the line.
    Pending,
    Playing,
    Waiting {
        until: Instant,
    },
}

impl Exchange {
    /// What it waits for.
    pub(super) fn waits_for(&self) -> Option<Expects> {
        matches!(self.phase, Phase::Waiting { .. }).then(|| self.command.expects())
    }

    pub(super) fn is_clear_down(&self) -> bool {
        self.command == Command::ClearDown
    }
}

impl Call {
    pub(super) fn exchange(&mut self, command: Command, now: Instant) {
        self.state = State::Exchange(Exchange {
            command,
            phase: Phase::Pending,
            attempt: 0,
            store_by: after(now, self.settings.store_wait),
            is_keep_alive: false,
            heard_waiting: false,
        });
    }

    /// The current direction again.
    pub(super) fn keep_alive(&mut self, now: Instant) {
        let is_speaking = self.book.speech_path() == Speech::Speak;
        self.exchange(if is_speaking { Command::Speak } else { Command::Listen }, now);
        if let State::Exchange(exchange) = &mut self.state {
            exchange.is_keep_alive = true;
        }
    }

    /// Sends what waits, repeats what is unanswered. True if the state changed.
    pub(super) fn step_exchange(&mut self, mut exchange: Exchange, now: Instant) -> bool {
        match exchange.phase {
            Phase::Pending if self.is_free(now) && now >= self.quiet_until && now >= self.stored_by(&exchange) => {
                exchange.attempt = exchange.attempt.saturating_add(1);
                exchange.phase = Phase::Playing;
                self.send(&exchange.command, now);
                self.state = State::Exchange(exchange);
                true
            }
            Phase::Waiting { until } if now >= until && self.arriving_until().is_none_or(|end| now >= end) => {
                self.unanswered(exchange, now);
                true
            }
            Phase::Pending | Phase::Playing | Phase::Waiting { .. } => false,
        }
    }

    pub(super) fn exchange_deadline(&self, exchange: &Exchange) -> Option<Instant> {
        let arriving = self.arriving_until();
        match exchange.phase {
            Phase::Pending => {
                let free = [arriving, self.owing_until(), Some(self.quiet_until), Some(self.stored_by(exchange))];
                free.into_iter().flatten().max()
            }
            Phase::Playing => None,
            Phase::Waiting { until } => Some(arriving.map_or(until, |arriving| arriving.max(until))),
        }
    }

    /// The command is out.
    pub(super) fn exchange_played(&mut self, now: Instant) {
        let State::Exchange(exchange) = &mut self.state else { return };
        if exchange.phase != Phase::Playing {
            return;
        }
        let slack = self.book.begun().slack;
        let wait = match exchange.command.expects() {
            Expects::Nothing => {
                self.quiet_until = after(now, self.settings.settle);
                return self.answered(now);
            }
            Expects::Echo(_) => self.settings.mode_within,
            Expects::Selected | Expects::Cleared => self.settings.answer_within,
        };
        exchange.phase = Phase::Waiting { until: after(now, wait.saturating_add(slack)) };
    }

    /// The unit has answered, or nothing answers this command.
    pub(super) fn answered(&mut self, now: Instant) {
        let State::Exchange(exchange) = std::mem::replace(&mut self.state, State::Online) else { return };
        if exchange.is_keep_alive {
            return;
        }
        match exchange.command {
            Command::Speak => self.switched(Some(Speech::Speak)),
            Command::Listen | Command::Simplex => self.switched(Some(Speech::Listen)),
            Command::Duplex => self.switched(Some(Speech::Duplex)),
            Command::Volume(_) | Command::Door => self.switched(None),
            Command::CanDuplex => self.duplex_told(now),
            Command::Select(unit) => self.select_answered(unit, false),
            Command::Clear => self.cleared(Operated::Done, now),
            Command::ClearDown => {
                self.book.speech(Speech::None);
                self.state = State::Closing { until: after(now, self.settings.hang_up_wait) };
            }
        }
    }

    /// The path to a dwelling is open; the system says which.
    pub(super) fn select_answered(&mut self, unit: String, is_duplex: bool) {
        self.state = State::Online;
        self.dwellings.selected(&unit);
        self.selected = Some(unit);
        self.switched(Some(if is_duplex { Speech::Duplex } else { Speech::Listen }));
    }

    fn unanswered(&mut self, mut exchange: Exchange, now: Instant) {
        if exchange.command == Command::Clear && exchange.heard_waiting {
            return self.answered(now);
        }
        if exchange.attempt < self.settings.attempts {
            exchange.phase = Phase::Pending;
            self.state = State::Exchange(exchange);
            return;
        }
        self.state = State::Online;
        match exchange.command {
            Command::Select(unit) => {
                // The alarm is stored; some systems open the path without saying so.
                self.operator_event("SelectUnanswered", Some(&unit), now);
                self.dwellings.selected(&unit);
                self.selected = Some(unit);
                self.book.speech(Speech::Listen);
                self.book.operated(Operated::Refused(NO_ANSWER));
            }
            Command::Clear => {
                self.operator_event("ClearUnanswered", self.selected.clone().as_deref(), now);
                self.cleared(Operated::Refused(NO_ANSWER), now);
            }
            _ => self.book.operated(Operated::Refused(NO_ANSWER)),
        }
    }

    /// A select is what answers a dwelling's alarms, so it takes note of them; before they are stored it waits a while.
    fn send(&mut self, command: &Command, now: Instant) {
        let notes = command.notes(&self.settings, self.signalling());
        let answered = match command {
            Command::Select(unit) => self.alarms.of_unit(unit),
            _ => Vec::new(),
        };
        self.book.play(notes, now);
        for token in answered {
            if let Some(stored) = self.book.stored(token) {
                self.book.acknowledge(&stored, Vec::new(), now);
            }
        }
    }

    /// Until when a select waits for the store; what was refused is not waited for.
    fn stored_by(&self, exchange: &Exchange) -> Instant {
        let is_waiting = match &exchange.command {
            Command::Select(unit) => {
                let waits = |token| self.book.stored(token).is_none() && !self.book.is_refused(token);
                self.alarms.of_unit(unit).into_iter().any(waits)
            }
            _ => false,
        };
        if is_waiting {
            exchange.store_by
        } else {
            exchange.store_by.checked_sub(self.settings.store_wait).unwrap_or(exchange.store_by)
        }
    }

    fn switched(&mut self, speech: Option<Speech>) {
        if let Some(speech) = speech {
            self.book.speech(speech);
        }
        self.book.operated(Operated::Done);
    }

    fn cleared(&mut self, operated: Operated, now: Instant) {
        if let Some(unit) = self.selected.take() {
            self.alarms.clear(&unit);
            self.dwellings.cleared(&unit);
        }
        self.book.speech(Speech::None);
        self.book.operated(operated);
        self.collect(self.clear_wait(), now);
    }
}

const NO_ANSWER: &str = "the unit did not answer";
