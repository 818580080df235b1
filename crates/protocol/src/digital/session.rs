//! The session of a whole listener.
//!
//! ```text
//! datagrams, bytes ─► Edge ─ MESSAGE ─► document by its root ─► Deliver ─► store
//!                      │ ▲                                                   │
//!                      │ └── 200, then mrs or ATM type A ◄── handle_stored ──┘
//!                      │ └── 503 ◄───────────────────────── handle_refused
//!                      └─ INVITE ─► Route ─► 302 to an operator, else 480
//! ```
//! The 200 waits for the store, which answers within 100 ms, because a unit that is told 503 goes elsewhere, while what a
//! unit does with a SCAIP status that says the same is not known.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::invites::Invites;
use super::units::{Known, Units};
use super::{Accounts, Settings};
use crate::sia_dc09::Clock;
use crate::sip::{self, Edge, Event, Flow, Inbound, Method, Reply, RequestId, SendId, Sent};
use crate::{Answered, Codes, Counted, Delivery, Message, RepeatProof, Sender, Token, nowip, scaip};

/// What the session asks its line to do. Taken in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Send these bytes this way: one datagram, or onto the connection. What cannot leave is dropped.
    Send(Flow, Vec<u8>),
    /// Hand this to the intake and come back with `handle_stored` or `handle_refused`.
    Deliver(Flow, Box<Delivery>),
    /// What became of the answer that a delivery was owed.
    Left(Token, Answered),
    /// Add to a counter.
    Count(Counted),
    /// Somebody calls: come back with `handle_route` and where the call belongs. With the unit it comes from.
    Route(u64, Sender),
    /// End a connection, once what was sent before has left.
    Close(Flow),
}

/// See the module.
#[derive(Debug)]
pub struct Session {
    pub(super) edge: Edge,
    pub(super) settings: Settings,
    pub(super) accounts: Arc<Accounts>,
    pub(super) codes: Arc<Codes>,
    pub(super) units: Units,
    pub(super) calls: nowip::Calls,
    pub(super) invites: Invites,
    /// What waits for the store, bounded by the requests that the edge lets wait.
    pub(super) owed: HashMap<Token, Owed>,
    /// SCAIP answers that wait for a unit to take them, bounded by the edge.
    pub(super) sent: HashMap<SendId, Token>,
    /// The same of NOW-IP documents, with the names their conversation gave them.
    pub(super) documents: HashMap<SendId, nowip::SendId>,
    /// Deliveries of NOW-IP conversations that are owed an answer, and their names here.
    pub(super) tokens: HashMap<Token, Token>,
    /// The last deliveries of NOW-IP conversations, and their names here.
    pub(super) named: VecDeque<(Token, Token)>,
    pub(super) commands: VecDeque<Command>,
    next_token: u64,
}

/// What a delivery leads to once it is stored.
#[derive(Debug)]
pub(super) enum Owed {
    /// An answer by SIP alone, which has said no: its sender may not speak for whom it names.
    Forbidden(RequestId),
    /// A SCAIP document.
    Scaip { request: RequestId, user: String, back: Box<Known>, answer: Box<scaip::Response> },
    /// A NOW-IP document, by the name its machine gave it; its sender waits where there is a request.
    NowIp { request: Option<RequestId>, token: Token },
    /// That a unit did not call. Nobody waits, and nobody would say it again.
    NoCall { user: String, flow: Flow },
}

impl Session {
    /// A session that has heard nothing. `chance` is sixteen random bytes, from which it draws tags and nonces.
    pub fn new(settings: Settings, accounts: Arc<Accounts>, codes: Arc<Codes>, chance: [u8; 16], clock: Clock) -> Self {
        let of_edge = sip::Settings { authentication: settings.authentication, realm: settings.realm.clone() };
        Session {
            edge: Edge::new(of_edge, Arc::clone(&accounts), chance, clock.at),
            calls: nowip::Calls::new(settings.nowip.clone(), Arc::clone(&codes), clock),
            settings,
            accounts,
            codes,
            units: Units::default(),
            invites: Invites::default(),
            owed: HashMap::new(),
            sent: HashMap::new(),
            documents: HashMap::new(),
            tokens: HashMap::new(),
            named: VecDeque::new(),
            commands: VecDeque::new(),
            next_token: 0,
        }
    }

    /// Takes one datagram.
    pub fn handle_datagram(&mut self, flow: Flow, bytes: &[u8], now: Instant) {
        self.edge.handle_datagram(flow, bytes, now);
        self.settle(now);
    }

    /// Takes bytes of a connection; any split of them gives the same.
    pub fn handle_bytes(&mut self, flow: Flow, bytes: &[u8], now: Instant) {
        self.edge.handle_bytes(flow, bytes, now);
        self.settle(now);
    }

    /// A connection has ended.
    pub fn handle_closed(&mut self, flow: Flow, now: Instant) {
        self.edge.handle_closed(flow, now);
        self.settle(now);
    }

    /// What time it is, for what is written and to look at units' clocks.
    pub fn set_clock(&mut self, clock: Clock) {
        self.calls.set_clock(clock);
    }

    /// Other accounts count from here on.
    pub fn set_accounts(&mut self, accounts: Arc<Accounts>) {
        self.edge.set_accounts(Arc::clone(&accounts));
        self.accounts = accounts;
    }

    /// A delivery is stored durably: the only way to a positive answer.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        match self.owed.remove(&token) {
            Some(Owed::Forbidden(request)) => {
                self.edge.respond(request, Reply::of(403), now);
                self.commands.push_back(Command::Left(token, Answered::Withheld));
            }
            Some(Owed::Scaip { request, user, back, answer }) => {
                self.scaip_stored(token, request, &user, *back, &answer, now);
            }
            Some(Owed::NowIp { request, token: theirs }) => self.nowip_stored(token, request, theirs, now),
            Some(Owed::NoCall { .. }) | None => {}
        }
        self.settle(now);
    }

    /// A delivery could not be stored: 503, so that the unit goes elsewhere or comes again.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        match self.owed.remove(&token) {
            Some(Owed::Forbidden(request) | Owed::Scaip { request, .. }) => {
                self.unavailable(request, now);
                self.commands.push_back(Command::Left(token, Answered::Withheld));
            }
            Some(Owed::NowIp { request, token: theirs }) => self.nowip_refused(token, request, theirs, now),
            Some(Owed::NoCall { user, flow }) => self.tell_again(&user, flow, now),
            None => {}
        }
        self.settle(now);
    }

    /// Where the call of a [`Command::Route`] belongs: the SIP URI of whoever has claimed the unit's alarm; none when
    /// nobody has.
    pub fn handle_route(&mut self, call: u64, operator: Option<String>, now: Instant) {
        self.route(call, operator, now);
        self.settle(now);
    }

    /// Takes notice that time has passed; call it no earlier than [`Session::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.edge.handle_timeout(now);
        self.calls.handle_timeout(now);
        self.no_call_came(now);
        self.settle(now);
    }

    /// When [`Session::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.edge.poll_timeout(), self.calls.poll_timeout(), self.invites.poll_timeout()].into_iter().flatten().min()
    }

    /// The next thing to do, until there is none.
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// Hands on what one part of it has for another, until nobody has anything.
    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(event) = self.edge.next_event() {
                self.event(event, now);
            } else if let Some(output) = self.calls.next_output() {
                self.output(output, now);
            } else if let Some(command) = self.edge.next_command() {
                self.commands.push_back(match command {
                    sip::Command::Send(flow, bytes) => Command::Send(flow, bytes),
                    sip::Command::Close(flow) => Command::Close(flow),
                    sip::Command::Count(counted) => Command::Count(counted),
                });
            } else {
                return;
            }
        }
    }

    fn event(&mut self, event: Event, now: Instant) {
        match event {
            Event::Request(inbound) => {
                let user = user_of(&inbound);
                let back = known(&inbound, &user);
                self.units.heard(&user, back.clone());
                match inbound.request.method {
                    Method::Invite => self.invited(&inbound, &user, now),
                    _ => self.message(*inbound, user, back, now),
                }
            }
            Event::Cancelled(request) => self.cancelled(request, now),
            Event::Bye { user, .. } => self.calls.ended(&user, now),
            // We have no password for a unit.
            Event::Challenged(..) => {}
            Event::Sent(id, sent) => self.sent(id, sent, now),
        }
    }

    /// What became of an acknowledgement. Whatever it is, the alarm stays.
    fn sent(&mut self, id: SendId, sent: Sent, now: Instant) {
        let is_taken = matches!(sent, Sent::Accepted(_));
        if let Some(token) = self.sent.remove(&id) {
            let answered = if is_taken { Answered::Positive } else { Answered::Unconfirmed };
            self.commands.push_back(Command::Left(token, answered));
            if !is_taken {
                self.count("AcknowledgementUndelivered");
            }
        }
        if let Some(id) = self.documents.remove(&id) {
            self.calls.sent(id, if is_taken { nowip::Sent::Delivered } else { nowip::Sent::Failed }, now);
        }
    }

    /// Hands a delivery to the intake, and keeps what follows from it.
    pub(super) fn deliver(&mut self, heard: Heard, message: Message, repeat: RepeatProof, then: Owed) -> Token {
        let owed = !matches!(then, Owed::NoCall { .. });
        self.deliver_about(heard, message, repeat, then, (owed, None))
    }

    /// The same for what says itself whether its sender is owed an answer, and which earlier delivery it is about.
    pub(super) fn deliver_about(
        &mut self,
        heard: Heard,
        message: Message,
        repeat: RepeatProof,
        then: Owed,
        (owed, about): (bool, Option<Token>),
    ) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.saturating_add(1);
        let Heard { flow, raw, first_byte, last_byte } = heard;
        let delivery = Delivery { token, message, raw, first_byte, last_byte, repeat, owed, about };
        self.commands.push_back(Command::Deliver(flow, Box::new(delivery)));
        self.owed.insert(token, then);
        token
    }

    pub(super) fn unavailable(&mut self, request: RequestId, now: Instant) {
        self.edge.respond(request, Reply::of(503).with("Retry-After", "1"), now);
    }

    pub(super) fn count(&mut self, name: &'static str) {
        self.commands.push_back(Command::Count(Counted::BadFrame(name)));
    }
}

/// What a delivery is of.
pub(super) struct Heard {
    pub flow: Flow,
    pub raw: Vec<u8>,
    pub first_byte: Instant,
    pub last_byte: Instant,
}

impl Heard {
    pub fn of(inbound: &Inbound) -> Heard {
        let Inbound { flow, raw, first_byte, last_byte, .. } = inbound;
        Heard { flow: *flow, raw: raw.clone(), first_byte: *first_byte, last_byte: *last_byte }
    }

    /// Nothing came: a thing that did not happen.
    pub fn nothing(flow: Flow, now: Instant) -> Heard {
        Heard { flow, raw: Vec::new(), first_byte: now, last_byte: now }
    }
}

/// Who speaks, by its From; whoever names nobody is its address.
fn user_of(inbound: &Inbound) -> String {
    let named = inbound.request.headers.from().and_then(|from| from.user());
    named
        .map(|user| user.trim().to_owned())
        .filter(|user| !user.is_empty())
        .unwrap_or_else(|| inbound.flow.remote.to_string())
}

fn known(inbound: &Inbound, user: &str) -> Known {
    let headers = &inbound.request.headers;
    let contact = headers.contact().map(|contact| contact.uri).filter(|uri| uri.starts_with("sip"));
    let our_user = headers.to().and_then(|to| to.user()).unwrap_or_else(|| "telecare".to_owned());
    Known {
        flow: inbound.flow,
        uri: contact.unwrap_or_else(|| sip::address_of(user, inbound.flow.remote)),
        our_user,
        sender: None,
    }
}
