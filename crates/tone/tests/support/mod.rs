//! Messages of every layout, and damage drawn from ranges.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its part, and may fail by panic")]

use std::ops::Range;
use std::time::Duration;

use telecare_protocol::Protocol;
use telecare_protocol::contact_id::{check_digit, keys};
use telecare_protocol::tones::{self, Digit, Note, Sound};
use telecare_protocol::tunstall::{self, Map};
use telecare_protocol::{bs8521, contact_id};
use telecare_tone::damage::{self, Loss, Random, between, random};
use telecare_tone::frames::{Frame, Layout, Limits, Listener, Outcome};
use telecare_tone::law::Law;
use telecare_tone::level::amplitude;
use telecare_tone::plan::{Voice, play};

/// A message of a layout.
#[derive(Clone, Debug)]
pub struct Case {
    pub layout: Layout,
    pub keys: String,
}

/// What is done to it; ranges to draw from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Damage {
    /// dB beside the power of the tones.
    pub snr: Option<(f32, f32)>,
    pub loss: Option<(f32, f32)>,
    pub burst: Option<(f32, f32)>,
    /// A talker's level beside the tones', dB.
    pub talker: Option<(f32, f32)>,
    /// Milliseconds; at -10 dB.
    pub echo: Option<(f32, f32)>,
}

fn decimal(random: &mut Random, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + random.u8(0..10))).collect()
}

/// A message of every layout.
pub fn all_cases(seed: u64) -> Vec<Case> {
    let mut random = random(seed ^ 0x5EED);
    let bs8521 = bs8521::Frame {
        category: decimal(&mut random, 1),
        speech: decimal(&mut random, 1),
        conformance: "00".to_owned(),
        controller: decimal(&mut random, 8),
        local_unit: decimal(&mut random, 4),
        event: decimal(&mut random, 3),
        location: decimal(&mut random, 2),
        priority: decimal(&mut random, 1),
        status: decimal(&mut random, 2),
    };
    let tunstall = |random: &mut Random, map: Map| {
        let digits = random.usize(4..=12);
        let frame = tunstall::Frame {
            kind: decimal(random, 1),
            reserved: "0".to_owned(),
            generic: decimal(random, 1),
            call: decimal(random, 1),
            identity: format!("{:*<12}", decimal(random, digits)),
            extra: decimal(random, 4),
        };
        frame.encode(map).unwrap()
    };
    let body = format!("{}18{}{}", decimal(&mut random, 4), [1, 3, 6][random.usize(0..3)], decimal(&mut random, 8));
    let contact = format!("{body}{}", check_digit(body.as_bytes()).unwrap());
    assert!(contact_id::Message::decode(contact.as_bytes(), false).is_ok());
    let new = if random.bool() { Map::Tt92 } else { Map::TtNew };
    [
        (Layout::Bs8521, bs8521.encode().unwrap()),
        (Layout::Tunstall, tunstall(&mut random, new)),
        (Layout::Stmf, tunstall(&mut random, Map::Tt92)),
        (Layout::ContactId, keys(&contact)),
    ]
    .map(|(layout, keys)| Case { layout, keys })
    .to_vec()
}

/// Its notes, at a pace drawn from what units do.
pub fn notes(case: &Case, random: &mut Random) -> Vec<Note> {
    let ms = |ms: f32| Duration::from_micros((ms * 1000.0) as u64);
    match case.layout {
        Layout::Stmf => {
            let (on, off) = (ms(between(random, 73.0, 77.0)), ms(between(random, 4.0, 6.0)));
            let pair = |digit: Digit| {
                [digit.tones().0, digit.tones().1].map(|tone| Note { sound: Sound::Tone(tone), on, off })
            };
            case.keys.chars().filter_map(Digit::from_char).flat_map(pair).collect()
        }
        Layout::ContactId => tones::notes(&case.keys, ms(between(random, 50.0, 60.0)), ms(between(random, 50.0, 60.0))),
        Layout::Bs8521 | Layout::Tunstall => {
            tones::notes(&case.keys, ms(between(random, 72.0, 88.0)), ms(between(random, 72.0, 88.0)))
        }
    }
}

/// The call's audio, what of it is lost, and the sample after the last tone.
pub fn call(case: &Case, damage: &Damage, seed: u64) -> (Vec<f32>, Vec<Range<usize>>, u64) {
    let mut random = random(seed.wrapping_mul(4).wrapping_add(case.layout as u64));
    let draw = |range: (f32, f32), random: &mut Random| between(random, range.0, range.1);
    let off = f64::from(between(&mut random, -0.01, 0.01));
    let voice = Voice {
        dbm0: between(&mut random, -20.0, -6.0),
        twist_db: if case.layout == Layout::Stmf { 0.0 } else { between(&mut random, -3.0, 5.0) },
        low_off: off,
        high_off: off,
    };
    let notes = notes(case, &mut random);
    let before = Duration::from_micros(random.u64(300_000..400_000));
    let tail = Duration::from_millis(400);
    let mut samples = play(&notes, voice, before, tail);
    let ends =
        (samples.len() - 8 * 400) as u64 - notes.last().map_or(0, |note| (note.off.as_secs_f64() * 8000.0) as u64);
    let one = amplitude(voice.dbm0).powi(2) / 2.0;
    let signal =
        if case.layout == Layout::Stmf { one } else { one * (1.0 + 10_f32.powf(-voice.twist_db.abs() / 10.0)) };
    if let Some(range) = damage.echo {
        damage::echo(&mut samples, (draw(range, &mut random) * 8.0) as usize, 10.0);
    }
    if let Some(range) = damage.talker {
        let other = damage::speech(samples.len(), &mut random);
        damage::add(&mut samples, &other, signal, draw(range, &mut random));
    }
    if let Some(range) = damage.snr {
        damage::noise(&mut samples, signal, draw(range, &mut random), &mut random);
    }
    Law::A.through(&mut samples);
    let lost = damage.loss.map_or_else(Vec::new, |range| {
        let burst = damage.burst.map_or(1.0, |range| draw(range, &mut random));
        let loss = Loss { share: draw(range, &mut random), burst };
        let packets = loss.draw(samples.len() / 160, &mut random);
        damage::lose(&mut samples, &packets)
    });
    (samples, lost, ends)
}

/// What the frame path, hunting every layout, tells of audio.
pub fn hear(samples: &[f32], lost: &[Range<usize>]) -> Vec<Outcome> {
    hear_as(Protocol::Detect, samples, lost)
}

/// The same where the line speaks one protocol.
pub fn hear_as(protocol: Protocol, samples: &[f32], lost: &[Range<usize>]) -> Vec<Outcome> {
    let mut listener = Listener::speaking(protocol, Limits::default());
    let mut told = Vec::new();
    let mut at = 0;
    for range in lost {
        told.extend(listener.push(&samples[at..range.start]));
        told.extend(listener.lose(range.len()));
        at = range.end;
    }
    told.extend(listener.push(&samples[at..]));
    told
}

/// The accepted message and where its last tone ended.
pub fn frame(case: &Case, damage: &Damage, seed: u64) -> Option<(Frame, u64)> {
    let (samples, lost, ends) = call(case, damage, seed);
    let told = hear(&samples, &lost);
    if std::env::var_os("TOLD").is_some() {
        eprintln!("{told:?}");
    }
    let frame = told.into_iter().find_map(|outcome| match outcome {
        Outcome::Frame(frame) => Some(frame),
        Outcome::Refused(_) | Outcome::Arriving(_) => None,
    });
    frame.map(|frame| (frame, ends))
}

/// Its keys.
pub fn outcome(case: &Case, damage: &Damage, seed: u64) -> Option<String> {
    frame(case, damage, seed).map(|(frame, _)| frame.keys)
}

/// A message sent several times, each with the given symbols lost whole.
pub fn copies(case: &Case, lost: &[&[usize]]) -> Option<String> {
    let ms = Duration::from_millis;
    let mut samples = Vec::new();
    let mut ranges = Vec::new();
    for symbols in lost {
        let start = samples.len() + 300 * 8;
        samples.extend(play(&tones::notes(&case.keys, ms(80), ms(80)), Voice::default(), ms(300), ms(300)));
        ranges.extend(symbols.iter().map(|symbol| start + symbol * 1280..start + symbol * 1280 + 640));
    }
    hear(&samples, &ranges).into_iter().find_map(|outcome| match outcome {
        Outcome::Frame(frame) => Some(frame.keys),
        Outcome::Refused(_) | Outcome::Arriving(_) => None,
    })
}
