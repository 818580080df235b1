//! Properties of the ESPA 4.4.4 session: no ACK but for what is stored, whatever comes in whatever pieces.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use telecare_protocol::espa::{self, Block, Role, Session, Settings};
use telecare_protocol::{Codes, Command, Delivery, Message, Mode, Outcome};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

fn pieces() -> Vec<Vec<u8>> {
    let block = |text: &str| espa::encode(&Block::new('1', &[("1", "12"), ("2", text), ("6", "1")]));
    let mut wrong = block("FLAT 9");
    *wrong.last_mut().unwrap() ^= 0x10;
    vec![
        b"1\x052\x05".to_vec(),
        b"2\x05".to_vec(),
        b"\x05".to_vec(),
        b"\x04".to_vec(),
        b"\x06".to_vec(),
        b"1\x053\x05".to_vec(),
        block("FLAT 18"),
        block("FLAT 3!"),
        wrong,
        espa::encode(&Block::new('8', &[("1", "12")])),
        espa::encode(&Block::new('3', &[("1", "12"), ("2", "FLAT 18")])),
    ]
}

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![
        Just(Role::Station { control: b'1', polled: false }),
        Just(Role::Station { control: b'1', polled: true }),
        Just(Role::Control { stations: vec![b'3', b'4'] }),
    ]
}

#[derive(Clone, Debug)]
enum Op {
    Piece(usize),
    Noise(Vec<u8>),
    Wait(u64),
    Stored(usize),
    Refused(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..11usize).prop_map(Op::Piece),
        1 => proptest::collection::vec(any::<u8>(), 1..20).prop_map(Op::Noise),
        2 => (0u64..4000).prop_map(Op::Wait),
        5 => (0usize..4).prop_map(Op::Stored),
        1 => (0usize..4).prop_map(Op::Refused),
    ]
}

struct Rig {
    session: Session,
    now: Instant,
    waiting: Vec<Delivery>,
}

impl Rig {
    fn new(role: Role) -> Rig {
        let now = Instant::now();
        let settings = Settings { role, ..Settings::default() };
        Rig { session: Session::new(settings, Arc::clone(&CODES), now), now, waiting: Vec::new() }
    }

    /// Takes the commands; gives the number of ACKs.
    fn drain(&mut self) -> usize {
        let mut acks = 0;
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => acks += usize::from(bytes == [espa::ACK]),
                Command::Deliver(delivery) => self.waiting.push(*delivery),
                Command::Count(_) | Command::Left(..) | Command::Close => {}
            }
        }
        acks
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// An ACK leaves only for the delivery that was said to be stored just then, while its sender waits and has sent
    /// nothing since; and no block that reads wrong is ever told as read.
    #[test]
    fn no_ack_but_for_what_is_stored(role in roles(), ops in proptest::collection::vec(op(), 1..80)) {
        let (mut rig, pieces) = (Rig::new(role), pieces());
        // The last delivery, and whether something came since.
        let mut open: Option<(u64, Instant)> = None;
        for op in ops {
            let mut stored = None;
            match op {
                Op::Piece(n) => {
                    open = None;
                    rig.session.handle_bytes(&pieces[n], rig.now);
                }
                Op::Noise(bytes) => {
                    // What fills gaps takes nothing back.
                    open = open.filter(|_| bytes.iter().all(|byte| matches!(byte, 0x00 | b'\r' | b'\n')));
                    rig.session.handle_bytes(&bytes, rig.now);
                }
                Op::Wait(ms) => {
                    rig.now += Duration::from_millis(ms);
                    rig.session.handle_timeout(rig.now);
                }
                Op::Stored(at) => if at < rig.waiting.len() {
                    let delivery = rig.waiting.remove(at);
                    stored = Some(delivery.token.0);
                    rig.session.handle_stored(delivery.token, rig.now);
                },
                Op::Refused(at) => if at < rig.waiting.len() {
                    let delivery = rig.waiting.remove(at);
                    rig.session.handle_refused(delivery.token, rig.now);
                }
            }
            let before = rig.waiting.len();
            let acks = rig.drain();
            let waits = open.filter(|(_, last)| rig.now.saturating_duration_since(*last) < Duration::from_secs(2));
            prop_assert!(acks == 0 || acks == 1 && stored.is_some() && stored == waits.map(|(token, _)| token));
            for delivery in &rig.waiting[before..] {
                if delivery.owed {
                    open = Some((delivery.token.0, delivery.last_byte));
                }
                if let Message::Report(report) = &delivery.message && report.outcome == Outcome::Decoded && !delivery.raw.is_empty() {
                    prop_assert!(espa::read(&delivery.raw, Mode::Tolerant).is_ok());
                }
            }
        }
    }

    /// Any split of the bytes gives the same deliveries.
    #[test]
    fn any_chunking_gives_the_same_deliveries(picks in proptest::collection::vec(0..11usize, 1..10), cuts in proptest::collection::vec(1usize..30, 1..20)) {
        let pieces = pieces();
        let bytes: Vec<u8> = picks.iter().flat_map(|n| pieces[*n].clone()).collect();
        let role = Role::Station { control: b'1', polled: false };
        let (mut whole, mut split) = (Rig::new(role.clone()), Rig::new(role));
        whole.session.handle_bytes(&bytes, whole.now);
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (part, tail) = rest.split_at((*cut).min(rest.len()));
            split.session.handle_bytes(part, split.now);
            rest = tail;
            if rest.is_empty() { break }
        }
        whole.drain();
        split.drain();
        let told = |rig: &Rig| rig.waiting.iter().map(|d| (d.message.clone(), d.raw.clone())).collect::<Vec<_>>();
        prop_assert_eq!(told(&whole), told(&split));
    }

    /// One damaged bit in a block never gives a call that nobody made, and never an ACK.
    #[test]
    fn a_flipped_bit_invents_nothing(byte in 0usize..30, bit in 0u32..8) {
        let block = &pieces()[6];
        let mut damaged = block.clone();
        damaged[byte % block.len()] ^= 1 << bit;
        let mut rig = Rig::new(Role::Station { control: b'1', polled: false });
        rig.session.handle_bytes(&damaged, rig.now);
        rig.drain();
        for delivery in std::mem::take(&mut rig.waiting) {
            if let Message::Report(report) = &delivery.message {
                prop_assert!(report.outcome != Outcome::Decoded || delivery.raw.is_empty());
            }
            rig.session.handle_stored(delivery.token, rig.now);
            prop_assert_eq!(rig.drain(), 0);
        }
    }
}
