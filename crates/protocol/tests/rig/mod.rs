//! Scripts for a session on virtual time: what it asked for, in words.
#![allow(clippy::unwrap_used, clippy::missing_docs_in_private_items, reason = "a test may fail by panic")]
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::{Answered, Codes, Command, Counted, Message, Outcome, RepeatProof, Session, Token};

pub static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

pub const HEARTBEAT: &str = "heartbeat";
pub const ACK: &str = "ack";

/// A session and its clock; what it asked for since the last look, in words.
pub struct Rig {
    pub session: Session,
    now: Instant,
    tokens: u64,
    /// What became of the answers since this was last taken.
    pub left: Vec<(u64, Answered)>,
    /// The bytes of every delivery.
    pub raw: Vec<Vec<u8>>,
}

impl Rig {
    pub fn new(begin: impl FnOnce(Instant) -> Session) -> Rig {
        let now = Instant::now();
        Rig { session: begin(now), now, tokens: 0, left: Vec::new(), raw: Vec::new() }
    }

    pub fn wait(&mut self, seconds: f64) -> Vec<String> {
        let until = self.now + Duration::from_secs_f64(seconds);
        while let Some(deadline) = self.session.poll_timeout().filter(|deadline| *deadline <= until) {
            self.now = deadline;
            self.session.handle_timeout(deadline);
            assert!(self.session.poll_timeout() != Some(deadline), "a timeout that does not move");
        }
        self.now = until;
        self.seen()
    }

    pub fn hear(&mut self, bytes: impl AsRef<[u8]>) -> Vec<String> {
        self.session.handle_bytes(bytes.as_ref(), self.now);
        self.seen()
    }

    pub fn stored(&mut self, token: u64) -> Vec<String> {
        self.session.handle_stored(Token(token), self.now);
        self.seen()
    }

    pub fn refused(&mut self, token: u64) -> Vec<String> {
        self.session.handle_refused(Token(token), self.now);
        self.seen()
    }

    pub fn seen(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(command) = self.session.next_command() {
            seen.push(match command {
                Command::Left(token, answered) => {
                    self.left.push((token.0, answered));
                    continue;
                }
                Command::Close => "close".to_owned(),
                Command::Send(bytes) if bytes == [telecare_protocol::automation::ACK] => ACK.to_owned(),
                Command::Send(bytes) => format!("send {bytes:?}"),
                Command::Count(Counted::BadFrame(name)) => format!("bad {name}"),
                Command::Count(Counted::JunkBytes(n)) => format!("junk {n}"),
                Command::Count(Counted::LateAnswer) => "late".to_owned(),
                Command::Count(Counted::PossibleRepeat) => "possible repeat".to_owned(),
                Command::Deliver(delivery) => {
                    assert_eq!(delivery.token, Token(self.tokens), "tokens count up");
                    self.tokens += 1;
                    self.raw.push(delivery.raw.clone());
                    let about = delivery.about.map_or(String::new(), |token| format!(" about {}", token.0));
                    format!("{}{}{about}", message(&delivery.message), repeat(&delivery.repeat))
                }
            });
        }
        seen
    }
}

fn message(message: &Message) -> String {
    match message {
        Message::SignOfLife(_) => HEARTBEAT.to_owned(),
        Message::Report(report) => {
            let event = &report.events[0];
            let who = report.identity.clone().unwrap_or_else(|| format!("{:?}", report.origin));
            let what = match &report.outcome {
                Outcome::Decoded => event.trigger.to_string(),
                Outcome::Unreadable(fault) => format!("unreadable {}", fault.name),
            };
            format!("{who} {what} {}", event.status.as_str())
        }
    }
}

fn repeat(proof: &RepeatProof) -> String {
    match proof {
        RepeatProof::None => String::new(),
        RepeatProof::PreviousOnLine(window) => format!(" repeat {:.1}", window.as_secs_f64()),
        RepeatProof::Key { .. } => " key".to_owned(),
    }
}
