//! Notes as `AT+VTS` lines, and back.
//!
//! An element is `[first,second,length]`: two frequencies in hertz, 0 for none, and a length in units of 10 ms, 255 at
//! most. Digits are written so, too: every make takes that form, not every make takes `{5,8}` (A). Silence is an
//! element with no frequency.

use std::time::Duration;

use crate::tones::{Digit, Note, Sound, Tone};

/// The unit of a length (A).
const UNIT_MS: u64 = 10;
/// The longest element: 2.55 s (A). A longer sound is several.
const UNITS_MAX: u64 = 255;
/// A sound, or a silence, is played for ten seconds at most; no protocol has one as long.
const STRETCH_UNITS_MAX: u64 = 1000;
/// Frequencies a modem takes (A: 200 to 3000 Hz; some to 3200).
const HERTZ: std::ops::RangeInclusive<u16> = 200..=3000;

const COMMAND: &str = "AT+VTS=";

/// A line to send, and how long it plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The command without its end.
    pub text: String,
    /// From its first sound to the end of its last silence.
    pub lasts: Duration,
}

/// One element of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// The first frequency, hertz; 0 is none.
    pub first: u16,
    /// The second.
    pub second: u16,
    /// How long.
    pub lasts: Duration,
}

impl Element {
    /// What is heard of it; none for silence, and for two tones that are no digit.
    pub fn sound(&self) -> Option<Sound> {
        match (self.first, self.second) {
            (0, 0) => None,
            (hertz, 0) | (0, hertz) => Some(Sound::Tone(Tone(hertz))),
            (first, second) => {
                let is_it = |digit: &Digit| digit.tones() == (Tone(first), Tone(second));
                Digit::all().find(is_it).map(Sound::Digit)
            }
        }
    }
}

/// The lines that play these notes, each with so many characters at most. A line ends after a whole element, and
/// where it can after a silence: the gap between two lines grows by what the modem takes to answer.
pub fn lines(notes: &[Note], chars_max: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for note in notes {
        let parts = [stretch(frequencies(note.sound), note.on), stretch((0, 0), note.off)].concat();
        let whole = parts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(",");
        if COMMAND.len().saturating_add(whole.len()) <= chars_max {
            let lasts = parts.iter().fold(Duration::ZERO, |sum, (_, lasts)| sum.saturating_add(*lasts));
            append(&mut lines, &whole, lasts, chars_max);
        } else {
            parts.iter().for_each(|(text, lasts)| append(&mut lines, text, *lasts, chars_max));
        }
    }
    lines
}

/// The elements of a line, as a modem reads them; none if they make no sense. Missing parameters are 0, a missing
/// length is `usual`.
pub fn read(text: &str, usual: Duration) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let (element, tail) = match first {
            '[' => {
                let (inside, tail) = rest.strip_prefix('[')?.split_once(']')?;
                (tones(inside, usual)?, tail)
            }
            '{' => {
                let (inside, tail) = rest.strip_prefix('{')?.split_once('}')?;
                let (digit, lasts) = inside.split_once(',').unwrap_or((inside, ""));
                (of_digit(digit, length(lasts, usual)?)?, tail)
            }
            digit => {
                let tail = rest.get(digit.len_utf8()..)?;
                (of_digit(&digit.to_string(), usual)?, tail)
            }
        };
        elements.push(element);
        rest = match tail.strip_prefix(',') {
            Some(more) if !more.is_empty() => more,
            Some(_) => return None,
            None if tail.is_empty() => tail,
            None => return None,
        };
    }
    (!elements.is_empty()).then_some(elements)
}

fn append(lines: &mut Vec<Line>, element: &str, lasts: Duration, chars_max: usize) {
    if element.is_empty() {
        return;
    }
    let needed = element.len().saturating_add(1);
    match lines.last_mut().filter(|line| line.text.len().saturating_add(needed) <= chars_max) {
        Some(line) => {
            line.text.push(',');
            line.text.push_str(element);
            line.lasts = line.lasts.saturating_add(lasts);
        }
        None => lines.push(Line { text: format!("{COMMAND}{element}"), lasts }),
    }
}

/// A stretch of one sound: several elements if it is long, none if it has no length.
fn stretch((first, second): (u16, u16), lasts: Duration) -> Vec<(String, Duration)> {
    let ms = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
    let rounded = ms.saturating_add(UNIT_MS / 2).checked_div(UNIT_MS).unwrap_or(0).max(u64::from(ms > 0));
    let mut left = rounded.min(STRETCH_UNITS_MAX);
    let mut elements = Vec::new();
    while left > 0 {
        let units = left.min(UNITS_MAX);
        let lasts = Duration::from_millis(units.saturating_mul(UNIT_MS));
        elements.push((format!("[{first},{second},{units}]"), lasts));
        left = left.saturating_sub(units);
    }
    elements
}

/// A frequency no modem takes is silence: an error would cost the whole line.
fn frequencies(sound: Sound) -> (u16, u16) {
    match sound {
        Sound::Digit(digit) => {
            let (Tone(low), Tone(high)) = digit.tones();
            (low, high)
        }
        Sound::Tone(Tone(hertz)) if HERTZ.contains(&hertz) => (hertz, 0),
        Sound::Tone(_) => (0, 0),
    }
}

fn tones(inside: &str, usual: Duration) -> Option<Element> {
    let mut parts = inside.split(',').map(str::trim);
    let hertz = |part: Option<&str>| match part {
        None | Some("") => Some(0),
        Some(text) => text.parse().ok().filter(|hertz| *hertz == 0 || (200..=3200).contains(hertz)),
    };
    let (first, second) = (hertz(parts.next())?, hertz(parts.next())?);
    let lasts = length(parts.next().unwrap_or_default(), usual)?;
    parts.next().is_none().then_some(Element { first, second, lasts })
}

fn of_digit(text: &str, lasts: Duration) -> Option<Element> {
    let mut chars = text.chars();
    let digit = Digit::from_char(chars.next()?)?;
    let (Tone(first), Tone(second)) = digit.tones();
    chars.next().is_none().then_some(Element { first, second, lasts })
}

fn length(text: &str, usual: Duration) -> Option<Duration> {
    if text.trim().is_empty() {
        return Some(usual);
    }
    let units: u64 = text.trim().parse().ok().filter(|units| *units <= UNITS_MAX)?;
    Some(Duration::from_millis(units.saturating_mul(UNIT_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tones::{notes, playing_time};

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn tone(hertz: u16, on: u64) -> Vec<Note> {
        vec![Note::alone(Sound::Tone(Tone(hertz)), ms(on))]
    }

    #[test]
    fn notes_and_their_lines() {
        for (notes, chars_max, expected) in [
            (notes("B", ms(600), ms(0)), 80, vec![("AT+VTS=[770,1633,60]", 600)]),
            (notes("B7", ms(80), ms(80)), 80, vec![("AT+VTS=[770,1633,8],[0,0,8],[852,1209,8]", 240)]),
            (notes("B7", ms(80), ms(80)), 36, vec![("AT+VTS=[770,1633,8],[0,0,8]", 160), ("AT+VTS=[852,1209,8]", 80)]),
            (tone(1400, 845), 80, vec![("AT+VTS=[1400,0,85]", 850)]),
            (tone(2300, 3), 80, vec![("AT+VTS=[2300,0,1]", 10)]),
            (tone(1000, 2600), 80, vec![("AT+VTS=[1000,0,255],[1000,0,5]", 2600)]),
            (tone(50, 100), 80, vec![("AT+VTS=[0,0,10]", 100)]),
            (Vec::new(), 80, vec![]),
        ] {
            let lines = lines(&notes, chars_max);
            let found: Vec<_> = lines.iter().map(|line| (line.text.as_str(), line.lasts.as_millis())).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_written_is_read_and_no_line_is_too_long() {
        for digits in ["A00027#", "0123456789*#ABCD", "B"] {
            for chars_max in [40, 80, 120] {
                let notes = notes(digits, ms(80), ms(70));
                let lines = lines(&notes, chars_max);
                assert!(lines.iter().all(|line| line.text.len() <= chars_max));
                let elements =
                    lines.iter().flat_map(|line| read(line.text.strip_prefix(COMMAND).unwrap(), ms(100)).unwrap());
                let elements: Vec<_> = elements.collect();
                let heard: Vec<_> = elements.iter().filter_map(Element::sound).collect();
                assert_eq!(heard, notes.iter().map(|note| note.sound).collect::<Vec<_>>());
                let lasts: Duration = elements.iter().map(|element| element.lasts).sum();
                assert_eq!(lasts, playing_time(&notes));
            }
        }
    }

    #[test]
    fn a_modem_reads_every_form_and_refuses_the_rest() {
        let element = |first, second, lasts| Element { first, second, lasts: ms(lasts) };
        for (text, expected) in [
            (
                "1,{*,6},[1000,1300,50]",
                Some(vec![element(697, 1209, 100), element(941, 1209, 60), element(1000, 1300, 500)]),
            ),
            ("[3000]", Some(vec![element(3000, 0, 100)])),
            ("[,,8]", Some(vec![element(0, 0, 80)])),
            ("[100,0,8]", None),
            ("[1000,0,256]", None),
            ("[1000,0,8", None),
            ("[1000,0,8],", None),
            ("{12,8}", None),
            ("1 2", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(read(text, ms(100)), expected, "{text}");
        }
    }
}
