//! What stands between the length and the opening bracket. Texts are kept as sent, because the answer repeats
//! them and a unit refuses one that differs (A).

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::char;
use nom::combinator::{all_consuming, map, opt, rest, value};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::FrameError;
use crate::Mode;

/// The highest sequence; 0001 follows it.
pub const SEQUENCE_MAX: u16 = 9999;

/// The token of a frame that has a tab in its place: a link test in the computer interface mode of a Bosch D6600 (B).
pub const TAB: &str = "\t";

/// The head of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Whether the content is enciphered.
    pub enciphered: bool,
    /// What the data is: `SIA-DCS`, `ADM-CID`, `NULL`, `ACK`...; or [`TAB`].
    pub token: String,
    /// 0 to 9999.
    pub sequence: u16,
    /// Who sends, and about whom.
    pub address: Address,
}

/// Receiver, line and account, as far as the sender writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The digits after R; none where there is no R.
    pub receiver: Option<String>,
    /// The digits after L, which may be none at all; `None` where there is no L.
    pub line: Option<String>,
    /// The characters after #; none where there is no #.
    pub account: Option<String>,
    /// Receiver and line are two digits each without their letters, as a Bosch D6600 writes them (B).
    pub bare: bool,
}

impl Head {
    /// Reads the text between the length and the opening bracket, with the names of deviations.
    pub(super) fn read(bytes: &[u8], mode: Mode) -> Result<(Head, Vec<&'static str>), FrameError> {
        let bad = |field| FrameError::BadField { field };
        let text =
            std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|b| b == b'\t' || matches!(b, b' '..=b'~')));
        let text = text.ok_or(bad("head"))?;
        let (text, (enciphered, token)) = token(text).map_err(|_| bad("token"))?;
        let (text, sequence) = sequence(text).map_err(|_| bad("sequence"))?;
        let (_, address) = address(text).map_err(|_| bad("address"))?;
        let warnings = address.deviations();
        if mode == Mode::Strict
            && let Some(field) = warnings.first()
        {
            return Err(bad(field));
        }
        Ok((Head { enciphered, token: token.to_owned(), sequence, address }, warnings))
    }

    /// The text between the length and the opening bracket.
    pub(super) fn text(&self) -> String {
        let mark = if self.enciphered { "*" } else { "" };
        let token = if self.token == TAB { TAB.to_owned() } else { format!("\"{mark}{}\"", self.token) };
        format!("{token}{:04}{}", self.sequence, self.address.text())
    }
}

impl Address {
    fn text(&self) -> String {
        let part = |letter: &str, text: &Option<String>| match text {
            Some(text) => format!("{letter}{text}"),
            None => String::new(),
        };
        let (r, l) = if self.bare { ("", "") } else { ("R", "L") };
        format!("{}{}{}", part(r, &self.receiver), part(l, &self.line), part("#", &self.account))
    }

    /// What leaves no doubt about who is meant but is not as the layout has it.
    fn deviations(&self) -> Vec<&'static str> {
        let wide = |number: &Option<String>| number.as_ref().is_some_and(|digits| digits.len() > 6);
        let no_line = self.line.as_ref().is_none_or(String::is_empty);
        let odd_account = self.account.as_ref().is_some_and(|account| {
            !(3..=16).contains(&account.len()) || !account.bytes().all(|b| b.is_ascii_hexdigit())
        });
        let mut found = Vec::new();
        found.extend((wide(&self.receiver) || wide(&self.line)).then_some("NumberWidth"));
        found.extend(no_line.then_some("NoLine"));
        found.extend(odd_account.then_some("AccountWidth"));
        found
    }
}

fn token(input: &str) -> IResult<&str, (bool, &str)> {
    let name = take_while1(|c: char| c != '"' && c != '*');
    let quoted = delimited(char('"'), (map(opt(char('*')), |mark| mark.is_some()), name), char('"'));
    alt((quoted, value((false, TAB), tag(TAB)))).parse(input)
}

fn sequence(input: &str) -> IResult<&str, u16> {
    let digits = take_while_m_n(4, 4, |c: char| c.is_ascii_digit());
    nom::combinator::map_res(digits, |digits: &str| digits.parse::<u16>()).parse(input)
}

fn address(input: &str) -> IResult<&str, Address> {
    let hex = |letter| preceded(char(letter), take_while(|c: char| c.is_ascii_hexdigit()));
    let number = |letter| opt(map(hex(letter), str::to_owned));
    let account = |input| opt(map(preceded(char('#'), rest), str::to_owned)).parse(input);
    let receiver = opt(map(preceded(char('R'), take_while1(|c: char| c.is_ascii_hexdigit())), str::to_owned));
    let lettered = map((receiver, number('L'), account), |(receiver, line, account)| Address {
        receiver,
        line,
        account,
        bare: false,
    });
    let two = || take_while_m_n(2, 2, |c: char| c.is_ascii_digit());
    let bare = map((two(), two(), account), |(receiver, line, account)| Address {
        receiver: Some(receiver.to_owned()),
        line: Some(line.to_owned()),
        account,
        bare: true,
    });
    alt((all_consuming(bare), all_consuming(lettered))).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<(Head, Vec<&'static str>), FrameError> {
        Head::read(text.as_bytes(), Mode::Tolerant)
    }

    #[test]
    fn addresses_as_sent() {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        for (text, receiver, line, account, warnings) in [
            ("\"SIA-DCS\"0001L0#1234", None, Some("0"), Some("1234"), &[][..]),
            ("\"SIA-DCS\"9999R0F3L77#ABCDEF0123456789", Some("0F3"), Some("77"), Some("ABCDEF0123456789"), &[]),
            ("\"NULL\"0001L#7303658550", None, Some(""), Some("7303658550"), &["NoLine"]),
            ("\"SIA-DCS\"0034#1234", None, None, Some("1234"), &["NoLine"]),
            ("\"SIA-DCS\"0031L0#12", None, Some("0"), Some("12"), &["AccountWidth"]),
            ("\"SIA-DCS\"0031L0#G1234", None, Some("0"), Some("G1234"), &["AccountWidth"]),
            ("\"SIA-DCS\"0001R1L1", Some("1"), Some("1"), None, &[]),
            ("\t00000103", Some("01"), Some("03"), None, &[]),
            ("\"*SIA-DCS\"0001L0000001#1234", None, Some("0000001"), Some("1234"), &["NumberWidth"]),
        ] {
            let (head, found) = head(text).unwrap();
            let got = (head.address.receiver.clone(), head.address.line.clone(), head.address.account.clone());
            assert_eq!(got, (owned(receiver), owned(line), owned(account)), "{text}");
            assert_eq!(found, warnings, "{text}");
            assert_eq!(head.text(), text);
            assert_eq!(Head::read(text.as_bytes(), Mode::Strict).is_ok(), warnings.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_no_head() {
        for (text, field) in [
            ("SIA-DCS0001L0", "token"),
            ("\"\"0001L0", "token"),
            ("\"SIA-DCS\"00A1L0#1234", "sequence"),
            ("\"ACK\"0000NoneL0#1409", "address"),
            ("\"SIA-DCS\"0001RL0", "address"),
            ("\"SIA-DCS\"0001L0 #1234", "address"),
            ("\"SIA\u{7f}\"0001L0", "head"),
        ] {
            assert_eq!(head(text), Err(FrameError::BadField { field }), "{text}");
        }
    }
}
