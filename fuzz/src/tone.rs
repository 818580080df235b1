//! Tones: sound files, RTP, and audio of any kind with any losses.

use std::time::Instant;

use telecare_protocol::Protocol;
use telecare_protocol::tones::{Digit, Note, Sound};
use telecare_tone::ear::{Ear, Told};
use telecare_tone::feed::Feed;
use telecare_tone::law::Law;
use telecare_tone::plan::{Voice, play};
use telecare_tone::rtp::{Media, Receiver, Settings};
use telecare_tone::wav::{self, Form};

/// Samples that one input may make: the target stays quick.
const SAMPLES_MAX: usize = 4000;

/// A file: what is read is written and read again the same.
pub fn tone_wav(data: &[u8]) {
    let Ok(samples) = wav::read(data) else { return };
    let again = wav::read(&wav::write(&samples, Form::Linear)).expect("what is written is a file");
    assert_eq!(again, wav::read(&wav::write(&again, Form::Linear)).expect("and so is that"));
    assert_eq!(again.len(), samples.len());
}

/// Datagrams, each after its length: what comes out goes on without holes, and an end has a beginning.
pub fn tone_rtp(data: &[u8]) {
    let mut receiver = Receiver::new(Settings::default());
    let mut ear = Ear::new(Protocol::Bs8521);
    let mut rest = data;
    let mut given = 0;
    while let Some((length, tail)) = rest.split_first() {
        let (datagram, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        for media in receiver.push(datagram).unwrap_or_default() {
            given += match &media {
                Media::Samples(samples) => samples.len(),
                Media::Lost(lost) => *lost,
                Media::Event(_) => 0,
            };
            if given < SAMPLES_MAX {
                ear.media(&media);
            }
        }
        rest = tail;
    }
    receiver.finish();
}

/// Audio: pairs of what and how long. Onsets are told before ends, no end before its onset.
pub fn tone_audio(data: &[u8]) {
    let mut ear = Ear::new(Protocol::Detect);
    let mut told = Vec::new();
    let mut made = 0;
    for pair in data.chunks_exact(2) {
        let (what, long) = (pair[0], usize::from(pair[1]) * 4);
        made += long;
        if made > SAMPLES_MAX {
            break;
        }
        told.extend(match what >> 6 {
            0 => ear.lose(long),
            1 => ear.push(&vec![f32::from(Law::A.decode(what)) / 32768.0; long]),
            2 => ear.push(
                &(0..long)
                    .map(|n| f32::from(Law::Mu.decode((n * usize::from(what)) as u8)) / 32768.0)
                    .collect::<Vec<f32>>(),
            ),
            _ => {
                let digit = Digit::all().nth(usize::from(what & 15)).expect("there are sixteen");
                let on = telecare_tone::digits::duration(long as u64);
                ear.push(&play(
                    &[Note::alone(Sound::Digit(digit), on)],
                    Voice::default(),
                    on.mul_f32(0.0),
                    on.mul_f32(0.0),
                ))
            }
        });
    }
    told.extend(ear.push(&[f32::NAN, f32::INFINITY, 1e30, -1e30]));
    told.extend(ear.finish());
    let mut feed = Feed::new(Instant::now());
    told.iter().for_each(|told| drop(feed.take(told)));
    for (index, one) in told.iter().enumerate() {
        let Told::Sound(one) = one else { continue };
        let Some(ended) = one.ended else { continue };
        assert!(ended >= one.began, "{one:?}");
        let is_onset =
            |told: &Told| matches!(told, Told::Sound(told) if told.began == one.began && told.ended.is_none());
        assert!(told[..index].iter().any(is_onset), "{one:?} ended without beginning");
    }
}
