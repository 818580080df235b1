//! Sounds to make: which, when, how loud, how far off.
//!
//! Notes are the protocols' own; a plan plays them at exact times: a sound that begins at `t` has its first sample at
//! the first whole sample from `t` on, with the phase it has there.

use std::f64::consts::TAU;
use std::time::Duration;

use telecare_protocol::tones::{self, Note, Sound, Tone};
use telecare_protocol::{Protocol, contact_id, tunstall};

use crate::RATE;
use crate::level::amplitude;

/// How the sounds of one sender are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Voice {
    /// Level of each tone, dBm0; of the louder one where there is twist.
    pub dbm0: f32,
    /// How much louder the low tone of a digit is, dB; negative where the high one is.
    pub twist_db: f32,
    /// By how much the low tones are off: 0.015 is 1.5 % too high.
    pub low_off: f64,
    /// The same of the high tones, and of single tones.
    pub high_off: f64,
}

impl Default for Voice {
    fn default() -> Voice {
        Voice { dbm0: -10.0, twist_db: 0.0, low_off: 0.0, high_off: 0.0 }
    }
}

/// What a unit of a protocol plays for some digits, at its usual pace; none where the protocol has no tones.
///
/// Digits are keys, for Contact ID and the fast format letters too. TTOLD digits are bursts; spaces stand between its
/// groups.
pub fn notes(protocol: Protocol, digits: &str, is_stmf: bool) -> Option<Vec<Note>> {
    let ms = Duration::from_millis;
    match protocol {
        Protocol::Tt92 if is_stmf => Some(tunstall::stmf::notes(digits, &tunstall::Settings::default())),
        Protocol::Bs8521 | Protocol::Tt92 | Protocol::TtNew => Some(tones::notes(digits, ms(80), ms(80))),
        Protocol::TtOld => Some(bursts(digits)),
        Protocol::ContactId | Protocol::FastFormat => {
            let is_letters = digits.contains(['E', 'F']) || !digits.contains(['*', '#']);
            let keys = if is_letters { contact_id::keys(digits) } else { digits.to_owned() };
            Some(tones::notes(&keys, ms(55), ms(55)))
        }
        _ => None,
    }
}

fn bursts(digits: &str) -> Vec<Note> {
    const BETWEEN_GROUPS: Duration = Duration::from_millis(1200);
    let groups = digits.split_ascii_whitespace().map(tunstall::bursts);
    let with_silence = |mut group: Vec<Note>| {
        if let Some(last) = group.last_mut() {
            last.off = BETWEEN_GROUPS;
        }
        group
    };
    groups.flat_map(with_silence).collect()
}

/// Plays notes after a silence and before another.
pub fn play(notes: &[Note], voice: Voice, before: Duration, after: Duration) -> Vec<f32> {
    let mut samples = Vec::new();
    let mut at = before;
    for note in notes {
        samples.resize(samples_until(at), 0.0);
        let end = at.saturating_add(note.on);
        for (hertz, peak) in parts(note.sound, voice) {
            let from = samples_until(at);
            samples.resize(samples.len().max(samples_until(end)), 0.0);
            for (index, sample) in samples.iter_mut().enumerate().skip(from) {
                let seconds = index as f64 / f64::from(RATE) - at.as_secs_f64();
                *sample += peak * (TAU * hertz * seconds).sin() as f32;
            }
        }
        at = end.saturating_add(note.off);
    }
    samples.resize(samples_until(at.saturating_add(after)), 0.0);
    samples
}

/// Samples before a moment: the first sample at or after it has this index.
pub fn samples_until(at: Duration) -> usize {
    let ticks = at.as_nanos().saturating_mul(u128::from(RATE));
    usize::try_from(ticks.div_ceil(1_000_000_000)).unwrap_or(usize::MAX)
}

/// The tones of a sound, with their amplitudes.
fn parts(sound: Sound, voice: Voice) -> Vec<(f64, f32)> {
    let of = |Tone(hertz): Tone, off: f64, dbm0: f32| (f64::from(hertz) * (1.0 + off), amplitude(dbm0));
    match sound {
        Sound::Tone(tone) => {
            let off = if tone.0 < 1000 { voice.low_off } else { voice.high_off };
            vec![of(tone, off, voice.dbm0)]
        }
        Sound::Digit(digit) => {
            let (low, high) = digit.tones();
            let twist = voice.twist_db;
            vec![
                of(low, voice.low_off, voice.dbm0 + twist.min(0.0)),
                of(high, voice.high_off, voice.dbm0 - twist.max(0.0)),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::power;

    #[test]
    fn sounds_stand_where_they_should() {
        let ms = Duration::from_millis;
        let played = play(&tones::notes("5#", ms(80), ms(70)), Voice::default(), ms(100), ms(50));
        assert_eq!(played.len(), (100 + 80 + 70 + 80 + 50) * 8);
        assert!(played[..800].iter().all(|sample| *sample == 0.0));
        assert!(played[1440..2000].iter().all(|sample| *sample == 0.0));
        let expected = amplitude(-10.0).powi(2);
        assert!((power(&played[800..1440]) / expected - 1.0).abs() < 0.02);
        assert!(power(&played[2000..2640]) > 0.9 * expected);
        assert_eq!(samples_until(Duration::from_micros(126)), 2, "the first sample not before it");
    }

    #[test]
    fn twist_takes_from_the_weaker_tone() {
        let loud = |twist_db| parts(Sound::Digit(tones::Digit::One), Voice { twist_db, ..Voice::default() });
        let ratio = |parts: &[(f64, f32)]| 20.0 * (parts[0].1 / parts[1].1).log10();
        assert!((ratio(&loud(8.0)) - 8.0).abs() < 1e-3);
        assert!((ratio(&loud(-4.0)) + 4.0).abs() < 1e-3);
        assert_eq!(loud(8.0)[0].1, amplitude(-10.0));
    }

    #[test]
    fn every_protocol_with_tones_has_a_plan() {
        for (protocol, digits, count) in [
            (Protocol::Bs8521, "A0100#", 6),
            (Protocol::Tt92, "D#10", 4),
            (Protocol::TtOld, "12341 12341", 10),
            (Protocol::ContactId, "9B0F", 4),
            (Protocol::FastFormat, "1234555555557", 13),
        ] {
            assert_eq!(notes(protocol, digits, false).unwrap().len(), count, "{protocol}");
        }
        assert_eq!(notes(Protocol::Tt92, "D#", true).unwrap().len(), 4);
        assert_eq!(notes(Protocol::SurGard, "1", false), None);
    }
}
