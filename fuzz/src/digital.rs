//! A whole line of digital units: documents within SIP, verdicts, routes, closed connections and clock jumps in any order.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::digital::{Authentication, Command, Session, Settings, Targets};
use telecare_protocol::sia_dc09::Clock;
use telecare_protocol::sip::{Accounts, Flow, Transport};
use telecare_protocol::{Codes, Token};
use time::OffsetDateTime;

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const BODIES: [&str; 9] = [
    "<mrq><ref>A1</ref><cid>90000001</cid><dty>0003</dty><stc>0010</stc></mrq>",
    "<mrq><mty>PI</mty><ref>A2</ref><cid>90000001</cid><dty>2</dty></mrq>",
    "<scaip><ref>A3</ref><cid>90000002</cid><dty>4</dty></scaip>",
    "<mrs><ref>A1</ref><snu>0</snu></mrs>",
    "<mrq><ref>",
    "<ATM><version>1.5</version><type>1</type><data>120044120077002701011800</data><time>14:05:09</time><mac>x</mac></ATM>",
    "<ATM><version>1.5</version><type>0</type><data>000123450000</data><time>14:05:09</time><mac>x</mac></ATM>",
    "<ATM><version>1.5</version><type>7</type><data>002701011800</data><time>14:05:09</time><mac>x</mac></ATM>",
    "hello",
];

/// Steps come in pairs of bytes: what, and how much. Nothing positive leaves before anything is stored, each delivery has
/// a name of its own, and the session always moves.
pub fn digital_session(data: &[u8]) {
    let now = Instant::now();
    let clock = Clock { at: now, utc: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000) };
    let targets = Targets { sip: Some("sip:group@pbx".to_owned()), ..Targets::default() };
    let settings = Settings {
        authentication: Authentication::None,
        targets,
        call_within: Some(Duration::from_secs(60)),
        embedded_reply: ["1".to_owned()].into(),
        ..Settings::default()
    };
    let session = Session::new(settings, Arc::new(Accounts::default()), Arc::clone(&CODES), [5; 16], clock);
    let mut rig = Rig { session, now, calls: 0, known: HashSet::new(), routes: Vec::new(), any_stored: false };
    let mut rest = data;
    while let [step, size, tail @ ..] = rest {
        rest = tail;
        let amount = usize::from(*size);
        let user = usize::from(step / 16) % 4;
        match step % 16 {
            0 | 1 => {
                let (bytes, behind) = rest.split_at_checked(amount).unwrap_or((rest, &[]));
                rest = behind;
                let body = String::from_utf8_lossy(bytes).into_owned();
                rig.request("MESSAGE", user, &body);
            }
            2..=7 => rig.request("MESSAGE", user, BODIES[amount % BODIES.len()]),
            8 => rig.request("INVITE", user, ""),
            9 => rig.request(["CANCEL", "BYE", "REGISTER"][amount % 3], user, ""),
            10 | 11 => {
                let token = Token(amount as u64);
                rig.any_stored |= rig.known.contains(&token.0);
                rig.session.handle_stored(token, rig.now);
            }
            12 => rig.session.handle_refused(Token(amount as u64), rig.now),
            13 => {
                if let Some(call) = rig.routes.pop() {
                    let operator = (amount % 2 == 0).then(|| "sip:desk@pbx".to_owned());
                    rig.session.handle_route(call, operator, rig.now);
                }
            }
            14 => rig.wait(Duration::from_millis(amount as u64 * 300)),
            _ => rig.session.handle_closed(flow(user), rig.now),
        }
        rig.run();
    }
    rig.wait(Duration::from_secs(7_200));
}

struct Rig {
    session: Session,
    now: Instant,
    calls: u64,
    known: HashSet<u64>,
    routes: Vec<u64>,
    any_stored: bool,
}

fn flow(user: usize) -> Flow {
    let transport = if user.is_multiple_of(2) { Transport::Udp } else { Transport::Tcp };
    Flow { transport, remote: ([192, 0, 2, 1], 5060 + user as u16).into(), connection: (user % 2) as u64 }
}

impl Rig {
    fn request(&mut self, method: &str, user: usize, body: &str) {
        // Now and then the same once more.
        self.calls += 1;
        let (call, length, flow) = (self.calls / 2, body.len(), flow(user));
        let text = format!(
            "{method} sip:arc@arc SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-0001\r\nFrom: <sip:{user}@arc>;tag=1\r\n\
             To: <sip:arc@arc>\r\nCall-ID: c{call}\r\nCSeq: 1 {method}\r\nContent-Type: text/plain\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        match flow.transport {
            Transport::Udp => self.session.handle_datagram(flow, text.as_bytes(), self.now),
            Transport::Tcp | Transport::Tls => self.session.handle_bytes(flow, text.as_bytes(), self.now),
        }
        self.run();
    }

    fn run(&mut self) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(_, bytes) => {
                    let text = String::from_utf8_lossy(&bytes);
                    let positive = text.contains("<snu>0</snu>") || text.contains("<type>A</type>");
                    assert!(!positive || self.any_stored, "{text}");
                    *counts.entry("sent").or_default() += 1;
                }
                Command::Deliver(_, delivery) => assert!(self.known.insert(delivery.token.0), "a name twice"),
                Command::Route(call, _) => self.routes.push(call),
                Command::Left(token, _) => assert!(self.known.contains(&token.0)),
                Command::Count(_) | Command::Close(_) => {}
            }
        }
        assert!(counts.values().all(|count| *count < 1_000), "{counts:?}");
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.session.handle_timeout(self.now);
            self.run();
            assert!(self.session.poll_timeout() != Some(at), "a timeout that does not move");
        }
        self.now = until;
    }
}
