//! Writing lines as a hardware receiver does, for test calls and simulators.

use super::{Body, Header, Line};

/// Line feed, before every line.
pub const LF: u8 = 0x0A;
/// Carriage return, the end of every line.
pub const CR: u8 = 0x0D;

/// The bytes of a line, LF and CR included. Fields are written as they are, so a line with fields that do not fit
/// their layout is written just as wrongly: test calls need that, too.
pub fn encode(line: &Line) -> Vec<u8> {
    let mut bytes = vec![LF];
    bytes.extend(text(line).into_bytes());
    bytes.push(CR);
    bytes
}

/// The characters of a line.
pub(crate) fn text(line: &Line) -> String {
    let head = line.header.as_ref().map_or(String::new(), |Header { receiver, line }| format!("{receiver}{line} "));
    let rest = match &line.body {
        Body::Heartbeat => "OKAY @".to_owned(),
        Body::Pulse { account, event } => format!("{account} {event}"),
        Body::PulseZone { account, event, zone, together: true } => format!("{account} {event}{zone}"),
        Body::PulseZone { account, event, zone, together: false } => format!("{account} {event} {zone}"),
        Body::Combined { account, number } => format!("{account} {number:03}"),
        Body::Compact { account, code } => return format!("{}{account}{code}", head.trim_end()),
        Body::HighSpeed { account: first, channels, auxiliary } | Body::Own { source: first, channels, auxiliary } => {
            let (one, two) = channels.split_at_checked(4).unwrap_or((channels, ""));
            format!("{first} {one} {two} {auxiliary}")
        }
        Body::ContactId { account, qualifier, code, group, kind, zone } => {
            format!("{account} 18 {}{code} {group} {kind}{zone}", qualifier.letter())
        }
    };
    format!("{head}{rest}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Mode;
    use crate::ademco685::read;
    use crate::contact_id::Qualifier;

    fn character(pattern: &'static str) -> impl Strategy<Value = char> {
        pattern.prop_map(|text: String| text.chars().next().unwrap())
    }

    fn body() -> impl Strategy<Value = Body> {
        let qualifier = prop_oneof![Just(Qualifier::New), Just(Qualifier::Restore), Just(Qualifier::Present)];
        let account = || "[0-9A-FX]{4}";
        let high_speed = || ("[0-9X]{8}", character("[0-9X]"));
        prop_oneof![
            Just(Body::Heartbeat),
            (account(), character("[0-9A-FX]")).prop_map(|(account, event)| Body::Pulse { account, event }),
            (account(), character("[0-9A-FX]"), character("[0-9A-FX]"), any::<bool>())
                .prop_map(|(account, event, zone, together)| Body::PulseZone { account, event, zone, together }),
            (account(), high_speed()).prop_map(|(account, (channels, auxiliary))| Body::HighSpeed {
                account,
                channels,
                auxiliary
            }),
            (account(), qualifier, "[0-9A-FX]{3}", "[0-9A-FX]{2}", character("[CU]"), "[0-9A-FX]{3}").prop_map(
                |(account, qualifier, code, group, kind, zone)| Body::ContactId {
                    account,
                    qualifier,
                    code,
                    group,
                    kind,
                    zone
                }
            ),
            ("(RCVA|RCVB|LINE)", high_speed()).prop_map(|(source, (channels, auxiliary))| Body::Own {
                source,
                channels,
                auxiliary
            }),
        ]
    }

    proptest! {
        #[test]
        fn any_line_comes_back(body in body(), receiver in "[0-9A-Z]", group in "[0-9A-Z]{1,3}") {
            let digits = 1 + group.len();
            let line = Line { header: Some(Header { receiver, line: group }), body };
            let bytes = encode(&line);
            for mode in [Mode::Strict, Mode::Tolerant] {
                let read = read(&bytes[1..bytes.len() - 1], digits, mode).unwrap();
                prop_assert_eq!(&read.line, &line);
            }
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..140), digits in 0usize..12) {
            let _ = read(&bytes, digits, Mode::Tolerant);
        }
    }
}
