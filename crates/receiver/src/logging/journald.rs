//! Events to systemd's journal in its own protocol: message, priority, and each field of an event as a field of
//! the entry, so that `journalctl TELECARE_LINE=surgard-1` finds what was said of a line.
//!
//! One datagram an event: `NAME=value` lines; a value with a line break goes as its length in eight bytes and
//! itself. What the journal does not take at once is written to standard error instead, which systemd reads,
//! too: a log never makes anybody wait.

use std::fmt::{Debug, Write as _};
use std::io::{self, Write as _};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Where systemd's journal listens.
pub const SOCKET: &str = "/run/systemd/journal/socket";

/// Under which name entries are found: `journalctl -t telecare-receiver`.
const IDENTIFIER: &str = "telecare-receiver";

/// Longest value, bytes; what is longer is cut. The kernel takes datagrams of about 200 kB.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// Sends events to the journal.
#[derive(Debug)]
pub struct Journald {
    socket: UnixDatagram,
}

impl Journald {
    /// Connects to the journal's socket. An error where there is none.
    pub fn connect(path: &Path) -> io::Result<Journald> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        socket.set_nonblocking(true)?;
        Ok(Journald { socket })
    }
}

impl<S: Subscriber> Layer<S> for Journald {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut entry = Entry::default();
        let metadata = event.metadata();
        entry.put("PRIORITY", priority(metadata.level()));
        entry.put("SYSLOG_IDENTIFIER", IDENTIFIER);
        entry.put("TELECARE_TARGET", metadata.target());
        event.record(&mut entry);
        let message = std::mem::take(&mut entry.message);
        entry.put("MESSAGE", &message);
        if self.socket.send(&entry.bytes).is_err() {
            // Nobody can be told when this fails, too.
            let _ = writeln!(io::stderr(), "<{}>{message}", priority(metadata.level()));
        }
    }
}

/// The number syslog and the journal have for a level.
pub fn priority(level: &Level) -> &'static str {
    match *level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        Level::DEBUG | Level::TRACE => "7",
    }
}

#[derive(Default)]
struct Entry {
    bytes: Vec<u8>,
    message: String,
}

impl Entry {
    fn put(&mut self, name: &str, value: &str) {
        let value = cut(value);
        self.bytes.extend(name.bytes());
        if value.contains('\n') {
            self.bytes.push(b'\n');
            self.bytes.extend(u64::try_from(value.len()).unwrap_or(0).to_le_bytes());
        } else {
            self.bytes.push(b'=');
        }
        self.bytes.extend(value.bytes());
        self.bytes.push(b'\n');
    }

    fn field(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.put(&name(field.name()), value);
        }
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = write!(text, "{value:?}");
        self.field(field, &text);
    }
}

/// The journal takes capitals, digits and underscores.
fn name(field: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("TELECARE_{}", field.chars().map(plain).collect::<String>())
}

fn cut(value: &str) -> &str {
    let mut end = value.len().min(VALUE_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn an_event_is_an_entry_with_its_fields() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let journal = UnixDatagram::bind(&path).unwrap();
        journal.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let log = tracing_subscriber::registry().with(Journald::connect(&path).unwrap());
        tracing::subscriber::with_default(log, || {
            tracing::warn!(line = %"surgard-1", cause = "gone", tries = 3, "a port\nwent away");
        });
        let mut bytes = [0; 4096];
        let count = journal.recv(&mut bytes).unwrap();
        let entry = &bytes[..count];
        let has = |wanted: &[u8]| entry.windows(wanted.len()).any(|part| part == wanted);
        for wanted in [
            &b"PRIORITY=4\n"[..],
            b"SYSLOG_IDENTIFIER=telecare-receiver\n",
            b"TELECARE_LINE=surgard-1\n",
            b"TELECARE_CAUSE=gone\n",
            b"TELECARE_TRIES=3\n",
            b"MESSAGE\n\x10\0\0\0\0\0\0\0a port\nwent away\n",
        ] {
            assert!(has(wanted), "{:?} in {:?}", String::from_utf8_lossy(wanted), String::from_utf8_lossy(entry));
        }
    }

    #[test]
    fn without_a_journal_there_is_an_error_and_no_wait() {
        assert!(Journald::connect(Path::new("/nowhere/socket")).is_err());
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let long = "\u{e4}".repeat(VALUE_BYTES_MAX);
        assert_eq!(cut(&long).len(), VALUE_BYTES_MAX);
        assert_eq!(cut(&format!("x{long}")).len(), VALUE_BYTES_MAX - 1);
    }
}
