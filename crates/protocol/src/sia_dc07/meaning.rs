//! What a frame says, protocol-neutral.
//!
//! Fields of a report: `token`, `sequence`, `receiver`, `line`, `account`; then SIA `function`, `listen_in`, `events` (a
//! list: `code`, `address`, modifiers, `text`, `unit`) or Contact ID `qualifier`, `code`, `group`, `zone`; then `data` where
//! its layout is not known; `extended` and `timestamp` as sent.

use super::read::{Read, latin};
use crate::report::{texts, warnings};
use crate::sia_dc09;
use crate::sia_frame::TAB;
use crate::{Codes, Event, Fields, Outcome, Protocol, Report, Status, Trigger, surgard};

/// The report of one frame; none for a link test, which is a sign of life.
pub fn report(read: &Read, codes: &Codes) -> Option<Report> {
    if read.is_link_test() {
        return None;
    }
    let said = read.data.as_ref().and_then(|data| sia_dc09::said(&data.said, codes));
    let (events, fields) = said.unwrap_or_else(|| (vec![unknown(token(read))], Fields::new()));
    let account = account(read);
    let unread = read.data.as_ref().is_none_or(|data| data.unread_part);
    let mut found = read.warnings.clone();
    found.extend((unread && read.data.is_some()).then_some("UnreadText"));
    let data = latin(if unread { &read.content.data } else { &[] });
    Some(Report {
        protocol: Protocol::SiaDc07,
        outcome: Outcome::Decoded,
        origin: surgard::origin_of(account.as_deref().unwrap_or_default(), &events),
        fields: [head_fields(read, account.as_deref()), fields, texts(&[("data", &data)]), tail(read)].concat(),
        identity: account,
        local_unit: None,
        caller: None,
        warnings: warnings(&found, &events),
        events,
    })
}

/// The account in the data; where there is none, that of the head.
fn account(read: &Read) -> Option<String> {
    let of_data = read.data.as_ref().and_then(|data| data.account.clone());
    of_data.or_else(|| read.frame.head.address.account.clone())
}

fn token(read: &Read) -> &str {
    let token = read.frame.head.token.as_str();
    if token == TAB { "TAB" } else { token }
}

fn unknown(token: &str) -> Event {
    let words = format!("{token} in a layout that is not known");
    Event { trigger: Trigger::Unknown, status: Status::Unknown, code: token.to_owned(), words, location: None }
}

fn head_fields(read: &Read, account: Option<&str>) -> Fields {
    let head = &read.frame.head;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    texts(&[
        ("token", token(read)),
        ("sequence", &format!("{:04}", head.sequence)),
        ("receiver", &said(&head.address.receiver)),
        ("line", &said(&head.address.line)),
        ("account", account.unwrap_or_default()),
    ])
}

fn tail(read: &Read) -> Fields {
    let timestamp = read.content.timestamp.as_deref().map(latin).unwrap_or_default();
    let extended: Fields = read.content.extended.iter().flat_map(|one| texts(&[("extended", &latin(one))])).collect();
    [extended, texts(&[("timestamp", &timestamp)])].concat()
}
