//! What a unit does when it is told.

use std::time::Instant;

use super::{Unit, UnitCommand};
use crate::bs8521::Answer;
use crate::nowip::document::{Document, Kind, NOTHING};

const NONE_OUTSTANDING: &str = "000000000000";

impl Unit {
    pub(super) fn obey(&mut self, document: &Document, now: Instant) {
        let data = document.data.as_str();
        let (kind, said) = match (document.kind, data.split_at_checked(1)) {
            (Kind::Programming, Some(("4", rest))) => self.set(rest),
            (Kind::Programming, Some(("5", rest))) => self.read(rest),
            (_, Some(("0", unit))) => self.select(unit),
            (_, Some(("1", unit))) => (Kind::Response, self.list(unit)),
            (_, Some(("2", rest))) => (Kind::Response, format!("00{}", rest.get(2..).unwrap_or("00"))),
            (_, Some(("9", ""))) => match self.selected.take() {
                Some(unit) => self.clear(&unit),
                // A unit that has nothing selected does not answer (B).
                None => return,
            },
            (_, Some(("3", _) | ("7" | "8" | "D", "") | ("C", _))) => (Kind::Acknowledgement, NOTHING.to_owned()),
            _ => (Kind::Rejected, NOTHING.to_owned()),
        };
        if self.settings.faults.no_response && matches!(kind, Kind::Response | Kind::Programmed) {
            return;
        }
        let body = self.document(kind, &said, now).write();
        self.commands.push_back(UnitCommand::Send(body));
        if data == "D" {
            self.is_calling = false;
            self.selected = None;
            self.commands.push_back(UnitCommand::HangUp);
        }
    }

    fn select(&mut self, unit: &str) -> (Kind, String) {
        match self.outstanding.iter().find(|record| record.local_unit == unit) {
            Some(record) => {
                self.selected = Some(unit.to_owned());
                (Kind::Response, digits(record))
            }
            None => (Kind::Rejected, NOTHING.to_owned()),
        }
    }

    fn list(&self, unit: &str) -> String {
        let open = self.selected.as_deref();
        let wanted = |record: &&Answer| {
            (unit == "0000" || record.local_unit == unit) && open != Some(record.local_unit.as_str())
        };
        self.outstanding.iter().find(wanted).map_or_else(|| NONE_OUTSTANDING.to_owned(), digits)
    }

    fn clear(&mut self, unit: &str) -> (Kind, String) {
        self.outstanding.retain(|record| record.local_unit != unit);
        (Kind::Response, format!("{:02}", self.outstanding.len().min(99)))
    }

    /// TT, PPP, three digits of length and the value.
    fn set(&mut self, rest: &str) -> (Kind, String) {
        let parts = rest.split_at_checked(5).and_then(|(head, tail)| Some((head.get(2..)?, tail.get(3..)?)));
        let known = parts.and_then(|(parameter, value)| {
            self.settings.parameters.get_mut(parameter).map(|known| *known = value.to_owned()).map(|()| parameter)
        });
        (Kind::Programmed, format!("00{}", known.unwrap_or("000")))
    }

    fn read(&self, rest: &str) -> (Kind, String) {
        let known = rest.get(2..).and_then(|parameter| self.settings.parameters.get_key_value(parameter));
        let said = known.map_or_else(|| "00000".to_owned(), |(parameter, value)| format!("00{parameter}{value}"));
        (Kind::Programmed, said)
    }
}

fn digits(record: &Answer) -> String {
    record.encode().trim_matches(['A', '#']).to_owned()
}
