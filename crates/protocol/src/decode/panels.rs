//! Messages of panels and premises units that come by network.

use super::{DecodeOptions, Decoded, Mode, What};
use crate::{Codes, Status, osborne_hoffman, sia_dc09, texecom};

pub(super) fn texecom(bytes: &[u8], codes: &Codes) -> Vec<Decoded> {
    texecom::decode_all(bytes).into_iter().flat_map(|(raw, read)| texecom_message(&raw, read, codes)).collect()
}

pub(super) fn dc09(bytes: &[u8], codes: &Codes, options: &DecodeOptions) -> Vec<Decoded> {
    let none = sia_dc09::Keys::default();
    let found = sia_dc09::decode_all(bytes, options.keys.unwrap_or(&none), codes);
    found.into_iter().map(dc09_frame).collect()
}

pub(super) fn osborne_hoffman(bytes: &[u8], mode: Mode, codes: &Codes, options: &DecodeOptions) -> Vec<Decoded> {
    let cipher = options.key.as_ref().map(osborne_hoffman::Cipher::new);
    let found = osborne_hoffman::decode_all(bytes, options.key.as_ref(), mode);
    found.into_iter().map(|found| osborne_hoffman_message(found, cipher.as_ref(), codes)).collect()
}

/// A message; one about several accounts is several reports.
fn texecom_message(raw: &[u8], read: Result<texecom::Read, texecom::MessageError>, codes: &Codes) -> Vec<Decoded> {
    let read = match read {
        Ok(read) => read,
        Err(error) => return vec![Decoded::error(raw.to_vec(), error.fault())],
    };
    let (reports, control) = match &read.message {
        texecom::Message::Poll { account, flags } => {
            let flags = texecom::Flags(*flags);
            let began = (flags.telling(codes), Status::Present);
            let report = texecom::poll_report(account, flags, began, texecom::Flags::default(), codes);
            (report.into_iter().collect(), "poll")
        }
        texecom::Message::Close => (Vec::new(), "close"),
        message => (texecom::reports(message, &read.warnings, codes), "no-event"),
    };
    if reports.is_empty() {
        return vec![Decoded::control(raw.to_vec(), control)];
    }
    reports.into_iter().map(|report| Decoded::report(raw.to_vec(), report)).collect()
}

fn dc09_frame((input, found, warnings): (Vec<u8>, sia_dc09::Found, Vec<&'static str>)) -> Decoded {
    let warnings = warnings.into_iter().map(str::to_owned).collect();
    match found {
        sia_dc09::Found::Report(report) => Decoded::report(input, *report),
        sia_dc09::Found::Control(name) => Decoded { input, what: What::Control(name), warnings },
        sia_dc09::Found::Unread(fault) | sia_dc09::Found::Bad(fault) => {
            Decoded { input, what: What::Error(fault), warnings }
        }
    }
}

/// A message of a panel; one that says nothing is a heartbeat.
fn osborne_hoffman_message(
    found: osborne_hoffman::Found,
    cipher: Option<&osborne_hoffman::Cipher>,
    codes: &Codes,
) -> Decoded {
    let read = found.read.map(|read| (osborne_hoffman::report(&read, cipher, codes), read.warnings));
    let (what, warnings) = match read {
        Ok((Some(report), _)) => (What::Report(report.clone()), report.warnings),
        Ok((None, warnings)) => {
            (What::Control("heartbeat"), warnings.into_iter().map(|warning| warning.to_owned()).collect())
        }
        Err(error) => (What::Error(error.fault()), Vec::new()),
    };
    Decoded { input: found.input, what, warnings }
}
