//! Packets in any order to a timeline without holes.

use std::collections::BTreeMap;

use super::event::Pressed;
use super::packet::{Packet, PacketError};
use crate::digits::Sounded;
use crate::law::Law;

/// Which payload types are what, and how long to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Payload types of audio; 0 is µ-law and 8 A-law (A).
    pub audio: Vec<(u8, Law)>,
    /// Payload types of telephone events at 8 kHz: what was negotiated, 101 only by habit.
    pub events: Vec<u8>,
    /// Packets that are waited for one that is missing, [`REORDER_MAX`] at most.
    pub reorder: usize,
}

/// Packets held back at most.
const REORDER_MAX: usize = 32;
/// Samples that a step of the timestamp may lose at most: 10 s. A longer one is a new start of the sender's clock.
const LOST_MAX: u32 = 80_000;
/// Samples that a packet may carry at most: 200 ms.
const PACKET_MAX: usize = 1600;

impl Default for Settings {
    fn default() -> Settings {
        Settings { audio: vec![(0, Law::Mu), (8, Law::A)], events: vec![101], reorder: 3 }
    }
}

/// What the timeline goes on with.
#[derive(Clone, Debug, PartialEq)]
pub enum Media {
    /// Samples that came.
    Samples(Vec<f32>),
    /// So many that did not.
    Lost(usize),
    /// A press that an event tells of, at its place on the timeline.
    Event(Sounded),
}

/// Receives one stream.
#[derive(Clone, Debug)]
pub struct Receiver {
    settings: Settings,
    source: Option<u32>,
    /// Sequence number that comes next.
    next: Option<u64>,
    held: BTreeMap<u64, Held>,
    /// Timestamp of the sample that comes next.
    timestamp: u32,
    /// Samples given so far.
    now: u64,
    pressed: Pressed,
    /// Packets that were given up.
    missing: u64,
}

#[derive(Clone, Debug)]
struct Held {
    payload_type: u8,
    timestamp: u32,
    payload: Vec<u8>,
}

impl Receiver {
    /// Waits for the first packet.
    pub fn new(settings: Settings) -> Receiver {
        let reorder = settings.reorder.min(REORDER_MAX);
        let settings = Settings { reorder, ..settings };
        Receiver {
            settings,
            source: None,
            next: None,
            held: BTreeMap::new(),
            timestamp: 0,
            now: 0,
            pressed: Pressed::default(),
            missing: 0,
        }
    }

    /// Takes a datagram. What is not for this stream, or came before, is dropped.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Media>, PacketError> {
        let packet = Packet::read(bytes)?;
        let is_known = self.settings.audio.iter().any(|(known, _)| *known == packet.payload_type)
            || self.settings.events.contains(&packet.payload_type);
        if !is_known || packet.payload.len() > PACKET_MAX || packet.payload.is_empty() {
            return Ok(Vec::new());
        }
        if self.source != Some(packet.source) {
            // Another sender: its clock and its numbers are new.
            self.source = Some(packet.source);
            (self.next, self.timestamp) = (None, packet.timestamp);
            self.held.clear();
        }
        let sequence = match self.next {
            None => u64::from(packet.sequence) + FIRST,
            Some(next) => {
                let step = packet.sequence.wrapping_sub(next as u16) as i16;
                match next.checked_add_signed(i64::from(step)) {
                    Some(sequence) if step >= 0 => sequence,
                    _ => return Ok(Vec::new()),
                }
            }
        };
        self.next.get_or_insert(sequence);
        let held =
            Held { payload_type: packet.payload_type, timestamp: packet.timestamp, payload: packet.payload.to_vec() };
        self.held.entry(sequence).or_insert(held);
        let mut media = Vec::new();
        while self.held.len() > self.settings.reorder || self.is_next_here() {
            self.give(&mut media);
        }
        Ok(media)
    }

    /// The stream is over, or nothing has come for long: gives what was held back.
    pub fn finish(&mut self) -> Vec<Media> {
        let mut media = Vec::new();
        while !self.held.is_empty() {
            self.give(&mut media);
        }
        media.extend(self.pressed.expire(u64::MAX).map(Media::Event));
        media
    }

    /// Packets that never came so far.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    fn is_next_here(&self) -> bool {
        self.held.first_key_value().is_some_and(|(sequence, _)| Some(*sequence) == self.next)
    }

    /// Gives the first packet that is held.
    fn give(&mut self, media: &mut Vec<Media>) {
        let Some((sequence, held)) = self.held.pop_first() else { return };
        let skipped = sequence.saturating_sub(self.next.unwrap_or(sequence));
        self.missing = self.missing.saturating_add(skipped);
        self.next = Some(sequence.saturating_add(1));
        let law = self.settings.audio.iter().find(|(known, _)| *known == held.payload_type).map(|(_, law)| *law);
        match law {
            Some(law) => self.audio(&held, law, media),
            None => self.event(&held, media),
        }
        media.extend(self.pressed.expire(self.now).map(Media::Event));
    }

    fn audio(&mut self, held: &Held, law: Law, media: &mut Vec<Media>) {
        if self.now == 0 {
            self.timestamp = held.timestamp;
        }
        let ahead = held.timestamp.wrapping_sub(self.timestamp);
        let mut payload = held.payload.as_slice();
        match ahead as i32 {
            0 => {}
            // What was given already is not given again.
            back if back < 0 && back.unsigned_abs() < LOST_MAX => {
                payload = payload.get(back.unsigned_abs() as usize..).unwrap_or_default();
                if payload.is_empty() {
                    return;
                }
                self.timestamp = held.timestamp.wrapping_add(back.unsigned_abs());
            }
            _ if ahead <= LOST_MAX => {
                media.push(Media::Lost(ahead as usize));
                self.now = self.now.saturating_add(u64::from(ahead));
                self.timestamp = held.timestamp;
            }
            _ => self.timestamp = held.timestamp,
        }
        let samples: Vec<f32> = payload.iter().map(|byte| f32::from(law.decode(*byte)) / 32768.0).collect();
        self.now = self.now.saturating_add(samples.len() as u64);
        self.timestamp = self.timestamp.wrapping_add(samples.len() as u32);
        media.push(Media::Samples(samples));
    }

    fn event(&mut self, held: &Held, media: &mut Vec<Media>) {
        if self.now == 0 && media.is_empty() {
            self.timestamp = held.timestamp;
        }
        let ahead = held.timestamp.wrapping_sub(self.timestamp) as i32;
        let began = self.now.saturating_add_signed(i64::from(ahead));
        let duration =
            held.payload.get(2..4).and_then(|bytes| bytes.first_chunk()).map_or(0, |two| u16::from_be_bytes(*two));
        // A gateway that sends events may send no audio meanwhile: the event tells how far its time has come.
        let now = self.now.max(began.saturating_add(u64::from(duration)));
        media.extend(self.pressed.push(&held.payload, began, now).into_iter().map(Media::Event));
    }
}

/// Numbers begin here, so that none is negative.
const FIRST: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(sequence: u16, timestamp: u32) -> Vec<u8> {
        let payload = [sequence as u8; 160];
        Packet { payload_type: 8, sequence, timestamp, source: 1, payload: &payload }.write(false)
    }

    fn run(order: &[u16]) -> Vec<Media> {
        let mut receiver = Receiver::new(Settings::default());
        let first = 65_534_u16;
        let of = |index: u16| packet(first.wrapping_add(index), (u32::MAX - 100).wrapping_add(u32::from(index) * 160));
        let mut media: Vec<Media> = order.iter().flat_map(|index| receiver.push(&of(*index)).unwrap()).collect();
        media.extend(receiver.finish());
        media
    }

    fn shape(media: &[Media]) -> Vec<i64> {
        media
            .iter()
            .map(|media| match media {
                Media::Samples(samples) => samples.len() as i64,
                Media::Lost(count) => -(*count as i64),
                Media::Event(_) => 0,
            })
            .collect()
    }

    #[test]
    fn order_is_restored_and_what_is_missing_is_lost() {
        assert_eq!(run(&[0, 1, 2, 3, 4, 5]), run(&[0, 2, 1, 1, 5, 4, 3]));
        assert_eq!(shape(&run(&[0, 1, 3, 4])), [160, 160, -160, 160, 160]);
        assert_eq!(shape(&run(&[0, 1, 5, 6, 7, 8, 2])), [160, 160, -480, 160, 160, 160, 160], "too late");
    }

    #[test]
    fn events_have_their_place_on_the_timeline() {
        let mut receiver = Receiver::new(Settings::default());
        let event = |sequence, end: u8, duration: u16| {
            let [high, low] = duration.to_be_bytes();
            Packet { payload_type: 101, sequence, timestamp: 1160, source: 1, payload: &[11, end | 10, high, low] }
                .write(false)
        };
        let mut media = Vec::new();
        for bytes in [
            packet(0, 1000),
            event(1, 0, 160),
            event(2, 0, 320),
            event(3, 0x80, 480),
            event(4, 0x80, 480),
            packet(5, 1640),
        ] {
            media.extend(receiver.push(&bytes).unwrap());
        }
        let events: Vec<(u64, Option<u64>)> = media
            .iter()
            .filter_map(|media| if let Media::Event(told) = media { Some((told.began, told.ended)) } else { None })
            .collect();
        assert_eq!(events, [(160, None), (160, Some(640))]);
        assert_eq!(shape(&media), [160, 0, 0, -480, 160]);
    }

    proptest! {
        #[test]
        fn any_datagrams(datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..40)) {
            let mut receiver = Receiver::new(Settings { reorder: 5, ..Settings::default() });
            for mut bytes in datagrams {
                if let Some(first) = bytes.first_mut() {
                    *first = 0x80;
                }
                let _ = receiver.push(&bytes);
                prop_assert!(receiver.held.len() <= 6);
            }
            receiver.finish();
        }
    }
}
