//! `cargo xtask soak`: the kill test and the flood of tests for as long as they take.

use anyhow::Result;
use clap::Args;

use crate::packages::{self, Package};
use crate::step::{Steps, cargo};

/// Options of the soak.
#[derive(Args)]
pub struct Options {
    /// How often the receiver is killed, in each mode.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// For how long people press over a flood of tests, minutes; 0 for not at all.
    #[arg(long, default_value_t = 10)]
    flood_minutes: u32,
}

/// Runs the kill test with many kills, then the flood.
pub fn run(options: &Options) -> Result<()> {
    packages::ensure_installed(&[Package::PostgreSql])?;
    println!("{} kills with a private PostgreSQL, {} without", options.kills, options.kills);
    let mut steps = Steps::default();
    let mut test = cargo(&["test", "--package", "telecare-tests", "--test", "kill", "--", "--nocapture"]);
    steps.run_tests("kills", test.env("TELECARE_KILLS", options.kills.to_string()))?;
    if options.flood_minutes > 0 {
        let mut test = cargo(&["test", "--package", "telecare-tests", "--test", "sweden", "--", "--nocapture"]);
        let seconds = u64::from(options.flood_minutes) * 60;
        steps.run_tests("people over a flood of tests", test.env("TELECARE_SWEDEN_S", seconds.to_string()))?;
    }
    steps.finish()
}
