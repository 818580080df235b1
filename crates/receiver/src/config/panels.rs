//! Settings of lines on which alarm panels speak: DC-03 blocks, and Texecom's wrapper.

use std::time::Duration;

use telecare_protocol::{Protocol, dc03, texecom};
use toml::Spanned;

use super::check::Check;
use super::line::{DataBits, Serial, Transport};
use super::{ConfigError, file};

/// Settings of the protocols of alarm panels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panels {
    /// Where the line speaks DC-03 blocks.
    pub dc03: dc03::Settings,
    /// Where it speaks Texecom's wrapper.
    pub texecom: texecom::Settings,
}

impl Panels {
    /// How long a line of this protocol may be silent; zero to never tell. None for the other protocols.
    pub fn link_watch(&self, protocol: Protocol) -> Option<Duration> {
        match protocol {
            Protocol::SiaDc03 => Some(self.dc03.timing.link_watch),
            Protocol::Texecom => Some(self.texecom.link_watch),
            _ => None,
        }
    }
}

impl Check<'_> {
    /// The settings as written over the usual ones.
    pub(super) fn panels(
        &self,
        line: &file::Line,
        protocol: Protocol,
        transport: &Transport,
    ) -> Result<Panels, ConfigError> {
        if protocol == Protocol::Texecom && !matches!(transport, Transport::TcpListen { .. }) {
            let error = self.error("Texecom panels connect to their receiver", "use tcp-listen");
            return Err(self.at(error, line.protocol.span()));
        }
        if let (Protocol::SiaDc03, Transport::Serial(Serial { data_bits: DataBits::Seven, .. })) = (protocol, transport)
        {
            let error = self.error("DC-03 blocks are bytes of eight bits", "use data-bits = 8");
            return Err(self.at(error, line.protocol.span()));
        }
        Ok(Panels { dc03: self.dc03(line)?, texecom: self.texecom(line)? })
    }

    fn dc03(&self, line: &file::Line) -> Result<dc03::Settings, ConfigError> {
        let Some(set) = line.sia_dc03.as_ref().map(Spanned::as_ref) else { return Ok(dc03::Settings::default()) };
        let usual = dc03::Timing::default();
        let attempts = set.attempts.as_ref().map(|attempts| self.within(attempts, 1..=20)).transpose()?;
        let timing = dc03::Timing {
            ack_wait: self.time(&set.ack_wait_ms, 1_000..=30_000, Duration::from_millis, usual.ack_wait)?,
            attempts: attempts.and_then(|attempts| attempts.try_into().ok()).unwrap_or(usual.attempts),
            block_gap: self.time(&set.block_gap_ms, 500..=60_000, Duration::from_millis, usual.block_gap)?,
            partial_block: usual.partial_block,
            link_watch: self.time(&set.link_watch_s, 0..=604_800, Duration::from_secs, usual.link_watch)?,
        };
        Ok(dc03::Settings { timing })
    }

    fn texecom(&self, line: &file::Line) -> Result<texecom::Settings, ConfigError> {
        let usual = texecom::Settings { line: line.name.as_ref().clone(), ..texecom::Settings::default() };
        let Some(set) = line.texecom.as_ref().map(Spanned::as_ref) else { return Ok(usual) };
        let minutes = set.poll_minutes.as_ref().map(|minutes| self.within(minutes, 1..=255)).transpose()?;
        Ok(texecom::Settings {
            poll_minutes: minutes.and_then(|minutes| minutes.try_into().ok()).unwrap_or(usual.poll_minutes),
            ack_wait: self.time(&set.ack_wait_ms, 500..=60_000, Duration::from_millis, usual.ack_wait)?,
            retry_window: self.time(&set.retry_window_s, 0..=600, Duration::from_secs, usual.retry_window)?,
            link_watch: self.time(&set.link_watch_s, 0..=86_400, Duration::from_secs, usual.link_watch)?,
            ..usual
        })
    }

    fn time(
        &self,
        value: &Option<Spanned<u64>>,
        bounds: std::ops::RangeInclusive<u64>,
        unit: fn(u64) -> Duration,
        usual: Duration,
    ) -> Result<Duration, ConfigError> {
        value.as_ref().map_or(Ok(usual), |value| self.within(value, bounds).map(unit))
    }
}
