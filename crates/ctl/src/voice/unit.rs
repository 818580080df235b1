//! The units that can telephone, from named options.

use std::time::Duration;

use telecare_protocol::bs8521::{Answer, UnitFaults};
use telecare_protocol::call::UnitSettings;
use telecare_protocol::{Codes, DecodeOptions, Mode, Protocol, What, bs8521, decode};

use super::{Fault, VoiceArguments};
use crate::Usage;
use crate::frame::{FieldDefault, FrameArguments};

/// The reserved test identity, which no centre gives to a person, and a periodic test call.
const BS8521_TEST: [FieldDefault; 2] = [("controller", "00009999"), ("event", "058")];

/// A unit that is going to telephone.
pub struct Calling {
    /// What it is.
    pub unit: UnitSettings,
    /// What it will say, for people.
    pub words: String,
    /// The account it names itself by.
    pub identity: String,
}

/// The unit that these options make. Another protocol is another arm here.
pub fn unit(
    protocol: Protocol,
    arguments: &VoiceArguments,
    fields: &FrameArguments,
    frame: Option<&str>,
) -> Result<Calling, Usage> {
    match protocol {
        Protocol::Bs8521 => self::bs8521(arguments, fields, frame),
        Protocol::SurGard | Protocol::Ademco685 | Protocol::Own => {
            Err(Usage(format!("no unit speaks {protocol} in a call: use --protocol bs8521")))
        }
    }
}

fn bs8521(arguments: &VoiceArguments, fields: &FrameArguments, frame: Option<&str>) -> Result<Calling, Usage> {
    let frame = match frame {
        Some(frame) => frame.to_owned(),
        None => String::from_utf8_lossy(&fields.bs8521(&BS8521_TEST)?).into_owned(),
    };
    let outstanding = arguments.outstanding.iter().map(|record| self::record(record));
    let unit = bs8521::UnitSettings {
        outstanding: outstanding.collect::<Result<_, _>>()?,
        faults: faults(arguments),
        ..bs8521::UnitSettings::new(frame.clone())
    };
    let identity = identity(Protocol::Bs8521, &frame);
    let is_test = fields.controller.is_none();
    let mark = if is_test { ": the reserved test identity" } else { "" };
    let words =
        format!("{frame}{}", if identity.is_empty() { String::new() } else { format!(", account {identity}{mark}") });
    Ok(Calling { unit: UnitSettings::Bs8521(unit), words, identity })
}

fn record(digits: &str) -> Result<Answer, Usage> {
    Answer::decode(digits.as_bytes())
        .map_err(|error| Usage(format!("--outstanding {digits}: {error}; write 12 digits")))
}

/// The account of a frame, if it can be read.
fn identity(protocol: Protocol, frame: &str) -> String {
    let options = DecodeOptions { header_digits: None };
    let decoded = decode(protocol, frame.as_bytes(), Mode::Tolerant, &Codes::builtin(), &options);
    let identity = decoded.into_iter().find_map(|decoded| match decoded.what {
        What::Report(report) => report.identity,
        _ => None,
    });
    identity.unwrap_or_default()
}

fn faults(arguments: &VoiceArguments) -> UnitFaults {
    let mut faults = UnitFaults { sends: arguments.faulty_sends, ..UnitFaults::default() };
    for fault in &arguments.fault {
        match fault {
            Fault::WrongChecksum => faults.wrong_checksum = true,
            Fault::DroppedDigit => faults.dropped = Some(12),
            Fault::LongGap => faults.long_gap = Some((12, Duration::from_millis(400))),
            Fault::MissingEnd => faults.missing_end = true,
            Fault::LateStart => faults.late_start = Duration::from_millis(400),
            Fault::IgnoredAck => faults.ignores_first_ack = true,
            Fault::HangUpMidFrame => faults.hangs_up_after = Some(12),
            Fault::Deaf => faults.deaf_after = Some(Duration::ZERO),
        }
    }
    faults
}
