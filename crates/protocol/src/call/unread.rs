//! The report of a call that gave nothing valid. A unit rang: that is never silence.

use std::fmt::Write;
use std::time::Instant;

use super::End;
use crate::tones::{Heard, Length, Sound};
use crate::{Fault, Protocol, Report, Trigger, Value};

/// What a call was that gave nothing valid: its end, the last fault, everything heard.
pub(super) fn report(
    protocol: Protocol,
    end: End,
    fault: Option<Fault>,
    heard: &[Heard],
    call: (Instant, Instant),
) -> Report {
    let (answered, ended) = call;
    // STMF and bursts are no digits: what was read of them is a fault.
    let silent = fault.is_none() && !heard.iter().any(|heard| matches!(heard.sound, Sound::Digit(_)));
    let fault = fault.unwrap_or_else(|| Fault { name: "NoData".to_owned(), fields: Vec::new() });
    let mut report = Report::unreadable(protocol, fault);
    if silent && let Some(event) = report.events.first_mut() {
        event.trigger = Trigger::Silent;
        event.words = Trigger::Silent.words().to_owned();
    }
    let ms = ended.saturating_duration_since(answered).as_millis();
    report.fields = vec![
        ("end".to_owned(), Value::Text(end.as_str().to_owned())),
        ("call_ms".to_owned(), Value::Number(i64::try_from(ms).unwrap_or(i64::MAX))),
        ("heard".to_owned(), Value::Text(times(heard, answered))),
    ];
    report
}

/// The digits as bytes, for the raw part of a delivery.
pub(crate) fn digits(heard: &[Heard]) -> Vec<u8> {
    let digit = |heard: &Heard| match heard.sound {
        Sound::Digit(digit) => Some(digit.as_byte()),
        Sound::Tone(_) => None,
    };
    heard.iter().filter_map(digit).collect()
}

/// Every sound with its onset in seconds after the answer and its length: `1850 Hz 0.500 250 ms, A 5.180 80 ms`.
fn times(heard: &[Heard], answered: Instant) -> String {
    let mut text = String::new();
    for heard in heard {
        let comma = if text.is_empty() { "" } else { ", " };
        let at = heard.began.saturating_duration_since(answered).as_secs_f64();
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}{} {at:.3}", heard.sound);
        let _ = match heard.length {
            Length::Measured(lasted) => write!(text, " {} ms", lasted.as_millis()),
            Length::StillOn => write!(text, " on"),
            Length::Unknown => Ok(()),
        };
        if heard.doubtful {
            text.push('?');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tones::{Digit, Tone};

    #[test]
    fn digits_make_it_unreadable_and_tones_alone_silent() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let guard = Heard::new(Sound::Tone(Tone(1850)), start + ms(500), Length::Measured(ms(250)));
        let digit = Heard { doubtful: true, ..Heard::new(Sound::Digit(Digit::A), start + ms(5180), Length::Unknown) };
        let said = |heard: &[Heard]| report(Protocol::Bs8521, End::NoData, None, heard, (start, start + ms(9000)));
        assert_eq!(said(&[guard]).events[0].trigger, Trigger::Silent);
        let both = said(&[guard, digit]);
        assert_eq!(both.events[0].trigger, Trigger::Unreadable);
        assert_eq!(both.fields[1], ("call_ms".to_owned(), Value::Number(9000)));
        let text = "1850 Hz 0.500 250 ms, A 5.180?";
        assert_eq!(both.fields[2], ("heard".to_owned(), Value::Text(text.to_owned())));
        assert_eq!(digits(&[guard, digit]), b"A");
    }
}
