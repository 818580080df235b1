//! The layouts of the frames: how many symbols, which may stand where, and what makes one right.
//!
//! Check digits are the protocols' own: a message is right when the protocol's decoder says so.

use telecare_protocol::{Protocol, bs8521, contact_id, tunstall};

/// A layout with check digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `A`, 24 decimal digits, 2 check digits, `#`.
    Bs8521,
    /// `D#` and 22 of all sixteen digits, in DTMF: TT92 and TTNEW.
    Tunstall,
    /// The same in tones one after the other.
    Stmf,
    /// 16 digits without a frame around them: types 18, 98 and 55.
    ///
    /// Not types 17 and 27, whose one check digit among 8 or 9 digits is right by chance in parts of any other message,
    /// and not type 56, which has none: nothing could choose between what was nearly heard. They are the digit path's.
    ContactId,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Layout; 4] = [Layout::Bs8521, Layout::Tunstall, Layout::Stmf, Layout::ContactId];

    /// The name used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Layout::Bs8521 => "bs8521",
            Layout::Tunstall => "tunstall",
            Layout::Stmf => "stmf",
            Layout::ContactId => "contact-id",
        }
    }

    /// The layouts of what a line speaks.
    pub fn of(protocol: Protocol) -> Vec<Layout> {
        match protocol {
            Protocol::Bs8521 => vec![Layout::Bs8521],
            Protocol::Tt92 => vec![Layout::Tunstall, Layout::Stmf],
            Protocol::TtNew => vec![Layout::Tunstall],
            Protocol::ContactId => vec![Layout::ContactId],
            Protocol::Detect => Layout::ALL.to_vec(),
            _ => Vec::new(),
        }
    }

    /// How many symbols it has.
    pub fn symbols(self) -> usize {
        match self {
            Layout::Bs8521 => 28,
            Layout::Tunstall | Layout::Stmf => 24,
            Layout::ContactId => 16,
        }
    }

    /// The keys that may stand at a place.
    pub fn may_be(self, place: usize) -> &'static [u8] {
        match (self, place) {
            (Layout::Bs8521, 0) => b"A",
            (Layout::Bs8521, 27) => b"#",
            (Layout::Bs8521, _) => b"0123456789",
            (Layout::Tunstall | Layout::Stmf, 0) => b"D",
            (Layout::Tunstall | Layout::Stmf, 1) => b"#",
            (Layout::Tunstall | Layout::Stmf, 22 | 23) => b"0123456789",
            (Layout::Tunstall | Layout::Stmf, _) => b"0123456789ABCD*#",
            (Layout::ContactId, 4) => b"195",
            (Layout::ContactId, 5) => b"85",
            (Layout::ContactId, _) => b"0123456789ABC*#",
        }
    }

    /// Whether a key is rare at a place. It may stand there; where nothing was heard another is likelier.
    pub fn is_rare(self, place: usize, key: u8) -> bool {
        match (self, place) {
            (Layout::Bs8521, 3 | 4) => key != b'0',
            (Layout::Tunstall | Layout::Stmf, 3) => key != b'0',
            (Layout::Tunstall | Layout::Stmf, 6..=17) => !matches!(key, b'0'..=b'9' | b'*'),
            (Layout::Tunstall | Layout::Stmf, 18..=21) => matches!(key, b'A'..=b'C'),
            (Layout::ContactId, 6) => !matches!(key, b'1' | b'3' | b'6'),
            (Layout::ContactId, 7..=14) => !key.is_ascii_digit(),
            _ => false,
        }
    }

    /// The places where only one key may stand; a frame whose tones agree with none of them is another layout's, or
    /// begins elsewhere.
    pub fn anchors(self) -> &'static [usize] {
        match self {
            Layout::Bs8521 => &[0, 27],
            Layout::Tunstall | Layout::Stmf => &[0, 1],
            Layout::ContactId => &[4, 5],
        }
    }

    /// The protocol of a message, if the whole of it is right in any.
    pub fn verify(self, keys: &[u8]) -> Option<Protocol> {
        self.verify_as(keys, Protocol::Detect)
    }

    /// The same of a line that speaks one protocol, or [`Protocol::Detect`] for any.
    pub fn verify_as(self, keys: &[u8], speaks: Protocol) -> Option<Protocol> {
        let is_spoken = |protocol: Protocol| speaks == Protocol::Detect || speaks == protocol;
        let protocol = match self {
            Layout::Bs8521 => {
                let body = keys.strip_prefix(b"A")?.strip_suffix(b"#")?;
                bs8521::Frame::decode_body(body).is_ok().then_some(Protocol::Bs8521)
            }
            Layout::Tunstall | Layout::Stmf => {
                let body = keys.strip_prefix(b"D#")?;
                let maps: &[tunstall::Map] =
                    if self == Layout::Stmf { &[tunstall::Map::Tt92] } else { &tunstall::Map::ALL };
                let maps: Vec<tunstall::Map> = maps.iter().copied().filter(|map| is_spoken(map.protocol())).collect();
                let verified = tunstall::Verified::decode_body(body, &maps).ok()?;
                verified.map.map(tunstall::Map::protocol)
            }
            Layout::ContactId => {
                let decoded = contact_id::Message::decode(&contact_id::letters(keys), false).ok()?;
                (keys.len() == 16 && decoded.is_verified).then_some(Protocol::ContactId)
            }
        };
        protocol.filter(|protocol| is_spoken(*protocol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_verify_and_fit_their_places() {
        for (layout, keys, protocol) in [
            (Layout::Bs8521, "A01000001234500000190190076#", Protocol::Bs8521),
            (Layout::Tunstall, "D#1016123456******000004", Protocol::Tt92),
            (Layout::Stmf, "D#1016123456******000004", Protocol::Tt92),
            (Layout::Tunstall, "D#1017987654******000035", Protocol::TtNew),
            (Layout::ContactId, "9*0C18160200000#", Protocol::ContactId),
        ] {
            assert_eq!(layout.verify(keys.as_bytes()), Some(protocol), "{keys}");
            assert_eq!(keys.len(), layout.symbols());
            assert!(keys.bytes().enumerate().all(|(place, key)| layout.may_be(place).contains(&key)), "{keys}");
            let wrong = keys.replacen('0', "1", 1);
            assert_eq!(layout.verify(wrong.as_bytes()), None, "{wrong}");
        }
        let new = b"D#1017987654******000035";
        assert_eq!(Layout::Stmf.verify(new), None, "STMF is TT92's");
        assert_eq!(Layout::Tunstall.verify_as(new, Protocol::TtNew), Some(Protocol::TtNew));
        assert_eq!(Layout::Tunstall.verify_as(new, Protocol::Tt92), None, "a line that speaks TT92");
    }

    /// About one message in a hundred is right in both protocols: each line hears its own.
    #[test]
    fn a_message_that_is_right_in_both_protocols_is_that_of_the_line() {
        let is_right = |keys: &str, protocol| Layout::Tunstall.verify_as(keys.as_bytes(), protocol) == Some(protocol);
        let all = (0..100_000).map(|number| format!("D#1016123{:03}******0000{:02}", number / 100, number % 100));
        let of_tt92: Vec<String> = all.filter(|keys| is_right(keys, Protocol::Tt92)).collect();
        assert_eq!(of_tt92.len(), 1000, "one check for each identity");
        let of_both = of_tt92.iter().filter(|keys| is_right(keys, Protocol::TtNew)).count();
        assert!((5..50).contains(&of_both), "{of_both}");
    }
}
