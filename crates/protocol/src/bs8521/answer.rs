//! The 12-digit record with which grouped equipment answers "select" and "list": `A RRRR EEE LL P SS #`.
//! It has no checksum. Confidence A for the order of the fields, B for the rest.

use nom::bytes::complete::take;
use nom::{IResult, Parser};

use super::{Frame, FrameError};

const ANSWER_DIGITS: usize = 12;

/// One outstanding call of a grouped scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// R, 4 digits.
    pub local_unit: String,
    /// E, 3 digits.
    pub event: String,
    /// L, 2 digits.
    pub location: String,
    /// P, 1 digit.
    pub priority: String,
    /// S, 2 digits.
    pub status: String,
}

impl Answer {
    /// Reads one record, `A` and `#` optional. Without a checksum every digit is taken at its word.
    pub fn decode(digits: &[u8]) -> Result<Answer, FrameError> {
        let body = digits.strip_prefix(b"A").unwrap_or(digits);
        let body = body.strip_suffix(b"#").unwrap_or(body);
        if let Some(index) = body.iter().position(|digit| !digit.is_ascii_digit()) {
            return Err(FrameError::IllegalDigit { index });
        }
        let got = body.len();
        if got > ANSWER_DIGITS {
            return Err(FrameError::TooLong { got });
        }
        let text = std::str::from_utf8(body).map_err(|_| FrameError::IllegalDigit { index: 0 })?;
        fields(text).map(|(_, answer)| answer).map_err(|_| FrameError::TooShort { got })
    }

    /// The frame it stands for: what it lacks is that of the frame that opened the call.
    pub fn within(&self, opening: &Frame) -> Frame {
        Frame {
            local_unit: self.local_unit.clone(),
            event: self.event.clone(),
            location: self.location.clone(),
            priority: self.priority.clone(),
            status: self.status.clone(),
            ..opening.clone()
        }
    }

    /// Its digits as a unit sends them.
    pub fn encode(&self) -> String {
        let Answer { local_unit, event, location, priority, status } = self;
        format!("A{local_unit}{event}{location}{priority}{status}#")
    }

    /// Whether it says that no call is outstanding: every digit is 0 (vector R2).
    pub fn is_none(&self) -> bool {
        let fields = [&self.local_unit, &self.event, &self.location, &self.priority, &self.status];
        fields.iter().all(|field| field.bytes().all(|digit| digit == b'0'))
    }
}

fn fields(body: &str) -> IResult<&str, Answer> {
    let widths = (take(4usize), take(3usize), take(2usize), take(1usize), take(2usize));
    let (tail, (local_unit, event, location, priority, status)): (_, (&str, &str, &str, &str, &str)) =
        { widths }.parse(body)?;
    let answer = Answer {
        local_unit: local_unit.to_owned(),
        event: event.to_owned(),
        location: location.to_owned(),
        priority: priority.to_owned(),
        status: status.to_owned(),
    };
    Ok((tail, answer))
}
