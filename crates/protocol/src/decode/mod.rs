//! The front door for tools: every frame in some bytes, in any of the protocols.
//!
//! Lines do not come this way: they go through a session, which also keeps time and owes answers.

mod blocks;
mod documents;
mod panels;
mod tones;

use crate::{Codes, Fault, Protocol, Report, automation, osborne_hoffman, sia_dc09};

/// How a decoder treats deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every deviation from the layout is an error.
    Strict,
    /// Deviations that leave no doubt are warnings. This is what lines use.
    #[default]
    Tolerant,
}

/// What a decoder must be told about the line the bytes came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeOptions<'a> {
    /// Digits of receiver and line together at the head of an automation output's line; none is the usual number
    /// of the protocol, 3 for Sur-Gard and 2 for Ademco 685 and CP-220.
    pub header_digits: Option<usize>,
    /// The byte that ends an automation output's line, where it is set otherwise; none is the usual one of the protocol.
    pub end: Option<u8>,
    /// The keys of the accounts whose frames are encrypted.
    pub keys: Option<&'a sia_dc09::Keys>,
    /// The key of an Osborne-Hoffman connection; none where the bytes are plain text.
    pub key: Option<osborne_hoffman::Key>,
}

/// One frame and what it held.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Its bytes, without framing that was optional.
    pub input: Vec<u8>,
    /// What it held.
    pub what: What,
    /// Names of deviations that did not prevent reading; those of a report are in it, too.
    pub warnings: Vec<String>,
}

impl Decoded {
    fn report(input: Vec<u8>, report: Report) -> Decoded {
        Decoded { input, warnings: report.warnings.clone(), what: What::Report(report) }
    }

    fn control(input: Vec<u8>, name: &'static str) -> Decoded {
        Decoded { input, what: What::Control(name), warnings: Vec::new() }
    }

    fn error(input: Vec<u8>, fault: Fault) -> Decoded {
        Decoded { input, what: What::Error(fault), warnings: Vec::new() }
    }

    fn read(input: Vec<u8>, report: Result<Report, Fault>) -> Decoded {
        match report {
            Ok(report) => Decoded::report(input, report),
            Err(fault) => Decoded::error(input, fault),
        }
    }
}

/// What a frame held.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Something that becomes a signal.
    Report(Report),
    /// Something that keeps the link, by name: `heartbeat`.
    Control(&'static str),
    /// Nothing that could be read.
    Error(Fault),
}

/// Decodes every frame in the bytes, in order; framing bytes at the ends are optional. There is always at
/// least one result.
pub fn decode(protocol: Protocol, bytes: &[u8], mode: Mode, codes: &Codes, options: &DecodeOptions) -> Vec<Decoded> {
    match protocol {
        Protocol::SurGard
        | Protocol::Ademco685
        | Protocol::Radionics6500
        | Protocol::SiaDc07
        | Protocol::Cp220
        | Protocol::Iti => automation::decode_lines(protocol, bytes, mode, codes, options),
        Protocol::Bs8521 => tones::bs8521(bytes, mode, codes),
        Protocol::Tt92 | Protocol::TtNew => tones::tunstall(protocol, bytes, mode, codes),
        Protocol::TtOld => tones::tunstall_bursts(bytes, codes),
        Protocol::ContactId => tones::contact_id(bytes, mode, codes),
        Protocol::FastFormat => tones::fast_format(bytes, codes),
        Protocol::Espa444 => blocks::espa(bytes, mode, codes),
        Protocol::SiaDc03 => blocks::dc03(bytes, mode, codes),
        Protocol::Texecom => panels::texecom(bytes, codes),
        Protocol::SiaDc09 => panels::dc09(bytes, codes, options),
        Protocol::OsborneHoffman => panels::osborne_hoffman(bytes, mode, codes, options),
        Protocol::Sip => documents::sip(bytes, codes),
        Protocol::Scaip => documents::scaip(bytes, codes),
        Protocol::NowIp => documents::nowip(bytes, codes),
        Protocol::Detect | Protocol::Own => {
            let fault = Fault { name: "NotOnAnyLine".to_owned(), fields: Vec::new() };
            vec![Decoded::error(bytes.to_vec(), fault)]
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(protocol: Protocol, bytes: &[u8]) -> Vec<Decoded> {
        decode(protocol, bytes, Mode::Tolerant, &Codes::builtin(), &DecodeOptions::default())
    }

    #[test]
    fn several_frames_give_several_results() {
        let two = decoded(Protocol::SurGard, b"1011           @    \x145011 181234E12101001\x14");
        assert_eq!(two.len(), 2);
        assert_eq!(two[0].what, What::Control("heartbeat"));
        assert!(matches!(&two[1].what, What::Report(report) if report.identity.as_deref() == Some("1234")));
        let lines = decoded(Protocol::SurGard, b"5011 181234E12101001\r\n5011 181234R12101001\n");
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn nothing_is_an_error_and_not_silence() {
        for protocol in Protocol::ALL {
            assert!(matches!(decoded(protocol, b"")[..], [Decoded { what: What::Error(_), .. }]), "{protocol}");
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            static CODES: std::sync::LazyLock<Codes> = std::sync::LazyLock::new(Codes::builtin);
            for protocol in Protocol::ALL {
                for mode in [Mode::Strict, Mode::Tolerant] {
                    prop_assert!(!decode(protocol, &bytes, mode, &CODES, &DecodeOptions::default()).is_empty());
                }
            }
        }
    }
}
