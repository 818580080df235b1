//! The front door for tools: every frame in some bytes, in any of the protocols.
//!
//! Lines do not come this way: they go through a session, which also keeps time and owes answers.

use crate::{
    Codes, Fault, Protocol, Report, Status, automation, bs8521, contact_id, dc03, espa, fast_format, osborne_hoffman,
    sia_dc09, texecom, tunstall,
};

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
        Protocol::Bs8521 => bs8521::decode_all(bytes, mode).into_iter().map(|read| bs8521_frame(read, codes)).collect(),
        Protocol::SurGard
        | Protocol::Ademco685
        | Protocol::Radionics6500
        | Protocol::SiaDc07
        | Protocol::Cp220
        | Protocol::Iti => automation::decode_lines(protocol, bytes, mode, codes, options),
        Protocol::Tt92 | Protocol::TtNew => {
            let reads = tunstall::decode_all(bytes, mode);
            reads.into_iter().map(|read| tunstall_digits(read, protocol, codes)).collect()
        }
        Protocol::TtOld => tunstall_bursts(bytes, codes),
        Protocol::ContactId => {
            let read = |read: contact_id::Read| {
                let warnings = read.warnings;
                let report = read.message.map(|message| contact_id::report(&message, &warnings, codes));
                tones(read.raw, report.map_err(|error| error.fault()))
            };
            contact_id::decode_all(bytes, mode).into_iter().map(read).collect()
        }
        Protocol::FastFormat => {
            let read = |read: fast_format::Read| {
                let report = read.group.map(|group| fast_format::report(&group, &[], codes));
                tones(read.raw, report.map_err(|error| error.fault()))
            };
            fast_format::decode_all(bytes).into_iter().map(read).collect()
        }
        Protocol::Espa444 => {
            espa::decode_all(bytes, mode).into_iter().map(|(raw, found)| espa_sign(raw, found, mode, codes)).collect()
        }
        Protocol::SiaDc09 => {
            let none = sia_dc09::Keys::default();
            let found = sia_dc09::decode_all(bytes, options.keys.unwrap_or(&none), codes);
            found.into_iter().map(dc09_frame).collect()
        }
        Protocol::SiaDc03 => dc03_blocks(bytes, mode, codes),
        Protocol::Texecom => {
            texecom::decode_all(bytes).into_iter().flat_map(|(raw, read)| texecom_message(&raw, read, codes)).collect()
        }
        Protocol::OsborneHoffman => {
            let cipher = options.key.as_ref().map(osborne_hoffman::Cipher::new);
            let found = osborne_hoffman::decode_all(bytes, options.key.as_ref(), mode);
            found.into_iter().map(|found| osborne_hoffman_message(found, cipher.as_ref(), codes)).collect()
        }
        Protocol::Detect | Protocol::Own => {
            let fault = Fault { name: "NotOnAnyLine".to_owned(), fields: Vec::new() };
            vec![Decoded { input: bytes.to_vec(), what: What::Error(fault), warnings: Vec::new() }]
        }
    }
}

fn bs8521_frame(read: bs8521::Read, codes: &Codes) -> Decoded {
    let report = read.frame.map(|frame| {
        let mut report = bs8521::report(&frame, codes);
        report.warnings.splice(0..0, read.warnings.iter().map(|warning| (*warning).to_owned()));
        report
    });
    tones(read.raw, report.map_err(|error| error.fault()))
}

/// Digits of a call.
fn tones(input: Vec<u8>, report: Result<Report, Fault>) -> Decoded {
    match report {
        Ok(report) => Decoded { input, warnings: report.warnings.clone(), what: What::Report(report) },
        Err(fault) => Decoded { input, what: What::Error(fault), warnings: Vec::new() },
    }
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
fn tunstall_bursts(bytes: &[u8], codes: &Codes) -> Vec<Decoded> {
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
        Ok(What::Report(report)) => Decoded { input, warnings: report.warnings.clone(), what: What::Report(report) },
        Ok(what) => Decoded { input, what, warnings: Vec::new() },
        Err(error) => Decoded { input, what: What::Error(error.fault()), warnings: Vec::new() },
    }
}

/// A block, or a sign between blocks. What a line's own table of texts makes of it, its session knows.
fn espa_sign(input: Vec<u8>, found: espa::Found, mode: Mode, codes: &Codes) -> Decoded {
    let read = match found {
        espa::Found::Sign(name) => return Decoded { input, what: What::Control(name), warnings: Vec::new() },
        espa::Found::Junk => Err(Fault { name: "NoBlock".to_owned(), fields: Vec::new() }),
        espa::Found::Block(read) => read
            .and_then(|read| espa::report(&read, codes, &espa::Texts::default(), mode))
            .map_err(|error| error.fault()),
    };
    match read {
        Ok(report) => Decoded { input, warnings: report.warnings.clone(), what: What::Report(report) },
        Err(fault) => Decoded { input, what: What::Error(fault), warnings: Vec::new() },
    }
}

fn dc09_frame((input, found, warnings): (Vec<u8>, sia_dc09::Found, Vec<&'static str>)) -> Decoded {
    let warnings = warnings.into_iter().map(str::to_owned).collect();
    match found {
        sia_dc09::Found::Report(report) => {
            Decoded { input, warnings: report.warnings.clone(), what: What::Report(*report) }
        }
        sia_dc09::Found::Control(name) => Decoded { input, what: What::Control(name), warnings },
        sia_dc09::Found::Unread(fault) | sia_dc09::Found::Bad(fault) => {
            Decoded { input, what: What::Error(fault), warnings }
        }
    }
}

/// Blocks one after the other: an account holds for those after it, up to the end of its group.
fn dc03_blocks(bytes: &[u8], mode: Mode, codes: &Codes) -> Vec<Decoded> {
    let mut account = None;
    let mut one = |(input, found): (Vec<u8>, dc03::Found)| {
        let block = match found {
            dc03::Found::Nothing => return failed(input, Fault { name: "NoBlock".to_owned(), fields: Vec::new() }),
            dc03::Found::Block(Err(error)) => return failed(input, error.fault()),
            dc03::Found::Block(Ok(block)) => block,
        };
        match block.kind() {
            dc03::Kind::Account => account = dc03::account(&block),
            dc03::Kind::End | dc03::Kind::Abort => account = None,
            _ => {}
        }
        let report = dc03::report(&block, account.as_deref(), mode, codes);
        match (report, block.kind().sign()) {
            (Ok(Some(report)), _) => Decoded { input, warnings: report.warnings.clone(), what: What::Report(report) },
            (Ok(None), sign) => Decoded { input, what: What::Control(sign.unwrap_or("block")), warnings: Vec::new() },
            (Err(error), _) => failed(input, error.fault()),
        }
    };
    dc03::decode_all(bytes).into_iter().map(&mut one).collect()
}

/// A message; one about several accounts is several reports.
fn texecom_message(raw: &[u8], read: Result<texecom::Read, texecom::MessageError>, codes: &Codes) -> Vec<Decoded> {
    let read = match read {
        Ok(read) => read,
        Err(error) => return vec![failed(raw.to_vec(), error.fault())],
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
        return vec![Decoded { input: raw.to_vec(), what: What::Control(control), warnings: Vec::new() }];
    }
    let decoded =
        |report: Report| Decoded { input: raw.to_vec(), warnings: report.warnings.clone(), what: What::Report(report) };
    reports.into_iter().map(decoded).collect()
}

fn failed(input: Vec<u8>, fault: Fault) -> Decoded {
    Decoded { input, what: What::Error(fault), warnings: Vec::new() }
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
