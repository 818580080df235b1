//! Bodies of the fuzz targets as plain functions: each takes any bytes and panics if a promise is broken.
//!
//! Decoders: no panic; what decodes encodes, and the *re-encoded* bytes decode to the same. Session: no panic,
//! nothing sent but one ACK, and that only from `handle_stored`, for a copy that is stored and still waited for. Where
//! answers name their message (DC-07), each names one that is.
//! ESPA and panels are sent more, and their acknowledgements keep the same promise.
//! Call: no panic, one record, something to look at, nothing acknowledged that is not stored, each request answered.
//! cargo-fuzz drives them (feature `libfuzzer`); `cargo test` replays the corpus and seeded mutations of it.

mod call;
mod digital;
mod espa;
mod modem;
mod nowip;
mod osborne_hoffman;
mod outputs;
mod panels;
mod scaip;
mod session;
mod sia_dc09;
mod sip;
mod tone;

use std::sync::LazyLock;

use telecare_protocol::{
    Codes, DecodeOptions, Mode, Protocol, What, ademco685, bs8521, contact_id, decode, fast_format, sia, surgard,
    tunstall,
};

pub use call::{bs8521_call, bs8521_unit, contact_id_call, contact_id_unit, detect_call, tunstall_call, tunstall_unit};
pub use digital::digital_session;
pub use espa::{espa_block, espa_session};
pub use modem::voice_modem;
pub use nowip::{nowip_calls, nowip_document};
pub use osborne_hoffman::{osborne_hoffman_message, osborne_hoffman_session};
pub use outputs::{outputs, sia_frame};
pub use panels::{dc03_blocks, dc03_session, texecom_message, texecom_session};
pub use scaip::scaip;
pub use session::{ademco685_session, outputs_session, surgard_session};
pub use sia_dc09::{sia_dc09_content, sia_dc09_frame, sia_dc09_session};
pub use sip::{sip_edge, sip_message};
pub use tone::{tone_audio, tone_rtp, tone_wav};

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
    ("outputs", outputs),
    ("outputs_session", outputs_session),
    ("sia_frame", sia_frame),
    ("espa_block", espa_block),
    ("espa_session", espa_session),
    ("osborne_hoffman_message", osborne_hoffman_message),
    ("osborne_hoffman_session", osborne_hoffman_session),
    ("sia_dc09_frame", sia_dc09_frame),
    ("sia_dc09_content", sia_dc09_content),
    ("sia_dc09_session", sia_dc09_session),
    ("sip_message", sip_message),
    ("sip_edge", sip_edge),
    ("digital_session", digital_session),
    ("scaip", scaip),
    ("nowip_document", nowip_document),
    ("nowip_calls", nowip_calls),
    ("bs8521_call", bs8521_call),
    ("bs8521_unit", bs8521_unit),
    ("contact_id_frame", contact_id_frame),
    ("contact_id_call", contact_id_call),
    ("contact_id_unit", contact_id_unit),
    ("detect_call", detect_call),
    ("voice_modem", voice_modem),
    ("dc03_blocks", dc03_blocks),
    ("dc03_session", dc03_session),
    ("texecom_message", texecom_message),
    ("texecom_session", texecom_session),
    ("tunstall_frame", tunstall_frame),
    ("tunstall_call", tunstall_call),
    ("tunstall_unit", tunstall_unit),
    ("tone_wav", tone_wav),
    ("tone_rtp", tone_rtp),
    ("tone_audio", tone_audio),
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

/// Tunstall frames, messages and burst groups: both modes, and what was read is written and read again.
pub fn tunstall_frame(data: &[u8]) {
    for mode in [Mode::Strict, Mode::Tolerant] {
        for read in tunstall::decode_all(data, mode) {
            let again = match read.what {
                Ok(tunstall::What::Frame(tunstall::Verified { body: tunstall::Body::Opening(frame), map })) => {
                    frame.encode(map.expect("a map matched")).expect("what was read fits its layout")
                }
                Ok(tunstall::What::Message(tunstall::Message::Waiting(waiting))) => {
                    let again = waiting.encode().expect("what was read fits its layout");
                    let reread = tunstall::Message::decode(again.as_bytes());
                    assert_eq!(reread, Ok(tunstall::Message::Waiting(waiting)), "{again}");
                    continue;
                }
                Ok(_) | Err(_) => continue,
            };
            assert!(tunstall::search(&read.raw, &tunstall::Map::ALL).is_some() || read.raw.starts_with(b"#"));
            let reread = tunstall::decode_all(again.as_bytes(), Mode::Strict);
            assert!(matches!(reread[..], [tunstall::Read { what: Ok(tunstall::What::Frame(_)), .. }]), "{again}");
        }
    }
    for (_, read) in tunstall::decode_copies(data) {
        let Ok(frame) = read else { continue };
        let again = frame.encode().expect("what was read fits its layout");
        assert_eq!(tunstall::OldFrame::decode(again.as_bytes()), Ok(frame));
    }
    for protocol in [Protocol::Tt92, Protocol::TtNew, Protocol::TtOld] {
        front_door(protocol, data, 3);
    }
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

/// Digits of Contact ID, its relatives and the fast format; what they are in a call agrees with what each is alone.
pub fn contact_id_frame(data: &[u8]) {
    for mode in [Mode::Strict, Mode::Tolerant] {
        for read in contact_id::decode_all(data, mode) {
            let Ok(message) = read.message else { continue };
            let again = message.encode().expect("what was read fits its layout");
            let reread = contact_id::decode_all(again.as_bytes(), Mode::Strict);
            assert_eq!(reread.len(), 1);
            assert_eq!(reread[0].message.as_ref(), Ok(&message), "{again}");
        }
    }
    for read in fast_format::decode_all(data) {
        let Ok(group) = read.group else { continue };
        let again = group.encode().expect("what was read fits its layout");
        assert_eq!(fast_format::Group::decode(again.as_bytes()).as_ref(), Ok(&group), "{again}");
    }
    let letters = contact_id::letters(data);
    let read = contact_id::read(&letters, &contact_id::Settings::default());
    let message = contact_id::Message::decode(&letters, false);
    assert_eq!(read.is_ok(), message.is_ok() || fast_format::Group::decode(&letters).is_ok());
    assert_eq!(read.is_ok_and(|read| read.is_verified()), message.is_ok_and(|message| message.is_verified));
    front_door(Protocol::ContactId, data, 3);
    front_door(Protocol::FastFormat, data, 3);
}

pub(crate) fn front_door(protocol: Protocol, data: &[u8], header_digits: usize) {
    let options = DecodeOptions { header_digits: Some(header_digits), ..DecodeOptions::default() };
    for decoded in decode(protocol, data, Mode::Tolerant, &CODES, &options) {
        if let What::Report(report) = decoded.what {
            assert!(!report.events.is_empty(), "a report says something");
            assert!(report.principal().is_some());
        }
    }
}
