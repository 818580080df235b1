//! The SIP of a listener: what needs an answer from above goes up once, everything else is answered here.
//!
//! ```text
//! datagram, connection ── read ─┬─ response ── ours? ── Event::Sent
//!                               └─ request ─┬─ unusable ──────────────────────── 400, or counted
//!                                           ├─ repeated ──────────────────────── absorbed, or the same answer
//!                                           ├─ not proven ────────────────────── 401, 403
//!                                           ├─ OPTIONS REGISTER CANCEL BYE ACK ─ here
//!                                           └─ MESSAGE INVITE ── Event::Request ── respond
//! ```
//!
//! Invariants: a response and an ACK never get an answer, nor does what is no message. Answers leave the way their
//! request came. No 2xx to a MESSAGE leaves but by [`Edge::respond`].

mod serve;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::calls::Calls;
use super::chance::Chance;
use super::client::{Answers, Client};
use super::headers::Headers;
use super::read::Head;
use super::registrar::Registrar;
use super::stream::{MESSAGE_BYTES_MAX, Piece, Stream};
use super::transactions::{Due, Transactions};
use super::{
    Accounts, Authentication, Command, Event, Flow, Message, Method, Outgoing, Reply, Request, RequestId, Response,
    SendId, Sent, SipError, address,
};
use crate::Counted;

/// Connections, at most; one more is closed.
pub const CONNECTIONS_MAX: usize = 16_384;
/// A datagram that holds no more than this much blank is a keep-alive, not noise.
const KEEP_ALIVE_BYTES: usize = 4;

/// What a site sets of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What a unit has to prove.
    pub authentication: Authentication,
    /// The realm of the challenge, and the host of our own addresses.
    pub realm: String,
}

/// How much it holds, each within its bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Requests that wait for their answer.
    pub waiting: usize,
    /// Answers kept for repetitions.
    pub answers: usize,
    /// Bytes of these.
    pub answer_bytes: usize,
    /// MESSAGEs of ours under way.
    pub sends: usize,
    /// Registrations.
    pub bindings: usize,
    /// Calls whose BYE would be known.
    pub calls: usize,
    /// Connections.
    pub connections: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Edge {
    settings: Settings,
    accounts: Arc<Accounts>,
    chance: Chance,
    start: Instant,
    transactions: Transactions,
    client: Client,
    registrar: Registrar,
    calls: Calls,
    streams: HashMap<Flow, Stream>,
    due: BTreeSet<(Instant, Flow)>,
    events: VecDeque<Event>,
    commands: VecDeque<Command>,
}

impl Edge {
    /// One that has heard nothing. `chance` is sixteen random bytes, from which it draws tags, call names and nonces.
    pub fn new(settings: Settings, accounts: Arc<Accounts>, chance: [u8; 16], now: Instant) -> Edge {
        Edge {
            settings,
            accounts,
            chance: Chance::new(chance),
            start: now,
            transactions: Transactions::default(),
            client: Client::default(),
            registrar: Registrar::default(),
            calls: Calls::default(),
            streams: HashMap::new(),
            due: BTreeSet::new(),
            events: VecDeque::new(),
            commands: VecDeque::new(),
        }
    }

    /// Other accounts count from here on.
    pub fn set_accounts(&mut self, accounts: Arc<Accounts>) {
        self.accounts = accounts;
    }

    /// Takes one datagram.
    pub fn handle_datagram(&mut self, flow: Flow, bytes: &[u8], now: Instant) {
        self.handle_timeout(now);
        if bytes.len() <= KEEP_ALIVE_BYTES && bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' ' | 0)) {
            return;
        }
        let head = match Head::of_datagram(bytes) {
            Ok(head) => head,
            Err(SipError::BadStartLine | SipError::Empty) => return self.count_junk(bytes.len()),
            Err(error) => return self.count(Counted::BadFrame(error.name())),
        };
        let rest = bytes.get(head.end..).unwrap_or_default();
        let body = match head.body_bytes {
            Ok(length) => rest.get(..length.unwrap_or(rest.len())).ok_or(SipError::Truncated),
            Err(error) => Err(error),
        };
        match (body, head) {
            (_, Head { message: Message::Response(response), .. }) => self.response(&response, now),
            (Err(error), Head { message: Message::Request(request), .. }) => {
                self.unusable(flow, &request, error.name(), 400);
            }
            (Ok(_), Head { message: Message::Request(request), .. }) if bytes.len() > MESSAGE_BYTES_MAX => {
                self.unusable(flow, &request, "TooLong", 413);
            }
            (Ok(body), head) => {
                if let Message::Request(request) = head.with_body(body) {
                    self.request(flow, request, (bytes.to_vec(), now), now);
                }
            }
        }
    }

    /// Takes bytes of a connection; any split of them gives the same.
    pub fn handle_bytes(&mut self, flow: Flow, bytes: &[u8], now: Instant) {
        self.handle_timeout(now);
        if !self.streams.contains_key(&flow) && self.streams.len() >= CONNECTIONS_MAX {
            self.count(Counted::BadFrame("TooManyConnections"));
            return self.commands.push_back(Command::Close(flow));
        }
        let stream = self.streams.entry(flow).or_default();
        let (before, mut pieces) = (stream.deadline(), Vec::new());
        stream.push(bytes, now, &mut pieces);
        let deadline = stream.deadline();
        if deadline != before {
            if let Some(before) = before {
                self.due.remove(&(before, flow));
            }
            self.due.extend(deadline.map(|at| (at, flow)));
        }
        for piece in pieces {
            self.piece(flow, piece, now);
        }
    }

    /// A connection has ended. What waited there is dropped, bindings and INVITEs with it.
    pub fn handle_closed(&mut self, flow: Flow, now: Instant) {
        self.handle_timeout(now);
        if !flow.transport.is_reliable() {
            return;
        }
        if let Some(deadline) = self.streams.remove(&flow).and_then(|stream| stream.deadline()) {
            self.due.remove(&(deadline, flow));
        }
        self.registrar.close(&flow);
        for (id, call) in self.transactions.close(&flow) {
            self.calls.end(&call);
            self.events.push_back(Event::Cancelled(id));
        }
        for id in self.client.close(&flow) {
            self.events.push_back(Event::Sent(id, Sent::Unanswered));
        }
    }

    /// Answers a request. One that nobody waits for any more is counted; a second last answer does nothing.
    pub fn respond(&mut self, id: RequestId, reply: Reply, now: Instant) {
        self.handle_timeout(now);
        let Some(begun) = self.transactions.waiting(id) else {
            if !self.transactions.knows(id) {
                self.count(Counted::LateAnswer);
            }
            return;
        };
        let (flow, call) = (begun.flow, begun.invite.map(|(_, call)| call));
        let reply = if (100..700).contains(&reply.status) { reply } else { Reply { status: 500, ..reply } };
        if reply.status < 200 && call.is_none() {
            return;
        }
        let bytes = begun.echo.answer(&reply);
        self.commands.push_back(Command::Send(flow, bytes.clone()));
        if reply.status < 200 {
            return self.transactions.progress(id, &bytes);
        }
        let is_success = reply.status < 300;
        if let Some(call) = call.filter(|_| !is_success) {
            self.calls.end(&call);
        }
        self.transactions.finish(id, bytes, is_success, now);
    }

    /// Sends a MESSAGE of ours: a new call name, CSeq 1. [`Event::Sent`] says what became of it.
    pub fn send(&mut self, flow: Flow, message: Outgoing, now: Instant) -> SendId {
        self.handle_timeout(now);
        let id = self.client.name();
        let host = self.host();
        let (branch, tag, call_id) = (self.chance.draw(), self.chance.draw(), self.chance.draw());
        let transport = flow.transport.as_str();
        let (from, to) = (address::escaped(&message.from_user), address::escaped(&message.to_user));
        let mut headers = Headers::new();
        headers.push("Via", &format!("SIP/2.0/{transport} {host};rport;branch=z9hG4bK{branch}"));
        headers.push("Max-Forwards", "70");
        headers.push("From", &format!("<sip:{from}@{host}>;tag={tag}"));
        headers.push("To", &format!("<sip:{to}@{host}>"));
        headers.push("Call-ID", &call_id);
        headers.push("CSeq", "1 MESSAGE");
        headers.push("Content-Type", message.content_type);
        for (name, value) in &message.headers {
            headers.push(name, value);
        }
        let request = Request { method: Method::Message, uri: message.uri, headers, body: message.body };
        let bytes = request.write();
        if self.client.begin(id, flow, &call_id, &bytes, now) {
            self.commands.push_back(Command::Send(flow, bytes));
        } else {
            self.events.push_back(Event::Sent(id, Sent::Unanswered));
        }
        id
    }

    /// Where a user has registered that it is reached, and its Contact.
    pub fn registered(&self, user: &str) -> Option<(Flow, &str)> {
        self.registrar.find(user)
    }

    /// How much it holds.
    pub fn load(&self) -> Load {
        let (waiting, answers, answer_bytes) = self.transactions.load();
        let (sends, bindings, calls) = (self.client.len(), self.registrar.len(), self.calls.len());
        Load { waiting, answers, answer_bytes, sends, bindings, calls, connections: self.streams.len() }
    }

    /// Takes notice that time has passed; call it no earlier than [`Edge::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.registrar.handle_timeout(now);
        for due in self.transactions.handle_timeout(now) {
            match due {
                Due::Repeat(flow, bytes) => self.commands.push_back(Command::Send(flow, bytes)),
                Due::Overdue(id) => self.give_up(id, Reply::of(480), now),
            }
        }
        let (again, given_up) = self.client.handle_timeout(now);
        self.commands.extend(again.into_iter().map(|(flow, bytes)| Command::Send(flow, bytes)));
        self.events.extend(given_up.into_iter().map(|id| Event::Sent(id, Sent::Unanswered)));
        while let Some((at, flow)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, flow));
            if let Some(piece) = self.streams.get_mut(&flow).map(Stream::expire) {
                self.piece(flow, piece, now);
            }
        }
    }

    /// When [`Edge::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let streams = self.due.first().map(|(at, _)| *at);
        let timers =
            [self.transactions.poll_timeout(), self.client.poll_timeout(), self.registrar.poll_timeout(), streams];
        timers.into_iter().flatten().min()
    }

    /// The next thing for those above, until there is none.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next thing to do, until there is none.
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    fn piece(&mut self, flow: Flow, piece: Piece, now: Instant) {
        match piece {
            Piece::Message(Message::Request(request), raw, begun) => self.request(flow, request, (raw, begun), now),
            Piece::Message(Message::Response(response), ..) => self.response(&response, now),
            Piece::Ping => self.commands.push_back(Command::Send(flow, b"\r\n".to_vec())),
            Piece::Junk(bytes) => self.count_junk(bytes),
            Piece::Unframed(Message::Request(request), error) => self.unusable(flow, &request, error.name(), 400),
            Piece::Unframed(Message::Response(_), error) => self.count(Counted::BadFrame(error.name())),
            Piece::TooLong(Message::Request(request)) => self.unusable(flow, &request, "TooLong", 413),
            Piece::TooLong(Message::Response(_)) => {}
            Piece::Broken(name) => {
                self.count(Counted::BadFrame(name));
                self.commands.push_back(Command::Close(flow));
            }
        }
    }

    fn response(&mut self, response: &Response, now: Instant) {
        match self.client.response(response, now) {
            Answers::Nothing => self.count(Counted::BadFrame("UnexpectedResponse")),
            Answers::Known => {}
            Answers::Last(id, sent) => {
                let asked = |_: &&str| response.status == 401;
                let challenges = response.headers.all("WWW-Authenticate").filter(asked);
                let challenges: Vec<String> = challenges.map(str::to_owned).collect();
                if !challenges.is_empty() {
                    self.events.push_back(Event::Challenged(id, challenges));
                }
                self.events.push_back(Event::Sent(id, sent));
            }
        }
    }

    /// An INVITE that nobody will answer any more.
    fn give_up(&mut self, id: RequestId, reply: Reply, now: Instant) {
        self.respond(id, reply, now);
        self.events.push_back(Event::Cancelled(id));
    }

    /// The host of our own addresses.
    fn host(&self) -> String {
        let host: String =
            self.settings.realm.chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
        if host.is_empty() { "telecare.invalid".to_owned() } else { host }
    }

    fn count(&mut self, counted: Counted) {
        self.commands.push_back(Command::Count(counted));
    }

    fn count_junk(&mut self, bytes: usize) {
        self.count(Counted::JunkBytes(u64::try_from(bytes).unwrap_or(u64::MAX)));
    }
}
