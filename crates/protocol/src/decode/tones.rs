//! Digits of calls.

use super::{Decoded, Mode, What};
use crate::{Codes, Protocol, bs8521, contact_id, fast_format, tunstall};

pub(super) fn bs8521(bytes: &[u8], mode: Mode, codes: &Codes) -> Vec<Decoded> {
    let read = |read: bs8521::Read| {
        let report = read.frame.map(|frame| {
            let mut report = bs8521::report(&frame, codes);
            report.warnings.splice(0..0, read.warnings.iter().map(|warning| (*warning).to_owned()));
            report
        });
        Decoded::read(read.raw, report.map_err(|error| error.fault()))
    };
    bs8521::decode_all(bytes, mode).into_iter().map(read).collect()
}

pub(super) fn contact_id(bytes: &[u8], mode: Mode, codes: &Codes) -> Vec<Decoded> {
    let read = |read: contact_id::Read| {
        let warnings = read.warnings;
        let report = read.message.map(|message| contact_id::report(&message, &warnings, codes));
        Decoded::read(read.raw, report.map_err(|error| error.fault()))
    };
    contact_id::decode_all(bytes, mode).into_iter().map(read).collect()
}

pub(super) fn fast_format(bytes: &[u8], codes: &Codes) -> Vec<Decoded> {
    let read = |read: fast_format::Read| {
        let report = read.group.map(|group| fast_format::report(&group, &[], codes));
        Decoded::read(read.raw, report.map_err(|error| error.fault()))
    };
    fast_format::decode_all(bytes).into_iter().map(read).collect()
}

pub(super) fn tunstall(protocol: Protocol, bytes: &[u8], mode: Mode, codes: &Codes) -> Vec<Decoded> {
    let reads = tunstall::decode_all(bytes, mode);
    reads.into_iter().map(|read| tunstall_digits(read, protocol, codes)).collect()
}

/// The sum that matches tells which of the two protocols a frame is in.
fn tunstall_digits(read: tunstall::Read, protocol: Protocol, codes: &Codes) -> Decoded {
    let what = read.what.map(|what| match what {
        tunstall::What::Frame(verified) => {
            let opened = tunstall::Opened::of_frame(&verified, None, protocol);
            let mut report = tunstall::report(&verified, &opened, codes);
            report.warnings.splice(0..0, read.warnings.iter().map(|warning| (*warning).to_owned()));
            What::Report(report)
        }
        tunstall::What::Message(message) => tunstall_message(&message, protocol, codes),
    });
    tunstall_decoded(read.raw, what)
}

/// Burst groups, of which two have to be equal, and the messages that follow them.
pub(super) fn tunstall_bursts(bytes: &[u8], codes: &Codes) -> Vec<Decoded> {
    let groups = bytes.split(u8::is_ascii_whitespace).filter(|group| !group.is_empty());
    let (messages, bursts): (Vec<&[u8]>, Vec<&[u8]>) = groups.partition(|group| group.len() == MESSAGE_DIGITS);
    let copies = tunstall::decode_copies(&bursts.join(&b' ')).into_iter().filter(|(raw, _)| !raw.is_empty());
    let frames = copies
        .map(|(raw, read)| tunstall_decoded(raw, read.map(|frame| What::Report(tunstall::old_report(&frame, codes)))));
    let read = |digits: &[u8]| {
        let message = tunstall::Message::decode_old(digits);
        tunstall_decoded(digits.to_vec(), message.map(|message| tunstall_message(&message, Protocol::TtOld, codes)))
    };
    let decoded: Vec<Decoded> = frames.chain(messages.into_iter().map(read)).collect();
    if decoded.is_empty() {
        let none = Err(tunstall::FrameError::BadLength { got: 0 });
        return vec![tunstall_decoded(bytes.to_vec(), none)];
    }
    decoded
}

const MESSAGE_DIGITS: usize = 8;

/// A message without its call: the scheme is not known.
fn tunstall_message(message: &tunstall::Message, protocol: Protocol, codes: &Codes) -> What {
    match message {
        tunstall::Message::Waiting(waiting) => {
            let opened = tunstall::Opened::of_scheme(protocol);
            What::Report(tunstall::waiting_report(waiting, &opened, codes))
        }
        tunstall::Message::Special(_) => What::Control("special-function"),
        tunstall::Message::Selected { .. } => What::Control("selected"),
        tunstall::Message::Cleared => What::Control("cleared"),
        tunstall::Message::Identity(_) => What::Control("identity"),
    }
}

fn tunstall_decoded(input: Vec<u8>, what: Result<What, tunstall::FrameError>) -> Decoded {
    match what {
        Ok(What::Report(report)) => Decoded::report(input, report),
        Ok(what) => Decoded { input, what, warnings: Vec::new() },
        Err(error) => Decoded::error(input, error.fault()),
    }
}
