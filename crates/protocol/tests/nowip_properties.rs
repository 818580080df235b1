//! What NOW-IP's conversations promise whatever comes in whatever order.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use telecare_protocol::call::{Operator, Request, RequestId};
use telecare_protocol::nowip::{CallId, Calls, Document, Kind, Output, SESSIONS_MAX, Settings, WAITING_MAX, read};
use telecare_protocol::sia_dc09::{Clock, Stamp};
use telecare_protocol::{Codes, Message, Token};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

#[derive(Clone, Debug)]
enum Step {
    Document(u8, Kind, &'static str),
    Verdict(usize, bool),
    Wait(u64),
    Invited(u8, u64),
    Routed(u64),
    Cancelled(u64),
    Ended(u8),
    Request(u8, Operator),
}

fn step() -> impl Strategy<Value = Step> {
    let document = proptest::sample::select(vec![
        (Kind::Alarm, "010000012345000001901900"),
        (Kind::Alarm, "120044120077002701011800"),
        (Kind::Heartbeat, "000123450000"),
        (Kind::Heartbeat, "0001"),
        (Kind::Acknowledgement, "."),
        (Kind::Busy, "."),
        (Kind::Response, "002701011800"),
        (Kind::Response, "010404300500"),
        (Kind::Response, "000000000000"),
        (Kind::Response, "01"),
    ]);
    let wanted = proptest::sample::select(vec![Operator::Clear, Operator::Next, Operator::Speak, Operator::ClearDown]);
    prop_oneof![
        6 => (0u8..2, document).prop_map(|(user, (kind, data))| Step::Document(user, kind, data)),
        6 => (0usize..4, prop::bool::weighted(0.7)).prop_map(|(at, stored)| Step::Verdict(at, stored)),
        2 => (0u64..8_000).prop_map(Step::Wait),
        1 => (0u8..2, 0u64..4).prop_map(|(user, call)| Step::Invited(user, call)),
        1 => (0u64..4).prop_map(Step::Routed),
        1 => (0u64..4).prop_map(Step::Cancelled),
        1 => (0u8..2).prop_map(Step::Ended),
        2 => (0u8..2, wanted).prop_map(|(user, wanted)| Step::Request(user, wanted)),
    ]
}

struct Rig {
    calls: Calls,
    now: Instant,
    /// Owed or not, and of an alarm or not.
    waiting: BTreeMap<Token, (Arc<str>, bool)>,
    stored: BTreeSet<Arc<str>>,
    owed: BTreeMap<Token, u32>,
    asked: BTreeMap<u64, u32>,
}

impl Rig {
    fn take(&mut self, may: Option<&str>) {
        while let Some(output) = self.calls.next_output() {
            match output {
                Output::Send { user, document, .. } if document.kind == Kind::Acknowledgement => {
                    assert_eq!(may, Some(&*user), "an acknowledgement that no verdict and no copy earned");
                    assert!(self.stored.contains(&user), "nothing of this user is stored");
                    let open = self.waiting.values().any(|(whose, is_alarm)| *whose == user && *is_alarm);
                    assert!(!open, "an acknowledgement while an alarm is not stored");
                }
                Output::Deliver(user, delivery) => {
                    let is_alarm = delivery.owed && matches!(delivery.message, Message::Report(_));
                    if delivery.owed {
                        self.owed.insert(delivery.token, 0);
                    }
                    self.waiting.insert(delivery.token, (user, is_alarm));
                }
                Output::Left(token, _) => *self.owed.get_mut(&token).unwrap() += 1,
                Output::Operated { id, .. } => *self.asked.get_mut(&id.0).unwrap() += 1,
                _ => {}
            }
        }
        let (users, held) = self.calls.held();
        assert!(users <= SESSIONS_MAX && held <= WAITING_MAX);
    }

    fn verdict(&mut self, token: Token, is_stored: bool) {
        let (user, _) = self.waiting.remove(&token).unwrap();
        if is_stored {
            self.stored.insert(Arc::clone(&user));
            self.calls.stored(token, self.now);
            self.take(Some(&user));
        } else {
            self.calls.refused(token, self.now);
            self.take(None);
        }
    }

    fn due(&mut self, until: Instant) {
        for _ in 0..10_000 {
            let Some(due) = self.calls.poll_timeout().filter(|due| *due <= until) else { break };
            self.now = self.now.max(due);
            self.calls.handle_timeout(self.now);
            self.take(None);
        }
        assert!(self.calls.poll_timeout().is_none_or(|due| due > until), "time stands still");
    }

    fn step(&mut self, number: u64, step: Step) {
        let user = |user: u8| ["1001", "1002"][usize::from(user)];
        match step {
            Step::Document(from, kind, data) => {
                let body = Document::new(kind, data, "x", time::macros::time!(14:05:09)).write();
                self.calls.document(user(from), read(&body), &body, self.now);
                let may_be_copy = matches!(kind, Kind::Alarm | Kind::Response);
                return self.take(may_be_copy.then_some(user(from)));
            }
            Step::Verdict(at, is_stored) => {
                if let Some(token) = self.waiting.keys().nth(at).copied() {
                    self.verdict(token, is_stored);
                }
            }
            Step::Wait(ms) => {
                let until = self.now + Duration::from_millis(ms);
                self.due(until);
                self.now = until;
            }
            Step::Invited(from, call) => self.calls.invited(user(from), CallId(call), self.now),
            Step::Routed(call) => self.calls.routed(CallId(call), self.now),
            Step::Cancelled(call) => self.calls.cancelled(CallId(call), self.now),
            Step::Ended(from) => self.calls.ended(user(from), self.now),
            Step::Request(from, wanted) => {
                self.asked.insert(number, 0);
                self.calls.request(user(from), Request { id: RequestId(number), wanted }, self.now);
            }
        }
        self.take(None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_acknowledged_that_is_not_stored_and_nothing_is_left_open(
        steps in proptest::collection::vec(step(), 0..80),
    ) {
        let now = Instant::now();
        let Stamp::At(utc) = Stamp::read("14:05:09,11-27-2026") else { panic!() };
        let mut rig = Rig {
            calls: Calls::new(Settings::default(), Arc::clone(&CODES), Clock { at: now, utc }),
            now,
            waiting: BTreeMap::new(),
            stored: BTreeSet::new(),
            owed: BTreeMap::new(),
            asked: BTreeMap::new(),
        };
        for (number, step) in steps.into_iter().enumerate() {
            rig.step(number as u64, step);
        }
        for _ in 0..200 {
            while let Some(token) = rig.waiting.keys().next().copied() {
                rig.verdict(token, true);
            }
            let Some(due) = rig.calls.poll_timeout() else { break };
            rig.due(due);
        }
        prop_assert_eq!(rig.calls.held(), (0, 0));
        prop_assert!(rig.owed.values().all(|told| *told == 1), "what became of each answer is told once");
        prop_assert!(rig.asked.values().all(|answers| *answers == 1), "each request is answered once");
    }
}
