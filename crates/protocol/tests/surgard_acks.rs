//! No acknowledgement for what is not stored: the session against a sender that does not wait, and against a
//! whole simulated hardware receiver, on virtual time.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use telecare_protocol::surgard::{self, Header, Sender, SenderCommand, Settings};
use telecare_protocol::{Codes, Command, Delivery, Message, Session, Token};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const LINES: [&[u8]; 4] = [
    b"1011           @    \x14",
    b"5011 181234E12101001\x14",
    b"5011 184321E10101001\x14",
    b"S013[#1234|Nri1QA01]\x14",
];
const ACK_WAIT: Duration = Duration::from_secs(4);

#[derive(Clone, Debug)]
enum Op {
    Line(usize),
    Noise(Vec<u8>),
    Wait(u64),
    Stored(usize),
    Refused(usize),
    Unasked(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..LINES.len()).prop_map(Op::Line),
        1 => proptest::collection::vec(any::<u8>(), 1..30).prop_map(Op::Noise),
        2 => (0u64..6000).prop_map(Op::Wait),
        4 => (0usize..12).prop_map(Op::Stored),
        2 => (0usize..12).prop_map(Op::Refused),
        1 => any::<u64>().prop_map(Op::Unasked),
    ]
}

/// A session with the deliveries that wait for their verdict, and what became of the others.
struct Rig {
    session: Session,
    now: Instant,
    waiting: Vec<Delivery>,
    stored: BTreeMap<Vec<u8>, usize>,
}

impl Rig {
    fn new() -> Rig {
        let now = Instant::now();
        let session = surgard::Session::new(Settings::default(), Arc::clone(&CODES), now).into();
        Rig { session, now, waiting: Vec::new(), stored: BTreeMap::new() }
    }

    /// Takes the commands; gives the number of acknowledgements among them.
    fn drain(&mut self) -> usize {
        let mut acks = 0;
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    assert_eq!(bytes, [surgard::ACK], "nothing but ACK is ever sent");
                    acks += 1;
                }
                Command::Deliver(delivery) => self.waiting.push(*delivery),
                Command::Count(_) | Command::Left(..) | Command::Close => {}
            }
        }
        acks
    }

    fn take(&mut self, at: usize) -> Option<Delivery> {
        (at < self.waiting.len()).then(|| self.waiting.remove(at))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// A sender that pipelines takes each ACK for its oldest line that has not timed out. Whatever the order of
    /// verdicts, that line is stored: as that copy or as another copy of the same bytes.
    #[test]
    fn an_ack_never_meets_a_line_that_is_not_stored(ops in proptest::collection::vec(op(), 1..60)) {
        let mut rig = Rig::new();
        let mut outstanding: VecDeque<(&[u8], Instant)> = VecDeque::new();
        for op in ops {
            let mut may_ack = false;
            match op {
                Op::Line(n) => {
                    outstanding.push_back((LINES[n], rig.now));
                    rig.session.handle_bytes(LINES[n], rig.now);
                }
                // Ended by a DC4, so that it cannot swallow the line after it.
                Op::Noise(bytes) => rig.session.handle_bytes(&[&bytes[..], b"\xFF\x14"].concat(), rig.now),
                Op::Wait(ms) => {
                    rig.now += Duration::from_millis(ms);
                    rig.session.handle_timeout(rig.now);
                }
                Op::Stored(at) => if let Some(delivery) = rig.take(at) {
                    may_ack = true;
                    *rig.stored.entry(delivery.raw.clone()).or_default() += 1;
                    rig.session.handle_stored(delivery.token, rig.now);
                },
                Op::Refused(at) => if let Some(delivery) = rig.take(at) {
                    rig.session.handle_refused(delivery.token, rig.now);
                },
                Op::Unasked(token) => {
                    if !rig.waiting.iter().any(|delivery| delivery.token == Token(token)) {
                        rig.session.handle_stored(Token(token), rig.now);
                    }
                }
            }
            let acks = rig.drain();
            prop_assert!(may_ack || acks == 0, "an ACK without handle_stored");
            for _ in 0..acks {
                outstanding.retain(|(_, sent)| rig.now < *sent + ACK_WAIT);
                let (line, _) = outstanding.pop_front().expect("an ACK nobody waits for");
                prop_assert!(rig.stored.contains_key(line), "ACK taken for {:?}", String::from_utf8_lossy(line));
            }
        }
    }

    /// Any split and any clock: reports depend on the bytes alone as long as no wait is in them.
    #[test]
    fn any_chunking_gives_the_same_deliveries(picks in proptest::collection::vec(0..LINES.len(), 1..7), cuts in proptest::collection::vec(1usize..40, 1..20)) {
        let bytes: Vec<u8> = picks.iter().flat_map(|n| LINES[*n].iter().copied()).collect();
        let mut whole = Rig::new();
        whole.session.handle_bytes(&bytes, whole.now);
        whole.drain();
        let mut split = Rig::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (part, tail) = rest.split_at((*cut).min(rest.len()));
            split.session.handle_bytes(part, split.now);
            rest = tail;
            if rest.is_empty() { break }
        }
        split.drain();
        let told = |rig: &Rig| rig.waiting.iter().map(|d| (d.message.clone(), d.raw.clone())).collect::<Vec<_>>();
        prop_assert_eq!(told(&whole), told(&split));
        prop_assert_eq!(whole.waiting.len(), picks.len());
    }

    /// A flipped bit in a line with parity is noticed; without parity it never becomes two reports.
    #[test]
    fn a_flipped_bit_invents_nothing(line in 1..LINES.len(), byte in 0usize..20, bit in 0u32..8) {
        let parity = |b: u8| if b.count_ones() % 2 == 1 { b | 0x80 } else { b };
        let mut damaged: Vec<u8> = LINES[line].iter().map(|b| parity(*b)).collect();
        damaged[byte] ^= 1 << bit;
        let mut rig = Rig::new();
        rig.session.handle_bytes(&damaged, rig.now);
        rig.drain();
        prop_assert!(rig.waiting.len() <= 1);
    }
}

/// A simulated hardware receiver against the session over a line that loses answers and a store that fails:
/// every line is acknowledged in the end, and only once it is stored.
#[test]
fn every_line_arrives_over_a_bad_link() {
    let header = Header { receiver: "01".to_owned(), line: "1".to_owned() };
    for seed in 1..40u32 {
        let (mut rig, mut random) = (Rig::new(), Random(seed));
        let mut sender = Sender::new(surgard::sender_settings(&header), rig.now);
        let lines: Vec<Vec<u8>> = (0..20).map(|n| format!("5011 18{n:04}E10101001\x14").into_bytes()).collect();
        for line in &lines {
            sender.send(line.clone(), rig.now).unwrap();
        }
        let (mut acknowledged, mut damages) = (BTreeSet::new(), 0);
        for _ in 0..20_000 {
            while let Some(command) = sender.next_command() {
                match command {
                    SenderCommand::Send(mut bytes) => {
                        if random.one_in(6) {
                            // Never the same damage twice: a line that is damaged alike each time is taken as it is.
                            damages += 1;
                            bytes[1 + damages % 18] = 0xFE;
                        }
                        rig.session.handle_bytes(&bytes, rig.now);
                    }
                    SenderCommand::Acknowledged { line, .. } => {
                        let at = usize::try_from(line.0).unwrap();
                        assert!(rig.stored.contains_key(&lines[at]), "seed {seed}: acknowledged, not stored");
                        acknowledged.insert(at);
                    }
                    SenderCommand::LinkFailed | SenderCommand::LinkRestored => {}
                }
                answer(&mut rig, &mut sender, &mut random);
            }
            if acknowledged.len() == lines.len() {
                break;
            }
            let wakes = [sender.poll_timeout(), rig.session.poll_timeout()];
            rig.now = wakes.into_iter().flatten().min().unwrap().max(rig.now);
            sender.handle_timeout(rig.now);
            rig.session.handle_timeout(rig.now);
        }
        assert_eq!(acknowledged.len(), lines.len(), "seed {seed}");
        assert_eq!(sender.counts().unasked, 0, "seed {seed}");
    }
}

fn answer(rig: &mut Rig, sender: &mut Sender, random: &mut Random) {
    rig.drain();
    while let Some(delivery) = rig.take(0) {
        if random.one_in(4) {
            rig.session.handle_refused(delivery.token, rig.now);
        } else {
            if matches!(delivery.message, Message::Report(_)) {
                *rig.stored.entry(delivery.raw.clone()).or_default() += 1;
            }
            rig.session.handle_stored(delivery.token, rig.now);
        }
        for _ in 0..rig.drain() {
            if !random.one_in(5) {
                sender.handle_bytes(&[surgard::ACK], rig.now);
            }
        }
    }
}

/// A small generator of the test's own, so that a seed always means the same run.
struct Random(u32);

impl Random {
    fn one_in(&mut self, n: u32) -> bool {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16).is_multiple_of(n)
    }
}
