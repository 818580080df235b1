//! The sessions of hardware receivers under bytes, splits, clock jumps and verdicts in any order.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::automation::{ACK, Timing};
use telecare_protocol::{Codes, Command, Delivery, Session, Token, ademco685, surgard};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const SURGARD: [&[u8]; 5] = [
    b"1011           @    \x14",
    b"5011 181234E12101001\x14",
    b"5011 184321E10101001\x14",
    b"S013[#1234|Nri1QA01]\x14",
    b"5011 181234E121010\x14",
];

const ADEMCO_685: [&[u8]; 5] = [
    b"\n00 OKAY @\r",
    b"\n11 1234 18 E121 01 C001\r",
    b"\n11 4321 18 E101 01 C001\r",
    b"\n11 1234 1555 5555 7\r",
    b"\n11 1234 18 E121\r",
];

/// Sur-Gard lines.
pub fn surgard_session(data: &[u8]) {
    let settings = surgard::Settings::default();
    let timing = settings.timing.clone();
    session(data, &SURGARD, &timing, |now| surgard::Session::new(settings, Arc::clone(&CODES), now).into());
}

/// Ademco 685 lines.
pub fn ademco685_session(data: &[u8]) {
    let settings = ademco685::Settings::default();
    let timing = settings.timing.clone();
    session(data, &ADEMCO_685, &timing, |now| ademco685::Session::new(settings, Arc::clone(&CODES), now).into());
}

/// Steps come in pairs of bytes: what, and how much.
fn session(data: &[u8], lines: &[&[u8]; 5], timing: &Timing, begin: impl FnOnce(Instant) -> Session) {
    let start = Instant::now();
    let mut rig = Rig {
        session: begin(start),
        ack_wait: timing.ack_wait,
        now: start,
        waiting: Vec::new(),
        stored: BTreeMap::new(),
        next_token: 0,
    };
    let mut rest = data;
    while let [step, size, tail @ ..] = rest {
        let amount = usize::from(*size);
        rest = tail;
        match step % 8 {
            0 => {
                let (bytes, tail) = rest.split_at(amount.min(rest.len()));
                rest = tail;
                rig.session.handle_bytes(bytes, rig.now);
            }
            1 => rig.session.handle_bytes(lines[amount % lines.len()], rig.now),
            2 => {
                let line = lines[amount % lines.len()];
                let (head, tail) = line.split_at(amount / lines.len() % line.len());
                rig.session.handle_bytes(head, rig.now);
                rig.session.handle_bytes(tail, rig.now);
            }
            3 => rig.wait(Duration::from_millis(40 * u64::from(*size))),
            4 => rig.wait(Duration::from_secs(u64::from(*size))),
            5 => {
                rig.stored(amount);
                continue;
            }
            6 => rig.refused(amount),
            _ => rig.step_back(Duration::from_millis(u64::from(*size))),
        }
        let acks = rig.drain();
        assert_eq!(acks, 0, "an ACK without handle_stored");
    }
}

struct Rig {
    session: Session,
    ack_wait: Duration,
    now: Instant,
    waiting: Vec<Delivery>,
    /// Stored copies whose answer may leave, with their last byte.
    stored: BTreeMap<Token, Instant>,
    next_token: u64,
}

impl Rig {
    fn wait(&mut self, wait: Duration) {
        self.now += wait;
        self.session.handle_timeout(self.now);
        let due = self.session.poll_timeout().is_some_and(|deadline| deadline <= self.now);
        assert!(!due, "a timeout that handle_timeout did not clear");
    }

    /// A clock that goes back must not hurt, either.
    fn step_back(&mut self, back: Duration) {
        self.now = self.now.checked_sub(back).unwrap_or(self.now);
        self.session.handle_timeout(self.now);
    }

    fn stored(&mut self, at: usize) {
        if self.waiting.is_empty() {
            self.session.handle_stored(Token(u64::MAX), self.now);
            assert_eq!(self.drain(), 0, "an ACK for a token that was never given");
            return;
        }
        let delivery = self.waiting.remove(at % self.waiting.len());
        self.stored.insert(delivery.token, delivery.last_byte);
        self.session.handle_stored(delivery.token, self.now);
        for _ in 0..self.drain() {
            let in_time = |last: &Instant| self.now.saturating_duration_since(*last) < self.ack_wait;
            let answered = self.stored.iter().find(|(_, last)| in_time(last)).map(|(token, _)| *token);
            self.stored.remove(&answered.expect("an ACK for no stored copy that is still waited for"));
        }
        self.session.handle_stored(delivery.token, self.now);
        assert_eq!(self.drain(), 0, "an ACK given twice");
    }

    fn refused(&mut self, at: usize) {
        if !self.waiting.is_empty() {
            let delivery = self.waiting.remove(at % self.waiting.len());
            self.session.handle_refused(delivery.token, self.now);
        }
    }

    /// Takes the commands; gives the number of ACKs among them.
    fn drain(&mut self) -> usize {
        let mut acks = 0;
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    assert_eq!(bytes, [ACK], "nothing but ACK is ever sent");
                    acks += 1;
                }
                Command::Deliver(delivery) => {
                    assert_eq!(delivery.token, Token(self.next_token), "tokens count up");
                    self.next_token += 1;
                    assert!(delivery.first_byte <= delivery.last_byte);
                    self.waiting.push(*delivery);
                }
                Command::Close => panic!("this protocol ends no conversation"),
                Command::Count(_) | Command::Left(..) => {}
            }
        }
        acks
    }
}
