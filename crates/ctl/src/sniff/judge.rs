//! What some bytes of a port are: which character frame they were sent in, which protocol they speak, how wide
//! its header is and how often it says that it is there. Pure.
//!
//! A port set to 8 data bits without parity shows a 7-bit character with its parity in bit 7, so one look at a
//! speed tells four frames apart. Eight bits with parity do not fit such a port and are looked for with one
//! that expects the parity bit.

use std::sync::LazyLock;
use std::time::Duration;

use telecare_protocol::{Codes, DecodeOptions, Mode, Protocol, What, ademco685, dc03, decode, espa, surgard};

/// A protocol is believed from this many whole frames on, and never when more frames are broken than whole.
const FRAMES_MIN: usize = 1;
/// Text is believed from this many characters on.
const TEXT_CHARACTERS_MIN: usize = 8;
/// Frames of which the text is shown.
const EXAMPLES_MAX: usize = 3;

/// One byte as the port gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When, since listening began.
    pub at: Duration,
    /// The byte.
    pub byte: u8,
    /// Whether the port found its parity or its stop bit wrong.
    pub is_bad: bool,
}

/// Bits of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// 7 or 8.
    pub data_bits: u8,
    /// Its parity.
    pub parity: Parity,
}

/// The parity bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    None,
    Even,
    Odd,
}

impl Framing {
    /// How a port is set to listen, most telling first.
    pub const VIEWS: [Framing; 3] =
        [Framing::new(8, Parity::None), Framing::new(8, Parity::Even), Framing::new(8, Parity::Odd)];

    /// A frame.
    pub const fn new(data_bits: u8, parity: Parity) -> Framing {
        Framing { data_bits, parity }
    }

    /// Its short name, one stop bit: 7E1.
    pub fn name(self) -> String {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        format!("{}{parity}1", self.data_bits)
    }

    /// The frames that a port set like this shows.
    fn shown(self) -> Vec<Framing> {
        match self.parity {
            Parity::None => vec![self, Framing::new(7, Parity::Even), Framing::new(7, Parity::Odd)],
            Parity::Even | Parity::Odd => vec![self],
        }
    }

    /// The character in a byte that came through a port set to 8 bits; none when it does not fit this frame.
    fn character(self, heard: &Heard) -> Option<u8> {
        let is_even = heard.byte.count_ones().is_multiple_of(2);
        match (self.data_bits, self.parity) {
            _ if heard.is_bad => None,
            (7, Parity::Even) => is_even.then_some(heard.byte & 0x7F),
            (7, Parity::Odd) => (!is_even).then_some(heard.byte & 0x7F),
            // Every protocol here is ASCII: bit 7 would be a parity that this frame has not got.
            _ => heard.byte.is_ascii().then_some(heard.byte),
        }
    }
}

/// What was heard, as far as it can be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// Too little to say anything.
    Nothing,
    /// Bytes that make no sense in any frame: another speed, or a fault.
    Garbage {
        /// How many.
        bytes: usize,
    },
    /// Sensible text in no protocol we know.
    Text {
        /// Its frame.
        framing: Framing,
        /// Some of it.
        text: Vec<u8>,
    },
    /// A protocol.
    Known(Box<Found>),
}

/// A protocol that was recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its character frame.
    pub framing: Framing,
    /// The protocol.
    pub protocol: Protocol,
    /// Digits of receiver and line at the head of a message, where the protocol has such.
    pub header_digits: Option<usize>,
    /// Whole frames.
    pub whole: usize,
    /// Frames that could not be read.
    pub broken: usize,
    /// When heartbeats came.
    pub heartbeats: Vec<Duration>,
    /// Some frames, as they came.
    pub examples: Vec<Vec<u8>>,
}

impl Found {
    /// The usual time between two heartbeats; none before there were two.
    pub fn heartbeat_every(&self) -> Option<Duration> {
        let mut between: Vec<Duration> = self.heartbeats.windows(2).map(|pair| pair[1] - pair[0]).collect();
        between.sort();
        between.get(between.len() / 2).copied()
    }
}

/// A protocol to try, and the byte that ends its frames; none where they are found otherwise.
struct Candidate {
    protocol: Protocol,
    end: Option<u8>,
    header_digits: Option<usize>,
}

/// Every protocol that hardware receivers speak on a serial port, in every width of its header.
fn candidates() -> Vec<Candidate> {
    let surgard = surgard::HEADER_DIGITS.map(|digits| (Protocol::SurGard, surgard::DC4, digits));
    let ademco685 = ademco685::HEADER_DIGITS.map(|digits| (Protocol::Ademco685, ademco685::CR, digits));
    let candidate = |(protocol, end, digits)| Candidate { protocol, end: Some(end), header_digits: Some(digits) };
    let espa444 = Candidate { protocol: Protocol::Espa444, end: None, header_digits: None };
    let dc03 = Candidate { protocol: Protocol::SiaDc03, end: None, header_digits: None };
    let cp220 = ademco685::HEADER_DIGITS.map(|digits| (Protocol::Cp220, ademco685::CR, digits));
    let set = |protocol, end| Candidate { protocol, end: Some(end), header_digits: None };
    let of_one_width = [
        set(Protocol::Radionics6500, surgard::DC4),
        set(Protocol::SiaDc07, ademco685::CR),
        set(Protocol::Iti, ademco685::CR),
    ];
    surgard.chain(ademco685).chain(cp220).map(candidate).chain(of_one_width).chain([espa444, dc03]).collect()
}

/// Says what bytes are that came through a port set to `view`.
pub fn judge(heard: &[Heard], view: Framing) -> Judgement {
    let found = view.shown().into_iter().flat_map(|framing| protocols(heard, framing));
    // Of several readings the one with most whole frames; a smaller header before a wider, and a make that shares its
    // heartbeat with others last.
    let rank = |found: &Found| (usize::MAX - found.whole, found.broken, found.header_digits.unwrap_or(usize::MAX));
    if let Some(best) = found.min_by_key(rank) {
        return Judgement::Known(Box::new(best));
    }
    if heard.len() < TEXT_CHARACTERS_MIN {
        return if heard.is_empty() { Judgement::Nothing } else { Judgement::Garbage { bytes: heard.len() } };
    }
    let text = view.shown().into_iter().find_map(|framing| {
        let text: Vec<u8> = heard.iter().filter_map(|heard| framing.character(heard)).collect();
        let fits = text.len() * 20 >= heard.len() * 19;
        let is_text = text.iter().filter(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | 0x14)).count();
        (fits && is_text * 10 >= text.len() * 9).then_some(Judgement::Text { framing, text })
    });
    text.unwrap_or(Judgement::Garbage { bytes: heard.len() })
}

/// The protocols in which bytes can be read in one frame.
fn protocols(heard: &[Heard], framing: Framing) -> Vec<Found> {
    candidates().iter().map(|candidate| read(heard, framing, candidate)).filter(is_believed).collect()
}

fn is_believed(found: &Found) -> bool {
    found.whole >= FRAMES_MIN && found.whole >= found.broken
}

fn read(heard: &[Heard], framing: Framing, candidate: &Candidate) -> Found {
    if candidate.protocol == Protocol::SiaDc03 {
        return dc03_blocks(heard, framing);
    }
    static CODES: LazyLock<Codes> = LazyLock::new(Codes::builtin);
    let options = DecodeOptions { header_digits: candidate.header_digits, ..DecodeOptions::default() };
    let mut found = Found {
        framing,
        protocol: candidate.protocol,
        header_digits: candidate.header_digits,
        whole: 0,
        broken: 0,
        heartbeats: Vec::new(),
        examples: Vec::new(),
    };
    let ends = |heard: &Heard| candidate.end.is_some() && framing.character(heard) == candidate.end;
    let frames: Vec<&[Heard]> =
        if candidate.end.is_some() { heard.split_inclusive(ends).collect() } else { blocks(heard, framing) };
    for (number, frame) in frames.into_iter().enumerate() {
        let Some(last) = frame.last().filter(|last| candidate.end.is_none() || ends(last)) else { continue };
        let characters: Option<Vec<u8>> = frame.iter().map(|heard| framing.character(heard)).collect();
        let read = characters.as_ref().and_then(|characters| {
            let mut decoded = decode(candidate.protocol, characters, Mode::Strict, &CODES, &options);
            decoded.pop().filter(|_| decoded.is_empty()).map(|decoded| decoded.what)
        });
        match read {
            Some(What::Report(_)) => found.whole += 1,
            Some(What::Control(_)) => {
                found.whole += 1;
                found.heartbeats.push(last.at);
            }
            // The first one may have begun before we listened.
            Some(What::Error(_)) | None if number == 0 => continue,
            Some(What::Error(_)) | None => found.broken += 1,
        }
        if let (Some(characters), true) = (characters, found.examples.len() < EXAMPLES_MAX) {
            found.examples.push(characters);
        }
    }
    found
}

/// DC-03 blocks: wherever a length, a function in the list and a parity fit; what is between them is broken. Their
/// parity byte has all eight bits.
fn dc03_blocks(heard: &[Heard], framing: Framing) -> Found {
    let (mut whole, mut broken, mut examples) = (0, 0, Vec::new());
    let bytes: Vec<u8> = heard.iter().filter(|heard| !heard.is_bad).map(|heard| heard.byte).collect();
    let (mut rest, fits) = (&bytes[..], framing.data_bits == 8 && bytes.len() == heard.len());
    while fits && !rest.is_empty() {
        let block = dc03::split(rest)
            .filter(|(block, _)| dc03::read(block).is_ok_and(|block| block.kind() != dc03::Kind::Unknown));
        match block {
            Some((block, tail)) => {
                whole += 1;
                examples.extend((examples.len() < EXAMPLES_MAX).then(|| block.to_vec()));
                rest = tail;
            }
            None => {
                broken += 1;
                rest = &rest[1..];
            }
        }
    }
    let (protocol, header_digits, heartbeats) = (Protocol::SiaDc03, None, Vec::new());
    Found { framing, protocol, header_digits, whole, broken, heartbeats, examples }
}

/// ESPA blocks: from SOH to the byte after ETX. What is between them are signs of either side.
fn blocks(heard: &[Heard], framing: Framing) -> Vec<&[Heard]> {
    let is = |heard: &Heard, byte| framing.character(heard) == Some(byte);
    let (mut blocks, mut rest) = (Vec::new(), heard);
    while let Some(start) = rest.iter().position(|heard| is(heard, espa::SOH)) {
        rest = &rest[start..];
        let Some(end) = rest.iter().position(|heard| is(heard, espa::ETX)).filter(|end| end + 2 <= rest.len()) else {
            break;
        };
        let (block, tail) = rest.split_at(end + 2);
        blocks.push(block);
        rest = tail;
    }
    blocks
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
