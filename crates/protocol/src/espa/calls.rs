//! The calls that were taken lately, by their call address: a cancel or a status speaks of one of them.
//!
//! A cancel need not repeat the text of its call. It clears what the same call raised: the one with the same text,
//! or, where it has no text, the only one to that address. Of several to one address none is guessed.

use std::collections::VecDeque;

use super::Block;
use super::meaning::RESET;
use crate::{Event, Report, Status, Trigger};

/// Calls remembered at most; the oldest is forgotten first, and its cancel then clears what its own text tells.
const CALLS_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Calls(VecDeque<Call>);

/// A call that was told.
#[derive(Clone, Debug)]
struct Call {
    address: String,
    message: String,
    local_unit: Option<String>,
    event: Event,
    stored: bool,
}

impl Calls {
    /// Remembers a call, or makes a cancel or a status speak of the call it is about.
    pub(super) fn join(&mut self, block: &Block, report: &mut Report) {
        let address = report.identity.clone().unwrap_or_default();
        let message = block.data("2").unwrap_or_default().trim().to_owned();
        let Some(event) = report.events.first_mut() else { return };
        let is_cancel = block.data("4").map(str::trim) == Some(RESET) || event.status == Status::Restored;
        let is_call = matches!(block.header, '1' | '4');
        if is_call && !is_cancel {
            self.0.retain(|call| call.address != address || call.message != message);
            if self.0.len() >= CALLS_MAX {
                self.0.pop_front();
            }
            let (local_unit, event) = (report.local_unit.clone(), event.clone());
            self.0.push_back(Call { address, message, local_unit, event, stored: false });
            return;
        }
        let Some(at) = self.place(&address, &message) else { return };
        let Some(call) = self.0.get(at) else { return };
        report.local_unit.clone_from(&call.local_unit);
        if is_call {
            let words = if event.trigger == Trigger::Cancel { call.event.words.clone() } else { event.words.clone() };
            *event = Event { status: Status::Restored, code: event.code.clone(), words, ..call.event.clone() };
            self.0.remove(at);
        }
    }

    /// The call is stored: it is in the queue.
    pub(super) fn stored(&mut self, address: &str, message: &str) {
        let same = |call: &&mut Call| call.address == address && call.message == message;
        if let Some(call) = self.0.iter_mut().find(same) {
            call.stored = true;
        }
    }

    /// Whether the call that a request speaks of is stored and not cancelled.
    pub(super) fn is_stored(&self, address: &str, message: &str) -> bool {
        self.place(address, message).and_then(|at| self.0.get(at)).is_some_and(|call| call.stored)
    }

    fn place(&self, address: &str, message: &str) -> Option<usize> {
        let to_it = |call: &Call| call.address == address;
        let same = |call: &Call| to_it(call) && call.message == message;
        let exact = self.0.iter().position(same);
        let only = || self.0.iter().position(to_it).filter(|_| self.0.iter().filter(|call| to_it(call)).count() == 1);
        exact.or_else(|| message.is_empty().then(only).flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::espa::{Read, Texts, report};
    use crate::{Codes, Mode};

    /// What a report says after the calls before it: dwelling, trigger, status.
    fn said(calls: &mut Calls, header: char, records: &[(&str, &str)]) -> (String, Trigger, Status) {
        let table = Texts::parse("[[call]]\ntext = \"FLAT {unit} SMOKE\"\ntrigger = \"smoke\"\n").unwrap();
        let read = Read { block: Block::new(header, records), warnings: Vec::new() };
        let mut report = report(&read, &Codes::builtin(), &table, Mode::Tolerant).unwrap();
        calls.join(&read.block, &mut report);
        (report.local_unit.unwrap_or_default(), report.events[0].trigger, report.events[0].status)
    }

    fn told(unit: &str, trigger: Trigger, status: Status) -> (String, Trigger, Status) {
        (unit.to_owned(), trigger, status)
    }

    #[test]
    fn a_cancel_clears_what_the_same_call_raised() {
        let mut calls = Calls::default();
        said(&mut calls, '1', &[("1", "7"), ("2", "FLAT 9 SMOKE")]);
        assert_eq!(said(&mut calls, '2', &[("1", "7"), ("7", "6")]), told("9", Trigger::Information, Status::Active));
        let cancel = said(&mut calls, '1', &[("1", "7"), ("4", "1")]);
        assert_eq!(cancel, told("9", Trigger::Smoke, Status::Restored), "by its address alone");
        let again = said(&mut calls, '1', &[("1", "7"), ("4", "1")]);
        assert_eq!(again, told("", Trigger::Cancel, Status::Active), "nothing is left to take back");
    }

    #[test]
    fn of_several_calls_to_one_address_none_is_guessed() {
        let mut calls = Calls::default();
        said(&mut calls, '1', &[("1", "7"), ("2", "FLAT 9 SMOKE")]);
        said(&mut calls, '1', &[("1", "7"), ("2", "FLAT 8")]);
        assert_eq!(said(&mut calls, '1', &[("1", "7"), ("4", "1")]), told("", Trigger::Cancel, Status::Active));
        let same = said(&mut calls, '1', &[("1", "7"), ("2", "FLAT 8"), ("4", "1")]);
        assert_eq!(same, told("FLAT 8", Trigger::Unknown, Status::Restored), "the same text is the same call");
        let other = said(&mut calls, '1', &[("1", "7"), ("2", "FLAT 5"), ("4", "1")]);
        assert_eq!(other, told("FLAT 5", Trigger::Unknown, Status::Restored), "never what another text raised");
        let unheard = said(&mut calls, '1', &[("1", "8"), ("2", "FLAT 5 SMOKE"), ("4", "1")]);
        assert_eq!(unheard, told("5", Trigger::Smoke, Status::Restored), "its own text tells");
    }

    #[test]
    fn only_a_stored_call_is_in_the_queue_and_the_memory_is_bounded() {
        let mut calls = Calls::default();
        said(&mut calls, '1', &[("1", "7"), ("2", "FLAT 9")]);
        assert!(!calls.is_stored("7", "FLAT 9"));
        calls.stored("7", "FLAT 9");
        assert!(calls.is_stored("7", "FLAT 9") && calls.is_stored("7", ""));
        for n in 0..CALLS_MAX {
            said(&mut calls, '1', &[("1", "8"), ("2", &n.to_string())]);
        }
        assert!(!calls.is_stored("7", "FLAT 9"));
        assert_eq!(calls.0.len(), CALLS_MAX);
    }
}
