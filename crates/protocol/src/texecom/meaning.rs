//! What a message says, protocol-neutral.
//!
//! Fields of a report: those of [`contact_id::report`] or [`dc03::group_report`]; of a poll `account`, `flags` (hex).

use super::Message;
use crate::codes::Table;
use crate::report::{texts, warnings};
use crate::{Codes, Event, Origin, Outcome, Protocol, Report, Status, Trigger, contact_id, dc03};

/// Flags of a poll, bit by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// The bits of these that something is said of: those with a trigger in the table, and unknown ones. The others are
    /// a state, such as armed.
    pub fn telling(self, codes: &Codes) -> Flags {
        let tells = |bit: &u8| codes.find(Table::TexecomFlags, &hex(*bit)).is_none_or(|row| row.trigger.is_some());
        Flags(self.bits().filter(tells).fold(0, |all, bit| all | bit))
    }

    fn bits(self) -> impl Iterator<Item = u8> {
        (0..u8::BITS).map(|at| 1u8.checked_shl(at).unwrap_or_default()).filter(move |bit| self.0 & bit != 0)
    }
}

/// The reports of a message; none of a poll (see [`poll_report`]) and of `+++`.
pub fn reports(message: &Message, found: &[&'static str], codes: &Codes) -> Vec<Report> {
    match message {
        Message::Poll { .. } | Message::Close => Vec::new(),
        Message::ContactId(message) => {
            vec![Report { protocol: Protocol::Texecom, ..contact_id::report(message, found, codes) }]
        }
        Message::Sia(blocks) => dc03::group_report(blocks, Protocol::Texecom, codes),
    }
}

/// The report of a poll: what `began` with this status and what is over; none where that is nothing.
pub fn poll_report(
    account: &str,
    flags: Flags,
    (began, status): (Flags, Status),
    over: Flags,
    codes: &Codes,
) -> Option<Report> {
    let event = |bit, status: Status| {
        let event = codes.event(Table::TexecomFlags, &hex(bit), "");
        let status =
            if event.trigger == Trigger::Unknown && status != Status::Restored { event.status } else { status };
        Event { status, ..event }
    };
    let began = began.bits().map(|bit| event(bit, status));
    let events: Vec<Event> = began.chain(over.bits().map(|bit| event(bit, Status::Restored))).collect();
    (!events.is_empty()).then(|| Report {
        protocol: Protocol::Texecom,
        outcome: Outcome::Decoded,
        origin: Origin::Unit,
        identity: Some(account.to_owned()),
        local_unit: None,
        caller: None,
        fields: texts(&[("account", account), ("flags", &hex(flags.0))]),
        warnings: warnings(&[], &events),
        events,
    })
}

fn hex(bits: u8) -> String {
    format!("{bits:02X}")
}
