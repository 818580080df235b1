//! The Sur-Gard session under bytes, splits, clock jumps and verdicts in any order.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::surgard::{ACK, Session, Settings};
use telecare_protocol::{Codes, Command, Delivery, Token};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const LINES: [&[u8]; 5] = [
    b"1011           @    \x14",
    b"5011 181234E12101001\x14",
    b"5011 184321E10101001\x14",
    b"S013[#1234|Nri1QA01]\x14",
    b"5011 181234E121010\x14",
];

/// Steps come in pairs of bytes: what, and how much.
pub fn surgard_session(data: &[u8]) {
    let start = Instant::now();
    let mut rig = Rig {
        session: Session::new(Settings::default(), Arc::clone(&CODES), start),
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
            1 => rig.session.handle_bytes(LINES[amount % LINES.len()], rig.now),
            2 => {
                let line = LINES[amount % LINES.len()];
                let (head, tail) = line.split_at(amount / LINES.len() % line.len());
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
            let in_time = |last: &Instant| self.now.saturating_duration_since(*last) < Settings::default().ack_wait;
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
                Command::Count(_) => {}
            }
        }
        acks
    }
}
