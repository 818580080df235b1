//! The units that can telephone, from named options.

use std::time::Duration;

use telecare_protocol::bs8521::Answer;
use telecare_protocol::call::UnitSettings;
use telecare_protocol::tunstall::Probe;
use telecare_protocol::{Codes, DecodeOptions, Mode, Protocol, What, bs8521, contact_id, decode, tunstall};

use super::{Fault, VoiceArguments};
use crate::Usage;
use crate::frame::{FieldDefault, FrameArguments};

/// The reserved test identity, which no centre gives to a person, and a test call, in each protocol's codes.
const BS8521_TEST: [FieldDefault; 2] = [("controller", "00009999"), ("event", "058")];
const TUNSTALL_TEST: [FieldDefault; 2] = [("account", "9999"), ("code", "2")];
const CONTACT_ID_TEST: [FieldDefault; 2] = [("account", "9999"), ("code", "602")];
/// Everything at rest.
const FAST_FORMAT_TEST: [FieldDefault; 3] = [("account", "9999"), ("channels", "55555555"), ("status", "9")];

/// How long a silence is a long gap, in any of the protocols.
const LONG_GAP: Duration = Duration::from_millis(400);
/// How late a late start is.
const LATE: Duration = Duration::from_millis(400);

/// A unit that is going to telephone.
pub struct Calling {
    /// What it is.
    pub unit: UnitSettings,
    /// What it will say, for people.
    pub words: String,
    /// The account it names itself by.
    pub identity: String,
}

/// The unit that these options make.
pub fn unit(
    protocol: Protocol,
    arguments: &VoiceArguments,
    fields: &FrameArguments,
    frame: Option<&str>,
) -> Result<Calling, Usage> {
    let frame = match (frame, protocol) {
        (Some(frame), _) => frame.to_owned(),
        (None, Protocol::Bs8521) => text(fields.bs8521(&BS8521_TEST)?),
        (None, Protocol::ContactId) => text(fields.contact_id(&CONTACT_ID_TEST)?),
        (None, Protocol::FastFormat) => text(fields.fast_format(&FAST_FORMAT_TEST)?),
        (None, Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld) => text(fields.tunstall(protocol, &TUNSTALL_TEST)?),
        (None, _) => String::new(),
    };
    let unit = match protocol {
        Protocol::Bs8521 => UnitSettings::Bs8521(self::bs8521(arguments, frame.clone())?),
        Protocol::Tt92 => UnitSettings::Tunstall(self::tunstall(arguments, frame.clone(), Probe::Tt92)?),
        Protocol::TtNew => UnitSettings::Tunstall(self::tunstall(arguments, frame.clone(), Probe::TtNew)?),
        Protocol::TtOld => UnitSettings::Tunstall(self::tunstall(arguments, frame.clone(), Probe::TtOld)?),
        Protocol::ContactId | Protocol::FastFormat => {
            UnitSettings::ContactId(panel(arguments, frame.clone(), protocol)?)
        }
        _ => {
            return Err(Usage(format!("no unit speaks {protocol} in a call: name what it speaks, bs8521 for example")));
        }
    };
    let identity = identity(protocol, &frame);
    let mark = if identity.trim_start_matches('0').starts_with("9999") { ": the reserved test identity" } else { "" };
    let account = if identity.is_empty() { String::new() } else { format!(", account {identity}{mark}") };
    Ok(Calling { unit, words: format!("{frame}{account}"), identity })
}

fn text(digits: Vec<u8>) -> String {
    String::from_utf8_lossy(&digits).into_owned()
}

fn bs8521(arguments: &VoiceArguments, frame: String) -> Result<bs8521::UnitSettings, Usage> {
    let mut faults = bs8521::UnitFaults { sends: arguments.faulty_sends, ..bs8521::UnitFaults::default() };
    for fault in arguments.faults()? {
        match fault {
            Fault::WrongChecksum => faults.wrong_checksum = true,
            Fault::DroppedDigit => faults.dropped = Some(12),
            Fault::LongGap => faults.long_gap = Some((12, LONG_GAP)),
            Fault::MissingEnd => faults.missing_end = true,
            Fault::LateStart => faults.late_start = LATE,
            Fault::IgnoredAck => faults.ignores_first_ack = true,
            Fault::HangUpMidFrame => faults.hangs_up_after = Some(12),
            Fault::Deaf => faults.deaf_after = Some(Duration::ZERO),
        }
    }
    let outstanding = arguments.outstanding.iter().map(|digits| record(digits)).collect::<Result<_, _>>()?;
    Ok(bs8521::UnitSettings { outstanding, faults, ..bs8521::UnitSettings::new(frame) })
}

fn tunstall(arguments: &VoiceArguments, frame: String, probe: Probe) -> Result<tunstall::UnitSettings, Usage> {
    let mut faults = tunstall::UnitFaults { sends: arguments.faulty_sends, ..tunstall::UnitFaults::default() };
    for fault in arguments.faults()? {
        match fault {
            Fault::WrongChecksum => faults.wrong_checksum = true,
            Fault::DroppedDigit => faults.dropped = Some(frame.len() / 2),
            Fault::LongGap => faults.long_gap = Some((frame.len() / 2, LONG_GAP)),
            Fault::MissingEnd => return Err(has_no("missing-end", probe.protocol())),
            Fault::LateStart => faults.late_start = LATE,
            Fault::IgnoredAck => faults.ignores_first_ack = true,
            Fault::HangUpMidFrame => faults.hangs_up_after = Some(frame.len() / 2),
            Fault::Deaf => faults.deaf_after = Some(Duration::ZERO),
        }
    }
    let waiting = arguments.outstanding.clone();
    let usual = match probe {
        Probe::TtOld => tunstall::UnitSettings::old(frame),
        Probe::Tt92 | Probe::TtNew => tunstall::UnitSettings::new(frame),
    };
    Ok(tunstall::UnitSettings { probe, waiting, faults, ..usual })
}

fn panel(arguments: &VoiceArguments, message: String, protocol: Protocol) -> Result<contact_id::UnitSettings, Usage> {
    if !arguments.outstanding.is_empty() {
        return Err(has_no("outstanding", protocol));
    }
    let middle = message.len() / 2;
    let mut faults = contact_id::UnitFaults { sends: arguments.faulty_sends, ..contact_id::UnitFaults::default() };
    for fault in arguments.faults()? {
        match fault {
            Fault::WrongChecksum => faults.wrong_checksum = true,
            Fault::DroppedDigit => faults.dropped = Some(middle),
            Fault::LongGap => faults.long_gap = Some((middle, LONG_GAP)),
            Fault::MissingEnd => return Err(has_no("missing-end", protocol)),
            Fault::LateStart => faults.late_start = LATE,
            Fault::IgnoredAck => faults.ignores_first_kiss_off = true,
            Fault::HangUpMidFrame => faults.hangs_up_after = Some(middle),
            Fault::Deaf => faults.deaf_after = Some(Duration::ZERO),
        }
    }
    let usual = match protocol {
        Protocol::FastFormat => contact_id::UnitSettings::fast_format(vec![message]),
        _ => contact_id::UnitSettings::new(vec![message]),
    };
    Ok(contact_id::UnitSettings { faults, stays: Duration::from_secs(arguments.stay_s), ..usual })
}

fn has_no(what: &str, protocol: Protocol) -> Usage {
    Usage(format!("{protocol} has no {what}"))
}

fn record(digits: &str) -> Result<Answer, Usage> {
    Answer::decode(digits.as_bytes())
        .map_err(|error| Usage(format!("--outstanding {digits}: {error}; write 12 digits")))
}

/// The account of a frame, if it can be read.
fn identity(protocol: Protocol, frame: &str) -> String {
    let options = DecodeOptions::default();
    let decoded = decode(protocol, frame.as_bytes(), Mode::Tolerant, &Codes::builtin(), &options);
    let identity = decoded.into_iter().find_map(|decoded| match decoded.what {
        What::Report(report) => report.identity,
        _ => None,
    });
    identity.unwrap_or_default()
}
