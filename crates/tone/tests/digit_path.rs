//! The digit path on made audio: what it must accept, what it must reject, and how exactly it tells the times.
#![allow(
    clippy::unwrap_used,
    clippy::single_range_in_vec_init,
    reason = "a test may fail by panic, and one loss is one"
)]

use std::time::Duration;

use telecare_protocol::tones::{self, Note, Sound, Tone};
use telecare_tone::damage::{self, Loss, between, random};
use telecare_tone::digits::{Listener, Settings, Sounded};
use telecare_tone::law::Law;
use telecare_tone::plan::{Voice, play};

const ALL: &str = "0123456789*#ABCD";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The sounds that ended, samples fed packet by packet, lost ranges as lost.
fn heard(samples: &[f32], lost: &[std::ops::Range<usize>], settings: Settings) -> Vec<Sounded> {
    let mut listener = Listener::new(settings);
    let mut told = Vec::new();
    let mut at = 0;
    for range in lost {
        told.extend(listener.push(&samples[at..range.start]));
        told.extend(listener.lose(range.len()));
        at = range.end;
    }
    told.extend(listener.push(&samples[at..]));
    told.extend(listener.finish());
    told.retain(|sounded| sounded.ended.is_some());
    told
}

fn digits(told: &[Sounded]) -> String {
    let digit = |sounded: &Sounded| match sounded.sound {
        Sound::Digit(digit) => Some(digit.as_char()),
        Sound::Tone(_) => None,
    };
    told.iter().filter_map(digit).collect()
}

/// Digits of one length at the limits that Q.24 names, taken together; gives how many were wrong.
fn wrong_of(count: usize, seed: u64, on: Duration, off: Duration) -> usize {
    let mut random = random(seed);
    let mut wrong = 0;
    for _ in 0..count.div_ceil(16) {
        let sign = |random: &mut damage::Random| if random.bool() { 1.0 } else { -1.0 };
        let twist_db = if random.bool() { 8.0 } else { -4.0 };
        let dbm0 = between(&mut random, -17.0, 0.0);
        let (low_off, high_off) = (0.015 * sign(&mut random), 0.015 * sign(&mut random));
        let voice = Voice { dbm0, twist_db, low_off, high_off };
        let mut text: Vec<char> = ALL.chars().collect();
        random.shuffle(&mut text);
        let text: String = text.into_iter().collect();
        let before = Duration::from_micros(random.u64(50_000..60_000));
        let mut samples = play(&tones::notes(&text, on, off), voice, before, ms(60));
        let active = telecare_tone::level::amplitude(dbm0).powi(2) / 2.0 * (1.0 + 10_f32.powf(-twist_db.abs() / 10.0));
        damage::noise(&mut samples, active, 15.0, &mut random);
        Law::A.through(&mut samples);
        let told = digits(&heard(&samples, &[], Settings::default()));
        if told != text {
            wrong += 1;
        }
    }
    wrong
}

#[test]
fn the_accept_limits_together() {
    assert_eq!(wrong_of(2000, 1, ms(40), ms(40)), 0);
}

#[test]
fn what_must_be_rejected_is() {
    let played = |text: &str, on, voice| {
        let samples = play(&tones::notes(text, on, ms(50)), voice, ms(100), ms(100));
        digits(&heard(&samples, &[], Settings::default()))
    };
    let normal = Voice::default();
    assert_eq!(played(ALL, ms(40), normal), ALL);
    assert_eq!(played(ALL, ms(23), normal), "", "too short");
    for off in [-0.035, 0.035] {
        assert_eq!(played(ALL, ms(100), Voice { low_off: off, ..normal }), "", "{off}");
        assert_eq!(played(ALL, ms(100), Voice { high_off: off, ..normal }), "", "{off}");
    }
    assert_eq!(played(ALL, ms(100), Voice { dbm0: -55.0, ..normal }), "", "too weak");
    assert_eq!(played(ALL, ms(100), Voice { dbm0: -29.0, ..normal }), ALL);
    assert_eq!(played(ALL, ms(100), Voice { twist_db: 14.0, ..normal }), "");
    assert_eq!(played(ALL, ms(100), Voice { twist_db: -10.0, ..normal }), "");
}

/// Some sound over all of it, from tones of a level each.
fn with_tones(samples: &mut [f32], tones: &[u16], dbm0: f32) {
    let long = telecare_tone::digits::duration(samples.len() as u64);
    for hertz in tones {
        let more =
            play(&[Note::alone(Sound::Tone(Tone(*hertz)), long)], Voice { dbm0, ..Voice::default() }, ms(0), ms(0));
        samples.iter_mut().zip(more).for_each(|(sample, more)| *sample += more);
    }
}

#[test]
fn a_third_tone_is_tolerated_16_db_down_and_no_digit_is_heard_beside_one_as_loud() {
    for (third, seed) in [(300, 0), (600, 1), (1060, 2), (1100, 3), (1400, 4), (2000, 5), (2600, 6)] {
        for (below, wanted) in [(16.0, ALL), (3.0, "")] {
            let voice = Voice { dbm0: -12.0, ..Voice::default() };
            let mut samples = play(&tones::notes(ALL, ms(40), ms(40)), voice, ms(100), ms(100));
            with_tones(&mut samples, &[third], voice.dbm0 - below);
            damage::noise(&mut samples, telecare_tone::level::amplitude(-12.0).powi(2), 25.0, &mut random(seed));
            assert_eq!(digits(&heard(&samples, &[], Settings::default())), wanted, "{third} Hz, {below} dB down");
        }
    }
}

#[test]
fn dial_tone_is_no_digit_and_hides_none() {
    let mut alone = vec![0.0; 8000 * 4];
    with_tones(&mut alone[800..16_000], &[350, 440], -4.0);
    with_tones(&mut alone[20_000..24_000], &[350, 440], -4.0);
    Law::A.through(&mut alone);
    assert_eq!(digits(&heard(&alone, &[], Settings::default())), "");
    for (dbm0, low, high) in [(-28.0, 350, 440), (-28.0, 346, 445), (-28.0, 354, 435), (-12.0, 350, 440)] {
        let voice = Voice { dbm0, ..Voice::default() };
        let mut samples = play(&tones::notes(ALL, ms(40), ms(40)), voice, ms(200), ms(100));
        with_tones(&mut samples, &[low, high], f32::min(dbm0 + 22.0, -4.0));
        Law::A.through(&mut samples);
        assert_eq!(digits(&heard(&samples, &[], Settings::default())), ALL, "{dbm0} dBm0 over {low} + {high} Hz");
    }
}

#[test]
fn times_are_within_five_milliseconds() {
    let mut random = random(5);
    let (mut worst, mut count) = (0, 0);
    for _ in 0..100 {
        let (on, off) = (random.u64(45..200), random.u64(45..200));
        let voice = Voice { dbm0: between(&mut random, -25.0, -3.0), ..Voice::default() };
        let mut samples = play(&tones::notes("147A", ms(on), ms(off)), voice, ms(60), ms(60));
        damage::noise(&mut samples, telecare_tone::level::amplitude(voice.dbm0).powi(2), 15.0, &mut random);
        for (index, told) in heard(&samples, &[], Settings::default()).iter().enumerate() {
            let began = (60 + index as u64 * (on + off)) * 8;
            worst = worst.max(told.began.abs_diff(began)).max(told.ended.unwrap().abs_diff(began + on * 8));
            count += 1;
        }
    }
    assert_eq!(count, 400);
    assert!(worst <= 5 * 8, "{worst} samples");
}

#[test]
fn a_gap_of_lost_packets_splits_no_digit_and_ten_silent_milliseconds_do_not_either() {
    let samples = play(&tones::notes("5", ms(120), ms(0)), Voice::default(), ms(100), ms(100));
    let told = heard(&samples, &[1040..1360], Settings::default());
    assert_eq!((digits(&told).as_str(), told[0].doubtful), ("5", true));
    assert!(told[0].began.abs_diff(800) <= 40 && told[0].ended.unwrap().abs_diff(1760) <= 40, "{told:?}");
    let mut broken = samples.clone();
    broken[1200..1280].fill(0.0);
    assert_eq!(digits(&heard(&broken, &[], Settings::default())), "5");
    broken[1200..1520].fill(0.0);
    assert_eq!(digits(&heard(&broken, &[], Settings::default())), "55", "40 ms of silence do");
    // Lost, not silent: what is not received cannot be a pause.
    let mut random = random(2);
    for seed in 0..50 {
        let mut samples =
            play(&tones::notes("0123456789", ms(80), ms(80)), Voice::default(), ms(random.u64(50..70)), ms(60));
        let packets = Loss { share: 0.1, burst: 1.0 }.draw(samples.len() / 160, &mut damage::random(seed));
        let lost = damage::lose(&mut samples, &packets);
        let told = digits(&heard(&samples, &lost, Settings::default()));
        let mut doubled = told.clone().into_bytes();
        doubled.dedup();
        assert_eq!(doubled, told.into_bytes(), "no digit twice");
    }
}

#[test]
fn single_tones_and_stmf_pairs() {
    let notes =
        [1850, 1645, 1000, 1400, 2300].map(|hertz| Note { sound: Sound::Tone(Tone(hertz)), on: ms(150), off: ms(100) });
    let samples = play(&notes, Voice::default(), ms(50), ms(50));
    let told: Vec<Sound> = heard(&samples, &[], Settings::default()).iter().map(|told| told.sound).collect();
    assert_eq!(told, notes.map(|note| note.sound));

    let text = "D#1016123456******000004";
    let settings = telecare_protocol::tunstall::Settings::default();
    let notes = telecare_protocol::tunstall::stmf::notes(text, &settings);
    // A little too high, 1633 Hz is nearer to the guard tone of 1645 Hz.
    let voice = Voice { low_off: 0.006, high_off: 0.006, ..Voice::default() };
    let samples = play(&notes, voice, ms(50), ms(50));
    let mut pairs = telecare_protocol::tunstall::stmf::Pairs::new(&settings, Duration::ZERO);
    let origin = std::time::Instant::now();
    let mut made = String::new();
    for told in heard(&samples, &[], Settings::default()) {
        let Sound::Tone(tone) = told.sound else { panic!("{told:?}") };
        made.extend(pairs.push(tone, &told.heard(origin)).map(|(digit, _)| digit.as_char()));
    }
    assert_eq!(made, text);
}

#[test]
fn widths_of_bursts() {
    let notes = telecare_protocol::tunstall::bursts("1234567890");
    let samples = play(&notes, Voice::default(), ms(50), ms(50));
    let settings = Settings { bursts: Some(Tone(1850)), ..Settings::default() };
    let told = heard(&samples, &[], settings);
    let read: Vec<u8> = told
        .iter()
        .filter_map(|told| {
            telecare_protocol::tunstall::digit_of(telecare_tone::digits::duration(told.ended? - told.began))
        })
        .collect();
    assert_eq!(read, b"1234567890", "{told:?}");
}

/// Pulses through resonances are harder than voices: their harmonics are steady. Of hours of voices and music, in which
/// there must be none at all, the bench tells.
#[test]
fn speech_is_hardly_ever_a_digit() {
    let speech = damage::speech(8000 * 300, &mut random(3));
    let told = digits(&heard(&speech, &[], Settings::default()));
    assert!(told.len() <= 5, "{told} in five minutes");
}

#[test]
fn an_echo_is_no_digit_of_its_own() {
    let mut samples = play(&tones::notes("55A#", ms(80), ms(80)), Voice::default(), ms(50), ms(200));
    damage::echo(&mut samples, 60 * 8, 10.0);
    assert_eq!(digits(&heard(&samples, &[], Settings::default())), "55A#");
}
