//! The fields of one opening frame, and its digits both ways; and the records that share its shape.

use nom::bytes::complete::take;
use nom::{IResult, Parser};

use super::FrameError;
use super::checksum::{ALPHABET, Map};

/// Digits after `D#`: 20 of data and 2 of checksum (B).
pub(super) const BODY_DIGITS: usize = 22;
pub(super) const DATA_DIGITS: usize = 20;

/// Class and type of the units whose speech is switched by tones; all others are hands-free (B).
const SWITCHED: [&str; 11] = ["00", "01", "02", "03", "10", "11", "12", "13", "14", "20", "21"];

/// One opening frame. Every field is digits as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Equipment type within its class, 1 digit.
    pub kind: String,
    /// 1 digit, `0` in every example.
    pub reserved: String,
    /// Equipment class, 1 digit: 2 and 3 are grouped systems.
    pub generic: String,
    /// Call code, 1 digit.
    pub call: String,
    /// 12 digits, filled up on the right with `*`.
    pub identity: String,
    /// 4 digits, `0-9 D * #`; what they mean is not public.
    pub extra: String,
}

/// What 20 verified digits are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// An alarm.
    Opening(Frame),
    /// A parameter's value or a visit's log: kept as it came.
    Service(String),
}

/// Digits whose checksum is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What they are.
    pub body: Body,
    /// The map that matched; none where a line takes unverified frames.
    pub map: Option<Map>,
}

/// A field of a frame or message to be sent that has the wrong width or a digit that cannot be there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not of the digits a Tunstall frame has there")]
pub struct InvalidField(pub &'static str);

impl Verified {
    /// Reads the 22 digits after `D#`; the maps are tried in this order. Checks in the order illegal digit, length,
    /// checksum.
    pub fn decode_body(digits: &[u8], order: &[Map]) -> Result<Verified, FrameError> {
        let data = data(digits)?;
        let received = digits.get(DATA_DIGITS..).unwrap_or_default();
        let matches = |map: &&Map| map.check(data).is_some_and(|check| check == received);
        match order.iter().find(matches) {
            Some(map) => Ok(Verified { body: Body::of(data), map: Some(*map) }),
            None => {
                let text = |digits: &[u8]| String::from_utf8_lossy(digits).into_owned();
                let check = |map: Map| map.check(data).map_or(String::new(), |check| text(&check));
                let received = text(received);
                Err(FrameError::BadChecksum { tt92: check(Map::Tt92), ttnew: check(Map::TtNew), received })
            }
        }
    }

    /// The same, taken at its word: only an opening frame, and no record.
    pub fn unverified(digits: &[u8]) -> Option<Verified> {
        let body = Body::of(data(digits).ok()?);
        matches!(body, Body::Opening(_)).then_some(Verified { body, map: None })
    }
}

/// The first 20 of 22 digits.
fn data(digits: &[u8]) -> Result<&[u8], FrameError> {
    if let Some(index) = digits.iter().position(|digit| !ALPHABET.contains(digit)) {
        return Err(FrameError::IllegalDigit { index });
    }
    let got = digits.len();
    if got > BODY_DIGITS {
        return Err(FrameError::TooLong { got });
    }
    digits.get(..DATA_DIGITS).filter(|_| got == BODY_DIGITS).ok_or(FrameError::TooShort { got })
}

impl Body {
    /// An alarm if it can be one, also where it could be a record as well (C).
    fn of(data: &[u8]) -> Body {
        let text = String::from_utf8_lossy(data);
        let frame = fields(&text).ok().map(|(_, frame)| frame).filter(Frame::is_opening);
        frame.map_or_else(|| Body::Service(text.clone().into_owned()), Body::Opening)
    }
}

impl Frame {
    /// The 24 digits as a unit sends them, `D#` and checksum included.
    pub fn encode(&self, map: Map) -> Result<String, InvalidField> {
        let mut digits = String::with_capacity(BODY_DIGITS);
        for (name, field, width, may_be) in self.widths() {
            if field.len() != width || !field.bytes().all(|digit| may_be.contains(&digit)) {
                return Err(InvalidField(name));
            }
            digits.push_str(field);
        }
        let check = map.check(digits.as_bytes()).filter(|_| self.is_opening()).ok_or(InvalidField("frame"))?;
        Ok(format!("D#{digits}{}", String::from_utf8_lossy(&check)))
    }

    /// Whether a system of many dwellings sent it: which of them calls follows in messages of 8 digits.
    pub fn is_grouped(&self) -> bool {
        matches!(self.generic.as_str(), "2" | "3")
    }

    /// Whether both sides can speak at once.
    pub fn is_duplex(&self) -> bool {
        let pair = format!("{}{}", self.generic, self.kind);
        !SWITCHED.contains(&pair.as_str())
    }

    /// The identity without its filling and its leading zeros; `0` when only zeros are left, none when the unit has
    /// no identity at all.
    pub fn shown_identity(&self) -> Option<String> {
        let digits = self.identity.trim_end_matches('*');
        let shown = digits.trim_start_matches('0');
        match (digits.is_empty(), shown.is_empty()) {
            (true, _) => None,
            (false, true) => Some("0".to_owned()),
            (false, false) => Some(shown.to_owned()),
        }
    }

    fn is_opening(&self) -> bool {
        let is_parameter = [&self.kind, &self.reserved, &self.generic, &self.call].iter().all(|field| *field == "*");
        let of = |field: &str, may_be: &[u8]| field.bytes().all(|digit| may_be.contains(&digit));
        !is_parameter && of(&self.identity, IDENTITY) && of(&self.extra, EXTRA)
    }

    fn widths(&self) -> [(&'static str, &str, usize, &'static [u8]); 6] {
        [
            ("type", &self.kind, 1, ALPHABET),
            ("reserved", &self.reserved, 1, ALPHABET),
            ("generic", &self.generic, 1, ALPHABET),
            ("call", &self.call, 1, ALPHABET),
            ("identity", &self.identity, 12, IDENTITY),
            ("extra", &self.extra, 4, EXTRA),
        ]
    }
}

const IDENTITY: &[u8] = b"0123456789*";
const EXTRA: &[u8] = b"0123456789D*#";

fn fields(data: &str) -> IResult<&str, Frame> {
    let widths = (take(1usize), take(1usize), take(1usize), take(1usize), take(12usize), take(4usize));
    let (tail, (kind, reserved, generic, call, identity, extra)): (_, (&str, &str, &str, &str, &str, &str)) =
        { widths }.parse(data)?;
    let frame = Frame {
        kind: kind.to_owned(),
        reserved: reserved.to_owned(),
        generic: generic.to_owned(),
        call: call.to_owned(),
        identity: identity.to_owned(),
        extra: extra.to_owned(),
    };
    Ok((tail, frame))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn opening(body: &str) -> Frame {
        match Verified::decode_body(body.as_bytes(), &Map::ALL).unwrap().body {
            Body::Opening(frame) => frame,
            Body::Service(_) => panic!("{body}"),
        }
    }

    #[test]
    fn fields_sit_where_the_layout_says() {
        let frame = opening("5018123456******07**04");
        let read: Vec<_> = frame.widths().iter().map(|(_, field, ..)| (*field).to_owned()).collect();
        assert_eq!(read, ["5", "0", "1", "8", "123456******", "07**"]);
        assert!(frame.is_duplex() && !frame.is_grouped());
        assert_eq!(frame.encode(Map::Tt92).unwrap(), "D#5018123456******07**04");
        assert!(!opening("1016123456******000004").is_duplex());
        assert!(opening("2021771234******000078").is_grouped());
    }

    #[test]
    fn an_identity_loses_its_filling_and_its_leading_zeros() {
        let shown =
            |identity: &str| Frame { identity: identity.into(), ..opening("1016123456******000004") }.shown_identity();
        assert_eq!(shown("000042******").as_deref(), Some("42"));
        assert_eq!(shown("000000******").as_deref(), Some("0"));
        assert_eq!(shown("12*34*******").as_deref(), Some("12*34"));
        assert_eq!(shown("************"), None, "nobody's number is no number");
    }

    #[test]
    fn other_shapes_are_records_and_in_doubt_an_alarm() {
        let read = |data: &str| {
            let check = Map::Tt92.check(data.as_bytes()).unwrap();
            let digits = [data.as_bytes(), &check].concat();
            Verified::decode_body(&digits, &Map::ALL).unwrap().body
        };
        assert_eq!(read("****001234AAAAAAAAAA"), Body::Service("****001234AAAAAAAAAA".into()));
        assert_eq!(read("12340015A11200100000"), Body::Service("12340015A11200100000".into()));
        assert!(matches!(read("12340015111200100000"), Body::Opening(_)), "fits both");
        assert!(matches!(read("10161234******** *00".replace(' ', "*").as_str()), Body::Opening(_)));
    }

    #[test]
    fn encoder_refuses_what_would_not_fit() {
        let good = opening("1016123456******000004");
        assert_eq!(Frame { call: "66".into(), ..good.clone() }.encode(Map::Tt92), Err(InvalidField("call")));
        assert_eq!(
            Frame { identity: "12345A******".into(), ..good.clone() }.encode(Map::Tt92),
            Err(InvalidField("identity"))
        );
        let star = "*".to_owned();
        let parameter = Frame { kind: star.clone(), reserved: star.clone(), generic: star.clone(), call: star, ..good };
        assert_eq!(parameter.encode(Map::TtNew), Err(InvalidField("frame")), "it would read as a record");
    }

    proptest! {
        #[test]
        fn any_frame_comes_back(
            head in "[0-9A-D*#]{3}[0-9A-D]", identity in "[0-9*]{12}", extra in "[0-9D*#]{4}", which in 0usize..3
        ) {
            let data = format!("{head}{identity}{extra}");
            let map = Map::ALL[which];
            let check = map.check(data.as_bytes()).unwrap();
            let digits = [data.as_bytes(), &check].concat();
            let read = Verified::decode_body(&digits, &[map]).unwrap();
            let Body::Opening(frame) = read.body else { panic!() };
            prop_assert_eq!(frame.encode(map).unwrap().into_bytes(), [b"D#", &digits[..]].concat());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Verified::decode_body(&bytes, &Map::ALL);
        }
    }
}
