//! What blocks say, protocol-neutral.
//!
//! Fields of a report: `account`, `function` (one sign for each block), `listen_in` (seconds), `events` (a list: `code`,
//! `address`, then modifiers such as `area`, `time`, `user`, then `text`, `unit`), `text` without an event, `data` of a
//! block that is not read.
//!
//! On a serial line each block is a report: an event is told at once, whether or not text follows, and text that follows
//! is a report about it. In a message that comes in one piece all blocks of an account are one report.

use super::{Block, BlockError, Kind};
use crate::codes::Table;
use crate::report::{texts, warnings};
use crate::sia::{self, Packet};
use crate::{Codes, Event, Fields, Location, Mode, Origin, Outcome, Protocol, Report, Status, Trigger, Value};

/// The report of one block of an account; none of a sign such as the end of data. In strict mode a function that no list
/// has, and data that is not of the grammar, are errors; else they are kept and unknown.
pub fn report(block: &Block, account: Option<&str>, mode: Mode, codes: &Codes) -> Result<Option<Report>, BlockError> {
    if block.kind().sign().is_some() {
        return Ok(None);
    }
    let mut saying = Saying::of(account);
    saying.add(block, codes);
    if mode == Mode::Strict && saying.found.contains(&UNKNOWN_FUNCTION) {
        return Err(BlockError::UnknownFunction { function: block.function });
    }
    if mode == Mode::Strict && saying.found.contains(&BAD_DATA) {
        return Err(BlockError::BadData);
    }
    Ok(saying.report(Protocol::SiaDc03))
}

/// The reports of blocks that came in one piece, one for each account block: text is part of the event before it.
pub fn group_report(blocks: &[Block], protocol: Protocol, codes: &Codes) -> Vec<Report> {
    let (mut reports, mut saying) = (Vec::new(), Saying::of(None));
    for block in blocks {
        match block.kind() {
            Kind::Account => {
                reports.extend(std::mem::replace(&mut saying, Saying::of(account(block).as_deref())).report(protocol));
            }
            kind if kind.sign().is_some() => {}
            _ => saying.add(block, codes),
        }
    }
    reports.extend(saying.report(protocol));
    reports
}

/// The account that an account block names; none where it names nobody.
pub fn account(block: &Block) -> Option<String> {
    Some(block.text().trim().to_owned()).filter(|account| !account.is_empty())
}

pub(super) const UNKNOWN_FUNCTION: &str = "UnknownFunction";
pub(super) const BAD_DATA: &str = "BadData";

/// What was said of one account so far.
#[derive(Default)]
struct Saying {
    account: Option<String>,
    functions: String,
    events: Vec<Event>,
    /// Fields of the events, in their order.
    list: Vec<Fields>,
    others: Fields,
    found: Vec<&'static str>,
}

impl Saying {
    fn of(account: Option<&str>) -> Saying {
        Saying { account: account.map(str::to_owned), ..Saying::default() }
    }

    fn add(&mut self, block: &Block, codes: &Codes) {
        let (kind, text) = (block.kind(), block.text());
        self.functions.push(char::from(block.function));
        match kind {
            Kind::Text => self.text(&text, codes),
            Kind::Events => match sia::parse(&format!("{}{text}", char::from(block.function))) {
                Some(packets) => self.packets(&packets, codes),
                None => self.unread(block, text, Some(BAD_DATA), codes),
            },
            Kind::Other => self.unread(block, text, None, codes),
            _ => self.unread(block, text, Some(UNKNOWN_FUNCTION), codes),
        }
    }

    fn text(&mut self, text: &str, codes: &Codes) {
        match (self.events.last_mut(), self.list.last_mut()) {
            (Some(event), Some(fields)) => {
                say_where(event, text);
                fields.push(("text".to_owned(), Value::Text(text.to_owned())));
            }
            _ => {
                let mut event = codes.event(Table::SiaFunctions, "A", "");
                say_where(&mut event, text);
                self.events.push(event);
                self.others.extend(texts(&[("text", text)]));
            }
        }
    }

    fn packets(&mut self, block: &sia::Block, codes: &Codes) {
        let seconds = block.packets.iter().find_map(|packet| match packet {
            Packet::ListenIn { seconds } => Some(seconds),
            _ => None,
        });
        self.others.extend(seconds.iter().flat_map(|seconds| texts(&[("listen_in", seconds)])));
        let said = sia::said(block, codes);
        if said.is_empty() && seconds.is_some() {
            self.events.push(codes.event(Table::SiaFunctions, "L", ""));
        } else if said.is_empty() {
            block.packets.iter().for_each(|packet| {
                if let Packet::Text(text) = packet {
                    self.text(text, codes);
                }
            });
        }
        for mut one in said {
            let words = one.fields.iter().find_map(|(name, value)| match value {
                Value::Text(text) if name == "text" => Some(text.clone()),
                _ => None,
            });
            words.iter().for_each(|words| say_where(&mut one.event, words));
            self.events.push(one.event);
            self.list.push(one.fields);
        }
    }

    /// Kept as it came.
    fn unread(&mut self, block: &Block, data: String, why: Option<&'static str>, codes: &Codes) {
        let sign = char::from(block.function);
        let sign = if sign.is_ascii_graphic() { sign.to_string() } else { format!("{:02X}", block.function) };
        let mut event = codes.event(Table::SiaFunctions, &sign, "");
        if why == Some(BAD_DATA) {
            (event.trigger, event.status) = (Trigger::Unknown, Status::Unknown);
            event.words = format!("unknown DC-03 data {data:?}");
        }
        self.events.push(event);
        self.others.push(("data".to_owned(), Value::Text(data)));
        self.found.extend(why);
    }

    fn report(mut self, protocol: Protocol) -> Option<Report> {
        if self.events.is_empty() {
            return None;
        }
        self.found.extend(self.account.is_none().then_some("NoAccount"));
        let account = self.account.clone().unwrap_or_default();
        let mut fields = texts(&[("account", &account), ("function", &self.functions)]);
        fields.append(&mut self.others);
        if !self.list.is_empty() {
            fields.push(("events".to_owned(), Value::List(self.list)));
        }
        Some(Report {
            protocol,
            outcome: Outcome::Decoded,
            origin: Origin::Unit,
            identity: self.account,
            local_unit: None,
            caller: None,
            warnings: warnings(&self.found, &self.events),
            events: self.events,
            fields,
        })
    }
}

/// Words of a text beside the place that the event itself names.
fn say_where(event: &mut Event, text: &str) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    match &mut event.location {
        Some(location) => location.words = format!("{}, {text}", location.words),
        None => event.location = Some(Location { code: text.to_owned(), words: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(function: char, data: &str) -> Report {
        report(&Block::new(function, data), Some("1234"), Mode::Tolerant, &Codes::builtin()).unwrap().unwrap()
    }

    #[test]
    fn what_is_not_read_is_kept_and_only_what_is_unknown_ranks_high() {
        for (function, data, trigger, warnings) in [
            ('@', "ALD", Trigger::Information, &[][..]),
            ('L', "L90", Trigger::SpeechRequest, &[]),
            ('X', "who knows", Trigger::Unknown, &["UnknownCode"]),
            ('4', "", Trigger::Unknown, &["UnknownFunction", "UnknownCode"]),
            ('N', "help me", Trigger::Unknown, &["BadData", "UnknownCode"]),
            ('N', "QZ001", Trigger::Unknown, &["UnknownCode"]),
            ('A', "FRONT ROOM", Trigger::Information, &[]),
            ('E', "va21/DA03", Trigger::Environment, &[]),
        ] {
            let report = said(function, data);
            assert_eq!((report.events[0].trigger, &report.warnings[..]), (trigger, &owned(warnings)[..]), "{function}");
            assert_eq!(report.identity.as_deref(), Some("1234"));
        }
        let strict = |function, data| report(&Block::new(function, data), None, Mode::Strict, &Codes::builtin());
        assert_eq!(strict('4', ""), Err(BlockError::UnknownFunction { function: b'4' }));
        assert_eq!(strict('N', "help me"), Err(BlockError::BadData));
        assert_eq!(strict('0', ""), Ok(None));
        assert_eq!(strict('N', "MA003").unwrap().unwrap().warnings, ["NoAccount"]);
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn in_one_piece_each_account_is_one_report_and_text_is_part_of_its_event() {
        let blocks = [
            Block::new('#', "1000"),
            Block::new('N', "ri1MA003"),
            Block::new('A', "HALL PULLCORD"),
            Block::new('N', "YT"),
            Block::new('A', "HUB"),
            Block::new('#', "2000"),
            Block::new('A', "HELLO"),
            Block::new('0', ""),
        ];
        let reports = group_report(&blocks, Protocol::Texecom, &Codes::builtin());
        let told: Vec<(Option<&str>, Vec<String>)> = reports
            .iter()
            .map(|report| {
                let places = report.events.iter().filter_map(|event| event.location.as_ref());
                (report.identity.as_deref(), places.map(|place| place.words.clone()).collect())
            })
            .collect();
        assert_eq!(
            told,
            [(Some("1000"), owned(&["zone 003, HALL PULLCORD", "HUB"])), (Some("2000"), owned(&["HELLO"]))]
        );
    }
}
