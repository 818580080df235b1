//! Premises units over IP: what of them can be told on the command line, and many of them, or of digital units, at once.

mod figures;
mod fleet;
pub mod load;

use std::fs;
use std::path::Path;
use std::time::Instant;

pub use fleet::Fleet;
use telecare_protocol::sia_dc09::{Clock, Key, Keys, Unit, UnitSettings};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Usage;

/// The key of a unit [sia-dc09].
#[derive(clap::Args, Default)]
pub struct KeyArguments {
    /// The key of a unit as hex digits; @FILE reads it from a file. Other users of this host see a command line: better
    /// the environment, or a file [sia-dc09].
    #[arg(long, value_name = "HEX", env = "TELECARE_KEY_HEX", hide_env_values = true, conflicts_with = "key_ascii")]
    key_hex: Option<String>,
    /// The key of a unit as characters that are the bytes themselves; @FILE reads it from a file [sia-dc09].
    #[arg(long, value_name = "TEXT", env = "TELECARE_KEY_ASCII", hide_env_values = true)]
    key_ascii: Option<String>,
}

/// A premises unit [sia-dc09].
#[derive(clap::Args, Default)]
pub struct PremisesArguments {
    #[command(flatten)]
    keys: KeyArguments,
    /// Pad as the 2026 edition does, with 16 to 31 characters.
    #[arg(long)]
    long_pad: bool,
    /// Leave the stamp out of what is sent in clear.
    #[arg(long, conflicts_with_all = ["key_hex", "key_ascii"])]
    no_stamp: bool,
    /// So many units at once. Each exchange has a connection, or a socket for its datagrams, of its own that it closes
    /// after the answer, unless --keep-open; see --poll-every, --alarms-per-s, --for [sia-dc09, scaip, nowip].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub units: Option<u32>,
    /// With --units: each gives a sign of life so often.
    #[arg(long, value_name = "S", default_value_t = 60, requires = "units", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub poll_every: u64,
    /// With --units: each unit keeps its connection, or its socket, for all that it says. The line has to allow so many
    /// from one address.
    #[arg(long, requires = "units")]
    pub keep_open: bool,
    /// With --units: alarms a second of all of them together.
    #[arg(long, value_name = "N", default_value_t = 0.0, requires = "units")]
    pub alarms_per_s: f64,
    /// With --units: how long.
    #[arg(long = "for", value_name = "S", default_value_t = 60, requires = "units", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub longest: u64,
    /// With --units: how many alarms of each account were acknowledged goes here, a line each.
    #[arg(long, value_name = "FILE", requires = "units")]
    pub ledger: Option<std::path::PathBuf>,
}

impl PremisesArguments {
    /// The settings of a unit with these arguments.
    pub fn settings(&self, usual: UnitSettings) -> Result<UnitSettings, Usage> {
        Ok(UnitSettings { key: self.keys.key()?, long_pad: self.long_pad, stamps: !self.no_stamp, ..usual })
    }
}

impl KeyArguments {
    /// The key, if one is given.
    pub fn key(&self) -> Result<Option<Key>, Usage> {
        let key = match (&self.key_hex, &self.key_ascii) {
            (Some(hex), _) => Key::from_hex(&secret(hex)?),
            (None, Some(ascii)) => Key::from_ascii(&secret(ascii)?),
            (None, None) => return Ok(None),
        };
        key.map(Some).map_err(|error| Usage(error.to_string()))
    }

    /// The same key for every account that these frames name; none when no key is given.
    pub fn keys(&self, frames: &[String]) -> Result<Option<Keys>, Usage> {
        let Some(key) = self.key()? else { return Ok(None) };
        let mut keys = Keys::default();
        for frame in frames {
            let accounts = frame.split('#').skip(1).filter_map(|behind| behind.split('[').next());
            for account in accounts {
                keys.insert(account, key.clone());
            }
        }
        Ok(Some(keys))
    }
}

/// A secret as it was told; `@FILE` names the file that holds it.
pub fn secret(told: &str) -> Result<String, Usage> {
    let Some(file) = told.strip_prefix('@') else { return Ok(told.to_owned()) };
    let text = fs::read_to_string(Path::new(file)).map_err(|error| Usage(format!("{file}: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// A unit that begins now, with a sequence and padding that nobody can foretell.
pub fn unit(settings: UnitSettings) -> Unit {
    let chance = *Uuid::new_v4().as_bytes();
    let first = u16::from_be_bytes([chance[0], chance[1]]) % 9999 + 1;
    Unit::new(settings, clock(), chance, first)
}

/// What time it is.
pub fn clock() -> Clock {
    Clock { at: Instant::now(), utc: OffsetDateTime::now_utc() }
}
