//! What stands after the opening bracket: data, extended data, timestamp; raw, because vendors' texts are in any
//! character set and because an enciphered content is only this once it is deciphered.

use super::FrameError;
use crate::Mode;

/// The parts of a content in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Between the first bracket and the one that closes it.
    pub data: Vec<u8>,
    /// What each pair of brackets after it holds; the first character is its type.
    pub extended: Vec<Vec<u8>>,
    /// What follows the underscore after the last bracket.
    pub timestamp: Option<Vec<u8>>,
}

impl Content {
    /// Takes a content apart, from the byte after the opening bracket to the byte before CR, with the names of
    /// deviations. Padding before an enciphered one is the caller's to take off.
    ///
    /// A bracket within a text (a list in JSON) is none of the frame's: the frame's own stands before another
    /// opening one, the underscore of the timestamp, or the end.
    pub fn read(bytes: &[u8], mode: Mode) -> Result<(Content, Vec<&'static str>), FrameError> {
        let bad = |field| FrameError::BadField { field };
        let (data, mut rest) = bracketed(bytes).ok_or(bad("data"))?;
        let mut content = Content { data: data.to_vec(), ..Content::default() };
        while let Some((extended, tail)) =
            rest.strip_prefix(b"[").map(bracketed).map(|found| found.ok_or(bad("extended"))).transpose()?
        {
            content.extended.push(extended.to_vec());
            rest = tail;
        }
        let mut warnings = Vec::new();
        match rest.split_first() {
            None => {}
            Some((b'_', stamp)) => content.timestamp = Some(stamp.to_vec()),
            Some(_) if mode == Mode::Strict => return Err(bad("timestamp")),
            Some(_) => {
                warnings.push("Timestamp");
                content.timestamp = Some(rest.to_vec());
            }
        }
        Ok((content, warnings))
    }

    /// The bytes from the one after the opening bracket to the one before CR.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.data.clone();
        bytes.push(b']');
        for extended in &self.extended {
            bytes.push(b'[');
            bytes.extend(extended);
            bytes.push(b']');
        }
        if let Some(stamp) = &self.timestamp {
            bytes.push(b'_');
            bytes.extend(stamp);
        }
        bytes
    }
}

/// The text before the bracket that closes it, and what follows that bracket.
fn bracketed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let closes = |at: &usize| matches!(bytes.get(at.saturating_add(1)), None | Some(b'[' | b'_'));
    let mut brackets = bytes.iter().enumerate().filter(|(_, byte)| **byte == b']').map(|(at, _)| at);
    // Text after the last bracket is no timestamp, but the data before it is whole.
    let at = brackets.clone().find(closes).or_else(|| brackets.next_back())?;
    Some((bytes.get(..at)?, bytes.get(at.saturating_add(1)..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(data: &str, extended: &[&str], timestamp: Option<&str>) -> Content {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Content {
            data: bytes(data),
            extended: extended.iter().copied().map(bytes).collect(),
            timestamp: timestamp.map(bytes),
        }
    }

    #[test]
    fn parts_of_a_content() {
        let check = |text: &str, expected: Content, warnings: &[&str]| {
            let (found, told) = Content::read(text.as_bytes(), Mode::Tolerant).unwrap();
            assert_eq!((&found, told.as_slice()), (&expected, warnings), "{text}");
            assert_eq!(found.bytes() == text.as_bytes(), warnings.is_empty(), "{text}");
        };
        check("]", content("", &[], None), &[]);
        check(
            "#1234|Nri1/QA001]_10:20:30,03-14-2025",
            content("#1234|Nri1/QA001", &[], Some("10:20:30,03-14-2025")),
            &[],
        );
        check("#1|N][X001W07.2500][TM]", content("#1|N", &["X001W07.2500", "TM"], None), &[]);
        check("#1|N][J{\"a\":[1,2],\"b\":[3]}]_1", content("#1|N", &["J{\"a\":[1,2],\"b\":[3]}"], Some("1")), &[]);
        check("#1|N]10:20:30", content("#1|N", &[], Some("10:20:30")), &["Timestamp"]);
        for (text, field) in [("#1234|Nri1", "data"), ("", "data"), ("#1|N][X001", "extended")] {
            assert_eq!(Content::read(text.as_bytes(), Mode::Tolerant), Err(FrameError::BadField { field }), "{text}");
        }
        let strict = Content::read(b"#1|N]10:20:30", Mode::Strict);
        assert_eq!(strict, Err(FrameError::BadField { field: "timestamp" }));
    }

    proptest! {
        #[test]
        fn any_content_comes_back(data in "[^\\]\\[\r\n]{0,30}", extended in proptest::collection::vec("[^\\]\\[]{1,9}", 0..3),
                                  stamp in proptest::option::of("[^\\[\\]]{0,20}")) {
            let extended: Vec<&str> = extended.iter().map(String::as_str).collect();
            let sent = content(&data, &extended, stamp.as_deref());
            prop_assert_eq!(Content::read(&sent.bytes(), Mode::Strict), Ok((sent, vec![])));
        }
    }
}
