//! NOW-IP: documents, and the conversations of several users under documents, calls, requests, time and verdicts in any
//! order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::call::{Control, Operator, Request, RequestId};
use telecare_protocol::nowip::{
    CallId, Calls, Document, Kind, Output, Program, SESSIONS_MAX, SendId, Sent, Settings, WAITING_MAX, read,
    read_with_checksum,
};
use telecare_protocol::sia_dc09::{Clock, Stamp};
use telecare_protocol::{Codes, Message, Protocol, Token};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

/// A body: what is read is written and read as the same, and an alarm says something.
pub fn nowip_document(data: &[u8]) {
    if let Ok(mut document) = read(data) {
        let again = read(&document.write()).expect("what was read and written reads again");
        document.warnings.clone_from(&again.warnings);
        assert_eq!(again, document);
        assert_eq!(again.write(), document.write());
        assert_eq!(document.report(&CODES, "1001", None).is_some(), document.kind == Kind::Alarm);
        assert_eq!(read_with_checksum(data).map(|document| document.data), Ok(document.data));
    }
    crate::front_door(Protocol::NowIp, data, 3);
}

const DOCUMENTS: &[(Kind, &str)] = &[
    (Kind::Alarm, "010000012345000001901900"),
    (Kind::Alarm, "120044120077002701011800"),
    (Kind::Alarm, "120044120077000000000000"),
    (Kind::Alarm, "000000012345000006201106"),
    (Kind::Alarm, "0100"),
    (Kind::Heartbeat, "000123450000"),
    (Kind::Heartbeat, "00012345"),
    (Kind::Acknowledgement, "."),
    (Kind::Rejected, "."),
    (Kind::Busy, "."),
    (Kind::Response, "002701011800"),
    (Kind::Response, "010404300500"),
    (Kind::Response, "000000000000"),
    (Kind::Response, "02"),
    (Kind::Response, "00"),
    (Kind::Response, "0001"),
    (Kind::Programmed, "000181234"),
    (Kind::Command, "9"),
];

const USERS: [&str; 3] = ["", "1001", "1002"];

/// Steps come in pairs of bytes: what, and how much.
pub fn nowip_calls(data: &[u8]) {
    let start = Instant::now();
    let Stamp::At(utc) = Stamp::read("14:05:09,11-27-2026") else { panic!("a stamp") };
    let mut rig = Rig::begin(start, utc);
    let mut steps = data.chunks_exact(2);
    for step in &mut steps {
        rig.step(step[0], usize::from(step[1]));
    }
    // Whatever happened, everybody is forgotten and every request answered in the end.
    for _ in 0..2_000 {
        let Some(token) = rig.waiting.keys().next().copied() else { break };
        rig.verdict(token, true);
    }
    for _ in 0..2_000 {
        let Some(due) = rig.calls.poll_timeout() else { break };
        rig.now = rig.now.max(due);
        rig.calls.handle_timeout(rig.now);
        rig.drain(&[]);
        while let Some(token) = rig.waiting.keys().next().copied() {
            rig.verdict(token, true);
        }
    }
    assert_eq!(rig.calls.held(), (0, 0), "nothing is kept for ever");
    assert!(rig.asked.is_empty(), "requests without an answer: {:?}", rig.asked);
    assert!(rig.unleft.is_empty(), "deliveries whose answer was not told of");
}

struct Rig {
    calls: Calls,
    now: Instant,
    utc: time::Time,
    /// Deliveries without a verdict: whose, its body, whether it is an alarm that is owed an answer.
    waiting: BTreeMap<Token, (Arc<str>, Vec<u8>, bool)>,
    /// Bodies of each user that are stored.
    stored: BTreeSet<(Arc<str>, Vec<u8>)>,
    unleft: BTreeSet<Token>,
    asked: BTreeSet<u64>,
    next: u64,
}

impl Rig {
    fn begin(start: Instant, utc: time::OffsetDateTime) -> Rig {
        let settings = Settings { allow_control: true, allow_programming: true, ..Settings::default() };
        Rig {
            calls: Calls::new(settings, Arc::clone(&CODES), Clock { at: start, utc }),
            now: start,
            utc: utc.time(),
            waiting: BTreeMap::new(),
            stored: BTreeSet::new(),
            unleft: BTreeSet::new(),
            asked: BTreeSet::new(),
            next: 0,
        }
    }

    fn step(&mut self, step: u8, amount: usize) {
        let user = USERS[amount % USERS.len()];
        self.next += 1;
        match step % 12 {
            0..=2 => {
                let (kind, data) = DOCUMENTS[amount / USERS.len() % DOCUMENTS.len()];
                let mut document = Document::new(kind, data, "x", self.utc);
                if step > 200 {
                    document.mac = step.to_string();
                }
                let body = document.write();
                self.calls.document(user, read(&body), &body, self.now);
                let is_stored = self.stored.contains(&(Arc::from(user), body.clone()));
                // A record that a scheme told is known by its digits in whatever document.
                let is_known = is_stored || kind == Kind::Response;
                let may = [user];
                self.drain(if is_known { &may } else { &[] });
                return;
            }
            3 => self.now += Duration::from_millis(amount as u64 * 10),
            4 => self.now += Duration::from_secs(amount as u64),
            5 | 6 => {
                let token = self.waiting.keys().nth(amount % self.waiting.len().max(1)).copied();
                if let Some(token) = token {
                    self.verdict(token, step % 12 == 5);
                }
                return;
            }
            7 => self.calls.invited(user, CallId(amount as u64 % 8), self.now),
            8 => self.calls.routed(CallId(amount as u64 % 8), self.now),
            9 if amount.is_multiple_of(2) => self.calls.cancelled(CallId(amount as u64 % 8), self.now),
            9 => self.calls.ended(user, self.now),
            10 => {
                let sent = if amount.is_multiple_of(2) { Sent::Failed } else { Sent::Delivered };
                self.calls.sent(SendId(amount as u64), sent, self.now);
            }
            _ => {
                let wanted = [
                    Operator::Speak,
                    Operator::Clear,
                    Operator::Next,
                    Operator::ClearDown,
                    Operator::HangUp,
                    Operator::Select("104".to_owned()),
                    Operator::Control(Control::Door(1)),
                ];
                self.asked.insert(self.next);
                let id = RequestId(self.next);
                match wanted.into_iter().nth(amount / USERS.len() % 8) {
                    Some(wanted) => self.calls.request(user, Request { id, wanted }, self.now),
                    None => self.calls.program(user, id, Program::Read("018".to_owned()), self.now),
                }
            }
        }
        self.drain(&[]);
        self.calls.handle_timeout(self.now);
        self.drain(&[]);
    }

    fn verdict(&mut self, token: Token, is_stored: bool) {
        let Some((user, body, _)) = self.waiting.remove(&token) else { return };
        if is_stored {
            self.stored.insert((Arc::clone(&user), body));
            self.calls.stored(token, self.now);
            self.drain(&[&user]);
        } else {
            self.calls.refused(token, self.now);
            self.drain(&[]);
        }
    }

    /// Only these users may be acknowledged now.
    fn drain(&mut self, may: &[&str]) {
        while let Some(output) = self.calls.next_output() {
            match output {
                Output::Send { user, document, .. } => {
                    assert!(read(&document.write()).is_ok(), "what is sent can be read");
                    if document.kind == Kind::Acknowledgement {
                        assert!(may.contains(&&*user), "an acknowledgement for what is not stored");
                        let is_open = self.waiting.values().any(|(whose, _, is_alarm)| *whose == user && *is_alarm);
                        assert!(user.is_empty() || !is_open, "an acknowledgement while an alarm is not stored");
                    }
                }
                Output::Deliver(user, delivery) => {
                    let is_alarm = delivery.owed && matches!(delivery.message, Message::Report(_));
                    if let Message::Report(report) = &delivery.message {
                        assert!(report.principal().is_some());
                    }
                    if delivery.owed {
                        self.unleft.insert(delivery.token);
                    }
                    self.waiting.insert(delivery.token, (user, delivery.raw, is_alarm));
                }
                Output::Left(token, _) => assert!(self.unleft.remove(&token), "told twice, or never owed"),
                Output::Operated { id, .. } => assert!(self.asked.remove(&id.0), "answered twice, or never asked"),
                Output::Progress(_)
                | Output::Route { .. }
                | Output::Release(_)
                | Output::Value { .. }
                | Output::Told(..)
                | Output::Ended(..)
                | Output::Count(_) => {}
            }
        }
        let (users, held) = self.calls.held();
        assert!(users <= SESSIONS_MAX && held <= WAITING_MAX);
    }
}
