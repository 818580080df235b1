//! Scripts for the Osborne-Hoffman session on virtual time. Every step lists all commands; a leftover one fails.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod rig;

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rig::{CODES, HEARTBEAT, Rig};
use telecare_protocol::osborne_hoffman::{Cipher, Key, Session, Settings};
use telecare_protocol::{Answered, Command, Message, RepeatProof, Trigger};

const V1: &[u8] = b"SR0001L0001    006969XX    \0";
const V2: &[u8] = b"SR0001L0001    006969XX    \0[ID00000000]\0";
/// A real one.
const EVENT: &[u8] = b"\n01010034\"SIA-DCS\"0009R6666L1234[#005412|Nri04/UA105]\r\0";
const OTHER: &[u8] = b"\n01010034\"ADM-CID\"0005RABCDLDEAD[#005412|1150 04 261]\r\0";
const UA: &str = "005412 emergency active key";
const CID: &str = "005412 environment active key";

fn key() -> Key {
    Key::new(std::array::from_fn(|at| u8::try_from(at + 1).unwrap()))
}

fn closed(text: &[u8]) -> Vec<u8> {
    Cipher::new(&key()).close(text)
}

fn sent(text: &[u8]) -> String {
    format!("send {:?}", closed(text))
}

fn ack() -> String {
    sent(b"ACK\r")
}

fn nack() -> String {
    sent(b"NACK\r")
}

fn session(now: Instant) -> Session {
    Session::new(Settings::default(), &key(), Arc::clone(&CODES), now)
}

/// Connected, and the key sent.
fn connected() -> Rig {
    let mut rig = Rig::new(|now| session(now).into());
    assert_eq!(rig.seen(), [format!("send {:?}", key().masked())]);
    rig
}

#[test]
fn the_key_comes_first_then_each_stored_message_is_acknowledged() {
    let mut rig = connected();
    assert_eq!(rig.hear(closed(V1)), [HEARTBEAT]);
    assert_eq!(rig.stored(0), [ack()]);
    assert_eq!(rig.hear(closed(V2)), [HEARTBEAT]);
    assert_eq!(rig.stored(1), [ack()]);
    assert_eq!(rig.hear(closed(EVENT)), [UA]);
    assert_eq!(rig.wait(1.0), [""; 0], "nothing before it is stored");
    assert_eq!(rig.stored(2), [ack()]);
    assert_eq!(rig.stored(2), [""; 0], "and once");
    assert_eq!(rig.left, [(0, Answered::Positive), (1, Answered::Positive), (2, Answered::Positive)]);
}

#[test]
fn who_speaks_in_plain_text_is_answered_so() {
    let mut rig = connected();
    assert_eq!(rig.hear(V2), [HEARTBEAT]);
    assert_eq!(rig.stored(0), [format!("send {:?}", b"ACK\r\n")]);
    assert_eq!(rig.hear(EVENT), [UA]);
    assert_eq!(rig.refused(1), [format!("send {:?}", b"NACK\r\n")]);
    assert_eq!(rig.hear(EVENT), [UA]);
    assert_eq!(rig.stored(2), [format!("send {:?}", b"ACK\r\n")]);
}

#[test]
fn what_could_not_be_stored_is_refused_and_a_late_answer_is_none() {
    let mut rig = connected();
    assert_eq!(rig.hear(closed(EVENT)), [UA]);
    assert_eq!(rig.refused(0), [nack()]);
    assert_eq!(rig.hear(closed(EVENT)), [UA]);
    assert_eq!(rig.wait(4.9), ["late"]);
    assert_eq!(rig.stored(1), [""; 0]);
    assert_eq!(rig.left, [(0, Answered::Withheld), (1, Answered::Late)]);
    assert_eq!(rig.hear(closed(EVENT)), [UA]);
    assert_eq!(rig.stored(2), [ack()]);
}

#[test]
fn answers_leave_in_the_order_of_their_messages() {
    let mut rig = connected();
    assert_eq!(rig.hear([closed(EVENT), closed(OTHER)].concat()), [UA, CID]);
    assert_eq!(rig.stored(1), [""; 0], "it would be taken for the first one's");
    assert_eq!(rig.stored(0), [ack(), ack()]);
    assert_eq!(rig.hear([closed(EVENT), closed(OTHER)].concat()), [UA, CID]);
    assert_eq!(rig.refused(3), [""; 0], "a refusal would be taken for the first one's, too");
    assert_eq!(rig.stored(2), [ack()]);
}

#[test]
fn a_copy_before_the_answer_gets_one_answer() {
    let mut rig = connected();
    assert_eq!(rig.hear(closed(EVENT)), [UA]);
    assert_eq!(rig.hear(closed(EVENT)), [UA]);
    assert_eq!(rig.stored(0), [""; 0]);
    assert_eq!(rig.stored(1), [ack()]);
}

#[test]
fn who_does_not_wait_for_answers_is_not_spoken_with() {
    let mut rig = connected();
    let many: Vec<u8> = (0..9).flat_map(|n| closed(&numbered(n))).collect();
    let seen = rig.hear(many);
    assert_eq!(seen.len(), 10, "{seen:?}");
    assert_eq!(seen[8..], ["bad AnswersOwed", "close"]);
    assert_eq!(rig.stored(0), [""; 0]);
    assert_eq!(rig.hear(closed(EVENT)), [""; 0]);
}

fn numbered(n: u32) -> Vec<u8> {
    format!("\n01010034\"SIA-DCS\"{n:04X}R6666L1234[#005412|Nri04/UA105]\r\0").into_bytes()
}

#[test]
fn what_opens_to_nothing_is_kept_and_not_answered() {
    let mut rig = connected();
    let nonsense: Vec<u8> = (0..48).map(|n| n * 5).collect();
    assert_eq!(rig.hear(&nonsense), [""; 0]);
    let told = ["bad Unintelligible", "Unit unreadable Unintelligible active repeat 60.0"];
    assert_eq!(rig.wait(2.0), told);
    assert_eq!(rig.stored(0), [""; 0]);
    // A message right behind it ends it.
    assert_eq!(rig.hear([nonsense, closed(EVENT)].concat()), [&told[..], &[UA]].concat());
    assert_eq!(rig.stored(2), [ack()]);
    assert_eq!(
        rig.hear(closed(b"\n0101002B\"SIA-DCS\"0001R0001L0001[#00X|NQA01]\r\0")),
        ["bad BadField", "Unit unreadable BadField active repeat 60.0"]
    );
}

#[test]
fn a_flood_of_nonsense_is_one_episode() {
    let mut rig = connected();
    let mut seen = Vec::new();
    for n in 0..20 {
        seen.extend(rig.hear([n; 40]));
        seen.extend(rig.wait(3.0));
    }
    let of = |what: &str| seen.iter().filter(|seen| seen.contains(what)).count();
    assert_eq!((of("bad "), of("unreadable"), of("line-noise")), (20, 5, 1), "{seen:?}");
    assert_eq!(rig.hear(closed(V1)), ["Line line-noise restored", HEARTBEAT]);
}

#[test]
fn the_fourth_version_is_told_and_refused() {
    let mut rig = connected();
    let message = [&b"#40R0001L0001A009999S0010"[..], &[0xA5; 32], b"C12AB"].concat();
    assert_eq!(rig.hear(&message), ["bad Version4", "009999 unreadable Version4 active repeat 60.0"]);
    assert_eq!(rig.stored(0), [nack()], "kept, and never acknowledged");
    assert_eq!(rig.hear(closed(b"DHR\r\0")), ["bad Version4", "Unit unreadable Version4 active repeat 60.0"]);
    assert_eq!(rig.stored(1), [""; 0]);
    assert_eq!(rig.left, [(0, Answered::Withheld)]);
}

#[test]
fn a_message_that_stops_is_given_up_and_its_rest_is_read_anew() {
    let mut rig = connected();
    let message = closed(EVENT);
    assert_eq!(rig.hear(&message[..20]), [""; 0]);
    assert_eq!(rig.wait(1.9), [""; 0]);
    assert_eq!(rig.wait(0.1), ["bad NoEnd", "Unit unreadable NoEnd active repeat 60.0"]);
    assert_eq!(rig.hear(b"abc"), [""; 0]);
    assert_eq!(rig.wait(2.0), ["junk 3"]);
    assert_eq!(rig.hear(&message), [UA]);
}

#[test]
fn silence_closes() {
    let mut rig = connected();
    assert_eq!(rig.wait(299.0), [""; 0]);
    assert_eq!(rig.hear(closed(V1)), [HEARTBEAT]);
    rig.stored(0);
    assert_eq!(rig.wait(299.9), [""; 0]);
    assert_eq!(rig.wait(0.1), ["close"]);
    assert_eq!(rig.wait(1000.0), [""; 0]);
}

#[test]
fn noise_of_an_earlier_connection_is_taken_back() {
    let mut rig = Rig::new(|now| session(now).with_told(&[Trigger::LineNoise, Trigger::LinkLost], now).into());
    rig.seen();
    assert_eq!(rig.hear(closed(V1)), ["Line line-noise restored", HEARTBEAT]);
}

fn repeat(text: &[u8], key: &Key) -> RepeatProof {
    let now = Instant::now();
    let mut session = Session::new(Settings::default(), key, Arc::clone(&CODES), now);
    session.handle_bytes(&Cipher::new(key).close(text), now);
    let deliveries = std::iter::from_fn(|| session.next_command()).filter_map(|command| match command {
        Command::Deliver(delivery) => Some(delivery.repeat),
        _ => None,
    });
    deliveries.last().unwrap()
}

#[test]
fn a_copy_is_known_by_everything_but_the_identity_under_the_connections_key() {
    let event = |sequence: &str, zone: &str, id: &str| {
        format!("\n01010054\"SIA-DCS\"{sequence}R6666L1234[#001234|Nri01/PA{zone}]{id}|#001234\r\0").into_bytes()
    };
    let (one, other) = (key(), Key::new([0x5B; 24]));
    let first = repeat(&event("0001", "001", "E69B557E0CE8BD98"), &one);
    assert!(matches!(first, RepeatProof::Key { window, .. } if window == Duration::from_secs(60)));
    assert_eq!(repeat(&event("0001", "001", "1122334455667788"), &other), first, "the next connection");
    for another in [event("0002", "001", "E69B557E0CE8BD98"), event("0001", "002", "E69B557E0CE8BD98")] {
        assert_ne!(repeat(&another, &one), first);
    }
    let unnumbered = repeat(&event("0000", "001", "E69B557E0CE8BD98"), &one);
    assert_eq!(unnumbered, RepeatProof::None, "no number, no proof");
}

proptest! {
    /// Any split of the bytes gives the same.
    #[test]
    fn reads_do_not_matter(order in proptest::collection::vec(0usize..8, 1..6), size in 1usize..60) {
        let pieces = [
            closed(V1),
            closed(V2),
            closed(EVENT),
            closed(OTHER),
            closed(&[0; 8]),
            (0..32).map(|n| n * 7).collect(),
            closed(EVENT)[..24].to_vec(),
            [&b"#40R0001L0001A009999S0010"[..], &[0xA5; 32], b"C12AB"].concat(),
        ];
        let bytes: Vec<u8> = order.iter().flat_map(|at| pieces[*at].clone()).collect();
        let heard = |size: usize| {
            let mut rig = connected();
            let seen: Vec<String> = bytes.chunks(size).flat_map(|read| rig.hear(read)).collect();
            [seen, rig.wait(3.0)].concat()
        };
        prop_assert_eq!(heard(size), heard(1000));
    }

    #[test]
    fn raw_bytes_are_kept_and_nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), plain in any::<bool>()) {
        let now = Instant::now();
        let mut session = session(now);
        let bytes = if plain { [b"\n0101", bytes.as_slice()].concat() } else { bytes };
        session.handle_bytes(&bytes, now);
        session.handle_timeout(now + Duration::from_secs(3));
        while let Some(command) = session.next_command() {
            if let Command::Deliver(delivery) = command {
                let own = matches!(&delivery.message, Message::Report(report) if report.events[0].trigger == Trigger::LineNoise);
                prop_assert!(own || !delivery.raw.is_empty());
            }
        }
    }
}
