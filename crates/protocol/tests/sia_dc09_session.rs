//! Sessions of SIA DC-09: what each vector is answered, byte for byte, and scripts on virtual time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde::Deserialize;
use telecare_protocol::sia_dc09::{
    ANSWERS_OWED_MAX, Clock, Content, Key, Keys, Naks, Outside, Session, Settings, Stamp, Unit, UnitCommand,
    UnitMessage, UnitSettings, clear,
};
use telecare_protocol::sia_frame::{self, Address, Check, Head};
use telecare_protocol::{Answered, Codes, Command, Counted, Delivery, Message, Mode, Outcome, RepeatProof, Token};
use time::OffsetDateTime;
use time::macros::datetime;

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));
const NOW: OffsetDateTime = datetime!(2025-03-14 10:20:30 UTC);
const HEX: &str = "00112233445566778899AABBCCDDEEFF";

#[derive(Deserialize)]
struct File {
    vector: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Vector {
    id: String,
    input: Option<String>,
    hex: Option<String>,
    key_hex: Option<String>,
    key_ascii: Option<String>,
    clock: Option<String>,
    reply: Option<String>,
    reply_hex: Option<String>,
    reply_clear: Option<String>,
}

fn unhex(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        self.input.as_ref().map_or_else(|| unhex(self.hex.as_ref().unwrap()), |text| text.as_bytes().to_vec())
    }

    fn key(&self) -> Option<Key> {
        let hex = self.key_hex.as_ref().map(|hex| Key::from_hex(hex).unwrap());
        hex.or_else(|| self.key_ascii.as_ref().map(|text| Key::from_ascii(text).unwrap()))
    }

    fn utc(&self) -> OffsetDateTime {
        match self.clock.as_deref().map(Stamp::read) {
            Some(Stamp::At(at)) => at,
            Some(other) => panic!("{}: {other:?}", self.id),
            None => NOW,
        }
    }
}

fn vectors() -> Vec<Vector> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols/sia-dc09/vectors.toml");
    toml::from_str::<File>(&fs::read_to_string(file).unwrap()).unwrap().vector
}

fn keys(key: Option<&Key>) -> Arc<Keys> {
    let mut keys = Keys::default();
    for account in ["1234", "4321", "AAAB"] {
        if let Some(key) = key {
            keys.insert(account, key.clone());
        }
    }
    Arc::new(keys)
}

fn outside(at: Instant, utc: OffsetDateTime, keys: Arc<Keys>) -> Outside {
    Outside { clock: Clock { at, utc }, keys, naks: Arc::new(Naks::default()) }
}

/// A session with a store that can be told to wait, and everything it did.
struct Rig {
    session: Session,
    start: Instant,
    sent: Vec<Vec<u8>>,
    delivered: Vec<Delivery>,
    counted: Vec<Counted>,
    left: Vec<(Token, Answered)>,
    /// Deliveries that the store has not answered.
    waiting: VecDeque<Token>,
    /// Whether it answers at once.
    stores: bool,
}

impl Rig {
    fn new(key: Option<&Key>, utc: OffsetDateTime) -> Rig {
        let start = Instant::now();
        let outside = outside(start, utc, keys(key));
        let session = Session::new(Settings::default(), Arc::clone(&CODES), outside, [3; 16], start);
        Rig::of(session, start)
    }

    fn of(session: Session, start: Instant) -> Rig {
        let (sent, delivered, counted, left) = Default::default();
        Rig { session, start, sent, delivered, counted, left, waiting: VecDeque::new(), stores: true }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn feed(&mut self, bytes: &[u8], ms: u64) {
        self.session.handle_bytes(bytes, self.at(ms));
        self.settle(ms);
    }

    fn settle(&mut self, ms: u64) {
        loop {
            while let Some(command) = self.session.next_command() {
                match command {
                    Command::Send(bytes) => self.sent.push(bytes),
                    Command::Deliver(delivery) => {
                        self.waiting.push_back(delivery.token);
                        self.delivered.push(*delivery);
                    }
                    Command::Left(token, answered) => self.left.push((token, answered)),
                    Command::Count(counted) => self.counted.push(counted),
                    Command::Close => {}
                }
            }
            if !self.stores || self.waiting.is_empty() {
                return;
            }
            self.store(ms);
        }
    }

    fn store(&mut self, ms: u64) {
        let token = self.waiting.pop_front().unwrap();
        self.session.handle_stored(token, self.at(ms));
    }

    fn sent(&self) -> Vec<u8> {
        self.sent.concat()
    }

    fn faults(&self) -> Vec<String> {
        let fault = |delivery: &Delivery| match &delivery.message {
            Message::Report(report) => match &report.outcome {
                Outcome::Unreadable(fault) => Some(fault.name.clone()),
                Outcome::Decoded => None,
            },
            Message::SignOfLife(_) => None,
        };
        self.delivered.iter().filter_map(fault).collect()
    }
}

fn frame(token: &str, sequence: u16, account: &str, data: &str) -> Vec<u8> {
    let address =
        Address { receiver: None, line: Some("0".to_owned()), account: Some(account.to_owned()), bare: false };
    let head = Head { enciphered: false, token: token.to_owned(), sequence, address };
    clear(head, Check::Hex, data, &[], "")
}

fn press(sequence: u16) -> Vec<u8> {
    frame("SIA-DCS", sequence, "1234", "#1234|Nri1/QA001")
}

fn ack(sequence: u16) -> Vec<u8> {
    sia_frame::frame_of(format!("\"ACK\"{sequence:04}L0#1234[]").as_bytes(), Check::Hex)
}

/// What an encrypted answer says behind its padding.
fn clear_of(answer: &[u8], key: &Key) -> String {
    let read = sia_frame::read(answer, Mode::Strict).unwrap();
    assert!(read.frame.head.enciphered && read.frame.head.token == "ACK");
    let clear = String::from_utf8(key.decrypt(&read.frame.content).unwrap()).unwrap();
    let (pad, rest) = clear.split_at(clear.find(']').unwrap());
    assert!(!pad.contains(['|', '[']));
    rest.to_owned()
}

#[test]
fn every_vector_is_answered_as_it_should_be_however_it_is_split() {
    for vector in vectors() {
        for size in [1, 7, 4096] {
            let key = vector.key();
            let mut rig = Rig::new(key.as_ref(), vector.utc());
            for part in vector.bytes().chunks(size) {
                rig.feed(part, 5);
            }
            let id = format!("{} in reads of {size}", vector.id);
            if let Some(expected) = &vector.reply_clear {
                assert_eq!(rig.sent.len(), 1, "{id}");
                assert_eq!(&clear_of(&rig.sent[0], key.as_ref().unwrap()), expected, "{id}");
                continue;
            }
            let hex = vector.reply_hex.as_ref().map(|hex| unhex(hex));
            let expected = hex.or(vector.reply.as_ref().map(|text| text.as_bytes().to_vec()));
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(shown(&rig.sent()), shown(&expected.unwrap_or_else(|| panic!("{id}: no reply"))), "{id}");
        }
    }
}

#[test]
fn nothing_is_acknowledged_that_is_not_stored() {
    for vector in vectors() {
        let mut rig = Rig::new(vector.key().as_ref(), vector.utc());
        rig.stores = false;
        rig.feed(&vector.bytes(), 5);
        let naks = rig.sent.iter().all(|sent| sent.windows(5).any(|part| part == b"\"NAK\""));
        assert!(naks, "{}: {:?}", vector.id, rig.sent);
        let owed: Vec<Token> = rig.delivered.iter().filter(|one| one.owed).map(|one| one.token).collect();
        let before = rig.sent.len();
        for token in owed {
            rig.session.handle_refused(token, rig.at(10));
        }
        rig.settle(10);
        assert_eq!(rig.sent.len(), before, "{}: silence, so that the unit repeats", vector.id);
    }
}

#[test]
fn a_wrong_length_does_not_swallow_the_next_frame() {
    let wrong = vectors().into_iter().find(|vector| vector.id == "D21").unwrap().bytes();
    let mut rig = Rig::new(None, NOW);
    rig.feed(&[wrong, press(2)].concat(), 0);
    assert_eq!(rig.sent(), ack(2));
    assert_eq!(rig.faults(), ["WrongLength"]);
}

#[test]
fn copies_have_one_key_whatever_their_stamp_and_padding_and_others_have_not() {
    let proof = |bytes: &[u8], key: Option<&Key>| {
        let mut rig = Rig::new(key, NOW);
        rig.feed(bytes, 0);
        rig.delivered.pop().unwrap().repeat
    };
    let by_id = |id: &str| vectors().into_iter().find(|vector| vector.id == id).unwrap();
    let hex = Key::from_hex(HEX).unwrap();
    let encrypted = proof(&by_id("D11").bytes(), Some(&hex));
    assert_eq!(encrypted, proof(&by_id("D12").bytes(), Some(&hex)));
    let clear = proof(&press(1), None);
    assert_eq!(clear, proof(&by_id("D01").bytes(), None), "a stamp made anew");
    let RepeatProof::Key { window, .. } = &clear else { panic!("{clear:?}") };
    assert_eq!(*window, Duration::from_secs(60));
    let others = [
        press(2),
        frame("SIA-DCS", 1, "1234", "#1234|Nri1/QA002"),
        frame("SIA-DCS", 1, "01234", "#1234|Nri1/QA001"),
        frame("ADM-CID", 1, "1234", "#1234|1101 00 001"),
    ];
    for other in others {
        assert_ne!(clear, proof(&other, None));
    }
}

#[test]
fn a_sender_that_does_not_wait_is_made_to_and_loses_nothing() {
    let mut rig = Rig::new(None, NOW);
    rig.stores = false;
    let flood: Vec<u8> = (1..=40).flat_map(press).collect();
    rig.feed(&flood, 0);
    assert_eq!(rig.delivered.len(), ANSWERS_OWED_MAX);
    assert!(!rig.session.wants_bytes());
    for stored in 1..=40 {
        assert_eq!(rig.sent.len() + 1, stored);
        rig.store(10);
        rig.settle(10);
        assert!(rig.waiting.len() <= ANSWERS_OWED_MAX);
    }
    assert_eq!(rig.sent(), (1..=40).flat_map(ack).collect::<Vec<u8>>());
    assert!(rig.session.wants_bytes());
    assert_eq!(rig.counted, []);
}

#[test]
fn part_of_a_frame_waits_its_time_and_a_datagram_not_at_all() {
    let mut rig = Rig::new(None, NOW);
    let bytes = press(1);
    let (first, rest) = bytes.split_at(40);
    rig.feed(first, 0);
    assert_eq!(rig.session.poll_timeout(), Some(rig.at(8_000)));
    rig.session.handle_timeout(rig.at(7_999));
    rig.feed(rest, 7_999);
    assert_eq!(rig.sent(), ack(1));
    rig.feed(first, 8_000);
    rig.session.handle_timeout(rig.at(16_000));
    rig.feed(rest, 16_001);
    assert_eq!((rig.sent(), rig.faults()), (ack(1), vec!["NoEnd".to_owned()]));
    let mut rig = Rig::new(None, NOW);
    rig.session.handle_datagram(first, rig.at(0));
    rig.session.handle_datagram(&press(2), rig.at(1));
    rig.settle(1);
    assert_eq!((rig.sent(), rig.faults()), (ack(2), vec!["NoEnd".to_owned()]));
}

#[test]
fn a_clock_that_stays_wrong_is_told_at_every_third_time() {
    let vector = vectors().into_iter().find(|vector| vector.id == "D11").unwrap();
    let (key, later) = (vector.key(), NOW + time::Duration::hours(1));
    let start = Instant::now();
    let outside = outside(start, later, keys(key.as_ref()));
    let mut told = Vec::new();
    for _ in 0..7 {
        // A connection for each attempt.
        let session = Session::new(Settings::default(), Arc::clone(&CODES), outside.clone(), [3; 16], start);
        let mut rig = Rig::of(session, start);
        rig.feed(&vector.bytes(), 0);
        assert_eq!(rig.sent.len(), 1);
        assert!(rig.delivered.iter().all(|delivery| !delivery.owed));
        told.push(rig.faults());
    }
    let counts: Vec<usize> = told.iter().map(Vec::len).collect();
    assert_eq!(counts, [0, 0, 1, 0, 0, 1, 0]);
    assert_eq!(told[2], ["OutsideWindow"]);
}

#[test]
fn what_is_told_of_the_world_counts_from_then_on() {
    let vector = vectors().into_iter().find(|vector| vector.id == "D11").unwrap();
    let mut rig = Rig::new(None, NOW);
    rig.feed(&vector.bytes(), 0);
    assert_eq!(rig.faults(), ["NoKey"]);
    let key = vector.key();
    rig.session.set_outside(&outside(rig.start, NOW, keys(key.as_ref())));
    rig.feed(&vector.bytes(), 100);
    assert_eq!(rig.faults(), ["NoKey"]);
    assert_eq!(clear_of(&rig.sent[1], key.as_ref().unwrap()), "]_10:20:30,03-14-2025");
}

#[test]
fn answers_are_never_answered_and_other_protocols_raise_no_alarm() {
    let mut rig = Rig::new(None, NOW);
    rig.feed(&[ack(1), b"GET / HTTP/1.1\r\nHost: \"a\"\r\n\r\n".to_vec(), b"\x16\x03\x01\x00".to_vec()].concat(), 0);
    assert_eq!((rig.sent.len(), rig.delivered.len()), (0, 0));
    assert!(rig.counted.contains(&Counted::BadFrame("UnexpectedReply")));
    assert!(rig.counted.iter().any(|counted| matches!(counted, Counted::JunkBytes(_))));
}

#[test]
fn of_a_flood_of_damaged_frames_some_are_kept_and_all_are_counted() {
    let mut damaged = press(1);
    damaged[20] ^= 1;
    let mut rig = Rig::new(None, NOW);
    (0..50).for_each(|n| rig.feed(&damaged, n));
    assert_eq!(rig.faults(), ["WrongCrc"; 4]);
    assert_eq!(rig.counted.len(), 50);
    rig.feed(&press(2), 60);
    assert_eq!(rig.sent(), ack(2));
}

#[test]
fn a_line_that_only_listens_says_nothing_and_delivers_all() {
    for vector in vectors() {
        let start = Instant::now();
        let outside = outside(start, vector.utc(), keys(vector.key().as_ref()));
        let session = Session::new(Settings::default(), Arc::clone(&CODES), outside, [3; 16], start).listening_only();
        let mut rig = Rig::of(session, start);
        rig.feed(&vector.bytes(), 0);
        assert!(rig.sent.is_empty() && rig.delivered.iter().all(|one| !one.owed && one.repeat == RepeatProof::None));
    }
}

/// A unit and a session that hear each other, with the answers that are lost.
fn converse(
    settings: UnitSettings,
    session_key: Option<&Key>,
    messages: &[UnitMessage],
    utc: OffsetDateTime,
    lost: &[usize],
) -> (Rig, Vec<UnitCommand>) {
    let mut rig = Rig::new(session_key, NOW);
    let clock = Clock { at: rig.start, utc };
    let mut unit = Unit::new(settings, clock, [9; 16], 9998);
    let mut told = Vec::new();
    for message in messages {
        unit.send(message.clone(), rig.start).unwrap();
    }
    let (mut ms, mut answers) = (0, 0);
    for _ in 0..400 {
        while let Some(command) = unit.next_command() {
            if let UnitCommand::Send(bytes) = &command {
                let before = rig.sent.len();
                rig.feed(bytes, ms);
                for answer in &rig.sent[before..] {
                    if !lost.contains(&answers) {
                        unit.handle_bytes(answer, rig.at(ms + 20));
                    }
                    answers += 1;
                }
            } else {
                told.push(command);
            }
        }
        if unit.held() == 0 {
            break;
        }
        ms = unit.poll_timeout().map_or(ms, |at| u64::try_from((at - rig.start).as_millis()).unwrap().max(ms));
        unit.handle_timeout(rig.at(ms));
    }
    (rig, told)
}

#[test]
fn our_unit_and_our_session_understand_each_other() {
    let key = Key::from_hex(HEX).unwrap();
    let messages = [
        UnitMessage::sia("1234", "Nri1/QA001"),
        UnitMessage::contact_id("1234", "1602 00 000"),
        UnitMessage::sia("1234", "NMA003/YT"),
    ];
    for (key, long_pad) in [(None, false), (Some(&key), false), (Some(&key), true)] {
        let settings = UnitSettings { account: "1234".into(), key: key.cloned(), long_pad, ..UnitSettings::default() };
        let (rig, told) = converse(settings, key, &messages, NOW, &[1]);
        let acknowledged: Vec<u32> = told
            .iter()
            .map(|command| match command {
                UnitCommand::Acknowledged { attempts, .. } => *attempts,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(acknowledged, [1, 2, 1], "the second answer was lost");
        assert_eq!(rig.faults(), [] as [&str; 0]);
        let sequences: Vec<u16> = rig
            .delivered
            .iter()
            .map(|one| sia_frame::read(&one.raw, Mode::Strict).unwrap().frame.head.sequence)
            .collect();
        assert_eq!(sequences, [9998, 9999, 9999, 1]);
        assert_eq!(rig.delivered[1].repeat, rig.delivered[2].repeat, "the copy is a repeat");
    }
}

#[test]
fn a_unit_whose_clock_is_wrong_sets_it_by_the_nak() {
    let key = Key::from_hex(HEX).unwrap();
    let settings = UnitSettings { account: "1234".into(), key: Some(key.clone()), ..UnitSettings::default() };
    let messages = [UnitMessage::sia("1234", "Nri1/QA001"), UnitMessage::sia("1234", "Nri1/QA002")];
    let (rig, told) = converse(settings, Some(&key), &messages, NOW - time::Duration::hours(2), &[]);
    assert!(
        matches!(
            told[..],
            [
                UnitCommand::ClockSet(7200),
                UnitCommand::Acknowledged { attempts: 2, .. },
                UnitCommand::Acknowledged { attempts: 1, .. }
            ]
        ),
        "{told:?}"
    );
    assert_eq!(rig.faults(), [] as [&str; 0]);
}

#[test]
fn a_message_that_cannot_be_used_is_given_up_and_the_next_one_follows() {
    let bad =
        UnitMessage { account: "1234".into(), token: "XYZ-99".into(), data: "#1234|abc".into(), extended: Vec::new() };
    let settings = UnitSettings { account: "1234".into(), ..UnitSettings::default() };
    let (rig, told) = converse(settings, None, &[bad, UnitMessage::sia("1234", "NRP")], NOW, &[]);
    assert!(matches!(told[..], [UnitCommand::Refused(_), UnitCommand::Acknowledged { .. }]), "{told:?}");
    assert_eq!(rig.faults(), ["UnknownToken"]);
}

#[test]
fn nobody_answers_and_then_somebody_does() {
    let start = Instant::now();
    let settings = UnitSettings { account: "1234".into(), ..UnitSettings::default() };
    let mut unit = Unit::new(settings, Clock { at: start, utc: NOW }, [9; 16], 1);
    unit.send(UnitMessage::sia("1234", "NRP"), start);
    let mut tokens = Vec::new();
    let mut rig = Rig::new(None, NOW);
    let mut told = Vec::new();
    for _ in 0..12 {
        while let Some(command) = unit.next_command() {
            if let UnitCommand::Send(bytes) = &command {
                let token = sia_frame::read(bytes, Mode::Strict).unwrap().frame.head.token;
                if token == "NULL" {
                    rig.feed(bytes, 0);
                    let answers = std::mem::take(&mut rig.sent).concat();
                    unit.handle_bytes(&answers, rig.at(0));
                }
                tokens.push(token);
            } else {
                told.push(command);
            }
        }
        let Some(at) = unit.poll_timeout() else { break };
        unit.handle_timeout(at);
    }
    assert_eq!(tokens[..6], ["SIA-DCS", "SIA-DCS", "SIA-DCS", "SIA-DCS", "NULL", "SIA-DCS"]);
    assert_eq!(told[..3], [UnitCommand::LinkFailed, UnitCommand::LinkRestored, UnitCommand::Polled]);
}

proptest! {
    #[test]
    fn any_split_of_any_frames_is_heard_alike(presses in proptest::collection::vec((1u16..9999, "[A-Z]{2}[0-9]{0,4}"), 1..12),
                                              noise in proptest::collection::vec(any::<u8>(), 0..20), size in 1usize..200) {
        let noise: Vec<u8> = noise.into_iter().filter(|byte| *byte != b'\n').collect();
        let frames: Vec<Vec<u8>> =
            presses.iter().map(|(sequence, event)| frame("SIA-DCS", *sequence, "1234", &format!("#1234|N{event}"))).collect();
        let mut rig = Rig::new(None, NOW);
        let bytes = frames.iter().flat_map(|frame| [noise.clone(), frame.clone()].concat()).collect::<Vec<u8>>();
        bytes.chunks(size).for_each(|part| rig.feed(part, 0));
        let raw: Vec<Vec<u8>> = rig.delivered.iter().map(|delivery| delivery.raw.clone()).collect();
        prop_assert_eq!(raw, frames);
        prop_assert_eq!(rig.sent.len(), presses.len());
    }

    #[test]
    fn a_damaged_bit_invents_no_alarm(sequence in 1u16..9999, bit in 0usize..500) {
        let mut bytes = press(sequence);
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let mut rig = Rig::new(None, NOW);
        rig.feed(&bytes, 0);
        let decoded = rig.delivered.iter().filter(|one| matches!(&one.message, Message::Report(report) if report.outcome == Outcome::Decoded));
        // Hex in lower case says the same.
        prop_assert!(decoded.count() == 0 || bytes.eq_ignore_ascii_case(&press(sequence)));
        prop_assert!(rig.sent.len() <= 1);
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), seed in any::<u8>()) {
        let mut rig = Rig::new(Some(&Key::from_hex(HEX).unwrap()), NOW);
        rig.feed(&[vec![b'\n'], bytes.clone()].concat(), 0);
        rig.session.handle_datagram(&bytes, rig.at(u64::from(seed)));
        rig.settle(1);
        let _ = Content::read_padded(&bytes);
    }
}
