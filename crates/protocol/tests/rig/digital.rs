//! A digital unit and a listener's session, joined by a wire on virtual time. Every delivery is stored at once, copies as
//! their proofs say, or none is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_protocol::automation::LineNumber;
use telecare_protocol::digital::{
    Account, Accounts, Authentication, Command, Credentials, Session, Settings, Targets, Unit, UnitCommand, UnitFault,
    UnitMessage, UnitSettings,
};
use telecare_protocol::nowip::{self, Document};
use telecare_protocol::sia_dc09::Clock;
use telecare_protocol::sip::{self, Edge, Flow, Outgoing, Transport};
use telecare_protocol::{Answered, Codes, Message, Protocol, RepeatProof, Report, Trigger};
use time::macros::datetime;

/// Whom units that telephone call.
pub const OPERATORS: &str = "tel:+441632960001";
/// How long bytes are on their way, and the store takes.
const ON_THE_WAY: Duration = Duration::from_millis(5);
const USER: &str = "9999";

/// What a wire does to datagrams, of a hundred.
#[derive(Clone, Copy, Default)]
pub struct Wire {
    pub seed: u64,
    pub lost: u64,
    pub doubled: u64,
}

impl Wire {
    /// How often these bytes arrive.
    fn copies(&mut self) -> usize {
        // Linear congruential, Knuth's constants.
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = (self.seed >> 33) % 100;
        if drawn < self.lost {
            0
        } else if drawn < self.lost + self.doubled {
            2
        } else {
            1
        }
    }
}

/// See the module.
pub struct Rig {
    pub unit: Unit,
    pub wire: Wire,
    pub stores: bool,
    pub left: Vec<Answered>,
    pub signs_of_life: usize,
    /// NOW-IP documents that the unit answered commands with.
    pub heard: Vec<Document>,
    settings: UnitSettings,
    session: Session,
    flow: Flow,
    now: Instant,
    told: Vec<UnitCommand>,
    stored: Vec<Report>,
    keys: BTreeSet<Vec<u8>>,
    /// By when they arrive; true is to the session.
    on_the_way: BTreeMap<(Instant, u64), (bool, Vec<u8>)>,
    sent: u64,
}

impl Rig {
    pub fn new(protocol: Protocol, transport: Transport, authentication: Authentication, faults: &[UnitFault]) -> Rig {
        let now = Instant::now();
        let clock = Clock { at: now, utc: datetime!(2026-03-01 14:05:09 UTC) };
        let remote: SocketAddr = ([192, 0, 2, 1], 5060).into();
        let account = Account { password: "secret".to_owned(), identities: Vec::new() };
        let accounts = Accounts([(USER.to_owned(), account)].into_iter().collect());
        let targets = Targets { tel: Some(OPERATORS.to_owned()), ..Targets::default() };
        let of_session = Settings { authentication, targets, ..Settings::default() };
        let settings = UnitSettings {
            credentials: Some(Credentials { user: USER.to_owned(), password: "secret".to_owned() }),
            faults: faults.iter().copied().collect(),
            ..UnitSettings::new(protocol, USER, remote, transport)
        };
        Rig {
            unit: Unit::new(settings.clone(), [1; 16], clock),
            session: Session::new(of_session, Arc::new(accounts), Arc::new(Codes::builtin()), [2; 16], clock),
            wire: Wire::default(),
            stores: true,
            left: Vec::new(),
            signs_of_life: 0,
            heard: Vec::new(),
            settings,
            flow: Flow { transport, remote: ([198, 51, 100, 7], 4000).into(), connection: 1 },
            now,
            told: Vec::new(),
            stored: Vec::new(),
            keys: BTreeSet::new(),
            on_the_way: BTreeMap::new(),
            sent: 0,
        }
    }

    pub fn forget_password(&mut self) {
        self.settings.credentials = None;
        let clock = Clock { at: self.now, utc: datetime!(2026-03-01 14:05:09 UTC) };
        self.unit = Unit::new(self.settings.clone(), [1; 16], clock);
    }

    pub fn send(&mut self, document: &[u8]) -> LineNumber {
        let number = self.unit.send(UnitMessage::new(document), self.now).unwrap();
        self.settle();
        number
    }

    /// The unit opens its connection anew.
    pub fn connect(&mut self) {
        self.session.handle_closed(self.flow, self.now);
        self.flow.connection += 1;
        self.unit.connected(self.now);
        self.settle();
    }

    /// Lets time pass.
    pub fn run(&mut self, longest: Duration) {
        let end = self.now + longest;
        loop {
            let arrives = self.on_the_way.keys().next().map(|(at, _)| *at);
            let wakes = [arrives, self.unit.poll_timeout(), self.session.poll_timeout()];
            let Some(next) = wakes.into_iter().flatten().min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            while let Some(first) = self.on_the_way.first_entry().filter(|first| first.key().0 <= self.now) {
                let (to_session, bytes) = first.remove();
                self.arrived(to_session, &bytes);
            }
            self.unit.handle_timeout(self.now);
            self.session.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    fn arrived(&mut self, to_session: bool, bytes: &[u8]) {
        if !to_session {
            self.unit.handle_bytes(bytes, self.now);
        } else if self.flow.transport == Transport::Udp {
            self.session.handle_datagram(self.flow, bytes, self.now);
        } else {
            self.session.handle_bytes(self.flow, bytes, self.now);
        }
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            if let Some(command) = self.unit.next_command() {
                match command {
                    UnitCommand::Send(bytes) => self.post(true, bytes),
                    told => self.told.push(told),
                }
            } else if let Some(command) = self.session.next_command() {
                self.done(command);
            } else {
                return;
            }
        }
    }

    fn post(&mut self, to_session: bool, bytes: Vec<u8>) {
        for _ in 0..self.wire.copies() {
            self.sent += 1;
            self.on_the_way.insert((self.now + ON_THE_WAY, self.sent), (to_session, bytes.clone()));
        }
    }

    fn done(&mut self, command: Command) {
        match command {
            Command::Send(flow, bytes) if flow == self.flow => self.post(false, bytes),
            Command::Deliver(_, delivery) if !self.stores => self.session.handle_refused(delivery.token, self.now),
            Command::Deliver(_, delivery) => {
                let is_copy = match &delivery.repeat {
                    RepeatProof::Key { key, .. } => !self.keys.insert(key.clone()),
                    _ => false,
                };
                match delivery.message {
                    Message::Report(report) if !is_copy => self.stored.push(report),
                    Message::Report(_) => {}
                    Message::SignOfLife(_) => self.signs_of_life += 1,
                }
                self.session.handle_stored(delivery.token, self.now);
            }
            Command::Left(_, answered) => self.left.push(answered),
            Command::Send(..) | Command::Count(_) | Command::Route(..) | Command::Close(_) => {}
        }
    }

    /// What the unit has told, without what it sent.
    pub fn told(&mut self) -> Vec<UnitCommand> {
        std::mem::take(&mut self.told)
    }

    /// Whose reports were stored, and what they say.
    pub fn reports(&self) -> Vec<(Option<String>, Trigger)> {
        let said = |report: &Report| {
            (report.identity.clone(), report.principal().map_or(Trigger::Unknown, |event| event.trigger))
        };
        self.stored.iter().map(said).collect()
    }

    /// Gives the unit a document as a receiver would, by an edge of its own, and takes what it answers with.
    pub fn command(&mut self, document: &[u8]) {
        let settings = sip::Settings { authentication: Authentication::None, realm: "arc.example.org".to_owned() };
        let mut edge = Edge::new(settings, Arc::new(Accounts::default()), [3; 16], self.now);
        let message = Outgoing {
            uri: "sip:9999@198.51.100.7".to_owned(),
            to_user: USER.to_owned(),
            from_user: "alarm".to_owned(),
            content_type: "text/plain",
            headers: Vec::new(),
            body: document.to_vec(),
        };
        edge.send(self.flow, message, self.now);
        let mut to_unit = VecDeque::new();
        loop {
            while let Some(command) = edge.next_command() {
                if let sip::Command::Send(_, bytes) = command {
                    to_unit.push_back(bytes);
                }
            }
            while let Some(event) = edge.next_event() {
                if let sip::Event::Request(inbound) = event {
                    self.heard.push(nowip::read(&inbound.request.body).unwrap());
                    edge.respond(inbound.id, sip::Reply::of(200), self.now);
                }
            }
            let Some(bytes) = to_unit.pop_front() else { return };
            self.unit.handle_bytes(&bytes, self.now);
            while let Some(command) = self.unit.next_command() {
                if let UnitCommand::Send(bytes) = command {
                    edge.handle_bytes(self.flow, &bytes, self.now);
                }
            }
        }
    }
}
