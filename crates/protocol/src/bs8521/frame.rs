//! The fields of one frame, and its digits both ways.

use nom::bytes::complete::take;
use nom::{IResult, Parser};

use super::FrameError;
use super::checksum::checksum;

/// Digits between `A` and `#`: 24 of data and 2 of checksum (layout, confidence A).
pub(super) const BODY_DIGITS: usize = 26;
pub(super) const DATA_DIGITS: usize = 24;

/// One alarm frame. Every field is digits as sent, its leading zeros kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// C, 1 digit: 0 dispersed, 1-3 grouped, 4 receiving centre, 5-9 reserved.
    pub category: String,
    /// D, 1 digit: 0 none, 1 voice-switched, 2 switched by the operator, 3-9 reserved.
    pub speech: String,
    /// TT, 2 digits: 00 conforming, others reserved.
    pub conformance: String,
    /// G, 8 digits: controller or scheme.
    pub controller: String,
    /// R, 4 digits: dwelling behind the controller.
    pub local_unit: String,
    /// E, 3 digits.
    pub event: String,
    /// L, 2 digits.
    pub location: String,
    /// P, 1 digit: 0 lowest, 9 highest.
    pub priority: String,
    /// S, 2 digits.
    pub status: String,
}

/// A field of a frame to be sent that has the wrong width or a character other than 0-9.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not of the digits a BS 8521 frame has there")]
pub struct InvalidField(pub &'static str);

impl Frame {
    /// Reads the 26 digits between `A` and `#`. Checks in the order illegal digit, length, checksum.
    pub fn decode_body(body: &[u8]) -> Result<Frame, FrameError> {
        if let Some(index) = body.iter().position(|digit| !digit.is_ascii_digit()) {
            return Err(FrameError::IllegalDigit { index });
        }
        let got = body.len();
        if got < BODY_DIGITS {
            return Err(FrameError::TooShort { got });
        }
        let text = std::str::from_utf8(body).map_err(|_| FrameError::IllegalDigit { index: 0 })?;
        let (tail, frame) = fields(text).map_err(|_| FrameError::TooShort { got })?;
        if got > BODY_DIGITS {
            return Err(FrameError::TooLong { got });
        }
        let received = tail.parse().map_err(|_| FrameError::TooShort { got })?;
        let computed = body.get(..DATA_DIGITS).and_then(checksum).ok_or(FrameError::TooShort { got })?;
        if computed == received { Ok(frame) } else { Err(FrameError::BadChecksum { computed, received }) }
    }

    /// Reads the 24 digits alone, as carriers with a checksum of their own have them. Checks in the same order.
    pub fn decode_data(data: &[u8]) -> Result<Frame, FrameError> {
        if let Some(index) = data.iter().position(|digit| !digit.is_ascii_digit()) {
            return Err(FrameError::IllegalDigit { index });
        }
        let got = data.len();
        if got > DATA_DIGITS {
            return Err(FrameError::TooLong { got });
        }
        let text = std::str::from_utf8(data).map_err(|_| FrameError::IllegalDigit { index: 0 })?;
        fields(text).map(|(_, frame)| frame).map_err(|_| FrameError::TooShort { got })
    }

    /// The 24 digits alone.
    pub fn data(&self) -> Result<String, InvalidField> {
        let mut digits = String::with_capacity(BODY_DIGITS.saturating_add(2));
        for (name, field, width) in self.widths() {
            if field.len() != width || !field.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(InvalidField(name));
            }
            digits.push_str(field);
        }
        Ok(digits)
    }

    /// The 28 digits as a unit sends them, start, checksum and end included.
    pub fn encode(&self) -> Result<String, InvalidField> {
        let digits = self.data()?;
        let sum = checksum(digits.as_bytes()).ok_or(InvalidField("frame"))?;
        Ok(format!("A{digits}{sum:02}#"))
    }

    /// Whether a scheme sent it: its local unit is one of several, and it can tell of outstanding calls.
    pub fn is_grouped(&self) -> bool {
        matches!(self.category.as_str(), "1" | "2" | "3")
    }

    fn widths(&self) -> [(&'static str, &str, usize); 9] {
        [
            ("category", &self.category, 1),
            ("speech", &self.speech, 1),
            ("type", &self.conformance, 2),
            ("controller", &self.controller, 8),
            ("local_unit", &self.local_unit, 4),
            ("event", &self.event, 3),
            ("location", &self.location, 2),
            ("priority", &self.priority, 1),
            ("status", &self.status, 2),
        ]
    }
}

fn fields(body: &str) -> IResult<&str, Frame> {
    let digits = (take(1usize), take(1usize), take(2usize), take(8usize), take(4usize));
    let rest = (take(3usize), take(2usize), take(1usize), take(2usize));
    let (tail, (digits, rest)) = (digits, rest).parse(body)?;
    let (category, speech, conformance, controller, local_unit): (&str, &str, &str, &str, &str) = digits;
    let (event, location, priority, status): (&str, &str, &str, &str) = rest;
    let frame = Frame {
        category: category.to_owned(),
        speech: speech.to_owned(),
        conformance: conformance.to_owned(),
        controller: controller.to_owned(),
        local_unit: local_unit.to_owned(),
        event: event.to_owned(),
        location: location.to_owned(),
        priority: priority.to_owned(),
        status: status.to_owned(),
    };
    Ok((tail, frame))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Vector V1.
    const V1: &str = "01000001234500000190190076";

    #[test]
    fn fields_sit_where_the_layout_says() {
        let frame = Frame::decode_body(V1.as_bytes()).unwrap();
        let read: Vec<_> = frame.widths().iter().map(|(_, field, _)| (*field).to_owned()).collect();
        assert_eq!(read, ["0", "1", "00", "00012345", "0000", "019", "01", "9", "00"]);
        assert_eq!(frame.encode().unwrap(), format!("A{V1}#"));
    }

    #[test]
    fn encoder_refuses_what_would_not_fit() {
        let good = Frame::decode_body(V1.as_bytes()).unwrap();
        assert_eq!(Frame { event: "19".into(), ..good.clone() }.encode(), Err(InvalidField("event")));
        assert_eq!(Frame { local_unit: "12A4".into(), ..good }.encode(), Err(InvalidField("local_unit")));
    }

    proptest! {
        #[test]
        fn any_frame_comes_back(body in "[0-9]{24}") {
            let sum = checksum(body.as_bytes()).unwrap();
            let frame = Frame::decode_body(format!("{body}{sum:02}").as_bytes()).unwrap();
            prop_assert_eq!(frame.encode().unwrap(), format!("A{body}{sum:02}#"));
            prop_assert_eq!(frame.data().unwrap(), body.clone());
            prop_assert_eq!(Frame::decode_data(body.as_bytes()), Ok(frame));
        }

        #[test]
        fn a_single_wrong_digit_is_always_caught(body in "[0-9]{24}", at in 0usize..26, to in b'0'..=b'9') {
            let mut digits = format!("{body}{:02}", checksum(body.as_bytes()).unwrap()).into_bytes();
            prop_assume!(digits[at] != to);
            digits[at] = to;
            prop_assert!(Frame::decode_body(&digits).is_err());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Frame::decode_body(&bytes);
        }
    }
}
