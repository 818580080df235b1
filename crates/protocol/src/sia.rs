//! SIA DC-03 data: one block of packets, as Sur-Gard lines and others carry it.
//!
//! ```text
//! N da04-22-94 ti16:02:15 / id22 / CL / PA31
//! │ │                       │      │    └ event PA, address 31
//! │ │                       │      └ event CL, no address
//! │ │                       └ modifiers hold for the packets after them
//! │ └ a modifier may stand before the next packet without a slash
//! └ function: N new, O old, L listen-in, A text
//! ```
//!
//! Addresses are 0-9, A-F, hyphen, colon. Because an event may follow a modifier without a slash, a modifier's
//! value ends where two upper-case letters stand together: `ri1BA01` is area 1 and BA 01.
//! Source: `protocols/sia-dc03/README.md`, grammar A, texts and units B.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while, take_while_m_n};
use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{eof, map, opt, peek, recognize, verify};
use nom::multi::{many0, many0_count};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::codes::Table;
use crate::{Codes, Event, Fields, Status, Value};

/// One block: its function letter and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// N, O, L, E or A.
    pub function: char,
    /// In the order sent.
    pub packets: Vec<Packet>,
}

/// One packet of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// Holds for the events after it.
    Modifier {
        /// Two lower-case letters.
        tag: String,
        /// As sent.
        value: String,
    },
    /// Something that happened.
    Event {
        /// Two upper-case letters.
        code: String,
        /// As sent, empty when none.
        address: String,
    },
    /// L with seconds: speech will be open for so long.
    ListenIn {
        /// Digits as sent.
        seconds: String,
    },
    /// Free text about the event before it; the whole of a function A block.
    Text(String),
    /// The unit of an analogue value, after `*`.
    Unit(String),
}

/// Reads the data of a block, function letter first; none if it is not of the grammar or says nothing.
pub fn parse(data: &str) -> Option<Block> {
    let mut rest = data.chars();
    let function = rest.next()?;
    let rest = rest.as_str();
    let packets = match function {
        'A' => vec![Packet::Text(rest.to_owned())],
        'N' | 'O' | 'L' | 'E' => packets(rest).ok()?.1,
        _ => return None,
    };
    let speaks = packets.iter().any(|p| matches!(p, Packet::Event { .. } | Packet::Text(_) | Packet::ListenIn { .. }));
    speaks.then_some(Block { function, packets })
}

/// Writes a block in its plainest form, one slash between packets.
pub fn encode(block: &Block) -> String {
    let packet = |packet: &Packet| match packet {
        Packet::Modifier { tag, value } => format!("{tag}{value}"),
        Packet::Event { code, address } => format!("{code}{address}"),
        Packet::ListenIn { seconds } => format!("L{seconds}"),
        Packet::Text(text) if block.function == 'A' => text.clone(),
        Packet::Text(text) if text.contains('^') => format!("*'{text}'"),
        Packet::Text(text) => format!("^{text}^"),
        Packet::Unit(unit) => format!("*{unit}"),
    };
    let packets: Vec<String> = block.packets.iter().map(packet).collect();
    format!("{}{}", block.function, packets.join("/"))
}

/// The clear name of a modifier in a report's fields; one that the standard does not list keeps its letters.
pub fn modifier_name(tag: &str) -> &str {
    match tag {
        "da" => "date",
        "ti" => "time",
        "id" => "user",
        "ri" => "area",
        "pi" => "peripheral",
        "ai" => "automated_id",
        "lv" => "level",
        "va" => "value",
        "pt" => "path",
        "rg" => "route_group",
        "ss" => "sub_subscriber",
        "ph" => "telephone",
        other => other,
    }
}

/// One event with its fields: code, address, then the modifiers, text and unit that apply to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Neutral.
    pub event: Event,
    /// By the names of [`modifier_name`].
    pub fields: Fields,
}

/// What a block says, event by event. Function O (old event) makes an active event a present one.
pub fn said(block: &Block, codes: &Codes) -> Vec<Said> {
    let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
    let mut modifiers: Vec<(&str, &str)> = Vec::new();
    let mut all: Vec<Said> = Vec::new();
    for packet in &block.packets {
        match packet {
            Packet::Modifier { tag, value } => {
                let name = modifier_name(tag);
                modifiers.retain(|(held, _)| *held != name);
                modifiers.push((name, value));
            }
            Packet::Event { code, address } => {
                let event = one(block.function, code, address, &modifiers, codes);
                let mut fields = vec![text("code", code), text("address", address)];
                fields.extend(modifiers.iter().map(|(name, value)| text(name, value)));
                all.push(Said { event, fields });
            }
            Packet::Text(words) => all.last_mut().into_iter().for_each(|last| last.fields.push(text("text", words))),
            Packet::Unit(unit) => all.last_mut().into_iter().for_each(|last| last.fields.push(text("unit", unit))),
            Packet::ListenIn { .. } => {}
        }
    }
    all
}

fn one(function: char, code: &str, address: &str, modifiers: &[(&str, &str)], codes: &Codes) -> Event {
    // The same letters mean something else among environmental events.
    let environment = function == 'E' && codes.find(Table::SiaEnvironment, code).is_some();
    let table = if environment { Table::SiaEnvironment } else { Table::SiaEvents };
    let of_user = codes.find(table, code).is_some_and(|row| row.address.as_deref() == Some("user"));
    let user = modifiers.iter().find(|(name, _)| *name == "user" && of_user && address.is_empty());
    let mut event = codes.event(table, code, user.map_or(address, |(_, user)| user));
    if function == 'O' && event.status == Status::Active {
        event.status = Status::Present;
    }
    event
}

fn packets(input: &str) -> IResult<&str, Vec<Packet>> {
    let packet = alt((modifier, event, listen_in, text, unit));
    terminated(preceded(slashes, many0(terminated(packet, slashes))), eof).parse(input)
}

fn slashes(input: &str) -> IResult<&str, usize> {
    many0_count(char('/')).parse(input)
}

fn modifier(input: &str) -> IResult<&str, Packet> {
    let (input, tag) = take_while_m_n(2, 2, |c: char| c.is_ascii_lowercase()).parse(input)?;
    let letters_meet = input.as_bytes().windows(2).position(|pair| pair.iter().all(u8::is_ascii_uppercase));
    let (before, _) = input.split_at_checked(letters_meet.unwrap_or(input.len())).unwrap_or((input, ""));
    let (_, value) = take_while(is_address).parse(before)?;
    let (_, rest) = input.split_at_checked(value.len()).unwrap_or((input, ""));
    Ok((rest, Packet::Modifier { tag: tag.to_owned(), value: value.to_owned() }))
}

fn event(input: &str) -> IResult<&str, Packet> {
    let code = take_while_m_n(2, 2, |c: char| c.is_ascii_uppercase());
    let end = peek(alt((eof, recognize(one_of("/^*abcdefghijklmnopqrstuvwxyz")))));
    map((code, terminated(take_while(is_address), end)), |(code, address): (&str, &str)| Packet::Event {
        code: code.to_owned(),
        address: address.to_owned(),
    })
    .parse(input)
}

fn listen_in(input: &str) -> IResult<&str, Packet> {
    map(preceded(char('L'), digit1), |seconds: &str| Packet::ListenIn { seconds: seconds.to_owned() }).parse(input)
}

fn text(input: &str) -> IResult<&str, Packet> {
    let caret = delimited(char('^'), take_till(|c| c == '^'), char('^'));
    // X-SIA: a quoted text and up to two letters that say what it is.
    let kind = opt(take_while_m_n(1, 2, |c: char| c.is_ascii_uppercase()));
    let quoted = terminated(delimited(tag("*'"), take_till(|c| c == '\''), char('\'')), kind);
    map(alt((caret, quoted)), |text: &str| Packet::Text(text.to_owned())).parse(input)
}

fn unit(input: &str) -> IResult<&str, Packet> {
    let letters = verify(take_till(|c| c == '/'), |unit: &str| !unit.is_empty() && !unit.starts_with('\''));
    map(preceded(char('*'), letters), |unit: &str| Packet::Unit(unit.to_owned())).parse(input)
}

fn is_address(c: char) -> bool {
    matches!(c, '0'..='9' | 'A'..='F' | '-' | ':')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn modifier(tag: &str, value: &str) -> Packet {
        Packet::Modifier { tag: tag.into(), value: value.into() }
    }

    fn event(code: &str, address: &str) -> Packet {
        Packet::Event { code: code.into(), address: address.into() }
    }

    #[test]
    fn samples_of_the_manuals() {
        let check = |data: &str, expected: &[Packet]| assert_eq!(parse(data).unwrap().packets, expected, "{data}");
        check("Nri1BA01", &[modifier("ri", "1"), event("BA", "01")]);
        check("Nri1QA01", &[modifier("ri", "1"), event("QA", "01")]);
        check("Lri1BA01/L90", &[modifier("ri", "1"), event("BA", "01"), Packet::ListenIn { seconds: "90".into() }]);
        check(
            "Nda04-22-94ti16:02:15/id22/CL/PA31",
            &[
                modifier("da", "04-22-94"),
                modifier("ti", "16:02:15"),
                modifier("id", "22"),
                event("CL", ""),
                event("PA", "31"),
            ],
        );
        check("Nti12:16/va1440/RP", &[modifier("ti", "12:16"), modifier("va", "1440"), event("RP", "")]);
        check("NMA003/YT", &[event("MA", "003"), event("YT", "")]);
        check("NBA01*'FRONT DOOR'NM", &[event("BA", "01"), Packet::Text("FRONT DOOR".into())]);
        check("AFRONT ROOM", &[Packet::Text("FRONT ROOM".into())]);
    }

    #[test]
    fn what_is_not_of_the_grammar_is_refused() {
        for data in ["", "N", "Nri1", "NMA0?", "NM", "Nma003", "XMA003", "NMA 03", "NCLPA31"] {
            assert_eq!(parse(data), None, "{data:?}");
        }
    }

    #[test]
    fn modifiers_hold_for_later_events() {
        let said = said(&parse("Nri1/id22/CL/ri2PA31").unwrap(), &Codes::builtin());
        assert_eq!(said[0].event.location.as_ref().unwrap().words, "user 22");
        assert_eq!(said[1].event.location.as_ref().unwrap().words, "zone 31");
        let field = |n: usize, name: &str| said[n].fields.iter().find(|(f, _)| f == name).unwrap().1.clone();
        assert_eq!(field(0, "area"), Value::Text("1".into()));
        assert_eq!(field(1, "area"), Value::Text("2".into()));
        assert_eq!(field(1, "user"), Value::Text("22".into()));
    }

    proptest! {
        #[test]
        fn any_block_comes_back(tags in proptest::collection::vec(("(da|ti|id|ri|pi|va)", "[0-9:-]{0,8}"), 0..4),
                                events in proptest::collection::vec(("[A-Z]{2}", "[0-9A-F]{0,6}"), 1..4)) {
            let mut packets: Vec<Packet> = tags.iter().map(|(t, v)| modifier(t, v)).collect();
            packets.extend(events.iter().map(|(c, a)| event(c, a)));
            let block = Block { function: 'N', packets };
            prop_assert_eq!(parse(&encode(&block)), Some(block));
        }

        #[test]
        fn random_text_never_panics(data in ".{0,60}") {
            let _ = parse(&data);
        }
    }
}
