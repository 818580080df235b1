//! An edge on virtual time: what it sent, told and counted, each with its millisecond.

use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_protocol::Counted;
use telecare_protocol::sip::{
    Account, Accounts, Authentication, Command, Edge, Event, Flow, Inbound, Message, Reply, Request, Response,
    Settings, Transport, read,
};

/// See the module.
pub struct Rig {
    pub edge: Edge,
    pub now: Instant,
    pub start: Instant,
    pub sent: Vec<(u64, Flow, Vec<u8>)>,
    pub told: Vec<Event>,
    pub counted: Vec<Counted>,
    pub closed: Vec<Flow>,
}

#[allow(dead_code, reason = "each test file uses its own part")]
impl Rig {
    pub fn new(authentication: Authentication) -> Rig {
        let account = |password: &str, identities: &[&str]| Account {
            password: password.to_owned(),
            identities: identities.iter().map(|&identity| identity.to_owned()).collect(),
        };
        let accounts = [("90000001", account("secret", &[])), ("gateway", account("Ä\"pass", &["90000002"]))];
        let accounts = Accounts(accounts.into_iter().map(|(user, account)| (user.to_owned(), account)).collect());
        let settings = Settings { authentication, realm: "arc.example.org".to_owned() };
        let start = Instant::now();
        let edge = Edge::new(settings, Arc::new(accounts), [7; 16], start);
        let (sent, told, counted, closed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Rig { edge, now: start, start, sent, told, counted, closed }
    }

    /// Hands something over by datagram.
    pub fn datagram(&mut self, flow: Flow, bytes: impl AsRef<[u8]>) {
        self.edge.handle_datagram(flow, bytes.as_ref(), self.now);
        self.take();
    }

    /// Hands something over by connection.
    pub fn bytes(&mut self, flow: Flow, bytes: impl AsRef<[u8]>) {
        self.edge.handle_bytes(flow, bytes.as_ref(), self.now);
        self.take();
    }

    /// Hands something over by whichever the flow is.
    pub fn hand_over(&mut self, flow: Flow, text: &str) {
        if flow.transport.is_reliable() { self.bytes(flow, text) } else { self.datagram(flow, text) }
    }

    /// Lets time pass up to a millisecond since the start, waking the edge when it asks for it.
    pub fn until(&mut self, ms: u64) {
        let end = self.start + Duration::from_millis(ms);
        while let Some(at) = self.edge.poll_timeout().filter(|at| *at <= end) {
            assert!(at >= self.now, "it wants to be woken in the past");
            self.now = at;
            self.edge.handle_timeout(at);
            self.take();
            assert!(self.edge.poll_timeout().is_none_or(|next| next > at), "it wants to be woken again at once");
        }
        self.now = end;
    }

    pub fn respond(&mut self, inbound: &Inbound, reply: Reply) {
        self.edge.respond(inbound.id, reply, self.now);
        self.take();
    }

    /// Answers 200 to whatever has gone up since the last look; says what they said.
    pub fn accept_all(&mut self) -> Vec<String> {
        let requests = self.requests();
        for inbound in &requests {
            self.respond(inbound, Reply::of(200));
        }
        requests.into_iter().map(|inbound| String::from_utf8(inbound.request.body).unwrap()).collect()
    }

    /// Requests that have gone up since the last look; nothing else has.
    pub fn requests(&mut self) -> Vec<Inbound> {
        let request = |event| match event {
            Event::Request(inbound) => *inbound,
            other => panic!("{other:?}"),
        };
        std::mem::take(&mut self.told).into_iter().map(request).collect()
    }

    /// The only one.
    pub fn only_request(&mut self) -> Inbound {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }

    /// What was sent since the last look.
    pub fn sent(&mut self) -> Vec<(u64, Flow, Vec<u8>)> {
        std::mem::take(&mut self.sent)
    }

    /// The status of each response that was sent since the last look; nothing else was.
    pub fn statuses(&mut self) -> Vec<u16> {
        self.sent().iter().map(|(_, _, bytes)| response(bytes).status).collect()
    }

    /// The only response that was sent since the last look.
    pub fn only_response(&mut self) -> Response {
        let sent = self.sent();
        assert_eq!(sent.len(), 1);
        response(&sent[0].2)
    }

    pub fn ms(&self) -> u64 {
        u64::try_from((self.now - self.start).as_millis()).unwrap()
    }

    pub fn take(&mut self) {
        while let Some(command) = self.edge.next_command() {
            match command {
                Command::Send(flow, bytes) => self.sent.push((self.ms(), flow, bytes)),
                Command::Close(flow) => self.closed.push(flow),
                Command::Count(counted) => self.counted.push(counted),
            }
        }
        while let Some(event) = self.edge.next_event() {
            self.told.push(event);
        }
    }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub fn udp(port: u16) -> Flow {
    Flow { transport: Transport::Udp, remote: ([198, 51, 100, 7], port).into(), connection: 0 }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub fn tcp(connection: u64) -> Flow {
    Flow { transport: Transport::Tcp, remote: ([198, 51, 100, 7], 4_000).into(), connection }
}

/// A request as a unit writes it. More headers end in CR LF.
#[allow(dead_code, reason = "each test file uses its own part")]
pub fn request(method: &str, call_id: &str, number: u32, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} sip:alarm@arc.example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK-0001\r\n\
         From: <sip:90000001@arc.example.org>;tag=286524\r\nTo: <sip:alarm@arc.example.org>\r\nCall-ID: {call_id}\r\n\
         CSeq: {number} {method}\r\nMax-Forwards: 70\r\n{more}Content-Length: {length}\r\n\r\n{body}"
    )
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub fn message(call_id: &str, body: &str) -> String {
    request("MESSAGE", call_id, 1, "Content-Type: application/scaip+xml\r\n", body)
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub fn response(bytes: &[u8]) -> Response {
    match read(bytes) {
        Ok(Message::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

#[allow(dead_code, reason = "each test file uses its own part")]
pub fn sent_request(bytes: &[u8]) -> Request {
    match read(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}
