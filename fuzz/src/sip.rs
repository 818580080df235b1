//! SIP: messages, and the edge under datagrams, splits, replies, closed connections and clock jumps in any order.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::sip::{
    ANSWER_BYTES_MAX, ANSWERS_MAX, Accounts, Authentication, BINDINGS_MAX, CALLS_MAX, CONNECTIONS_MAX, Command, Edge,
    Event, Flow, Load, Message, Method, Outgoing, Reply, RequestId, SENDS_MAX, SendId, Settings, SipError, Transport,
    WAITING_MAX, answer, read,
};

/// A message: what was read is written, and read again as the same.
pub fn sip_message(data: &[u8]) {
    let Ok(message) = read(data) else { return };
    let headers = message.headers();
    let _ = (headers.from(), headers.to(), headers.contact(), headers.via(), headers.cseq(), headers.call_id());
    for challenge in headers.all("WWW-Authenticate") {
        let _ = answer(challenge, "user", "password", "MESSAGE", "sip:a@b", "c");
    }
    match read(&message.write()) {
        // Full names and UTF-8 are longer than what came.
        Err(error) => assert_eq!(error, SipError::HeadTooLong),
        Ok(again) => {
            assert_eq!(again, message);
            assert_eq!(again.write(), message.write());
        }
    }
}

static PIECES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let request = |method: &str, call: &str, number: u8, more: &str, body: &str| {
        format!(
            "{method} sip:alarm@arc SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK-0001\r\n\
             From: <sip:90000001@arc>;tag=1\r\nTo: <sip:90000001@arc>\r\nCall-ID: {call}\r\nCSeq: {number} {method}\r\n\
             {more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    vec![
        request("MESSAGE", "a", 1, "", "<mrq/>"),
        request("MESSAGE", "b", 1, "", "<mrq/>"),
        request("MESSAGE", "a", 2, "Authorization: Digest username=\"90000001\", realm=\"arc\", nonce=\"0\"\r\n", "x"),
        request("INVITE", "c", 1, "Contact: <sip:1@192.0.2.1>\r\n", "v=0"),
        request("CANCEL", "c", 1, "", ""),
        request("ACK", "c", 1, "", ""),
        request("BYE", "c", 2, "", ""),
        request("OPTIONS", "d", 1, "", ""),
        request("REGISTER", "e", 1, "Contact: <sip:1@192.0.2.1>;expires=60, <sip:2@192.0.2.1>\r\n", ""),
        request("REGISTER", "e", 2, "Contact: *\r\nExpires: 0\r\n", ""),
        request("PRACK", "f", 1, "", ""),
        "SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 MESSAGE\r\n\r\n".to_owned(),
        "\r\n\r\n".to_owned(),
        "noise\r\n".to_owned(),
    ]
});

/// Steps come in pairs of bytes: what, and how much.
pub fn sip_edge(data: &[u8]) {
    let Some((first, mut rest)) = data.split_first() else { return };
    let authentication = match first % 4 {
        0 | 1 => Authentication::None,
        2 => Authentication::Digest,
        _ => Authentication::Certificate,
    };
    let mut rig = Rig::new(authentication);
    while let [step, size, tail @ ..] = rest {
        let amount = usize::from(*size);
        let flow = rig.flow(step / 16);
        rest = tail;
        match step % 16 {
            0..=2 => {
                let (bytes, behind) = rest.split_at_checked(amount).unwrap_or((rest, &[]));
                rest = behind;
                rig.hand_over(flow, bytes);
            }
            3..=6 => rig.hand_over(flow, PIECES[amount % PIECES.len()].as_bytes()),
            7 => {
                let piece = &PIECES[amount % PIECES.len()];
                let (one, other) = piece.split_at(amount.min(piece.len()));
                rig.hand_over(flow, one.as_bytes());
                rig.hand_over(flow, other.as_bytes());
            }
            8 => rig.wait(Duration::from_millis(amount as u64 * 10)),
            9 => rig.wait(Duration::from_secs(amount as u64)),
            10 | 11 => rig.respond(amount),
            12 => rig.send(flow),
            13 => rig.answer_ours(flow, amount),
            14 => rig.edge.handle_closed(flow, rig.now),
            _ => rig.edge.set_accounts(Arc::default()),
        }
        rig.run();
    }
    // Everything ends by itself but calls and connections, which others end.
    for _ in 0..3 {
        rig.wait(Duration::from_secs(3_600));
    }
    let Load { waiting, answers, answer_bytes, sends, bindings, .. } = rig.edge.load();
    assert_eq!((waiting, answers, answer_bytes, sends, bindings), (0, 0, 0, 0, 0));
    assert!(rig.edge.poll_timeout().is_none() && rig.unanswered.is_empty());
}

struct Rig {
    edge: Edge,
    now: Instant,
    waiting: Vec<RequestId>,
    /// Positive answers that were given from above, as they left.
    given: HashSet<Vec<u8>>,
    /// Ours of which nothing has been told.
    unanswered: HashSet<SendId>,
    /// The last of ours.
    ours: Option<Vec<u8>>,
}

impl Rig {
    fn new(authentication: Authentication) -> Rig {
        let settings = Settings { authentication, realm: "arc".to_owned() };
        let now = Instant::now();
        let edge = Edge::new(settings, Arc::new(Accounts::default()), [3; 16], now);
        Rig { edge, now, waiting: Vec::new(), given: HashSet::new(), unanswered: HashSet::new(), ours: None }
    }

    fn flow(&self, which: u8) -> Flow {
        let transport = [Transport::Udp, Transport::Udp, Transport::Tcp, Transport::Tls][usize::from(which % 4)];
        let connection = if transport.is_reliable() { u64::from(which) } else { 0 };
        Flow { transport, remote: ([192, 0, 2, 1], 5_060 + u16::from(which)).into(), connection }
    }

    fn hand_over(&mut self, flow: Flow, bytes: &[u8]) {
        self.edge.handle_timeout(self.now);
        self.run();
        if flow.transport.is_reliable() {
            return self.edge.handle_bytes(flow, bytes, self.now);
        }
        self.edge.handle_datagram(flow, bytes, self.now);
        let may_be_answered = match read(bytes) {
            Ok(Message::Request(request)) => request.method != Method::Ack,
            Ok(Message::Response(_)) => false,
            Err(error) => matches!(error, SipError::Truncated | SipError::BadContentLength),
        };
        let sent = self.run();
        assert!(may_be_answered || sent == 0, "an answer to what must have none");
    }

    /// Lets time pass; wakes it whenever it asks, or, for a long time, late.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.edge.poll_timeout().filter(|at| *at <= end && time < Duration::from_secs(100)) {
            assert!(at > self.now || time.is_zero(), "it wants to be woken in the past");
            self.now = at;
            self.edge.handle_timeout(at);
            self.run();
        }
        self.now = end;
        self.edge.handle_timeout(end);
        self.run();
        assert!(self.edge.poll_timeout().is_none_or(|at| at > end));
    }

    fn respond(&mut self, amount: usize) {
        if self.waiting.is_empty() {
            return;
        }
        let at = amount % self.waiting.len();
        let status = [180, 200, 302, 415, 503, 0, 999][amount % 7];
        let id = if status == 180 { self.waiting[at] } else { self.waiting.swap_remove(at) };
        self.edge.respond(id, Reply::of(status).with("Retry-After", "1"), self.now);
        while let Some(command) = self.edge.next_command() {
            if let Command::Send(_, bytes) = command {
                self.given.insert(bytes);
            }
        }
    }

    fn send(&mut self, flow: Flow) {
        let message = Outgoing {
            uri: "sip:1@192.0.2.1".to_owned(),
            to_user: "1".to_owned(),
            from_user: "alarm".to_owned(),
            content_type: "application/scaip+xml",
            headers: Vec::new(),
            body: b"<mrs/>".to_vec(),
        };
        let id = self.edge.send(flow, message, self.now);
        assert!(self.unanswered.insert(id));
    }

    fn answer_ours(&mut self, flow: Flow, amount: usize) {
        let Some(Ok(Message::Request(ours))) = self.ours.as_deref().map(read) else { return };
        let status = [100, 200, 202, 401, 500][amount % 5];
        let call_id = ours.headers.call_id().unwrap_or_default();
        self.hand_over(flow, format!("SIP/2.0 {status} x\r\nCall-ID: {call_id}\r\nl: 0\r\n\r\n").as_bytes());
    }

    /// Takes what it says; how much it sent.
    fn run(&mut self) -> usize {
        let mut sent = 0;
        while let Some(command) = self.edge.next_command() {
            let Command::Send(_, bytes) = command else { continue };
            sent += 1;
            match read(&bytes) {
                Ok(Message::Response(response)) => {
                    let of_message = response.headers.cseq().is_some_and(|cseq| cseq.method == Method::Message);
                    let positive = (200..300).contains(&response.status) && of_message;
                    assert!(!positive || self.given.contains(&bytes), "an answer that nobody gave");
                }
                Ok(Message::Request(request)) => {
                    assert_eq!(request.method, Method::Message);
                    self.ours = Some(bytes);
                }
                Err(error) => assert!(bytes == b"\r\n", "{error}"),
            }
        }
        while let Some(event) = self.edge.next_event() {
            match event {
                Event::Request(inbound) => {
                    assert!(matches!(inbound.request.method, Method::Message | Method::Invite));
                    assert!(inbound.first_byte <= inbound.last_byte && !inbound.raw.is_empty());
                    self.waiting.push(inbound.id);
                }
                Event::Cancelled(id) => self.waiting.retain(|waiting| *waiting != id),
                Event::Bye { .. } | Event::Challenged(..) => {}
                Event::Sent(id, _) => assert!(self.unanswered.remove(&id), "told twice"),
            }
        }
        let load = self.edge.load();
        assert!(load.waiting <= WAITING_MAX && load.answers <= ANSWERS_MAX && load.answer_bytes <= ANSWER_BYTES_MAX);
        assert!(load.sends <= SENDS_MAX && load.bindings <= BINDINGS_MAX && load.calls <= CALLS_MAX);
        assert!(load.connections <= CONNECTIONS_MAX);
        sent
    }
}
