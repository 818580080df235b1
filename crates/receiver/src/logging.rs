//! The log: one line an event, for people, as JSON, or for systemd's journal.
//!
//! No personal datum stands in it above DEBUG: no account, no caller's number or name.

mod journald;
mod priorities;

use std::path::Path;

use clap::ValueEnum;
use serde::Deserialize;
use tracing::Dispatch;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;

use journald::Journald;
use priorities::Priorities;

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// To systemd's journal, fields as fields; where it cannot be reached, text with priorities.
    Journald,
}

/// In which variable systemd names the stream that its journal reads: device and inode.
const JOURNAL_STREAM: &str = "JOURNAL_STREAM";

impl Format {
    /// What fits where the log goes when nobody has said: the journal where it reads our standard error.
    pub fn fitting() -> Format {
        let journal = std::env::var(JOURNAL_STREAM).unwrap_or_default();
        match rustix::fs::fstat(std::io::stderr()) {
            Ok(stream) if journal == format!("{}:{}", stream.st_dev, stream.st_ino) => Format::Journald,
            Ok(_) | Err(_) => Format::Text,
        }
    }
}

/// What is logged at the least urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// What is broken.
    Error,
    /// And what somebody should look at.
    Warn,
    /// And what happens: one line a stored signal.
    #[default]
    Info,
    /// And deviations; with accounts and numbers in it.
    Debug,
}

impl Level {
    fn filter(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// Puts the log in place for the whole process. `RUST_LOG` wins over the level; one that cannot be read is said
/// and the level used: a wrong variable keeps no receiver from starting.
pub fn install(format: Format, level: Level) {
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_else(|_| level.filter().to_owned());
    let (filter, wrong) = match EnvFilter::try_new(&wanted) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(level.filter()), Some(error)),
    };
    if tracing::dispatcher::set_global_default(dispatch(format, filter)).is_err() {
        tracing::debug!("a log is in place already");
    }
    if let Some(error) = wrong {
        tracing::warn!(%error, "RUST_LOG cannot be read; logging at {}", level.filter());
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
        // The message may quote what a unit sent.
        tracing::debug!(place, "{panic}");
    }));
}

fn dispatch(format: Format, filter: EnvFilter) -> Dispatch {
    let log = fmt().with_writer(std::io::stderr).with_ansi(false);
    match format {
        Format::Text => log.with_env_filter(filter).finish().into(),
        Format::Json => log.json().with_env_filter(filter).finish().into(),
        Format::Journald => match Journald::connect(Path::new(journald::SOCKET)) {
            Ok(journal) => tracing_subscriber::registry().with(filter).with(journal).into(),
            Err(_) => log.event_format(Priorities).with_env_filter(filter).finish().into(),
        },
    }
}
