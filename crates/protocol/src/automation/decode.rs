//! The front door of the automation outputs: every line in some bytes.

use super::LineError;
use crate::{
    Codes, DecodeOptions, Decoded, Mode, Protocol, Report, What, ademco685, cp220, iti, radionics, sia_dc07, surgard,
};

/// Decodes every line in the bytes, in order; framing bytes at the ends are optional. There is always at least one
/// result; none at all for a protocol that is no automation output.
pub(crate) fn decode_lines(
    protocol: Protocol,
    bytes: &[u8],
    mode: Mode,
    codes: &Codes,
    options: &DecodeOptions<'_>,
) -> Vec<Decoded> {
    let digits = |usual| options.header_digits.unwrap_or(usual);
    let usual_end = match protocol {
        Protocol::SurGard | Protocol::Radionics6500 => surgard::DC4,
        _ => ademco685::CR,
    };
    let read = |line: &[u8]| match protocol {
        Protocol::SurGard => surgard::read(line, digits(surgard::Settings::default().header_digits), mode)
            .map(|read| (surgard::report(&read, codes), read.warnings)),
        Protocol::Radionics6500 => radionics::read(line, &radionics::Settings::default(), mode)
            .map(|read| (surgard::report(&read, codes), read.warnings)),
        Protocol::Ademco685 => ademco685::read(line, digits(ademco685::Settings::default().header_digits), mode)
            .map(|read| (ademco685::report(&read, codes), read.warnings)),
        Protocol::Cp220 => cp220::read(line, digits(cp220::Settings::default().header_digits), mode)
            .map(|read| (cp220::report(&read, codes), read.warnings)),
        Protocol::Iti => {
            iti::read(line, mode).map(|(record, warnings)| (iti::report(&record, &warnings, codes), warnings))
        }
        Protocol::SiaDc07 => sia_dc07::read(line, mode)
            .map(|read| (sia_dc07::report(&read, codes), read.warnings))
            .map_err(LineError::Frame),
        _ => Err(LineError::UnknownForm),
    };
    let end = options.end.unwrap_or(usual_end);
    lines(bytes, end).into_iter().map(|line| decoded(line, read(line))).collect()
}

/// The lines between ends; at least one, which may be empty.
fn lines(bytes: &[u8], end: u8) -> Vec<&[u8]> {
    let between = |byte: &u8| matches!(*byte, b'\n' | b'\r') || *byte == end;
    let lines: Vec<&[u8]> = bytes.split(between).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { vec![&[]] } else { lines }
}

/// One that says nothing is a heartbeat.
fn decoded(line: &[u8], read: Result<(Option<Report>, Vec<&'static str>), LineError>) -> Decoded {
    let (what, warnings) = match read {
        Ok((Some(report), _)) => (What::Report(report.clone()), report.warnings),
        Ok((None, warnings)) => {
            (What::Control("heartbeat"), warnings.into_iter().map(|warning| warning.to_owned()).collect())
        }
        Err(error) => (What::Error(error.fault()), Vec::new()),
    };
    Decoded { input: line.to_vec(), what, warnings }
}
