//! Lines of the automation outputs beside Sur-Gard's and Ademco 685's, and the frame that DC-07 and DC-09 share.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::sia_frame::{Check, Deframer};
use telecare_protocol::{Codes, Mode, Protocol, cp220, iti, radionics, sia_dc07, sia_frame as frame};

use crate::front_door;

pub(crate) static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

/// One frame, and bytes in which there may be some: what was read is written and read again.
pub fn sia_frame(data: &[u8]) {
    for mode in [Mode::Strict, Mode::Tolerant] {
        let Ok(read) = frame::read(data, mode) else { continue };
        let again = frame::encode(&read.frame);
        assert_eq!(frame::read(&again, mode).map(|again| again.frame), Ok(read.frame.clone()), "{again:?}");
        if let Ok((content, warnings)) = read.frame.clear(mode)
            && warnings.is_empty()
        {
            assert_eq!(content.bytes(), read.frame.content, "what is in a frame is written as it was");
        }
        if read.frame.check == Check::Hex {
            let mut damaged = again;
            // The last byte under the check; a bracket may be anything, and CR would be the end.
            let at = damaged.len() - 2;
            damaged[at] ^= 1;
            assert!(frame::read(&damaged, Mode::Tolerant).is_err(), "a wrong CRC is no frame: {damaged:?}");
        }
    }
    let now = Instant::now();
    let mut deframer = Deframer::new();
    let mut kept = 0;
    for byte in data {
        deframer.push(*byte, now);
        kept += std::iter::from_fn(|| deframer.next_piece()).map(|piece| piece.bytes.len()).sum::<usize>();
    }
    deframer.expire(Duration::ZERO, now);
    kept += std::iter::from_fn(|| deframer.next_piece()).map(|piece| piece.bytes.len()).sum::<usize>();
    assert!(kept as u64 + deframer.take_junk() <= data.len() as u64, "bytes that nobody sent");
    assert!(deframer.is_idle());
}

/// One line; the first byte chooses whose it is and how that is set.
pub fn outputs(data: &[u8]) {
    let Some((choice, line)) = data.split_first() else { return };
    for mode in [Mode::Strict, Mode::Tolerant] {
        match choice % 5 {
            0 => radionics_line(line, &radionics::Settings::default(), mode),
            1 => radionics_line(line, &radionics::Settings { header: Some(b' '), ..Default::default() }, mode),
            2 => cp220_line(line, usize::from(choice / 5) % 8, mode),
            3 => iti_record(line, mode),
            _ => dc07_frame(line, mode),
        }
    }
    let protocol = match choice % 5 {
        0 | 1 => Protocol::Radionics6500,
        2 => Protocol::Cp220,
        3 => Protocol::Iti,
        _ => Protocol::SiaDc07,
    };
    front_door(protocol, line, 2);
}

fn radionics_line(line: &[u8], settings: &radionics::Settings, mode: Mode) {
    let Ok(read) = radionics::read(line, settings, mode) else { return };
    assert!(read.noise_bytes <= line.len());
    if matches!(read.line.body, radionics::Body::CallerName { .. }) {
        return; // A name of blanks and printable characters is trimmed.
    }
    let again = radionics::encode(&read.line, settings);
    let text = again.strip_suffix(&[settings.trailer]).expect("every line ends with the trailer");
    // A header of another width is read in tolerant mode alone.
    let reread = radionics::read(text, settings, mode).expect("what was read and written reads again");
    assert_eq!(reread.line, read.line, "{}", String::from_utf8_lossy(text));
}

fn cp220_line(line: &[u8], width: usize, mode: Mode) {
    let Ok(read) = cp220::read(line, width, mode) else { return };
    let settings = cp220::Settings { first: None, ..cp220::Settings::default() };
    let again = cp220::encode(&read.line, &settings);
    let text = again.strip_suffix(&[settings.last]).expect("every line ends with its last character");
    let written = read.line.header.as_ref().map_or(width, |header| header.receiver.len() + header.line.len());
    let reread = cp220::read(text, written, Mode::Strict).expect("what was read and written reads again");
    assert_eq!(reread.line, read.line, "{}", String::from_utf8_lossy(text));
    let report = cp220::report(&read, &CODES);
    assert_eq!(report.is_none(), read.line.body == cp220::Body::Heartbeat);
    let identity = report.and_then(|report| report.identity);
    assert!(identity.is_none_or(|account| !account.contains('X')), "an account nobody could read names nobody");
}

fn iti_record(line: &[u8], mode: Mode) {
    let Ok((record, warnings)) = iti::read(line, mode) else { return };
    let text = match &record {
        iti::Record::Okay => iti::OKAY,
        iti::Record::Test => iti::TEST,
        iti::Record::Report(text) => text,
    };
    let (again, _) = iti::read(&iti::encode(text), mode).expect("what was read and written reads again");
    assert_eq!(again, record);
    let report = iti::report(&record, &warnings, &CODES);
    assert_eq!(report.is_none(), record == iti::Record::Okay);
    assert!(report.is_none_or(|report| report.identity.is_none()), "nobody knows whose it is");
}

fn dc07_frame(bytes: &[u8], mode: Mode) {
    let Ok(read) = sia_dc07::read(bytes, mode) else { return };
    let again = sia_dc07::read(&frame::encode(&read.frame), mode).expect("what was read and written reads again");
    assert_eq!((&again.frame, &again.content, &again.data), (&read.frame, &read.content, &read.data));
    assert_eq!(sia_dc07::report(&read, &CODES).is_none(), read.is_link_test(), "nothing is dropped");
}
