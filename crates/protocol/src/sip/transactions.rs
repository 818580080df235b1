//! Requests that wait for their answer, and answers kept for repetitions (RFC 3261, 17.2).
//!
//! ```text
//! MESSAGE ── waiting ──respond── answered ──J 32 s── forgotten       on a connection forgotten at once
//! INVITE ─── waiting, 100 ──respond── answered, repeated by G ──ACK── I 5 s ── forgotten
//!                                                    └─────H 32 s── forgotten
//! ```
//!
//! A repetition meets the first: absorbed while that waits, answered with the same bytes when it is answered. The branch
//! alone proves nothing: some units give every message the same one.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::answer::Echo;
use super::{Flow, RequestId};
use crate::session::after;

/// Between a message and its first repetition (RFC 3261, T1).
pub(super) const T1: Duration = Duration::from_millis(500);
/// Between two repetitions, at most (T2).
pub(super) const T2: Duration = Duration::from_secs(4);
/// How long a message may stay in the network (T4).
pub(super) const T4: Duration = Duration::from_secs(5);
/// When either side gives up: 64 times T1 (timers F, H, J).
pub(super) const GIVE_UP: Duration = Duration::from_secs(32);
/// How long an INVITE may wait for its last answer; then it is answered 480. Callers give up sooner (timer C).
pub(super) const INVITE_WAITS_MAX: Duration = Duration::from_secs(180);
/// Requests that wait for their answer, at most; one more is answered 503, and its sender goes elsewhere or comes again.
pub const WAITING_MAX: usize = 4_096;
/// The same of one flow. A proxy in front of many units is one flow.
pub const WAITING_OF_FLOW_MAX: usize = 512;
/// Answers kept for repetitions, at most; the oldest goes first. A repetition of what has gone counts as a request of
/// its own: it goes up again, where its content shows what it is.
pub const ANSWERS_MAX: usize = 65_536;
/// Bytes of answers kept, at most; again the oldest goes first.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A hash over what names a transaction or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) [u8; 32]);

/// What is known of a request.
#[derive(Debug, PartialEq)]
pub(super) enum Seen {
    /// Nothing.
    Never,
    /// It waits; with what has been answered so far.
    Waiting(Option<Vec<u8>>),
    /// It is answered.
    Answered(Vec<u8>),
}

/// Something whose time has come.
#[derive(Debug, PartialEq)]
pub(super) enum Due {
    /// An answer is repeated.
    Repeat(Flow, Vec<u8>),
    /// An INVITE has waited for too long.
    Overdue(RequestId),
}

/// What a new transaction is.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) key: Key,
    /// For an INVITE: what its ACK and CANCEL are found by, and its call.
    pub(super) invite: Option<(Key, Key)>,
    pub(super) flow: Flow,
    pub(super) echo: Echo,
}

#[derive(Debug)]
struct Entry {
    begun: Begun,
    due: Instant,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting { provisional: Option<Vec<u8>> },
    Answered { bytes: Vec<u8>, repeat: Option<Duration>, until: Instant },
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    entries: HashMap<u64, Entry>,
    by_key: HashMap<Key, u64>,
    invites: HashMap<Key, u64>,
    due: BTreeSet<(Instant, u64)>,
    waiting: HashMap<Flow, BTreeSet<u64>>,
    answered: BTreeSet<u64>,
    answer_bytes: usize,
    next: u64,
}

impl Transactions {
    pub(super) fn seen(&self, key: &Key) -> Seen {
        let entry = self.by_key.get(key).and_then(|id| self.entries.get(id));
        match entry.map(|entry| &entry.state) {
            None => Seen::Never,
            Some(State::Waiting { provisional }) => Seen::Waiting(provisional.clone()),
            Some(State::Answered { bytes, .. }) => Seen::Answered(bytes.clone()),
        }
    }

    /// Requests that wait, answers kept, bytes of these.
    pub(super) fn load(&self) -> (usize, usize, usize) {
        let answers = self.answered.len();
        (self.entries.len().saturating_sub(answers), answers, self.answer_bytes)
    }

    /// Whether one more may wait.
    pub(super) fn has_room(&self, flow: &Flow) -> bool {
        let (waiting, ..) = self.load();
        waiting < WAITING_MAX && self.waiting.get(flow).map_or(0, BTreeSet::len) < WAITING_OF_FLOW_MAX
    }

    /// A request begins to wait.
    pub(super) fn begin(&mut self, begun: Begun, now: Instant) -> RequestId {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let wait = if begun.invite.is_some() { INVITE_WAITS_MAX } else { GIVE_UP };
        let due = after(now, wait);
        self.by_key.insert(begun.key, id);
        if let Some((invite, _)) = begun.invite {
            self.invites.insert(invite, id);
        }
        self.waiting.entry(begun.flow).or_default().insert(id);
        self.due.insert((due, id));
        self.entries.insert(id, Entry { begun, due, state: State::Waiting { provisional: None } });
        RequestId(id)
    }

    /// A request that waits.
    pub(super) fn waiting(&self, id: RequestId) -> Option<&Begun> {
        let entry = self.entries.get(&id.0)?;
        matches!(entry.state, State::Waiting { .. }).then_some(&entry.begun)
    }

    /// Whether it is known at all.
    pub(super) fn knows(&self, id: RequestId) -> bool {
        self.entries.contains_key(&id.0)
    }

    /// An INVITE by what its ACK and CANCEL have in common with it.
    pub(super) fn invite(&self, invite: &Key) -> Option<RequestId> {
        self.invites.get(invite).copied().map(RequestId)
    }

    /// An answer that is not the last.
    pub(super) fn progress(&mut self, id: RequestId, bytes: &[u8]) {
        if let Some(Entry { state: State::Waiting { provisional }, .. }) = self.entries.get_mut(&id.0) {
            *provisional = Some(bytes.to_vec());
        }
    }

    /// The last answer; it has been sent.
    pub(super) fn finish(&mut self, id: RequestId, bytes: Vec<u8>, is_success: bool, now: Instant) {
        let Some(entry) = self.entries.get_mut(&id.0) else { return };
        let flow = entry.begun.flow;
        let is_invite = entry.begun.invite.is_some();
        // A connection repeats nothing, but the 2xx of an INVITE is repeated to the end, not to the next hop.
        let repeat = (is_invite && (is_success || !flow.transport.is_reliable())).then_some(T1);
        if !is_invite && flow.transport.is_reliable() {
            return self.forget(id.0);
        }
        let until = after(now, GIVE_UP);
        self.answer_bytes = self.answer_bytes.saturating_add(bytes.len());
        entry.state = State::Answered { bytes, repeat, until };
        self.answered.insert(id.0);
        self.no_longer_waiting(&flow, id.0);
        self.schedule(id.0, repeat.map_or(until, |wait| after(now, wait).min(until)));
        while self.answered.len() > ANSWERS_MAX || self.answer_bytes > ANSWER_BYTES_MAX {
            let Some(oldest) = self.answered.first().copied() else { break };
            self.forget(oldest);
        }
    }

    /// The caller has heard the last answer.
    pub(super) fn acknowledge(&mut self, invite: &Key, now: Instant) {
        let Some(id) = self.invites.get(invite).copied() else { return };
        let Some(Entry { state: State::Answered { repeat, until, .. }, begun, .. }) = self.entries.get_mut(&id) else {
            return;
        };
        let was_repeated = repeat.take().is_some();
        if begun.flow.transport.is_reliable() {
            self.forget(id);
        } else if was_repeated {
            *until = after(now, T4).min(*until);
            let at = *until;
            self.schedule(id, at);
        }
    }

    /// A connection has ended: nobody waits there any more. Names the INVITEs among them, and their calls.
    pub(super) fn close(&mut self, flow: &Flow) -> Vec<(RequestId, Key)> {
        let waiting = self.waiting.remove(flow).unwrap_or_default();
        let call_of = |id: u64| self.entries.get(&id)?.begun.invite.map(|(_, call)| (RequestId(id), call));
        let invites = waiting.iter().copied().filter_map(call_of).collect();
        for id in waiting {
            self.forget(id);
        }
        invites
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Vec<Due> {
        let mut out = Vec::new();
        while let Some((at, id)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id));
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            match &mut entry.state {
                State::Waiting { .. } if entry.begun.invite.is_some() => {
                    out.push(Due::Overdue(RequestId(id)));
                    self.schedule(id, after(now, INVITE_WAITS_MAX));
                }
                State::Answered { bytes, repeat: Some(wait), until } if now < *until => {
                    out.push(Due::Repeat(entry.begun.flow, bytes.clone()));
                    *wait = wait.saturating_mul(2).min(T2);
                    let next = next_after(at, *wait, now).min(*until);
                    self.schedule(id, next);
                }
                State::Waiting { .. } | State::Answered { .. } => self.forget(id),
            }
        }
        out
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    fn schedule(&mut self, id: u64, at: Instant) {
        if let Some(entry) = self.entries.get_mut(&id) {
            self.due.remove(&(entry.due, id));
            entry.due = at;
            self.due.insert((at, id));
        }
    }

    fn no_longer_waiting(&mut self, flow: &Flow, id: u64) {
        if let Some(waiting) = self.waiting.get_mut(flow) {
            waiting.remove(&id);
            if waiting.is_empty() {
                self.waiting.remove(flow);
            }
        }
    }

    fn forget(&mut self, id: u64) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.due.remove(&(entry.due, id));
        self.answered.remove(&id);
        self.no_longer_waiting(&entry.begun.flow, id);
        if let State::Answered { bytes, .. } = &entry.state {
            self.answer_bytes = self.answer_bytes.saturating_sub(bytes.len());
        }
        // A later request may have taken the same name.
        if self.by_key.get(&entry.begun.key) == Some(&id) {
            self.by_key.remove(&entry.begun.key);
        }
        if let Some((invite, _)) = entry.begun.invite
            && self.invites.get(&invite) == Some(&id)
        {
            self.invites.remove(&invite);
        }
    }
}

/// The next of the times `at + wait`, `at + 2 wait`... that has not passed: a stall is no reason to send in bursts.
pub(super) fn next_after(at: Instant, wait: Duration, now: Instant) -> Instant {
    let next = after(at, wait);
    if next > now { next } else { after(now, wait) }
}

#[cfg(test)]
mod tests {
    use super::super::{Headers, Method, Request, Transport};
    use super::*;

    fn key(number: usize) -> Key {
        let mut key = [0; 32];
        key.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
        Key(key)
    }

    /// One more that is answered so.
    fn answered(transactions: &mut Transactions, number: usize, bytes: Vec<u8>, now: Instant) {
        let flow = Flow { transport: Transport::Udp, remote: ([192, 0, 2, 1], 5_060).into(), connection: 0 };
        let request =
            Request { method: Method::Message, uri: String::new(), headers: Headers::new(), body: Vec::new() };
        let echo = Echo::of(&request, flow, "tag");
        let id = transactions.begin(Begun { key: key(number), invite: None, flow, echo }, now);
        transactions.finish(id, bytes, true, now);
    }

    #[test]
    fn the_oldest_answer_goes_first() {
        let (mut transactions, now) = (Transactions::default(), Instant::now());
        for number in 0..=ANSWERS_MAX {
            answered(&mut transactions, number, vec![1], now);
        }
        assert_eq!(transactions.load(), (0, ANSWERS_MAX, ANSWERS_MAX));
        assert_eq!(transactions.seen(&key(0)), Seen::Never);
        assert_eq!(transactions.seen(&key(1)), Seen::Answered(vec![1]));
        assert_eq!(transactions.by_key.len(), ANSWERS_MAX);
        assert_eq!(transactions.due.len(), ANSWERS_MAX);
        let (mut transactions, mebibyte) = (Transactions::default(), vec![2; 1024 * 1024]);
        for number in 0..65 {
            answered(&mut transactions, number, mebibyte.clone(), now);
        }
        assert_eq!(transactions.load(), (0, 64, ANSWER_BYTES_MAX));
        assert_eq!(transactions.seen(&key(0)), Seen::Never);
        transactions.handle_timeout(after(now, GIVE_UP));
        assert_eq!((transactions.load(), transactions.poll_timeout()), ((0, 0, 0), None));
    }
}
