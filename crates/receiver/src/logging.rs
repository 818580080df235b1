//! The log: one line an event, for people or as JSON.

use clap::ValueEnum;
use tracing::Dispatch;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged when `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info";

/// Puts the log in place for the whole process: to standard error, filtered by `RUST_LOG`. A filter that
/// cannot be read is said and the default used; a wrong variable keeps no receiver from starting.
pub fn install(format: Format) {
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_else(|_| DEFAULT_FILTER.to_owned());
    let (filter, wrong) = match EnvFilter::try_new(&wanted) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(DEFAULT_FILTER), Some(error)),
    };
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log: Dispatch = match format {
        Format::Text => log.with_ansi(false).finish().into(),
        Format::Json => log.json().finish().into(),
    };
    if tracing::dispatcher::set_global_default(log).is_err() {
        tracing::debug!("a log is in place already");
    }
    if let Some(error) = wrong {
        tracing::warn!(%error, "RUST_LOG cannot be read; logging at {DEFAULT_FILTER}");
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
        // The message may quote what a unit sent.
        tracing::debug!(place, "{panic}");
    }));
}
