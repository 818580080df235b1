//! Writing lines as a hardware receiver does, for test calls and simulators.

use super::{Body, Line, Make};
use crate::sia;

/// Data link control 4, the end of every line.
pub const DC4: u8 = 0x14;

/// The bytes of a line, DC4 included. Fields are written as they are, so a line with fields that do not fit
/// their layout is written just as wrongly: test calls need that, too.
pub fn encode(line: &Line) -> Vec<u8> {
    let mut bytes = text(Make::SurGard, line).into_bytes();
    bytes.push(DC4);
    bytes
}

/// The characters of a line.
pub(crate) fn text(make: Make, line: &Line) -> String {
    let header = line.header.as_ref().map_or(String::new(), |header| format!("{}{}", header.receiver, header.line));
    let form = line.body.form(make);
    match &line.body {
        Body::Heartbeat => format!("{form}{header}{:11}@    ", ""),
        Body::Basic { account, letter, group, zone } => {
            format!("{form}{header}{account:>10} {letter}{group:>1}{zone:>3}")
        }
        Body::ContactId { account, qualifier, code, group, zone } if make == Make::Radionics6500 => {
            format!("{form}{header} {account}18{}{code}{group}{zone}", qualifier.digit())
        }
        Body::ContactId { account, qualifier, code, group, zone } => {
            format!("{form}{header} 18{account}{}{code}{group}{zone}", qualifier.letter())
        }
        Body::Sia { account, code, address } => format!("{form}{header}{account:>10}{code}{address:>4}"),
        Body::SiaBlock { account, block } | Body::Own { account, block } => {
            format!("{form}{header}[#{account}|{}]", sia::encode(block))
        }
        Body::Bfsk { account, code, zone } => format!("{form}{header}{account:>10}{code}{zone:>4}"),
        Body::HighSpeed { account, channels, auxiliary } if account.len() <= 4 => {
            let (first, second) = channels.split_at_checked(4).unwrap_or((channels, ""));
            format!("{form}{header}{account} {first} {second} {auxiliary}")
        }
        Body::HighSpeed { account, channels, auxiliary } => format!("{form}{header}{account} {channels} {auxiliary}"),
        Body::Acron { account, channels } => format!("{form}{header}{account:>8} {channels}"),
        Body::Fsk2 { account, code, zone } => format!("{form}{header}{account:>10}{code}{zone:>2}  "),
        Body::Telenot { account, letter, zone } => format!("{form}{header}{account:>10} {letter}  {zone}"),
        Body::Cesa { account, letter, zone } => format!("{form}{header}{account:>10} {letter}  {zone}"),
        Body::CallerNumber { account, number } => format!("{form}{header}{account:>6}{number:>10}"),
        Body::InternationalNumber { number } => format!("{form}{header}{number:F<18}"),
        Body::CallerName { name } => format!("{form}{header}{name:<18}"),
        Body::Status { account, status, group, zone } if status.starts_with(' ') => {
            format!("{form}{header}{account:>10}{status}{group:>1}{zone:>3}")
        }
        Body::Status { account, status, zone, .. } => format!("{form}{header}{account:>10}{status}{zone:>4}"),
        Body::Undecoded { text, .. } => format!("{form}{header}{text}"),
        Body::Unknown { text } => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact_id::Qualifier;
    use crate::decode::Mode;
    use crate::sia::{Block, Packet};
    use crate::surgard::{Header, read};

    fn block() -> impl Strategy<Value = Block> {
        let packets = proptest::collection::vec(("[A-Z]{2}", "[0-9A-F]{0,4}"), 1..4);
        ("[NOLE]", "[0-9]{1,2}", packets).prop_map(|(function, area, events)| {
            let area = Packet::Modifier { tag: "ri".into(), value: area };
            let events = events.into_iter().map(|(code, address)| Packet::Event { code, address });
            Block { function: function.chars().next().unwrap(), packets: std::iter::once(area).chain(events).collect() }
        })
    }

    fn character(text: String) -> char {
        text.chars().next().unwrap()
    }

    fn body() -> impl Strategy<Value = Body> {
        let qualifier = prop_oneof![Just(Qualifier::New), Just(Qualifier::Restore), Just(Qualifier::Present)];
        prop_oneof![
            Just(Body::Heartbeat),
            ("[0-9A-F]{1,10}", "[A-Z0-9 ]", "[0-9A-F]?", "[0-9A-F]{0,3}").prop_map(|(account, letter, group, zone)| {
                Body::Basic { account, letter: character(letter), group, zone }
            }),
            ("[0-9A-F]{4}", qualifier, "[0-9A-F]{3}", "[0-9A-F]{2}", "[0-9A-F]{3}").prop_map(
                |(account, qualifier, code, group, zone)| Body::ContactId { account, qualifier, code, group, zone }
            ),
            ("[0-9A-F]{1,10}", "[A-Z]{2}", "[0-9A-F]{0,4}").prop_map(|(account, code, address)| Body::Sia {
                account,
                code,
                address
            }),
            ("[0-9A-F]{1,16}", block()).prop_map(|(account, block)| Body::SiaBlock { account, block }),
            ("0000", block()).prop_map(|(account, block)| Body::Own { account, block }),
            ("[0-9A-F]{1,10}", "[A-Z0-9]{2}", "[0-9A-F]{0,4}").prop_map(|(account, code, zone)| Body::Bfsk {
                account,
                code,
                zone
            }),
            ("([0-9A-F]{4}|[0-9A-F]{6})", "[0-9]{8}", "[0-9]").prop_map(|(account, channels, auxiliary)| {
                Body::HighSpeed { account, channels, auxiliary: character(auxiliary) }
            }),
            ("[0-9A-F]{1,8}", "[0-9]{8}").prop_map(|(account, channels)| Body::Acron { account, channels }),
            ("[0-9A-F]{1,10}", "[A-Z0-9]{2}", "[0-9A-F]{0,2}").prop_map(|(account, code, zone)| Body::Fsk2 {
                account,
                code,
                zone
            }),
            ("[0-9A-F]{1,6}", "[A-Z]", "[0-9A-F]{2}").prop_map(|(account, letter, zone)| Body::Telenot {
                account,
                letter: character(letter),
                zone
            }),
            ("[0-9A-F]{1,6}", "[0-9]", "[0-9A-F]{2}").prop_map(|(account, letter, zone)| Body::Cesa {
                account,
                letter: character(letter),
                zone
            }),
            ("[0-9A-F]{1,6}", "[0-9]{1,10}").prop_map(|(account, number)| Body::CallerNumber { account, number }),
        ]
    }

    proptest! {
        #[test]
        fn any_line_comes_back(body in body(), receiver in "[0-9A-F]{2}", line in "[0-9A-E]{1,7}") {
            let width = receiver.len() + line.len();
            let line = Line { header: Some(Header { receiver, line }), body };
            let bytes = encode(&line);
            let read = read(bytes.strip_suffix(&[DC4]).unwrap(), width, Mode::Tolerant).unwrap();
            prop_assert_eq!(&read.line, &line);
            prop_assert_eq!(read.noise_bytes, 0);
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..140), width in 0usize..12) {
            let _ = read(&bytes, width, Mode::Tolerant);
        }

        #[test]
        fn a_truncated_line_is_no_line(body in body(), cut in 1usize..80) {
            let line = Line { header: Some(Header { receiver: "01".into(), line: "1".into() }), body };
            let bytes = encode(&line);
            let whole = &bytes[..bytes.len() - 1];
            prop_assume!(cut < whole.len());
            let read = read(&whole[..whole.len() - cut], 3, Mode::Strict);
            prop_assert!(read.is_err(), "{:?}", read);
        }
    }
}
