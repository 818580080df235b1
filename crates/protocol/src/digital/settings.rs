//! What a site sets of a line of digital units.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::nowip;
use crate::sip::Authentication;

/// Settings of a line of digital units.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What a unit has to prove.
    pub authentication: Authentication,
    /// The realm of the challenge, and the host of our own addresses.
    pub realm: String,
    /// Where voice goes.
    pub targets: Targets,
    /// How long after a SCAIP alarm that was given a number its call is waited for; none where calls never come here.
    pub call_within: Option<Duration>,
    /// Of NOW-IP units.
    pub nowip: nowip::Settings,
    /// SCAIP units, by the user of their address, whose dialect has the root `scaip` and takes its answer in the 200.
    pub embedded_reply: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            authentication: Authentication::None,
            realm: "telecare".to_owned(),
            targets: Targets::default(),
            call_within: None,
            nowip: nowip::Settings::default(),
            embedded_reply: BTreeSet::new(),
        }
    }
}

/// Where voice goes. A missing one is never offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// The operators' group, for units that call by SIP: a SIP URI.
    pub sip: Option<String>,
    /// For units that telephone: `tel:+...`.
    pub tel: Option<String>,
    /// For units that telephone over a mobile network: `gsm:+...`.
    pub gsm: Option<String>,
}
