//! A running server, and consoles at its desks. Every answer any of them gets is held against the document.

#![allow(dead_code, reason = "each of the test programs uses a part of it")]

pub mod schema;

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use schema::Document;
use serde_json::{Value, json};
use telecare_alarm::{
    Basis, Class, ClockState, Lane, LineId, Priority, Ranking, ReceiverId, Signal, SignalId, Stamps, UnitKey,
};
use telecare_api::tokens::{Carrier, Role, Secret, Token, TokenFile};
use telecare_api::{Settings, TokenStore};
use telecare_protocol::{Codes, DecodeOptions, Mode, Protocol, RepeatProof, What, decode};
use telecare_queue::{Answer as Stored, Incoming, JournalConfig, Queue, QueueConfig};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use uuid::Uuid;

/// Longest wait for anything in these tests.
const BOUND: Duration = Duration::from_secs(30);

/// A server over a queue of its own.
pub struct Server {
    runtime: Runtime,
    queue: Queue,
    address: SocketAddr,
    tokens: TokenStore,
    calls: telecare_api::calls::Calls,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
    directory: TempDir,
}

impl Server {
    pub fn start(lease: Duration) -> Server {
        Server::start_with(lease, |_| {})
    }

    /// With settings of the test's own.
    pub fn start_with(lease: Duration, change: impl FnOnce(&mut Settings)) -> Server {
        let directory = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let config = QueueConfig {
            receiver: ReceiverId::new("test-1"),
            software: "0".to_owned(),
            journal: JournalConfig {
                directory: directory.path().join("journal"),
                keep: Duration::from_secs(3_600),
                bytes_max: 64 * 1024 * 1024,
            },
            database: None,
            ack_wait: Duration::from_millis(100),
            policy: Arc::new(telecare_alarm::Policy::builtin()),
        };
        let queue = runtime.block_on(Queue::open(config)).unwrap();
        let tokens = TokenStore::load(&directory.path().join("tokens.toml"));
        let mut settings = Settings {
            receiver: "test-1".to_owned(),
            site: "Test".to_owned(),
            tokens: tokens.clone(),
            lease,
            choices: Arc::new(telecare_alarm::Choices::builtin()),
            origins: Vec::new(),
            tls: None,
            calls: telecare_api::calls::Calls::default(),
            software: "0".to_owned(),
        };
        change(&mut settings);
        let calls = settings.calls.clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let handle = runtime.handle().clone();
        let serves = queue.clone();
        let serving = std::thread::spawn(move || {
            handle.block_on(telecare_api::serve(listener, serves, settings, stopped)).unwrap();
        });
        Server { runtime, queue, address, tokens, calls, stop, serving: Some(serving), directory }
    }

    /// A console whose person has a role.
    pub fn desk(&self, person: &str, role: &str) -> Desk {
        self.desk_of(person, &self.token(Carrier::Person(Arc::from(person)), role, |_| {}))
    }

    /// A console whose token was good until a second ago.
    pub fn expired_desk(&self, person: &str) -> Desk {
        let lately = OffsetDateTime::now_utc() - Duration::from_secs(1);
        let carrier = Carrier::Person(Arc::from(person));
        self.desk_of(person, &self.token(carrier, "operator", |token| token.expires = Some(lately)))
    }

    /// A console whose token was taken back a second ago.
    pub fn revoked_desk(&self, person: &str) -> Desk {
        let lately = OffsetDateTime::now_utc() - Duration::from_secs(1);
        let carrier = Carrier::Person(Arc::from(person));
        self.desk_of(person, &self.token(carrier, "operator", |token| token.revoked = Some(lately)))
    }

    /// A console with a token of its own, whoever works there.
    pub fn console(&self, name: &str, role: &str) -> Desk {
        self.desk_of("", &self.token(Carrier::Console(Arc::from(name)), role, |_| {}))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The queue it serves.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// What the lines tell of their calls.
    pub fn calls(&self) -> &telecare_api::calls::Calls {
        &self.calls
    }

    /// A console with whatever token.
    pub fn desk_with(&self, token: &str) -> Desk {
        self.desk_of("nobody", token)
    }

    fn desk_of(&self, person: &str, token: &str) -> Desk {
        Desk::new(format!("http://{}", self.address), person, token)
    }

    /// A pendant's press of an account, taken in as a line would; tells the signal's id.
    pub fn press(&self, account: &str) -> Uuid {
        self.says(account, |_| {})
    }

    /// As [`Server::press`], with something of the signal changed.
    pub fn says(&self, account: &str, change: impl FnOnce(&mut Signal)) -> Uuid {
        let raw = format!("5011 18{account}E10101001\x14").into_bytes();
        let read = decode(Protocol::SurGard, &raw, Mode::Tolerant, &Codes::builtin(), &DecodeOptions::default());
        let What::Report(report) = read[0].what.clone() else { panic!("a report") };
        let now = OffsetDateTime::now_utc();
        let mut signal = Signal {
            id: SignalId(Uuid::now_v7()),
            receiver: ReceiverId::new("test-1"),
            line: LineId::new("line-1"),
            call: None,
            unit: UnitKey {
                key: Arc::from(account),
                basis: Basis::Identity,
                words: Arc::from(format!("unit {account}")),
            },
            stamps: Stamps { first_byte: now, last_byte: now, decoded: now },
            ranking: Ranking {
                priority: Priority::HIGHEST,
                class: Class::Person,
                lane: Lane::Urgent,
                rule: Arc::from("pendant"),
                policy: Arc::from("0"),
            },
            raw,
            report,
            repeat_of: None,
            shadow: false,
            marks: telecare_alarm::Marks::default(),
            software: Arc::from("0"),
            clock: ClockState::Unknown,
        };
        change(&mut signal);
        let id = signal.id.0;
        let incoming = Incoming { signal, repeat: RepeatProof::None, reserved: true };
        assert_eq!(self.runtime.block_on(self.queue.submit(incoming)), Stored::Stored);
        let mut board = self.queue.board();
        let shown = self.runtime.block_on(async {
            let attached =
                |board: &Arc<telecare_queue::Board>| board.open.iter().any(|alarm| alarm.last_signal.0 == id);
            tokio::time::timeout(BOUND, board.wait_for(attached)).await.is_ok()
        });
        assert!(shown, "the press shows on the board");
        id
    }

    /// Waits until the server has so many connections and has read all that was sent on them.
    pub fn until_requests_are_read(&self, connections: usize) {
        const ESTABLISHED: &str = "01";
        let port = format!(":{:04X}", self.address.port());
        let is_read = || {
            let table = fs::read_to_string("/proc/self/net/tcp").unwrap();
            let rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
            let ours: Vec<_> = rows.filter(|row| row[1].ends_with(&port) && row[3] == ESTABLISHED).collect();
            ours.len() >= connections && ours.iter().all(|row| row[4].ends_with(":00000000"))
        };
        let begun = Instant::now();
        while !is_read() {
            assert!(begun.elapsed() < BOUND, "{connections} requests are read");
            std::thread::yield_now();
        }
    }

    /// Stops it and waits until it has ended.
    pub fn stop(mut self) {
        self.end();
    }

    fn token(&self, carrier: Carrier, role: &str, change: impl FnOnce(&mut Token)) -> String {
        let path = self.directory.path().join("tokens.toml");
        let mut file = if path.exists() { TokenFile::read(&path).unwrap() } else { TokenFile::default() };
        let secret = Secret::generate().unwrap();
        let mut token = Token {
            id: Uuid::new_v4().to_string(),
            carrier,
            role: role.parse::<Role>().unwrap(),
            sha256: secret.digest(),
            created: OffsetDateTime::now_utc(),
            expires: None,
            revoked: None,
        };
        change(&mut token);
        file.tokens.push(token);
        file.write(&path).unwrap();
        assert!(self.tokens.reload());
        secret.as_str().to_owned()
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(serving) = self.serving.take() {
            serving.join().unwrap();
            self.runtime.block_on(self.queue.close());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

/// A console with its own connection and token.
#[derive(Clone)]
pub struct Desk {
    agent: ureq::Agent,
    server: String,
    person: String,
    token: String,
    document: Arc<Document>,
}

/// What the server answered.
pub struct Answer {
    pub status: u16,
    pub json: Value,
    headers: ureq::http::HeaderMap,
}

impl Answer {
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

impl Desk {
    fn new(server: String, person: &str, token: &str) -> Desk {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(BOUND * 2)).build();
        Desk {
            agent: config.into(),
            server,
            person: person.to_owned(),
            token: token.to_owned(),
            document: Arc::new(Document::committed()),
        }
    }

    /// What it shows who it is with.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends a poll on a connection of its own and leaves the answer to be read until it ends.
    pub fn send_list(&self, query: &str) -> TcpStream {
        let host = self.server.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let token = &self.token;
        let request =
            format!("GET /v1/alarms{query} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    pub fn list(&self, query: &str) -> Answer {
        self.get(&format!("/v1/alarms{query}"))
    }

    /// Polls as a console does until the open alarms are as wanted; gives that list.
    pub fn until_list(&self, wanted: impl Fn(&[Value]) -> bool) -> Value {
        let begun = Instant::now();
        let mut list = self.list("").json;
        while !wanted(list["alarms"].as_array().unwrap()) {
            assert!(begun.elapsed() < BOUND, "{list}");
            list = self.list(&format!("?wait=30&cursor={}", list["cursor"].as_str().unwrap())).json;
        }
        list
    }

    /// Reads an alarm again and again until it is as wanted.
    pub fn until_detail(&self, alarm: Uuid, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let detail = self.get(&format!("/v1/alarms/{alarm}")).json;
            if wanted(&detail) {
                return detail;
            }
            assert!(begun.elapsed() < BOUND, "{detail}");
        }
    }

    pub fn only_alarm(&self) -> Value {
        let list = self.list("").json;
        assert_eq!(list["alarms"].as_array().map(Vec::len), Some(1), "{list}");
        list["alarms"][0].clone()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_if(path, "")
    }

    pub fn get_if(&self, path: &str, etag: &str) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.server));
        if !etag.is_empty() {
            request = request.header("if-none-match", etag);
        }
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        self.answer("get", path, request.call().unwrap())
    }

    /// The body as it came.
    pub fn get_text(&self, path: &str) -> String {
        self.agent.get(format!("{}{path}", self.server)).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// An action of this console; its desk and an id are added where they are not given.
    pub fn act(&self, alarm: Uuid, act: &str, fields: Value) -> Answer {
        let mut body = json!({"action": Uuid::new_v4()});
        if !self.person.is_empty() {
            body["desk"] = json!(format!("desk of {}", self.person));
        }
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.post(&format!("/v1/alarms/{alarm}/{act}"), &body.to_string())
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        let mut request = self.agent.post(format!("{}{path}", self.server));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        self.answer("post", path, request.send(body).unwrap())
    }

    /// A request with a body, by any method.
    pub fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = ureq::http::Request::builder().method(method.to_uppercase().as_str());
        let request = request.uri(format!("{}{path}", self.server));
        let request = request.header("authorization", format!("Bearer {}", self.token)).body(body.to_owned()).unwrap();
        self.answer(method, path, self.agent.run(request).unwrap())
    }

    fn answer(&self, method: &str, path: &str, mut response: ureq::http::Response<ureq::Body>) -> Answer {
        let text = response.body_mut().read_to_string().unwrap();
        let json = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        let answer = Answer { status: response.status().as_u16(), json, headers: response.headers().clone() };
        let kind = answer.header("content-type");
        if path != "/v1/openapi.json"
            && let Err(fault) = self.document.check(method, path, (answer.status, &kind, &answer.json))
        {
            panic!("not as the document says: {fault}");
        }
        answer
    }
}
