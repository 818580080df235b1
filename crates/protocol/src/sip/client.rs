//! Our own MESSAGEs until they are answered (RFC 3261, 17.1.2).
//!
//! On datagrams sent at 0, 0.5, 1.5, 3.5, 7.5 s and every 4 s from there (timer E), 11 times, until 32 s have passed
//! (timer F); on a connection once. Answers are found by Call-ID, which is new for each and cannot be guessed.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::transactions::{GIVE_UP, T1, T2, T4, next_after};
use super::{Flow, Method, Response, SendId, Sent};
use crate::session::after;

/// MESSAGEs of ours under way, at most; one more is told [`Sent::Unanswered`] at once and not sent.
pub const SENDS_MAX: usize = 16_384;
/// Answered ones whose repeated answers are still known (timer K), at most; the oldest goes first, and an answer
/// repeated after that is counted as one that matches nothing.
const ANSWERED_MAX: usize = 16_384;

/// What a response is to us.
#[derive(Debug, PartialEq)]
pub(super) enum Answers {
    /// Nothing of ours.
    Nothing,
    /// What is under way or has been answered already.
    Known,
    /// The last word.
    Last(SendId, Sent),
}

#[derive(Debug)]
struct Sending {
    flow: Flow,
    call_id: String,
    bytes: Vec<u8>,
    wait: Duration,
    give_up: Instant,
    due: Instant,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Client {
    sending: HashMap<u64, Sending>,
    by_call: HashMap<String, u64>,
    of_flow: HashMap<Flow, BTreeSet<u64>>,
    due: BTreeSet<(Instant, u64)>,
    answered: VecDeque<(Instant, String)>,
    next: u64,
}

impl Client {
    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.sending.len()
    }

    /// Names the next MESSAGE.
    pub(super) fn name(&mut self) -> SendId {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        SendId(id)
    }

    /// These bytes are sent. False if too many are under way.
    pub(super) fn begin(&mut self, id: SendId, flow: Flow, call_id: &str, bytes: &[u8], now: Instant) -> bool {
        if self.sending.len() >= SENDS_MAX {
            return false;
        }
        let give_up = after(now, GIVE_UP);
        let due = if flow.transport.is_reliable() { give_up } else { after(now, T1) };
        let call_id = call_id.to_owned();
        self.by_call.insert(call_id.clone(), id.0);
        self.of_flow.entry(flow).or_default().insert(id.0);
        self.due.insert((due, id.0));
        let bytes = bytes.to_vec();
        self.sending.insert(id.0, Sending { flow, call_id, bytes, wait: T1, give_up, due });
        true
    }

    pub(super) fn response(&mut self, response: &Response, now: Instant) -> Answers {
        let Some(call_id) = response.headers.call_id() else { return Answers::Nothing };
        let other_method = response.headers.cseq().is_some_and(|cseq| cseq.method != Method::Message);
        let Some(id) = self.by_call.get(call_id).copied().filter(|_| !other_method) else { return Answers::Nothing };
        let Some(sending) = self.sending.get_mut(&id) else { return Answers::Known };
        let sent = match response.status {
            ..200 => {
                // It lives, so the rest is sent as seldom as allowed, from the next time on.
                sending.wait = T2;
                return Answers::Known;
            }
            200..300 => Sent::Accepted(response.status),
            300.. => Sent::Refused(response.status),
        };
        let is_reliable = sending.flow.transport.is_reliable();
        if !is_reliable {
            self.answered.push_back((after(now, T4), call_id.to_owned()));
        }
        self.end(id, is_reliable);
        while self.answered.len() > ANSWERED_MAX {
            self.forget_oldest();
        }
        Answers::Last(SendId(id), sent)
    }

    /// A connection has ended, and with it what was under way there.
    pub(super) fn close(&mut self, flow: &Flow) -> Vec<SendId> {
        let ids = self.of_flow.remove(flow).unwrap_or_default();
        for id in &ids {
            self.end(*id, true);
        }
        ids.into_iter().map(SendId).collect()
    }

    /// What is sent again, and what has been given up.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> (Vec<(Flow, Vec<u8>)>, Vec<SendId>) {
        let (mut again, mut given_up) = (Vec::new(), Vec::new());
        while self.answered.front().is_some_and(|(at, _)| *at <= now) {
            self.forget_oldest();
        }
        while let Some((at, id)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id));
            let Some(sending) = self.sending.get_mut(&id) else { continue };
            if now >= sending.give_up {
                self.end(id, true);
                given_up.push(SendId(id));
                continue;
            }
            again.push((sending.flow, sending.bytes.clone()));
            sending.wait = sending.wait.saturating_mul(2).min(T2);
            sending.due = next_after(at, sending.wait, now).min(sending.give_up);
            self.due.insert((sending.due, id));
        }
        (again, given_up)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let due = self.due.first().map(|(at, _)| *at);
        let forgotten = self.answered.front().map(|(at, _)| *at);
        due.into_iter().chain(forgotten).min()
    }

    fn end(&mut self, id: u64, forget: bool) {
        let Some(sending) = self.sending.remove(&id) else { return };
        self.due.remove(&(sending.due, id));
        if let Some(ids) = self.of_flow.get_mut(&sending.flow) {
            ids.remove(&id);
            if ids.is_empty() {
                self.of_flow.remove(&sending.flow);
            }
        }
        if forget {
            self.by_call.remove(&sending.call_id);
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, call_id)) = self.answered.pop_front() {
            self.by_call.remove(&call_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Headers, Transport};
    use super::*;

    #[test]
    fn one_too_many_is_not_sent() {
        let (mut client, now) = (Client::default(), Instant::now());
        let flow = Flow { transport: Transport::Udp, remote: ([192, 0, 2, 1], 5_060).into(), connection: 0 };
        for number in 0..=SENDS_MAX {
            let id = client.name();
            assert_eq!(client.begin(id, flow, &number.to_string(), b"x", now), number < SENDS_MAX);
        }
        for number in 0..2 {
            let mut headers = Headers::new();
            headers.push("Call-ID", &number.to_string());
            let response = Response { status: 200, reason: String::new(), headers, body: Vec::new() };
            assert_eq!(client.response(&response, now), Answers::Last(SendId(number), Sent::Accepted(200)));
            assert_eq!(client.response(&response, now), Answers::Known);
        }
        assert_eq!((client.len(), client.by_call.len()), (SENDS_MAX - 2, SENDS_MAX));
        assert_eq!(client.handle_timeout(after(now, T4)).0.len(), SENDS_MAX - 2);
        assert_eq!((client.by_call.len(), client.answered.len()), (SENDS_MAX - 2, 0));
        assert_eq!(client.handle_timeout(after(now, GIVE_UP)).1.len(), SENDS_MAX - 2);
        assert!(client.by_call.is_empty() && client.of_flow.is_empty() && client.due.is_empty());
    }
}
