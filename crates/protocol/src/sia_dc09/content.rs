//! What stands behind the opening bracket of a frame, in clear: data, extended data, stamp.
//!
//! ```text
//! #1234|Nri1/QA001][X001W07.2500][Y53N47.9200][TM]_10:20:30,03-14-2025
//! data             └ extended data, the first letter says what it is
//! ```
//!
//! A decrypted one has its padding before it. That ends at the first bar; where there is no data, some senders leave
//! the bar out and it ends at the bracket (a real frame does, vector R8).

use super::stamp::Stamp;
use crate::{Mode, sia_frame};

/// What a frame carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Between the brackets.
    pub data: String,
    /// In the order sent.
    pub extended: Vec<Extended>,
    /// Behind the last bracket.
    pub stamp: Stamp,
    /// Names of deviations that did not prevent reading.
    pub warnings: Vec<&'static str>,
}

/// One piece of extended data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extended {
    /// What it is.
    pub kind: char,
    /// What it says.
    pub text: String,
}

impl Content {
    /// Reads the clear text behind the opening bracket; none when nothing closes it.
    pub fn read(clear: &[u8]) -> Option<Content> {
        let (parts, mut warnings) = sia_frame::Content::read(clear, Mode::Tolerant).ok()?;
        let mut extended = Vec::new();
        for part in &parts.extended {
            match part.split_first() {
                Some((kind, text)) if kind.is_ascii_alphabetic() => {
                    extended.push(Extended { kind: char::from(*kind), text: words(text) });
                }
                _ => warnings.push("ExtendedData"),
            }
        }
        let stamp = parts.timestamp.map_or(Stamp::Missing, |stamp| Stamp::read(&words(&stamp)));
        if matches!(stamp, Stamp::Impossible(_)) {
            warnings.push("ImpossibleStamp");
        }
        Some(Content { data: words(&parts.data), extended, stamp, warnings })
    }

    /// Reads what was decrypted; none when it makes no sense, as with a wrong key. Also gives the length of the padding.
    pub fn read_padded(clear: &[u8]) -> Option<(Content, usize)> {
        let end = clear.iter().position(|byte| matches!(byte, b'|' | b']'))?;
        let behind = if clear.get(end) == Some(&b'|') { end.checked_add(1)? } else { end };
        let content = Content::read(clear.get(behind..)?)?;
        // A wrong key gives signs of its own, but no stamp; no stamp is outside the window as well.
        matches!(content.stamp, Stamp::At(_)).then_some((content, end))
    }

    /// As it is written behind the opening bracket; `stamp` without its underscore, empty for none.
    pub fn encode(data: &str, extended: &[Extended], stamp: &str) -> Vec<u8> {
        let part = |one: &Extended| latin1(&format!("{}{}", one.kind, one.text));
        sia_frame::Content {
            data: latin1(data),
            extended: extended.iter().map(part).collect(),
            timestamp: (!stamp.is_empty()).then(|| latin1(stamp)),
        }
        .bytes()
    }
}

/// Texts are ISO-8859-1 where they are not ASCII (A).
fn words(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The reverse; what has no place in that alphabet is a question mark.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STAMP: &str = "10:20:30,03-14-2025";

    #[test]
    fn kinds_texts_and_stamp() {
        let content = Content::read(&latin1(&format!("a][I K\u{fc}che][][TM]_{STAMP}"))).unwrap();
        let extended: Vec<(char, &str)> = content.extended.iter().map(|one| (one.kind, &*one.text)).collect();
        assert_eq!((&*content.data, extended), ("a", vec![('I', " K\u{fc}che"), ('T', "M")]));
        assert_eq!((content.stamp, content.warnings), (Stamp::read(STAMP), vec!["ExtendedData"]));
        assert_eq!(Content::read(b"a]_25:61:00,13-40-2025").unwrap().warnings, ["ImpossibleStamp"]);
        assert_eq!(Content::read(b"#1234|Nri1/QA001"), None);
    }

    #[test]
    fn padding_ends_at_the_first_sign() {
        for (clear, data, pad) in [
            (format!("ppp|#1234|Nri1/QA001]_{STAMP}"), "#1234|Nri1/QA001", 3),
            (format!("ppp|Nri1/QA001]_{STAMP}"), "Nri1/QA001", 3),
            (format!("ppp]_{STAMP}"), "", 3),
            (format!("ppp|]_{STAMP}"), "", 3),
            (format!("|#1|NYT]_{STAMP}"), "#1|NYT", 0),
        ] {
            let (content, length) = Content::read_padded(clear.as_bytes()).unwrap();
            assert_eq!((&*content.data, length), (data, pad), "{clear}");
        }
        for wrong in ["", "ppp", "ppp|data", "ppp|data]", "ppp|data]_10:20", "a\u{0}b"] {
            assert_eq!(Content::read_padded(wrong.as_bytes()), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(data in "(#[0-9A-F]{3,16}\\|[ -Z^a-z]{0,30})?", kinds in proptest::collection::vec(("[A-Z]", "[ -Z^-~]{0,12}"), 0..4), stamped in any::<bool>()) {
            let list: Vec<Extended> =
                kinds.into_iter().map(|(kind, text)| Extended { kind: kind.chars().next().unwrap(), text }).collect();
            let stamp = if stamped { STAMP } else { "" };
            let content = Content::read(&Content::encode(&data, &list, stamp)).unwrap();
            let expected = if stamped { Stamp::read(stamp) } else { Stamp::Missing };
            prop_assert_eq!((content.data, content.extended, content.stamp), (data, list, expected));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = (Content::read(&bytes), Content::read_padded(&bytes));
        }
    }
}
