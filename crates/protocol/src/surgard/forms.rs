//! Decoding the forms. One function per layout; every field is checked for alphabet and width, because the
//! protocol has no checksum.
//!
//! Fixed-length forms are 17 characters and the header, so the header's width follows from the length. Where
//! header and account touch (forms 8 and 4) only the configured width is believed. Confidence C, arithmetic
//! over the printed layouts.

use nom::branch::alt;
use nom::bytes::complete::{tag, take, take_while_m_n, take_while1};
use nom::character::complete::{char, one_of, satisfy, space1};
use nom::combinator::{map_opt, rest, verify};
use nom::error::{ContextError, ErrorKind, ParseError, context};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::read::HEADER_DIGITS;
use super::{Body, Header, Line, LineError, Make};
use crate::contact_id::Qualifier;
use crate::sia;

/// Characters of a fixed-length form without its header.
pub(super) const FIXED_CHARACTERS: usize = 17;

/// Names the field that could not be read: the innermost context wins.
#[derive(Debug, PartialEq)]
struct Field(Option<&'static str>);

impl<I> ParseError<I> for Field {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        Field(None)
    }

    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl<I> ContextError<I> for Field {
    fn add_context(_: I, field: &'static str, other: Self) -> Self {
        Field(other.0.or(Some(field)))
    }
}

type Parsed<'a, T> = IResult<&'a str, T, Field>;

/// Reads one line of printable characters; also tells the width of its header.
///
/// With `any_width` a header of another width than `header_digits` is accepted where the layout leaves no
/// doubt about it.
pub(super) fn line(text: &str, make: Make, header_digits: usize, any_width: bool) -> Result<(Line, usize), LineError> {
    let form = text.chars().next().ok_or(LineError::Empty)?;
    let fixed = |characters: usize, any_width: bool| {
        let expected = header_digits.saturating_add(characters);
        let got = text.len();
        let width = got.saturating_sub(characters);
        let right = got == expected || (any_width && HEADER_DIGITS.contains(&width));
        if right { Ok(width) } else { Err(LineError::WrongLength { expected, got }) }
    };
    let parsed = match form {
        'S' => bracketed(text, form),
        '9' => acron(text, fixed(FIXED_CHARACTERS.saturating_add(1), any_width)?),
        '1' if make == Make::Radionics6500 => status(text, fixed(FIXED_CHARACTERS, any_width)?),
        'a' if make == Make::Radionics6500 => contact_id(text, make, fixed(FIXED_CHARACTERS, any_width)?),
        _ if make == Make::Radionics6500 => undecoded(text, form, header_digits)?,
        '1' => basic(text, fixed(FIXED_CHARACTERS, any_width)?),
        '3' => sia_event(text, fixed(FIXED_CHARACTERS, any_width)?),
        '5' => contact_id(text, make, fixed(FIXED_CHARACTERS, any_width)?),
        '6' => bfsk(text, fixed(FIXED_CHARACTERS, any_width)?),
        'C' => fsk2(text, fixed(FIXED_CHARACTERS, any_width)?),
        '8' => high_speed(text, header_digits),
        '4' if text.len() == FIXED_CHARACTERS.saturating_add(5) => caller_number(text, 5),
        '4' => caller_number(text, fixed(FIXED_CHARACTERS, any_width)?),
        '0' => bracketed(text, form),
        'T' | 'G' => spaced(text, form),
        'U' | 'u' => caller(text, header_digits),
        _ => return Err(LineError::UnknownForm),
    };
    let (tail, line) = parsed.map_err(|error| match error {
        nom::Err::Error(field) | nom::Err::Failure(field) => LineError::BadField { field: field.0.unwrap_or("line") },
        nom::Err::Incomplete(_) => LineError::BadField { field: "line" },
    })?;
    if !tail.is_empty() {
        return Err(LineError::BadField { field: "end" });
    }
    let receiver = line.header.as_ref().map_or("", |header| &header.receiver);
    if make == Make::Radionics6500 && !receiver.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(LineError::BadField { field: "header" });
    }
    let width = line.header.as_ref().map_or(header_digits, Header::width);
    // The forms that newer receivers write with three line digits by their own layout are no deviation.
    let own_layout = matches!(form, '0' | '4') && width == 5;
    if width != header_digits && !own_layout && !any_width {
        let shift = text.len().saturating_sub(width);
        return Err(LineError::WrongLength { expected: shift.saturating_add(header_digits), got: text.len() });
    }
    Ok((line, if own_layout { header_digits } else { width }))
}

impl Header {
    fn width(&self) -> usize {
        self.receiver.len().saturating_add(self.line.len())
    }
}

fn basic(text: &str, width: usize) -> Parsed<'_, Line> {
    let (tail, header) = header(text, '1', width)?;
    if tail.len() == 16 && tail.trim_matches(' ') == "@" && tail.find('@') == Some(11) {
        return Ok(("", Line { header: Some(header), body: Body::Heartbeat }));
    }
    let letter = context("event", satisfy(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' '));
    let group = context("group", satisfy(|c| is_hex(c) || c == ' '));
    let (tail, (account, _, letter, group, zone)) =
        (|i| padded(i, "account", 10), tag(" "), letter, group, |i| blank_or_padded(i, "zone", 3)).parse(tail)?;
    let group = if group == ' ' { String::new() } else { group.to_string() };
    Ok((tail, Line { header: Some(header), body: Body::Basic { account, letter, group, zone } }))
}

fn contact_id(text: &str, make: Make, width: usize) -> Parsed<'_, Line> {
    let before = make == Make::Radionics6500;
    let (tail, header) = header(text, if before { 'a' } else { '5' }, width)?;
    // The account stands behind the message type, and before it on a Radionics.
    let (tail, first) = if before {
        let (tail, account) = preceded(context("account", char(' ')), |i| hex(i, "account", 4)).parse(tail)?;
        (tail, Some(account))
    } else {
        (context("message type", char(' ')).parse(tail)?.0, None)
    };
    // 98 is the optional alias of 18 (confidence A).
    let message_type = context("message type", alt((tag("18"), tag("98"))));
    let qualifier =
        context("qualifier", map_opt(take(1usize), |q: &str| q.chars().next().and_then(Qualifier::from_char)));
    let account = |i| match &first {
        Some(account) => Ok((i, account.clone())),
        None => hex(i, "account", 4),
    };
    let (tail, (_, account, qualifier, code, group, zone)) =
        (message_type, account, qualifier, |i| hex(i, "code", 3), |i| hex(i, "group", 2), |i| hex(i, "zone", 3))
            .parse(tail)?;
    Ok((tail, Line { header: Some(header), body: Body::ContactId { account, qualifier, code, group, zone } }))
}

fn status(text: &str, width: usize) -> Parsed<'_, Line> {
    if let Ok((tail, line)) = basic(text, width)
        && line.body == Body::Heartbeat
    {
        return Ok((tail, line));
    }
    let (tail, header) = header(text, '1', width)?;
    let (tail, (account, status)) = (|i| padded(i, "account", 10), |i| two(i, "status")).parse(tail)?;
    let (tail, (group, zone)) = if status.starts_with(' ') {
        let group = context("group", satisfy(|c| is_hex(c) || c == ' '));
        let (tail, (group, zone)) = (group, |i| blank_or_padded(i, "zone", 3)).parse(tail)?;
        (tail, (if group == ' ' { String::new() } else { group.to_string() }, zone))
    } else {
        let (tail, zone) = blank_or_padded(tail, "zone", 4)?;
        (tail, (String::new(), zone))
    };
    Ok((tail, Line { header: Some(header), body: Body::Status { account, status, group, zone } }))
}

/// Forms of a Radionics that its manual names and whose layout is not known (B).
fn undecoded(text: &str, form: char, width: usize) -> Result<Parsed<'_, Line>, LineError> {
    if !"kjbcN".contains(form) {
        return Err(LineError::UnknownForm);
    }
    Ok(header(text, form, width).map(|(text, header)| {
        let body = Body::Undecoded { form, text: text.to_owned() };
        ("", Line { header: Some(header), body })
    }))
}

fn sia_event(text: &str, width: usize) -> Parsed<'_, Line> {
    let (tail, header) = header(text, '3', width)?;
    let code = context("code", take_while_m_n(2, 2, |c: char| c.is_ascii_uppercase()));
    let (tail, (account, code, address)) =
        (|i| padded(i, "account", 10), code, |i| blank_or_padded(i, "address", 4)).parse(tail)?;
    Ok((tail, Line { header: Some(header), body: Body::Sia { account, code: code.to_owned(), address } }))
}

fn bfsk(text: &str, width: usize) -> Parsed<'_, Line> {
    let (tail, header) = header(text, '6', width)?;
    let (tail, (account, code, zone)) =
        (|i| padded(i, "account", 10), |i| two(i, "code"), |i| blank_or_padded(i, "zone", 4)).parse(tail)?;
    Ok((tail, Line { header: Some(header), body: Body::Bfsk { account, code, zone } }))
}

fn fsk2(text: &str, width: usize) -> Parsed<'_, Line> {
    let (tail, header) = header(text, 'C', width)?;
    let (tail, (account, code, zone)) =
        (|i| padded(i, "account", 10), |i| two(i, "code"), |i| blank_or_padded(i, "zone", 2)).parse(tail)?;
    let (tail, _) = context("end", tag("  ")).parse(tail)?;
    Ok((tail, Line { header: Some(header), body: Body::Fsk2 { account, code, zone } }))
}

/// Two prints of one layout: `AAAAsCCCCsCCCCsC` and `AAAAAAsCCCCCCCCsA`, told apart by length.
fn high_speed(text: &str, width: usize) -> Parsed<'_, Line> {
    let (tail, header) = header(text, '8', width)?;
    let auxiliary = context("auxiliary", satisfy(|c| c.is_ascii_digit()));
    let channels = |input, width| digits(input, "channels", width);
    let (tail, account, channels, auxiliary) = if tail.len() == 16 {
        let groups = (|i| channels(i, 4), tag(" "), |i| channels(i, 4));
        let (tail, (account, _, (first, _, second), _, auxiliary)) =
            (|i| hex(i, "account", 4), tag(" "), groups, tag(" "), auxiliary).parse(tail)?;
        (tail, account, format!("{first}{second}"), auxiliary)
    } else {
        let (tail, (account, _, channels, _, auxiliary)) =
            (|i| hex(i, "account", 6), tag(" "), |i| channels(i, 8), tag(" "), auxiliary).parse(tail)?;
        (tail, account, channels, auxiliary)
    };
    Ok((tail, Line { header: Some(header), body: Body::HighSpeed { account, channels, auxiliary } }))
}

fn acron(text: &str, width: usize) -> Parsed<'_, Line> {
    let (tail, header) = header(text, '9', width)?;
    let channels = context("channels", take_while_m_n(8, 8, |c: char| c.is_ascii_digit()));
    let (tail, (account, _, channels)) = (|i| padded(i, "account", 8), tag(" "), channels).parse(tail)?;
    Ok((tail, Line { header: Some(header), body: Body::Acron { account, channels: channels.to_owned() } }))
}

fn bracketed(text: &str, form: char) -> Parsed<'_, Line> {
    let (tail, header) = header_before(text, form, '[')?;
    let account = context("account", take_while_m_n(1, 16, is_hex));
    let (tail, account) = context("account", delimited(tag("[#"), account, char('|'))).parse(tail)?;
    let data = |tail: &str| sia::parse(tail.strip_suffix(']')?);
    let (tail, block) = context("data", map_opt(rest, data)).parse(tail)?;
    let account = account.to_owned();
    let body = if form == 'S' { Body::SiaBlock { account, block } } else { Body::Own { account, block } };
    Ok((tail, Line { header: Some(header), body }))
}

/// Telenot and CESA: the manuals print different numbers of blanks, so blanks only separate.
fn spaced(text: &str, form: char) -> Parsed<'_, Line> {
    let (tail, header) = header_before(text, form, ' ')?;
    let account = context("account", take_while_m_n(1, 6, is_hex));
    let letter = context("event", satisfy(|c| c.is_ascii_uppercase() || c.is_ascii_digit()));
    let (tail, (_, account, _, letter, _, zone)) =
        (space1, account, space1, letter, space1, |i| hex(i, "zone", 2)).parse(tail)?;
    let account = account.to_owned();
    let body = if form == 'T' { Body::Telenot { account, letter, zone } } else { Body::Cesa { account, letter, zone } };
    Ok((tail, Line { header: Some(header), body }))
}

/// Account of 6, then ten digits of telephone number, blank- or F-filled. Confidence B.
fn caller_number(text: &str, width: usize) -> Parsed<'_, Line> {
    let (tail, header) = header(text, '4', width)?;
    let number = context("number", map_opt(take(10usize), telephone_number));
    let (tail, (account, number)) = (|i| padded(i, "account", 6), number).parse(tail)?;
    Ok((tail, Line { header: Some(header), body: Body::CallerNumber { account, number } }))
}

/// `U` or `u` and 18 characters; a header between them is read if it is there (not documented either way).
fn caller(text: &str, header_digits: usize) -> Parsed<'_, Line> {
    const CALLER_CHARACTERS: usize = 18;
    let (tail, form) = one_of("Uu").parse(text)?;
    let headed = tail.len() == CALLER_CHARACTERS.saturating_add(header_digits);
    let (tail, header) = if headed {
        let (tail, header) = header(text, form, header_digits)?;
        (tail, Some(header))
    } else {
        (tail, None)
    };
    let (tail, body) = match form {
        'U' => {
            let number = map_opt(take(CALLER_CHARACTERS), telephone_number);
            let (tail, number) = context("number", number).parse(tail)?;
            (tail, Body::InternationalNumber { number })
        }
        _ => {
            let name = verify(take(CALLER_CHARACTERS), |name: &str| !name.trim().is_empty());
            let (tail, name): (_, &str) = context("name", name).parse(tail)?;
            (tail, Body::CallerName { name: name.trim().to_owned() })
        }
    };
    Ok((tail, Line { header, body }))
}

fn header(text: &str, form: char, width: usize) -> Parsed<'_, Header> {
    let line = width.saturating_sub(2);
    let fields = (
        take_while_m_n(2, 2, is_hex),
        take_while_m_n(line, line, |c: char| c.is_ascii_uppercase() || c.is_ascii_digit()),
    );
    let (tail, (receiver, line)) = context("header", preceded(char(form), fields)).parse(text)?;
    Ok((tail, Header { receiver: receiver.to_owned(), line: line.to_owned() }))
}

/// A header that ends where `delimiter` stands.
fn header_before(text: &str, form: char, delimiter: char) -> Parsed<'_, Header> {
    let width = text.find(delimiter).unwrap_or(0).saturating_sub(1);
    if !HEADER_DIGITS.contains(&width) {
        return Err(nom::Err::Error(Field(Some("header"))));
    }
    header(text, form, width)
}

fn hex<'a>(input: &'a str, field: &'static str, width: usize) -> Parsed<'a, String> {
    let (tail, digits) = context(field, take_while_m_n(width, width, is_hex)).parse(input)?;
    Ok((tail, digits.to_owned()))
}

fn digits<'a>(input: &'a str, field: &'static str, width: usize) -> Parsed<'a, String> {
    let (tail, digits) = context(field, take_while_m_n(width, width, |c: char| c.is_ascii_digit())).parse(input)?;
    Ok((tail, digits.to_owned()))
}

/// Right-aligned hex digits, blanks before them, at least one digit.
fn padded<'a>(input: &'a str, field: &'static str, width: usize) -> Parsed<'a, String> {
    let (tail, text) = blank_or_padded(input, field, width)?;
    if text.is_empty() { Err(nom::Err::Error(Field(Some(field)))) } else { Ok((tail, text)) }
}

fn blank_or_padded<'a>(input: &'a str, field: &'static str, width: usize) -> Parsed<'a, String> {
    let all_hex =
        |cells: &str| Some(cells.trim_start_matches(' ')).filter(|text| text.chars().all(is_hex)).map(str::to_owned);
    context(field, map_opt(take(width), all_hex)).parse(input)
}

/// Two characters of a code, letters, digits or blanks, not both blank.
fn two<'a>(input: &'a str, field: &'static str) -> Parsed<'a, String> {
    let known = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ';
    let (tail, code) =
        context(field, verify(take_while_m_n(2, 2, known), |code: &str| !code.trim().is_empty())).parse(input)?;
    Ok((tail, code.to_owned()))
}

fn telephone_number(cells: &str) -> Option<String> {
    let number = cells.trim_matches([' ', 'F']);
    let digits: Parsed<'_, &str> =
        terminated(take_while1(|c: char| c.is_ascii_digit()), nom::combinator::eof).parse(number);
    digits.ok().map(|(_, number)| number.to_owned())
}

fn is_hex(c: char) -> bool {
    matches!(c, '0'..='9' | 'A'..='F')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Result<Body, LineError> {
        line(text, Make::SurGard, 3, false).map(|(line, _)| line.body)
    }

    #[test]
    fn fields_are_checked_for_alphabet_and_width() {
        let field = |field| Err(LineError::BadField { field });
        for (text, expected) in [
            ("50G1 181234E12101001", field("header")),
            ("5011 191234E12101001", field("message type")),
            ("5011 1812Z4E12101001", field("account")),
            ("5011 181234X12101001", field("qualifier")),
            ("5011 181234E1?101001", field("code")),
            ("5011 181234E12101 01", field("zone")),
            ("5011 181234E121010", Err(LineError::WrongLength { expected: 20, got: 18 })),
            ("1012           C1128", field("account")),
            ("1012  1   0012 C1128", field("account")),
            ("1012      0012 c1128", field("event")),
            ("1012      0012 @1128", field("event")),
            ("3013    001234mA0003", field("code")),
            ("80121234 1X55 5555 7", field("channels")),
            ("S013#1234|Nri1QA01]", field("header")),
            ("S013[#1234|Nri1QA01", field("data")),
            ("S013[#|Nri1QA01]", field("account")),
            ("T011    001234 AA 01", field("line")),
            ("", Err(LineError::Empty)),
            ("Z99??", Err(LineError::UnknownForm)),
        ] {
            assert_eq!(body(text), expected, "{text:?}");
        }
    }

    #[test]
    fn both_prints_of_high_speed() {
        let long = Body::HighSpeed { account: "001234".into(), channels: "15555555".into(), auxiliary: '7' };
        assert_eq!(body("8012001234 15555555 7"), Ok(long));
        let short = Body::HighSpeed { account: "1234".into(), channels: "15555555".into(), auxiliary: '7' };
        assert_eq!(body("80121234 1555 5555 7"), Ok(short));
    }

    #[test]
    fn caller_lines_drop_their_filling() {
        let number = |number: &str| Ok(Body::InternationalNumber { number: number.into() });
        assert_eq!(body("U441632960123FFFFFF"), number("441632960123"));
        assert_eq!(body("U012441632960123FFFFFF"), number("441632960123"));
        assert_eq!(body("uMrs A Example      "), Err(LineError::BadField { field: "end" }));
        assert_eq!(body("uMrs A Example     "), Ok(Body::CallerName { name: "Mrs A Example".into() }));
        let known = Body::CallerNumber { account: "001234".into(), number: "2025550123".into() };
        assert_eq!(body("4020030012342025550123"), Ok(known));
    }
}
