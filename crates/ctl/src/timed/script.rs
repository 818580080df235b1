//! What a unit does in a call, as typed.

use std::str::FromStr;
use std::time::Duration;

use telecare_protocol::tones::{Digit, Note, Sound, Tone};

/// Words, and milliseconds in one, that are taken.
const WORDS_MAX: usize = 4096;
const MS_MAX: u64 = 600_000;

/// One thing it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Sounds, then is quiet.
    Sound(Note),
    /// Is quiet.
    Pause(Duration),
    /// Waits until the receiver's next tones are out.
    Played,
    HangUp,
}

/// A call as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(pub Vec<Word>);

impl FromStr for Script {
    type Err = String;

    fn from_str(text: &str) -> Result<Script, String> {
        let mut words = Vec::new();
        for word in text.split_whitespace() {
            match word {
                "?" => words.push(Word::Played),
                "!" => words.push(Word::HangUp),
                _ => match word.strip_prefix('+') {
                    Some(pause) => words.push(Word::Pause(milliseconds(pause)?)),
                    None => sounds(word, &mut words)?,
                },
            }
        }
        match words.len() {
            0 => Err("nothing is to be heard: write for example `? A01000001234500000190190076#@80/80`".to_owned()),
            1..=WORDS_MAX => Ok(Script(words)),
            _ => Err(format!("more than {WORDS_MAX} sounds")),
        }
    }
}

/// `SOUNDS@ON` or `SOUNDS@ON/OFF`.
fn sounds(word: &str, words: &mut Vec<Word>) -> Result<(), String> {
    let (sounds, times) = word.rsplit_once('@').ok_or_else(|| format!("{word:?} has no @ON/OFF, in milliseconds"))?;
    let (on, off) = match times.split_once('/') {
        Some((on, off)) => (milliseconds(on)?, milliseconds(off)?),
        None => (milliseconds(times)?, Duration::ZERO),
    };
    let note = |sound| Word::Sound(Note { sound, on, off });
    if let Some(hertz) = sounds.strip_suffix("Hz") {
        let hertz = hertz.parse().map_err(|_| format!("{hertz:?} is no frequency"))?;
        words.push(note(Sound::Tone(Tone(hertz))));
        return Ok(());
    }
    for digit in sounds.chars() {
        let digit = Digit::from_char(digit).ok_or_else(|| format!("{digit:?} is none of 0-9 A-D * #"))?;
        words.push(note(Sound::Digit(digit)));
    }
    Ok(())
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(ms) if ms <= MS_MAX => Ok(Duration::from_millis(ms)),
        _ => Err(format!("{text:?} is no time of 0 to {MS_MAX} milliseconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sounds_pauses_and_waits() {
        let ms = Duration::from_millis;
        let script: Script = "1850Hz@200/500 ? A7@80/70 +40 !".parse().unwrap();
        let note = |sound, on, off| Word::Sound(Note { sound, on: ms(on), off: ms(off) });
        let digit = |digit| note(Sound::Digit(digit), 80, 70);
        let expected = [
            note(Sound::Tone(Tone(1850)), 200, 500),
            Word::Played,
            digit(Digit::A),
            digit(Digit::Seven),
            Word::Pause(ms(40)),
            Word::HangUp,
        ];
        assert_eq!(script.0, expected);
    }

    #[test]
    fn what_is_no_sound_is_named() {
        let long = "1@1 ".repeat(WORDS_MAX + 1);
        let table = [
            ("", "nothing is to be heard"),
            ("A1", "\"A1\" has no @ON/OFF"),
            ("A1@x", "\"x\" is no time"),
            ("A1@80/700000", "\"700000\" is no time"),
            ("a1@80", "'a' is none of"),
            ("loudHz@80", "\"loud\" is no frequency"),
            ("+", "\"\" is no time"),
            (long.as_str(), "more than 4096"),
        ];
        for (text, expected) in table {
            let error = text.parse::<Script>().unwrap_err();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }
}
