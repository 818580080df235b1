//! Bodies of the fuzz targets as plain functions: each takes any bytes and panics if a promise is broken.
//!
//! Decoders: no panic; what decodes encodes, and the *re-encoded* bytes decode to the same. Session: no panic,
//! nothing sent but one ACK, and that only from `handle_stored`, for a copy that is stored and still waited for.
//! ESPA sends more, and its ACK keeps the same promise.
//! Call: no panic, one record, something to look at, nothing acknowledged that is not stored, each request answered.
//! cargo-fuzz drives them (feature `libfuzzer`); `cargo test` replays the corpus and seeded mutations of it.

mod call;
mod espa;
mod session;

use std::sync::LazyLock;

use telecare_protocol::{Codes, DecodeOptions, Mode, Protocol, What, ademco685, bs8521, decode, sia, surgard};

pub use call::{bs8521_call, bs8521_unit};
pub use espa::{espa_block, espa_session};
pub use session::{ademco685_session, surgard_session};

/// A target by its name, which is also the name of its corpus folder.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("bs8521", bs8521),
    ("surgard", surgard),
    ("ademco685", ademco685),
    ("sia", sia),
    ("surgard_session", surgard_session),
    ("ademco685_session", ademco685_session),
    ("espa_block", espa_block),
    ("espa_session", espa_session),
    ("bs8521_call", bs8521_call),
    ("bs8521_unit", bs8521_unit),
];

static CODES: LazyLock<Codes> = LazyLock::new(Codes::builtin);

/// BS 8521 digits, both modes, and the answer record.
pub fn bs8521(data: &[u8]) {
    for mode in [Mode::Strict, Mode::Tolerant] {
        for read in bs8521::decode_all(data, mode) {
            let Ok(frame) = read.frame else { continue };
            let again = frame.encode().expect("what was read fits its layout");
            let reread = bs8521::decode_all(again.as_bytes(), Mode::Strict);
            assert_eq!(reread.len(), 1);
            assert_eq!(reread[0].frame.as_ref(), Ok(&frame), "{again}");
        }
    }
    let _ = bs8521::Answer::decode(data);
    let _ = bs8521::parameter::read_answer(data);
    let _ = (bs8521::read_outstanding(data), bs8521::read_equipment(data));
    front_door(Protocol::Bs8521, data, 3);
}

/// One Sur-Gard line; the first byte chooses the header's width.
pub fn surgard(data: &[u8]) {
    let Some((width, line)) = data.split_first() else { return };
    let width = usize::from(*width) % 12;
    for mode in [Mode::Strict, Mode::Tolerant] {
        let Ok(read) = surgard::read(line, width, mode) else { continue };
        assert!(read.noise_bytes <= line.len());
        if matches!(read.line.body, surgard::Body::CallerName { .. }) {
            continue; // A name of blanks and printable characters is trimmed; the rest of it comes back below.
        }
        let again = surgard::encode(&read.line);
        let written = read.line.header.as_ref().map_or(width, |h| h.receiver.len() + h.line.len());
        let text = again.strip_suffix(&[surgard::DC4]).expect("every line ends with DC4");
        let reread = surgard::read(text, written, mode).expect("what was read and written reads again");
        assert_eq!(reread.line, read.line, "{}", String::from_utf8_lossy(text));
        assert!(surgard::report(&read, &CODES).is_some() || read.line.body == surgard::Body::Heartbeat);
    }
    front_door(Protocol::SurGard, line, width);
}

/// One Ademco 685 line; the first byte chooses the header's width.
pub fn ademco685(data: &[u8]) {
    let Some((width, line)) = data.split_first() else { return };
    let width = usize::from(*width) % 8;
    for mode in [Mode::Strict, Mode::Tolerant] {
        let Ok(read) = ademco685::read(line, width, mode) else { continue };
        let again = ademco685::encode(&read.line);
        let written = read.line.header.as_ref().map_or(width, |h| h.receiver.len() + h.line.len());
        let reread = ademco685::read(&again, written, Mode::Strict).expect("what was read and written reads again");
        assert_eq!(reread.line, read.line, "{}", String::from_utf8_lossy(&again));
        let report = ademco685::report(&read, &CODES);
        assert_eq!(report.is_none(), read.line.body == ademco685::Body::Heartbeat);
        let identity = report.and_then(|report| report.identity);
        assert!(identity.is_none_or(|account| !account.contains('X')), "an account nobody could read names nobody");
    }
    front_door(Protocol::Ademco685, line, width);
}

/// One SIA block.
pub fn sia(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(block) = sia::parse(text) else { return };
    let again = sia::encode(&block);
    assert_eq!(sia::parse(&again), Some(block.clone()), "{again}");
    let events = block.packets.iter().filter(|packet| matches!(packet, sia::Packet::Event { .. })).count();
    assert_eq!(sia::said(&block, &CODES).len(), events, "one report event for each event sent");
}

pub(crate) fn front_door(protocol: Protocol, data: &[u8], header_digits: usize) {
    for decoded in decode(protocol, data, Mode::Tolerant, &CODES, &DecodeOptions { header_digits: Some(header_digits) })
    {
        if let What::Report(report) = decoded.what {
            assert!(!report.events.is_empty(), "a report says something");
            assert!(report.principal().is_some());
        }
    }
}
