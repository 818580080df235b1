//! Programming: parameters set and read. Codec only; no session here sends it, it changes telephone numbers.
//!
//! ```text
//! AC nnnn #                    enter, with the security code; refused is A0000#
//! A4 TT PPP V(20) XX #         set; the answer is A TT PPP #, PPP 000 if there is no such parameter
//! A5 TT PPP #                  read; the answer is A TT PPP V(20) XX #
//! A20032#                      leave
//! ```
//!
//! V is right-aligned and filled with `*`. The sum covers the command digit 4, too; in an answer what it covers is
//! not certain (C). Confidence B.

use super::FrameError;
use super::checksum::wide_checksum;

/// Digits of a value.
pub const VALUE_DIGITS: usize = 20;

/// A parameter frame to be sent that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} does not fit a BS 8521 parameter frame")]
pub struct InvalidParameter(pub &'static str);

/// The frame that enters programming.
pub fn enter(security_code: &str) -> Result<String, InvalidParameter> {
    let code = decimal(security_code, 4, "security code")?;
    Ok(format!("AC{code}#"))
}

/// The frame that sets a parameter (vectors R8, R9).
pub fn set(parameter: &str, value: &str) -> Result<String, InvalidParameter> {
    let parameter = decimal(parameter, 3, "parameter")?;
    let is_value = (1..=VALUE_DIGITS).contains(&value.len()) && value.bytes().all(is_value_digit);
    if !is_value {
        return Err(InvalidParameter("value"));
    }
    let summed = format!("400{parameter}{value:*>VALUE_DIGITS$}");
    let sum = wide_checksum(summed.as_bytes()).ok_or(InvalidParameter("value"))?;
    Ok(format!("A{summed}{sum:02}#"))
}

/// The frame that reads a parameter.
pub fn read(parameter: &str) -> Result<String, InvalidParameter> {
    Ok(format!("A500{}#", decimal(parameter, 3, "parameter")?))
}

/// An answer to "set" or "read".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its number, 3 digits; 000 if the unit has no such parameter.
    pub parameter: String,
    /// Its value without the filling, after "read".
    pub value: Option<String>,
    /// Whether the sum of a value is right. What it covers is not certain, so a wrong one rejects nothing.
    pub sum_matches: bool,
}

/// Reads an answer, `A` and `#` included or not (vectors R6, R7, R10).
pub fn read_answer(digits: &[u8]) -> Result<Parameter, FrameError> {
    const SHORT: usize = 5;
    const LONG: usize = 27;
    let body = digits.strip_prefix(b"A").unwrap_or(digits);
    let body = body.strip_suffix(b"#").unwrap_or(body);
    let got = body.len();
    let short = FrameError::TooShort { got };
    let head = body.get(..SHORT).ok_or(short.clone())?;
    if let Some(index) = head.iter().position(|digit| !digit.is_ascii_digit()) {
        return Err(FrameError::IllegalDigit { index });
    }
    let parameter = text(head.get(2..).unwrap_or_default());
    let rest = body.get(SHORT..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(Parameter { parameter, value: None, sum_matches: true });
    }
    if let Some(index) = rest.iter().position(|digit| !is_value_digit(*digit)) {
        return Err(FrameError::IllegalDigit { index: index.saturating_add(SHORT) });
    }
    if got > LONG {
        return Err(FrameError::TooLong { got });
    }
    if got < LONG {
        return Err(short);
    }
    let (value, received) = rest.split_at_checked(VALUE_DIGITS).ok_or(short.clone())?;
    let received: u8 = std::str::from_utf8(received).ok().and_then(|sum| sum.parse().ok()).ok_or(short)?;
    let sum = body.get(..SHORT.saturating_add(VALUE_DIGITS)).and_then(wide_checksum);
    let value = text(value).trim_start_matches('*').to_owned();
    Ok(Parameter { parameter, value: Some(value), sum_matches: sum == Some(received) })
}

fn decimal<'a>(digits: &'a str, width: usize, what: &'static str) -> Result<&'a str, InvalidParameter> {
    let fits = digits.len() == width && digits.bytes().all(|digit| digit.is_ascii_digit());
    fits.then_some(digits).ok_or(InvalidParameter(what))
}

fn is_value_digit(digit: u8) -> bool {
    digit.is_ascii_digit() || matches!(digit, b'*' | b'#')
}

fn text(digits: &[u8]) -> String {
    String::from_utf8_lossy(digits).into_owned()
}
