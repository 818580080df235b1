//! Both paths and the events on one timeline: what a call's line holds. What a session takes of it is
//! [`Feed`](crate::feed::Feed)'s.

use telecare_protocol::Protocol;
use telecare_protocol::tones::{Sound, Tone};

use crate::digits::{self, Sounded};
use crate::frames::{self, Arriving, Frame, Limits, Outcome, Refused};
use crate::rtp::{Media, Merge};

/// What is heard in a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A sound began, or ended.
    Sound(Sounded),
    /// A whole message.
    Frame(Frame),
    /// A message's shape without a message.
    Refused(Refused),
    /// What may become a message is arriving, or stopped.
    Arriving(Arriving),
}

/// Hears one call.
#[derive(Clone, Debug)]
pub struct Ear {
    digits: digits::Listener,
    frames: frames::Listener,
    merge: Merge,
}

impl Ear {
    /// Listens for what a line speaks; [`Protocol::Detect`] for everything.
    pub fn new(protocol: Protocol) -> Ear {
        let bursts = (protocol == Protocol::TtOld).then_some(Tone(1850));
        let settings = digits::Settings { bursts, ..digits::Settings::default() };
        Ear {
            digits: digits::Listener::new(settings),
            frames: frames::Listener::speaking(protocol, Limits::default()),
            merge: Merge::default(),
        }
    }

    /// Takes samples.
    pub fn push(&mut self, samples: &[f32]) -> Vec<Told> {
        let sounds = self.digits.push(samples);
        let outcomes = self.frames.push(samples);
        self.told(sounds, outcomes)
    }

    /// So many samples were lost.
    pub fn lose(&mut self, samples: usize) -> Vec<Told> {
        let sounds = self.digits.lose(samples);
        let outcomes = self.frames.lose(samples);
        self.told(sounds, outcomes)
    }

    /// Takes what an RTP stream gives.
    pub fn media(&mut self, media: &Media) -> Vec<Told> {
        match media {
            Media::Samples(samples) => self.push(samples),
            Media::Lost(samples) => self.lose(*samples),
            Media::Event(told) => self.merge.event(*told).map(Told::Sound).into_iter().collect(),
        }
    }

    /// The call is over.
    pub fn finish(&mut self) -> Vec<Told> {
        let sounds = self.digits.finish().into_iter().collect();
        self.told(sounds, Vec::new())
    }

    fn told(&mut self, sounds: Vec<Sounded>, outcomes: Vec<Outcome>) -> Vec<Told> {
        let merged = sounds.into_iter().filter_map(|told| match told.sound {
            Sound::Digit(_) => self.merge.audio(told),
            Sound::Tone(_) => Some(told),
        });
        let sounds: Vec<Told> = merged.map(Told::Sound).collect();
        let outcomes = outcomes.into_iter().map(|outcome| match outcome {
            Outcome::Frame(frame) => Told::Frame(frame),
            Outcome::Refused(refused) => Told::Refused(refused),
            Outcome::Arriving(arriving) => Told::Arriving(arriving),
        });
        sounds.into_iter().chain(outcomes).collect()
    }
}
