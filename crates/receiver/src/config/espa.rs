//! Settings of an ESPA 4.4.4 line.

use std::sync::Arc;
use std::time::Duration;

use telecare_protocol::espa::{Role, STATIONS_MAX, Settings, Texts, Timing};
use toml::Spanned;

use super::ConfigError;
use super::check::Check;
use super::file::{Espa, EspaRole, Line};

impl Check<'_> {
    /// The settings as written over the usual ones.
    pub(super) fn espa(&self, line: &Line) -> Result<Settings, ConfigError> {
        let unset = Espa::default();
        let set = line.espa444.as_ref().map_or(&unset, Spanned::as_ref);
        let usual = Settings::default();
        let role = self.espa_role(set, line.listen_only)?;
        let own = match &role {
            Role::Station { .. } => usual.address,
            // Suggested for a control station.
            Role::Control { .. } => b'1',
        };
        let address = self.digit(&set.address, own)?;
        let others = match &role {
            Role::Station { control, .. } => std::slice::from_ref(control),
            Role::Control { stations } => stations,
        };
        if others.contains(&address) {
            let at = [set.address.as_ref().map(Spanned::span), set.control_address.as_ref().map(Spanned::span)];
            let at = at.into_iter().flatten().chain(set.stations.as_ref().map(Spanned::span)).next();
            let what = format!("address {} is this receiver's and another's", char::from(address));
            return Err(self.at(self.error(what, "give each station of the line its own"), at.unwrap_or_default()));
        }
        Ok(Settings {
            role,
            address,
            needs_selection: set.needs_selection.unwrap_or(usual.needs_selection),
            texts: Arc::new(self.espa_texts(set)?),
            timing: self.espa_timing(set, &usual.timing)?,
        })
    }

    fn espa_role(&self, set: &Espa, listen_only: bool) -> Result<Role, ConfigError> {
        let role = set.role.as_ref().map_or(EspaRole::Station, |role| *role.as_ref());
        match (role, &set.stations) {
            (EspaRole::Station, Some(stations)) => {
                let error = self.error("a station polls nobody", "remove stations, or set role = \"control\"");
                Err(self.at(error, stations.span()))
            }
            (EspaRole::Station, None) => Ok(Role::Station {
                control: self.digit(&set.control_address, b'1')?,
                polled: set.polled.as_ref().is_some_and(|polled| *polled.as_ref()),
            }),
            (EspaRole::Control, stations) => {
                let at = set.role.as_ref().map(Spanned::span).unwrap_or_default();
                if listen_only {
                    let what = "a line that only listens cannot be in control of others";
                    return Err(self.at(self.error(what, "set role = \"station\", or remove listen-only"), at));
                }
                let alone = [set.polled.as_ref().map(Spanned::span), set.control_address.as_ref().map(Spanned::span)];
                if let Some(at) = alone.into_iter().flatten().next() {
                    let what = "polled and control-address are of a station";
                    return Err(self.at(self.error(what, "remove them, or set role = \"station\""), at));
                }
                let Some(stations) = stations.as_ref().filter(|stations| !stations.as_ref().is_empty()) else {
                    let what = "a control station without stations to poll";
                    return Err(self.at(self.error(what, "add stations, for example stations = [2]"), at));
                };
                self.stations(stations).map(|stations| Role::Control { stations })
            }
        }
    }

    fn stations(&self, written: &Spanned<Vec<Spanned<u64>>>) -> Result<Vec<u8>, ConfigError> {
        let mut stations = Vec::new();
        for station in written.as_ref() {
            let digit = self.as_digit(station)?;
            if stations.contains(&digit) {
                let error = self.error(format!("station {} twice", char::from(digit)), "name each once");
                return Err(self.at(error, station.span()));
            }
            stations.push(digit);
        }
        if stations.len() > STATIONS_MAX {
            let error = self.error("more stations than there are addresses", "name nine at most");
            return Err(self.at(error, written.span()));
        }
        Ok(stations)
    }

    fn digit(&self, value: &Option<Spanned<u64>>, usual: u8) -> Result<u8, ConfigError> {
        value.as_ref().map_or(Ok(usual), |value| self.as_digit(value))
    }

    fn as_digit(&self, value: &Spanned<u64>) -> Result<u8, ConfigError> {
        let number = self.within(value, 0..=9)?;
        Ok(b'0' + u8::try_from(number).unwrap_or_default())
    }

    fn espa_texts(&self, set: &Espa) -> Result<Texts, ConfigError> {
        let Some(file) = &set.texts else { return Ok(Texts::default()) };
        let path = self.resolve(file.as_ref());
        let text = self.read_named(&path, file.span())?;
        Texts::parse(&text).map_err(|error| {
            let remedy = "correct the row; protocols/espa-444/README.md says what it may hold";
            ConfigError::new(&path, error.what, remedy).on_line(error.line)
        })
    }

    fn espa_timing(&self, set: &Espa, usual: &Timing) -> Result<Timing, ConfigError> {
        let time = |value: &Option<Spanned<u64>>, bounds, unit: fn(u64) -> Duration, usual| match value {
            Some(value) => self.within(value, bounds).map(unit),
            None => Ok(usual),
        };
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        let attempts = match &set.attempts {
            Some(attempts) => u32::try_from(self.within(attempts, 1..=20)?).unwrap_or(u32::MAX),
            None => usual.attempts,
        };
        Ok(Timing {
            ack_wait: time(&set.ack_wait_ms, 500..=30_000, ms, usual.ack_wait)?,
            retry_window: time(&set.retry_window_s, 0..=600, s, usual.retry_window)?,
            partial_block: time(&set.partial_block_ms, 500..=30_000, ms, usual.partial_block)?,
            selection: time(&set.selection_s, 1..=300, s, usual.selection)?,
            turn: time(&set.turn_s, 1..=300, s, usual.turn)?,
            poll_every: time(&set.poll_every_s, 1..=300, s, usual.poll_every)?,
            reply_wait: time(&set.reply_wait_ms, 100..=30_000, ms, usual.reply_wait)?,
            attempts,
            link_watch: time(&set.link_watch_s, 0..=86_400, s, usual.link_watch)?,
        })
    }
}
