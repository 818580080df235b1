//! The sessions of hardware receivers under bytes, splits, clock jumps and verdicts in any order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_protocol::automation::{ACK, Timing};
use telecare_protocol::{
    Command, Delivery, Mode, Session, Token, ademco685, cp220, iti, radionics, sia_dc07, sia_frame, surgard,
};

use crate::outputs::CODES;

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

const RADIONICS: [&[u8]; 5] = [
    b"1010           @    \x14",
    b"a011 123418112101001\x14",
    b"a011 432118110101001\x14",
    b"1011      1234 A0015\x14",
    b"a011 1234181121010\x14",
];

const CP220: [&[u8]; 5] = [
    b"\n11 OKAY @\r",
    b"\n1Z 1234 18 E121 01 C001\r",
    b"\n1Z 4321 18 P101 01 C001\r",
    b"\n1Z1234A3\r",
    b"\n1Z 1234 18 E121\r",
];

const CAPS: [&[u8]; 5] = [b"11 3456 244A", b"11 3456 083A", b"11 3456 001A", b"11 OKAY @\r", b"456 244A"];

const ITI: [&[u8]; 5] = [b"\n00 OKAY @\r", b"\nIT IRCV 234A\r", b"\n0A 1zQ4 7\r", b"\n0A 1zQ4 8\r", b"\n0A \x01\r"];

const DC07: [&[u8]; 5] = [
    b"\n338D001F\"SIA-DCS\"0001R1L1[#1234|NMA003]\r",
    b"\n8AF70010\"NULL\"0000R1L1[]\r",
    b"\n338D001F\"SIA-DCS\"0001R1L1[#1234|NMA002]\r",
    b"\n69580024\"ADM-CID\"0002R1L1[#4321|18110101001]\r",
    b"\n\0\r",
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

/// The others: the first byte chooses the make.
pub fn outputs_session(data: &[u8]) {
    let Some((choice, steps)) = data.split_first() else { return };
    let codes = || Arc::clone(&CODES);
    match choice % 5 {
        0 => {
            let settings = radionics::Settings::default();
            let timing = settings.timing.clone();
            session(steps, &RADIONICS, &timing, |now| radionics::Session::new(settings, codes(), now).into());
        }
        1 => {
            let settings = cp220::Settings::default();
            let timing = settings.timing.clone();
            session(steps, &CP220, &timing, |now| cp220::Session::new(settings, codes(), now).into());
        }
        2 => {
            let settings = cp220::Settings { first: None, last: b'A', ..cp220::Settings::default() };
            let timing = settings.timing.clone();
            session(steps, &CAPS, &timing, |now| cp220::Session::new(settings, codes(), now).into());
        }
        3 => {
            let settings = iti::Settings::default();
            let timing = settings.timing.clone();
            session(steps, &ITI, &timing, |now| iti::Session::new(settings, codes(), now).into());
        }
        _ => {
            let settings = sia_dc07::Settings::default();
            let timing = settings.timing.clone();
            session(steps, &DC07, &timing, |now| sia_dc07::Session::new(settings, codes(), now).into());
        }
    }
}

/// Steps come in pairs of bytes: what, and how much.
fn session(data: &[u8], lines: &[&[u8]; 5], timing: &Timing, begin: impl FnOnce(Instant) -> Session) {
    let start = Instant::now();
    let session = begin(start);
    let names_lines = matches!(session, Session::SiaDc07(_));
    let mut rig = Rig {
        session,
        ack_wait: timing.ack_wait,
        now: start,
        waiting: Vec::new(),
        stored: BTreeMap::new(),
        names_lines,
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

/// A copy that is stored.
struct Stored {
    last_byte: Instant,
    raw: Vec<u8>,
}

struct Rig {
    session: Session,
    ack_wait: Duration,
    now: Instant,
    waiting: Vec<Delivery>,
    /// Stored copies whose answer may leave.
    stored: BTreeMap<Token, Stored>,
    /// Answers name their message, so each is looked at by itself.
    names_lines: bool,
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
        if delivery.owed {
            self.stored.insert(delivery.token, Stored { last_byte: delivery.last_byte, raw: delivery.raw });
        }
        self.session.handle_stored(delivery.token, self.now);
        self.drain();
        self.session.handle_stored(delivery.token, self.now);
        assert_eq!(self.drain(), 0, "an ACK given twice");
    }

    fn refused(&mut self, at: usize) {
        if !self.waiting.is_empty() {
            let delivery = self.waiting.remove(at % self.waiting.len());
            self.session.handle_refused(delivery.token, self.now);
        }
    }

    /// An answer that left is for one stored copy that is still waited for, and uses it up.
    fn answered(&mut self, answer: &[u8]) {
        let named = |bytes: &[u8]| sia_frame::read(bytes, Mode::Tolerant).map(|read| read.frame.head);
        let head = if self.names_lines {
            let head = named(answer).expect("an answer is a frame");
            assert_eq!(head.token, "ACK");
            Some(head)
        } else {
            assert_eq!(answer, [ACK], "nothing but ACK is ever sent");
            None
        };
        // Without its end, which may show a parity bit.
        let line = |raw: &'_ [u8]| raw.split_last().map_or(&[][..], |(_, line)| line).to_vec();
        let is_for = |stored: &Stored| match &head {
            None => true,
            Some(head) => {
                named(&line(&stored.raw)).is_ok_and(|of| (of.sequence, &of.address) == (head.sequence, &head.address))
            }
        };
        let in_time = |stored: &Stored| self.now.saturating_duration_since(stored.last_byte) < self.ack_wait;
        let found = self.stored.iter().find(|(_, stored)| in_time(stored) && is_for(stored)).map(|(token, _)| *token);
        self.stored.remove(&found.expect("an answer for no stored copy that is still waited for"));
    }

    /// Takes the commands; gives the number of ACKs among them.
    fn drain(&mut self) -> usize {
        let mut acks = 0;
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    self.answered(&bytes);
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
