//! The profiles: what is done to a receiver while its times are taken.

mod claims;
mod flood;
mod history;
mod ip;
mod kills;
mod lines;
mod memory;
mod polls;
mod quiet;
mod sip;
mod slow_disk;
mod snapshot;
mod standby;
mod storm;
mod sustained;
mod tones;
mod visible;

use super::{Bench, Found};

/// A profile.
pub struct Profile {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Whether it is one of the quick ones.
    pub is_quick: bool,
    /// Measures.
    pub run: fn(&mut Bench) -> Found,
}

/// All, the main ones first.
pub const ALL: [Profile; 17] = [
    Profile { name: "quiet", what: "10, 100 and 1,000 signals a second", is_quick: true, run: quiet::run },
    Profile { name: "visible", what: "from the last byte to a console that waits", is_quick: true, run: visible::run },
    Profile { name: "claims", what: "16, 64 and 500 consoles claim at once", is_quick: true, run: claims::run },
    Profile {
        name: "storm",
        what: "10,000 signals in a second over 1,000 connections",
        is_quick: true,
        run: storm::run,
    },
    Profile { name: "flood", what: "presses beside 1,000 tests a second", is_quick: false, run: flood::run },
    Profile { name: "sustained", what: "as many as it takes, for a minute", is_quick: false, run: sustained::run },
    Profile { name: "slow-disk", what: "every sync takes 3 ms longer", is_quick: false, run: slow_disk::run },
    Profile { name: "kills", what: "PostgreSQL and the receiver killed in a storm", is_quick: false, run: kills::run },
    Profile { name: "polls", what: "500 and 2,000 consoles poll every second", is_quick: false, run: polls::run },
    Profile { name: "history", what: "a million closed alarms", is_quick: false, run: history::run },
    Profile { name: "snapshot", what: "a snapshot held open over 300,000 claims", is_quick: false, run: snapshot::run },
    Profile { name: "standby", what: "a standby that must have every commit", is_quick: false, run: standby::run },
    Profile { name: "lines", what: "serial lines at full rate beside TCP bursts", is_quick: false, run: lines::run },
    Profile { name: "tones", what: "calls by tones on four voice modems", is_quick: false, run: tones::run },
    Profile {
        name: "sip",
        what: "200 alarms a second of digital units, in datagrams and over 500 connections",
        is_quick: false,
        run: sip::run,
    },
    Profile {
        name: "ip",
        what: "5,000 units over IP beside a receiver that stores nothing",
        is_quick: false,
        run: ip::run,
    },
    Profile { name: "memory", what: "idle, loaded, after a million signals", is_quick: false, run: memory::run },
];

/// Their names.
pub fn names() -> String {
    ALL.map(|profile| profile.name).join(", ")
}
