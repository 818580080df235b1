//! The other side: a digital unit, for test calls and simulators.
//!
//! ```text
//! idle ── document ──► MESSAGE ── 200 ─────────────► waiting ── mrs of its ref, or ATM type A ──► 200, acknowledged
//!                         │ 401: again with its password │  mrs with another number ──► 200, refused
//!                         │ 4xx, 6xx: refused            │  nothing in time: again, up to `attempts`
//!                         └ 5xx, nothing: again          └─► given up
//! ```
//! One document is under way at a time; its copies have the same bytes in a MESSAGE of their own.

mod damage;
mod message;
mod settings;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use message::UnitMessage;
use message::Verdict;
pub use settings::{Credentials, UnitFault, UnitSettings};

use crate::automation::{LINES_HELD_MAX, LineNumber};
use crate::nowip;
use crate::scaip::{Snu, VoiceReply};
use crate::session::after;
use crate::sia_dc09::Clock;
use crate::sip::{
    self, Accounts, Authentication, Edge, Event, Flow, Inbound, Method, Outgoing, Reply, SendId, Sent, address_of,
};

/// What a unit asks its driver to do, or tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitCommand {
    /// Write these bytes at once, as one datagram where there are datagrams.
    Send(Vec<u8>),
    /// SIP answered the document with this status. It says nothing of the store.
    Answered {
        /// 200 to 699.
        status: u16,
        /// Since this MESSAGE was first sent.
        after: Duration,
    },
    /// The document was acknowledged.
    Acknowledged {
        /// Which.
        message: LineNumber,
        /// 1 is without a repeat.
        attempts: u32,
        /// Since the copy that was sent last.
        after: Duration,
        /// The call that the receiver wants.
        voice: Option<VoiceReply>,
    },
    /// A sign of life was acknowledged.
    Polled {
        /// Since the copy that was sent last.
        after: Duration,
    },
    /// The receiver will not have the document, which is given up.
    Refused(LineNumber, Refusal),
    /// Nobody acknowledged the document in all attempts; it is given up.
    GaveUp(LineNumber),
    /// It was given this NOW-IP command, as its document has it, and answers.
    Commanded(String),
}

/// Why a document is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// By SIP.
    Sip(u16),
    /// By a SCAIP answer.
    Scaip {
        /// `snu`.
        number: Snu,
        /// `ste`.
        text: Option<String>,
    },
}

/// A simulated unit.
#[derive(Debug)]
pub struct Unit {
    settings: UnitSettings,
    edge: Edge,
    /// What a NOW-IP unit does when it is told.
    nowip: nowip::Unit,
    connection: u64,
    chance: u128,
    held: VecDeque<(LineNumber, UnitMessage)>,
    sending: Option<Sending>,
    /// MESSAGEs under way, bounded by the edge.
    sent: HashMap<SendId, Posted>,
    challenges: Option<(SendId, Vec<String>)>,
    next_number: u64,
    commands: VecDeque<UnitCommand>,
}

/// The first of those held, on its way.
#[derive(Debug)]
struct Sending {
    attempts: u32,
    begun: Instant,
    until: Instant,
}

/// One MESSAGE.
#[derive(Debug)]
struct Posted {
    body: Vec<u8>,
    content_type: &'static str,
    is_proven: bool,
    /// Which document's which copy it is.
    of: Option<(LineNumber, u32)>,
    at: Instant,
}

impl Unit {
    /// Begins idle. `chance` is sixteen random bytes.
    pub fn new(settings: UnitSettings, chance: [u8; 16], clock: Clock) -> Unit {
        let of_edge = sip::Settings { authentication: Authentication::None, realm: settings.host.clone() };
        Unit {
            edge: Edge::new(of_edge, Arc::new(Accounts::default()), chance, clock.at),
            nowip: nowip::Unit::new(nowip::UnitSettings::default(), clock),
            settings,
            connection: 0,
            chance: u128::from_be_bytes(chance),
            held: VecDeque::new(),
            sending: None,
            sent: HashMap::new(),
            challenges: None,
            next_number: 0,
            commands: VecDeque::new(),
        }
    }

    /// Takes a document to send; none when it holds as many as it can.
    pub fn send(&mut self, message: UnitMessage, now: Instant) -> Option<LineNumber> {
        if self.held.len() >= LINES_HELD_MAX {
            return None;
        }
        // A scheme tells of the call that it alarms when it is asked.
        if let Some(record) = message.record() {
            self.nowip.wait_too(record);
        }
        let body = damage::document(message.body, &self.settings.faults);
        let number = LineNumber(self.next_number);
        self.next_number = self.next_number.saturating_add(1);
        self.held.push_back((number, UnitMessage { body, ..message }));
        if self.sending.is_none() {
            self.transmit(1, now);
        }
        self.settle(now);
        Some(number)
    }

    /// Its wire was opened anew: what is under way is sent again on it.
    pub fn connected(&mut self, now: Instant) {
        self.edge.handle_closed(self.flow(), now);
        self.connection = self.connection.saturating_add(1);
        if let Some(sending) = &self.sending {
            self.transmit(sending.attempts.saturating_add(1), now);
        }
        self.settle(now);
    }

    /// Takes bytes of the receiver; where there are datagrams, one of them.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        if self.settings.transport.is_reliable() {
            self.edge.handle_bytes(self.flow(), bytes, now);
        } else {
            self.edge.handle_datagram(self.flow(), bytes, now);
        }
        self.settle(now);
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.edge.handle_timeout(now);
        self.settle(now);
        if let Some(sending) = self.sending.as_ref().filter(|sending| now >= sending.until) {
            if sending.attempts < self.settings.attempts {
                self.transmit(sending.attempts.saturating_add(1), now);
            } else if let Some((number, _)) = self.done(now) {
                self.commands.push_back(UnitCommand::GaveUp(number));
            }
        }
        self.settle(now);
    }

    /// When it wants to be woken, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let until = self.sending.as_ref().map(|sending| sending.until);
        self.edge.poll_timeout().into_iter().chain(until).min()
    }

    /// Documents not yet acknowledged.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<UnitCommand> {
        self.commands.pop_front()
    }

    fn flow(&self) -> Flow {
        let UnitSettings { transport, remote, .. } = self.settings;
        Flow { transport, remote, connection: if transport.is_reliable() { self.connection } else { 0 } }
    }

    /// Sends the first of those held.
    fn transmit(&mut self, attempts: u32, now: Instant) {
        let Some((number, message)) = self.held.front() else { return };
        let of = Some((*number, attempts));
        let (body, content_type) = (message.body.clone(), message.content_type());
        self.sending = Some(Sending { attempts, begun: now, until: after(now, self.settings.ack_wait) });
        self.post(Posted { body, content_type, is_proven: false, of, at: now }, None, now);
    }

    fn post(&mut self, posted: Posted, authorization: Option<String>, now: Instant) {
        let settings = &self.settings;
        let message = Outgoing {
            uri: self.uri(),
            to_user: settings.receiver.clone(),
            from_user: settings.user.clone(),
            content_type: posted.content_type,
            headers: authorization.into_iter().map(|value| ("Authorization", value)).collect(),
            body: posted.body.clone(),
        };
        let id = self.edge.send(self.flow(), message, now);
        self.sent.insert(id, posted);
    }

    fn uri(&self) -> String {
        address_of(&self.settings.receiver, self.settings.remote)
    }

    /// Hands on what the edge has, until it has nothing.
    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(event) = self.edge.next_event() {
                match event {
                    Event::Request(inbound) => self.heard(&inbound, now),
                    Event::Challenged(id, challenges) => self.challenges = Some((id, challenges)),
                    Event::Sent(id, sent) => self.answered(id, sent, now),
                    Event::Cancelled(_) | Event::Bye { .. } => {}
                }
            } else if !self.flush() {
                return;
            }
        }
    }

    /// Hands on what the edge wants done; whether it wanted anything.
    fn flush(&mut self) -> bool {
        let mut any = false;
        while let Some(command) = self.edge.next_command() {
            any = true;
            match command {
                sip::Command::Send(_, bytes) if bytes.starts_with(b"MESSAGE ") => {
                    let copies = damage::request(bytes, &self.settings.faults);
                    self.commands.extend(copies.into_iter().map(UnitCommand::Send));
                }
                sip::Command::Send(_, bytes) => self.commands.push_back(UnitCommand::Send(bytes)),
                sip::Command::Close(_) | sip::Command::Count(_) => {}
            }
        }
        any
    }

    /// The receiver sent a request.
    fn heard(&mut self, inbound: &Inbound, now: Instant) {
        if self.settings.faults.contains(&UnitFault::Deaf) {
            return;
        }
        let is_message = inbound.request.method == Method::Message;
        // There is nobody to talk to.
        self.edge.respond(inbound.id, Reply::of(if is_message { 200 } else { 486 }), now);
        let body = &inbound.request.body;
        if is_message {
            self.obey(body, now);
        }
        let Some(sending) = self.sending.as_ref().filter(|_| is_message) else { return };
        let Some(verdict) = self.held.front().and_then(|(_, message)| message.judged(body)) else { return };
        let (attempts, after) = (sending.attempts, now.saturating_duration_since(sending.begun));
        // Its 200 leaves before its driver knows that this is over.
        self.flush();
        let Some((number, message)) = self.done(now) else { return };
        self.commands.push_back(match verdict {
            Verdict::Taken(_) if message.is_heartbeat => UnitCommand::Polled { after },
            Verdict::Taken(voice) => UnitCommand::Acknowledged { message: number, attempts, after, voice },
            Verdict::Refused { number: snu, text } => {
                UnitCommand::Refused(number, Refusal::Scaip { number: snu, text })
            }
        });
    }

    /// Does what a NOW-IP document tells it.
    fn obey(&mut self, body: &[u8], now: Instant) {
        self.nowip.handle_body(body, now);
        while let Some(command) = self.nowip.next_command() {
            match command {
                nowip::UnitCommand::Send(body) => {
                    let posted = Posted { body, content_type: message::NOW_IP, is_proven: false, of: None, at: now };
                    self.post(posted, None, now);
                }
                nowip::UnitCommand::Commanded(data) => self.commands.push_back(UnitCommand::Commanded(data)),
                // Its alarms and calls are not its own here.
                _ => {}
            }
        }
    }

    /// SIP said what became of a MESSAGE.
    fn answered(&mut self, id: SendId, sent: Sent, now: Instant) {
        let Some(posted) = self.sent.remove(&id) else { return };
        let challenges = self.challenges.take().filter(|(of, _)| *of == id);
        let status = match sent {
            Sent::Accepted(status) | Sent::Refused(status) => status,
            // It is sent again in its time.
            Sent::Unanswered => return,
        };
        if let Some((_, challenges)) = challenges.filter(|_| !posted.is_proven)
            && let Some(proof) = self.proof(&challenges)
        {
            return self.post(Posted { is_proven: true, ..posted }, Some(proof), now);
        }
        let (sending, held) = (self.sending.as_ref(), self.held.front());
        let under_way = sending.zip(held).map(|(sending, (number, _))| (*number, sending.attempts));
        if posted.of.is_none() || posted.of != under_way {
            return;
        }
        self.commands.push_back(UnitCommand::Answered { status, after: now.saturating_duration_since(posted.at) });
        let is_final = matches!(status, 300..=407 | 409..=479 | 481..=499 | 600..);
        if is_final && let Some((number, _)) = self.done(now) {
            self.commands.push_back(UnitCommand::Refused(number, Refusal::Sip(status)));
        }
    }

    /// The answer to the first challenge that it knows an answer to.
    fn proof(&mut self, challenges: &[String]) -> Option<String> {
        let Credentials { user, password } = self.settings.credentials.clone()?;
        let is_wrong = self.settings.faults.contains(&UnitFault::WrongPassword);
        let password = if is_wrong { format!("{password}?") } else { password };
        self.chance = self.chance.wrapping_add(1);
        let (uri, cnonce) = (self.uri(), format!("{:032x}", self.chance));
        challenges
            .iter()
            .find_map(|challenge| sip::answer(challenge, &user, &password, Method::Message.as_str(), &uri, &cnonce))
    }

    /// The document under way is done with; the next one follows.
    fn done(&mut self, now: Instant) -> Option<(LineNumber, UnitMessage)> {
        self.sending = None;
        let done = self.held.pop_front();
        self.transmit(1, now);
        done
    }
}
