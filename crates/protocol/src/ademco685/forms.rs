//! Decoding the forms. Every field is checked for alphabet and width, because the protocol has no checksum.

use super::{Body, Header, Line, LineError, Make};
use crate::contact_id::Qualifier;

/// What stands in place of an account when the hardware receiver speaks of itself (B).
const SOURCES: [&str; 3] = ["RCVA", "RCVB", "LINE"];

/// Reads one line of printable characters.
pub(super) fn line(text: &str, make: Make) -> Result<Line, LineError> {
    if let Some(header) = heartbeat(text) {
        return Ok(Line { header: header?, body: Body::Heartbeat });
    }
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let (head, account, rest) = match fields.as_slice() {
        [] => return Err(LineError::Empty),
        [one] if make == Make::Cp220 && one.len() == 8 => return compact(one),
        [head, account, rest @ ..] => (head, account, rest),
        [_] => return Err(LineError::UnknownForm),
    };
    let body = match rest {
        ["18" | "98", event, group, zone] => contact_id(account, event, group, zone)?,
        [one, two, auxiliary] if one.len() == 4 && two.len() == 4 => high_speed(account, one, two, auxiliary)?,
        [event, zone] if event.len() == 1 && zone.len() == 1 => pulse_zone(account, event, zone, false)?,
        [both] if both.len() == 2 => {
            let (event, zone) = both.split_at_checked(1).unwrap_or_default();
            pulse_zone(account, event, zone, true)?
        }
        [number] if make == Make::Cp220 && number.len() == 3 => combined(account, number)?,
        [event] if event.len() == 1 => {
            Body::Pulse { account: account_of(account)?, event: one(event, "event", is_digit)? }
        }
        _ => return Err(LineError::UnknownForm),
    };
    Ok(Line { header: Some(header(head)?), body })
}

/// The link check: the word OKAY and an @ (A); digits before it and blanks differ by make, so none is asked for.
fn heartbeat(text: &str) -> Option<Result<Option<Header>, LineError>> {
    let (before, after) = text.split_once("OKAY")?;
    if after.trim() != "@" {
        return Some(Err(LineError::BadField { field: "link check" }));
    }
    match before.trim() {
        "" => Some(Ok(None)),
        head => Some(header(head).map(Some)),
    }
}

/// R and G: a digit each on a 685, 0 to Z on a CP-220 (B).
fn header(text: &str) -> Result<Header, LineError> {
    const CHARACTERS_MAX: usize = 8;
    let known = text.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    match text.split_at_checked(1) {
        Some((receiver, line)) if known && !line.is_empty() && text.len() <= CHARACTERS_MAX => {
            Ok(Header { receiver: receiver.to_owned(), line: line.to_owned() })
        }
        _ => Err(LineError::BadField { field: "header" }),
    }
}

/// Letters count on from ten in the number, so the largest is F and F.
fn combined(account: &str, number: &str) -> Result<Body, LineError> {
    let digits = Some(number).filter(|number| number.bytes().all(|digit| digit.is_ascii_digit()));
    let number = digits.and_then(|number| number.parse().ok()).ok_or(LineError::BadField { field: "number" })?;
    Ok(Body::Combined { account: account_of(account)?, number })
}

fn compact(text: &str) -> Result<Line, LineError> {
    let (head, rest) = text.split_at_checked(2).ok_or(LineError::UnknownForm)?;
    let (account, code) = rest.split_at_checked(4).ok_or(LineError::UnknownForm)?;
    let (account, code) = (account_of(account)?, all(code, "code", 2, is_digit)?);
    Ok(Line { header: Some(header(head)?), body: Body::Compact { account, code } })
}

fn pulse_zone(account: &str, event: &str, zone: &str, together: bool) -> Result<Body, LineError> {
    let (event, zone) = (one(event, "event", is_digit)?, one(zone, "zone", is_digit)?);
    Ok(Body::PulseZone { account: account_of(account)?, event, zone, together })
}

fn high_speed(account: &str, first: &str, second: &str, auxiliary: &str) -> Result<Body, LineError> {
    let channels = format!("{}{}", all(first, "channels", 4, is_value)?, all(second, "channels", 4, is_value)?);
    let auxiliary = one(auxiliary, "auxiliary", is_value)?;
    if SOURCES.contains(&account) {
        return Ok(Body::Own { source: account.to_owned(), channels, auxiliary });
    }
    Ok(Body::HighSpeed { account: account_of(account)?, channels, auxiliary })
}

fn contact_id(account: &str, event: &str, group: &str, zone: &str) -> Result<Body, LineError> {
    let (qualifier, code) = event.split_at_checked(1).unwrap_or_default();
    let qualifier = qualifier.chars().next().and_then(Qualifier::from_char);
    let (kind, number) = zone.split_at_checked(1).unwrap_or_default();
    Ok(Body::ContactId {
        account: account_of(account)?,
        qualifier: qualifier.ok_or(LineError::BadField { field: "qualifier" })?,
        code: all(code, "code", 3, is_digit)?,
        group: all(group, "group", 2, is_digit)?,
        kind: one(kind, "kind", |c| matches!(c, 'C' | 'U'))?,
        zone: all(number, "zone", 3, is_digit)?,
    })
}

fn account_of(text: &str) -> Result<String, LineError> {
    all(text, "account", 4, is_digit)
}

fn all(text: &str, field: &'static str, width: usize, known: fn(char) -> bool) -> Result<String, LineError> {
    let right = text.len() == width && text.chars().all(known);
    if right { Ok(text.to_owned()) } else { Err(LineError::BadField { field }) }
}

fn one(text: &str, field: &'static str, known: fn(char) -> bool) -> Result<char, LineError> {
    let mut characters = text.chars();
    match (characters.next().filter(|c| known(*c)), characters.next()) {
        (Some(character), None) => Ok(character),
        _ => Err(LineError::BadField { field }),
    }
}

/// A hex digit, or one that could not be read. DTMF digit A comes as 0 (B).
fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | 'A'..='F' | 'X')
}

/// A channel's value, or one that could not be read.
fn is_value(c: char) -> bool {
    matches!(c, '0'..='9' | 'X')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_other_makes_only() {
        let body = |text: &str| line(text, Make::Cp220).map(|line| line.body);
        let account = || "3456".to_owned();
        assert_eq!(body("11 3456 244"), Ok(Body::Combined { account: account(), number: 244 }));
        assert_eq!(body("11 3456 256"), Err(LineError::BadField { field: "number" }));
        assert_eq!(body("11 3456 +24"), Err(LineError::BadField { field: "number" }));
        assert_eq!(body("113456A3"), Ok(Body::Compact { account: account(), code: "A3".into() }));
        assert_eq!(body("113456G3"), Err(LineError::BadField { field: "code" }));
        assert_eq!(body("1134563"), Err(LineError::UnknownForm));
        for text in ["11 3456 244", "113456A3"] {
            assert_eq!(line(text, Make::Ademco685), Err(LineError::UnknownForm), "{text}");
        }
    }

    #[test]
    fn fields_are_checked_for_alphabet_and_width() {
        let field = |field| Err(LineError::BadField { field });
        for (text, expected) in [
            ("", Err(LineError::Empty)),
            ("11", Err(LineError::UnknownForm)),
            ("11 1234", Err(LineError::UnknownForm)),
            ("11 1234 18 E101 00", Err(LineError::UnknownForm)),
            ("11 1234 19 E101 00 C001", Err(LineError::UnknownForm)),
            ("1 1234 3", field("header")),
            ("1- 1234 3", field("header")),
            ("11 123 3", field("account")),
            ("11 12G4 3", field("account")),
            ("11 1234 G", field("event")),
            ("11 1234 5 Z", field("zone")),
            ("11 1234 155 5555 7", Err(LineError::UnknownForm)),
            ("11 1234 1A55 5555 7", field("channels")),
            ("11 1234 1555 5555 77", field("auxiliary")),
            ("11 RCVC 1555 5555 7", field("account")),
            ("11 RCVA 3", field("account")),
            ("11 4321 18 Z101 00 C001", field("qualifier")),
            ("11 4321 18 E10 00 C001", field("code")),
            ("11 4321 18 E101 0 C001", field("group")),
            ("11 4321 18 E101 00 D001", field("kind")),
            ("11 4321 18 E101 00 C01", field("zone")),
            ("00 OKAY", field("link check")),
            ("00 OKAY @ 1", field("link check")),
        ] {
            assert_eq!(line(text, Make::Ademco685).map(|line| line.body), expected, "{text:?}");
        }
    }

    #[test]
    fn link_checks_differ_by_make() {
        for (text, head) in
            [("00 OKAY @", Some("00")), ("1A OKAY @ ", Some("1A")), ("OKAY@", None), ("11OKAY @", Some("11"))]
        {
            let line = line(text, Make::Ademco685).unwrap();
            assert_eq!(line.body, Body::Heartbeat, "{text}");
            assert_eq!(line.header.map(|head| head.receiver + &head.line).as_deref(), head, "{text}");
        }
    }
}
