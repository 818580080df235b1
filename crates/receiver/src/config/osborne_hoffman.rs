//! Settings of an Osborne-Hoffman line.

use std::time::Duration;

use telecare_protocol::{Protocol, osborne_hoffman};
use toml::Spanned;

use super::check::Check;
use super::{ConfigError, Transport, file};

/// Settings of a line to which panels connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsborneHoffman {
    /// Of each conversation.
    pub session: osborne_hoffman::Settings,
    /// How long the line may be without any panel before that is told; none to never tell.
    pub link_watch: Option<Duration>,
}

impl Default for OsborneHoffman {
    fn default() -> OsborneHoffman {
        // Five of the usual heartbeats (C).
        let link_watch = Some(Duration::from_secs(300));
        OsborneHoffman { session: osborne_hoffman::Settings::default(), link_watch }
    }
}

impl Check<'_> {
    /// The settings as written over the usual ones.
    pub(super) fn osborne_hoffman(&self, line: &file::Line) -> Result<OsborneHoffman, ConfigError> {
        let unset = file::OsborneHoffman::default();
        let set = line.osborne_hoffman.as_ref().map_or(&unset, Spanned::as_ref);
        let usual = OsborneHoffman::default();
        let time = |value: &Option<Spanned<u64>>, bounds, unit: fn(u64) -> Duration, usual| match value {
            Some(value) => self.within(value, bounds).map(unit),
            None => Ok(usual),
        };
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        let link_watch = time(&set.link_watch_s, 0..=172_800, s, usual.link_watch.unwrap_or_default())?;
        Ok(OsborneHoffman {
            session: osborne_hoffman::Settings {
                ack_wait: time(&set.ack_wait_ms, 500..=60_000, ms, usual.session.ack_wait)?,
                retry_window: time(&set.retry_window_s, 0..=600, s, usual.session.retry_window)?,
                partial_message: time(&set.partial_message_ms, 500..=30_000, ms, usual.session.partial_message)?,
                // Heartbeats come once a day at the least.
                idle: time(&set.idle_s, 10..=172_800, s, usual.session.idle)?,
            },
            link_watch: (!link_watch.is_zero()).then_some(link_watch),
        })
    }

    /// Panels connect, and each is given its key: there is no other way to speak with them.
    pub(super) fn is_where_panels_connect(
        &self,
        line: &file::Line,
        protocol: Protocol,
        transport: &Transport,
    ) -> Result<(), ConfigError> {
        if protocol != Protocol::OsborneHoffman {
            return Ok(());
        }
        let (what, remedy) = match transport {
            Transport::TcpListen { .. } if line.listen_only => {
                ("panels want a key and answers, so the line cannot only listen", "remove listen-only")
            }
            Transport::TcpListen { .. } => return Ok(()),
            _ => ("panels of this protocol connect to the receiver", "use tcp-listen"),
        };
        Err(self.at(self.error(what, remedy), line.protocol.span()))
    }
}
