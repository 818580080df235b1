//! The names that a protocol's bad frames can have: a reason that is missing here would appear in a query only once it has
//! happened.

use telecare_protocol::sip::SipError;
use telecare_protocol::{Protocol, dc03, digital, nowip, scaip, texecom};

const SURGARD: [&str; 6] = ["Empty", "IllegalCharacter", "WrongLength", "BadField", "UnknownForm", "AnswersOwed"];
const ADEMCO685: [&str; 7] =
    ["Empty", "NoStart", "NoEnd", "IllegalCharacter", "BadField", "UnknownForm", "AnswersOwed"];
const RADIONICS: [&str; 7] =
    ["Empty", "NoStart", "IllegalCharacter", "WrongLength", "BadField", "UnknownForm", "AnswersOwed"];
const ITI: [&str; 6] = ["Empty", "NoStart", "NoEnd", "IllegalCharacter", "UnknownForm", "AnswersOwed"];
/// Of frames with a check of their own; TooLong is of other carriers.
const SIA_DC07: [&str; 7] = ["NoStart", "NoEnd", "BadCheck", "WrongCrc", "WrongLength", "BadField", "AnswersOwed"];
/// The errors of blocks, and blocks that are not for us or not for anybody.
const ESPA_444: [&str; 9] = [
    "NoEnd",
    "TooLong",
    "BadChecksum",
    "IllegalCharacter",
    "BadLayout",
    "UnknownHeader",
    "BadRecord",
    "OtherStation",
    "NotSelected",
];
/// The errors of messages, and a panel that sends on without waiting for answers.
const OSBORNE_HOFFMAN: [&str; 8] =
    ["NoEnd", "TooLong", "Unintelligible", "BadLayout", "BadField", "WrongLength", "Version4", "AnswersOwed"];
/// The errors of frames, and of what is in them.
const SIA_DC09: [&str; 15] = [
    "NoEnd",
    "TooLong",
    "BadCheck",
    "WrongCrc",
    "WrongLength",
    "BadField",
    "NoBracket",
    "NoKey",
    "Undecryptable",
    "OutsideWindow",
    "UnknownToken",
    "UnknownLayout",
    "NoContent",
    "BadContent",
    "UnexpectedReply",
];
/// The errors of SIP messages and of the documents in them, and who may not be heard.
const BS8521: [&str; 12] = [
    "IllegalDigit",
    "TooShort",
    "TooLong",
    "BadChecksum",
    "MissingStart",
    "MissingEnd",
    "GapTooLong",
    "ToneTooLong",
    "DoubtfulRecord",
    "SelectUnanswered",
    "ListUnanswered",
    "TooManyAlarms",
];
const TUNSTALL: [&str; 17] = [
    "IllegalDigit",
    "NoPrefix",
    "TooShort",
    "TooLong",
    "BadChecksum",
    "GapTooLong",
    "CopiesDiffer",
    "NoCopy",
    "BadLength",
    "UnknownTag",
    "IllegalPulse",
    "DoubtfulMessage",
    "SpecialFunction",
    "UnitUnknown",
    "SelectUnanswered",
    "ClearUnanswered",
    "TooManyAlarms",
];
const CONTACT_ID: [&str; 11] = [
    "IllegalDigit",
    "ChecksumKeyD",
    "TooShort",
    "TooLong",
    "UnknownType",
    "BadChecksum",
    "IllegalValue",
    "ToneTooLong",
    "SingleCopy",
    "DoubtfulCopy",
    "TooManyMessages",
];

/// The names of a protocol's bad frames, each once.
pub fn bad_frame_reasons(protocol: Protocol) -> Vec<&'static str> {
    let lists: &[&[&str]] = match protocol {
        Protocol::SurGard => &[&SURGARD],
        Protocol::Ademco685 | Protocol::Cp220 => &[&ADEMCO685],
        Protocol::Radionics6500 => &[&RADIONICS],
        Protocol::SiaDc07 => &[&SIA_DC07],
        Protocol::Iti => &[&ITI],
        Protocol::Espa444 => &[&ESPA_444],
        Protocol::OsborneHoffman => &[&OSBORNE_HOFFMAN],
        Protocol::SiaDc03 => &[&dc03::BlockError::NAMES],
        Protocol::Texecom => &[&texecom::MessageError::NAMES],
        Protocol::Bs8521 => &[&BS8521],
        Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld => &[&TUNSTALL],
        Protocol::ContactId | Protocol::FastFormat => &[&CONTACT_ID],
        Protocol::Detect => &[&BS8521, &TUNSTALL, &CONTACT_ID],
        Protocol::SiaDc09 => &[&SIA_DC09],
        Protocol::Sip | Protocol::Scaip | Protocol::NowIp => {
            &[&digital::COUNTED, &SipError::NAMES, &scaip::DocumentError::NAMES, &nowip::ReadError::NAMES]
        }
        Protocol::Own => &[],
    };
    let mut names: Vec<&str> = lists.iter().copied().flatten().copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use telecare_protocol::sia_frame::FrameError;
    use telecare_protocol::surgard::LineError;
    use telecare_protocol::{bs8521, contact_id, espa, osborne_hoffman, tunstall};

    use super::*;

    #[test]
    fn every_error_of_a_line_is_a_reason() {
        let both = [
            LineError::Empty,
            LineError::IllegalCharacter { index: 0 },
            LineError::BadField { field: "account" },
            LineError::UnknownForm,
        ];
        // Only one make's forms have a fixed length, and only the other writes a start.
        let surgard = [LineError::WrongLength { expected: 1, got: 0 }];
        let ademco685 = [LineError::NoStart, LineError::NoEnd];
        for (protocol, own) in
            [(Protocol::SurGard, &surgard[..]), (Protocol::Ademco685, &ademco685), (Protocol::Cp220, &ademco685)]
        {
            let errors = both.iter().chain(own).map(LineError::name);
            let reasons = bad_frame_reasons(protocol);
            assert!(errors.clone().all(|name| reasons.contains(&name)), "{protocol}: {reasons:?}");
            assert_eq!(reasons.len(), errors.count() + 1, "{protocol}: these and too many answers owed");
        }
    }

    #[test]
    fn every_error_of_the_other_outputs_is_a_reason() {
        let frame = |error| LineError::Frame(error).name();
        let names = |protocol| bad_frame_reasons(protocol);
        let radionics = [LineError::NoStart, LineError::WrongLength { expected: 1, got: 0 }, LineError::UnknownForm];
        assert!(radionics.iter().all(|error| names(Protocol::Radionics6500).contains(&error.name())));
        let iti = [LineError::Empty, LineError::NoStart, LineError::NoEnd, LineError::IllegalCharacter { index: 0 }];
        assert!(iti.iter().all(|error| names(Protocol::Iti).contains(&error.name())));
        let dc07 = [
            LineError::NoStart.name(),
            LineError::NoEnd.name(),
            frame(FrameError::BadCheck),
            frame(FrameError::WrongCrc { computed: 0, received: 1 }),
            frame(FrameError::WrongLength { stated: 0, got: 1 }),
            frame(FrameError::BadField { field: "sequence" }),
        ];
        assert!(dc07.iter().all(|name| names(Protocol::SiaDc07).contains(name)));
    }

    #[test]
    fn every_error_of_a_block_is_a_reason() {
        let reasons = bad_frame_reasons(Protocol::Espa444);
        assert!(espa::BlockError::NAMES.iter().all(|name| reasons.contains(name)), "{reasons:?}");
    }

    #[test]
    fn every_error_of_a_panels_message_is_a_reason() {
        let reasons = bad_frame_reasons(Protocol::OsborneHoffman);
        assert!(osborne_hoffman::FrameError::NAMES.iter().all(|name| reasons.contains(name)), "{reasons:?}");
    }

    #[test]
    fn every_error_of_a_frame_is_a_reason() {
        use telecare_protocol::sia_dc09::DataError;
        use telecare_protocol::sia_frame::FrameError;
        let frame = [
            FrameError::NoEnd,
            FrameError::TooLong,
            FrameError::BadCheck,
            FrameError::WrongCrc { computed: 0, received: 0 },
            FrameError::WrongLength { stated: 0, got: 0 },
            FrameError::BadField { field: "token" },
        ];
        let data = [DataError::UnknownToken, DataError::UnknownLayout, DataError::NoContent, DataError::BadContent];
        let reasons = bad_frame_reasons(Protocol::SiaDc09);
        let names = frame.iter().map(FrameError::name).chain(data.into_iter().map(DataError::name));
        for name in names {
            assert!(reasons.contains(&name), "{name}");
        }
    }

    #[test]
    fn every_error_of_a_call_is_a_reason() {
        let bs8521 = [
            bs8521::FrameError::IllegalDigit { index: 0 },
            bs8521::FrameError::TooShort { got: 0 },
            bs8521::FrameError::TooLong { got: 0 },
            bs8521::FrameError::BadChecksum { computed: 0, received: 0 },
            bs8521::FrameError::MissingStart,
            bs8521::FrameError::MissingEnd,
            bs8521::FrameError::GapTooLong { after: 0, ms: 0 },
            bs8521::FrameError::ToneTooLong { index: 0, ms: 0 },
        ];
        let tunstall =
            [tunstall::FrameError::NoPrefix, tunstall::FrameError::CopiesDiffer, tunstall::FrameError::NoCopy];
        let contact_id = [contact_id::FrameError::ChecksumKeyD, contact_id::FrameError::SingleCopy];
        let all = bad_frame_reasons(Protocol::Detect);
        for (protocol, names) in [
            (Protocol::Bs8521, bs8521.iter().map(bs8521::FrameError::name).collect::<Vec<_>>()),
            (Protocol::Tt92, tunstall.iter().map(tunstall::FrameError::name).collect()),
            (Protocol::ContactId, contact_id.iter().map(contact_id::FrameError::name).collect()),
        ] {
            let reasons = bad_frame_reasons(protocol);
            assert!(names.iter().all(|name| reasons.contains(name) && all.contains(name)), "{protocol}: {reasons:?}");
        }
    }
}
