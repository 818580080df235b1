//! The configuration of a receiver under test: `receiver.toml` and `tokens.toml`.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::Socket;
use crate::disk::Disk;
use crate::pty::Port;

/// How long the hardware receivers wait for an answer unless told otherwise: shorter than the manuals' 4 s,
/// so that tests with unanswered lines in them stay short.
pub const ACK_WAIT: Duration = Duration::from_secs(1);

/// What a test may choose. The rest is the product's default.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Unique among the receivers on one database.
    pub name: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// How long the hardware receivers wait for an answer. A copy sent again within four times this is a
    /// repeat; later it is a press, because it may be one.
    pub ack_wait: Duration,
    /// A namespace common to all lines: one account is one unit on all of them.
    pub namespace: Option<String>,
    /// Database URLs; none means standalone.
    pub database: Vec<String>,
    /// How long a transaction may stall, milliseconds.
    pub stall_ms: u32,
    /// How long an answer waits for the commit, milliseconds.
    pub commit_wait_ms: u32,
    /// How long a claim holds without a sign, seconds.
    pub lease_s: u32,
    /// How many operators the token file holds.
    pub people: usize,
    /// The disk the journal lies on.
    pub disk: Option<Arc<Disk>>,
    /// A program that runs the receiver, with its arguments.
    pub wrapper: Vec<String>,
    /// Listening sockets passed to it as the service manager does. Not together with a wrapper.
    pub sockets: Vec<Socket>,
    /// Text put at the end of its configuration.
    pub more: String,
    /// Whether the end of its log is printed when it is dropped: a test's output is shown when it fails.
    pub prints_log: bool,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Unique name.
    pub name: String,
    /// How it is reached.
    pub transport: Transport,
    /// What is spoken on it.
    pub protocol: &'static str,
    /// More of its section of the configuration.
    pub more: &'static str,
}

/// How a line is reached.
#[derive(Clone, Debug)]
pub enum Transport {
    /// A serial port.
    Serial(Port),
    /// The receiver connects.
    Connect(SocketAddr),
    /// The receiver listens.
    Listen {
        /// Where.
        address: SocketAddr,
        /// Connections it takes at once.
        connections_max: u16,
    },
    /// The receiver listens for datagrams.
    Udp(SocketAddr),
    /// The receiver listens for SIP: the listener's table.
    Sip(String),
    /// A voice modem at this path, in a hurry: it answers at the second ring and asks at once.
    VoiceModem(PathBuf),
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            name: "test-1".to_owned(),
            lines: Vec::new(),
            ack_wait: ACK_WAIT,
            namespace: None,
            database: Vec::new(),
            stall_ms: 1000,
            commit_wait_ms: 100,
            lease_s: 120,
            people: 4,
            disk: None,
            wrapper: Vec::new(),
            sockets: Vec::new(),
            more: String::new(),
            prints_log: true,
        }
    }
}

impl Line {
    /// A line by its name.
    pub fn new(name: &str, transport: Transport) -> Line {
        Line { name: name.to_owned(), transport, protocol: "surgard", more: "" }
    }
}

impl Setup {
    /// The text of `receiver.toml`.
    pub fn config(&self, directory: &Path, api_port: u16, metrics_port: u16) -> String {
        let mut text = format!(
            "[receiver]\nname = {:?}\n\n[journal]\ndirectory = {:?}\n\n[intake]\nack-wait-ms = {}\n\n\
             [api]\nlisten = \"127.0.0.1:{api_port}\"\ntokens = \"tokens.toml\"\nlease-s = {}\n\n\
             [metrics]\nlisten = \"127.0.0.1:{metrics_port}\"\n",
            self.name,
            directory.join("journal"),
            self.commit_wait_ms,
            self.lease_s
        );
        if !self.database.is_empty() {
            let _ = write!(text, "\n[database]\nurls = {:?}\nstall-ms = {}\n", self.database, self.stall_ms);
        }
        for line in &self.lines {
            let _ = write!(text, "\n[[line]]\nname = {:?}\nprotocol = {:?}\n{}", line.name, line.protocol, line.more);
            if let Some(namespace) = &self.namespace {
                let _ = writeln!(text, "namespace = {namespace:?}");
            }
            let _ = match &line.transport {
                Transport::Serial(port) => writeln!(
                    text,
                    "serial = {{ path = {:?}, speed = 9600, data-bits = 8, parity = \"none\", stop-bits = 1 }}",
                    port.path()
                ),
                Transport::Connect(address) => writeln!(text, "tcp-connect = {{ address = \"{address}\" }}"),
                Transport::Listen { address, connections_max } if line.protocol == "sia-dc09" => writeln!(
                    text,
                    "tcp-listen = {{ address = \"{address}\", connections-max = {connections_max}, \
                     connections-per-source-max = {connections_max} }}"
                ),
                Transport::Listen { address, connections_max } => {
                    writeln!(text, "tcp-listen = {{ address = \"{address}\", connections-max = {connections_max} }}")
                }
                Transport::Udp(address) => writeln!(text, "udp-listen = {{ address = \"{address}\" }}"),
                Transport::Sip(listener) => {
                    let _ = writeln!(text, "sip-listen = {{ {listener} }}");
                    continue;
                }
                Transport::VoiceModem(path) => {
                    // What is asked for first does not wait for a guard tone, which no modem hears.
                    let first = if line.protocol == "detect" { "bs8521" } else { line.protocol };
                    let _ = writeln!(text, "voice-modem = {{ path = {path:?} }}\n{first} = {{ guard-wait-ms = 0 }}");
                    continue;
                }
            };
            if line.protocol == "sia-dc09" {
                // Its units wait as long as they like; what it has besides stands in `more`.
                continue;
            }
            let _ = writeln!(text, "{} = {{ ack-wait-ms = {} }}", line.protocol, self.ack_wait.as_millis());
        }
        text.push_str(&self.more);
        text
    }

    /// Frees the ports whose user has died.
    pub fn free_ports(&self) -> Result<()> {
        self.lines.iter().try_for_each(|line| match &line.transport {
            Transport::Serial(port) => port.free(),
            _ => Ok(()),
        })
    }

    /// The process of the receiver itself: behind a wrapper it is the wrapper's child.
    pub fn daemon_of(&self, child: &Child) -> Result<u32> {
        if self.wrapper.is_empty() {
            return Ok(child.id());
        }
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let text = fs::read_to_string(&children).context(children)?;
        text.split_whitespace().next().context("the wrapper has no child")?.parse().context("a process id")
    }
}

/// The token of the nth person.
pub fn token(person: usize) -> String {
    format!("tc_test_token_of_person_number_{person:012}")
}

/// Roles of which the token file holds one token each, beside the operators.
const ROLES: [&str; 5] = ["supervisor", "engineer", "auditor", "monitor", "source"];

/// The token of the one person with a role that is not operator, whose name is the role.
pub fn token_of(role: &str) -> String {
    format!("tc_test_token_of_the_one_{role}")
}

/// The token of the console `desk-9`, whose every action must name its operator.
pub const CONSOLE_TOKEN: &str = "tc_test_token_of_the_console_desk_9";

/// Writes a token file of operators `person-0`, `person-1`..., one person of each other role, and a console.
pub fn write_tokens(path: &Path, people: usize) -> Result<()> {
    let mut text = String::new();
    let mut add = |id: &str, carrier: &str, role: &str, token: &str| {
        let digest: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(
            text,
            "[[token]]\nid = \"{id}\"\n{carrier}\nrole = \"{role}\"\nsha256 = \"{digest}\"\n\
             created = \"2026-01-01T00:00:00Z\"\n\n"
        );
    };
    for person in 0..people {
        add(&format!("t{person}"), &format!("person = \"person-{person}\""), "operator", &token(person));
    }
    for role in ROLES {
        add(role, &format!("person = \"{role}\""), role, &token_of(role));
    }
    add("console", "console = \"desk-9\"", "operator", CONSOLE_TOKEN);
    fs::write(path, text).context("write the token file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_names_what_was_chosen() {
        let setup = Setup {
            lines: vec![Line::new(
                "north",
                Transport::Listen { address: ([127, 0, 0, 1], 9).into(), connections_max: 8 },
            )],
            namespace: Some("shared".to_owned()),
            database: vec!["postgres://h/d".to_owned()],
            ..Setup::default()
        };
        let text = setup.config(Path::new("here"), 1, 2);
        for expected in
            ["directory = \"here/journal\"", "urls = [\"postgres://h/d\"]", "namespace = \"shared\"", "127.0.0.1:9"]
        {
            assert!(text.contains(expected), "{expected} missing in\n{text}");
        }
    }
}
