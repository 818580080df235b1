//! `cargo xtask soak`: the kill test for as long as it takes.

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
}

/// Runs the kill test with many kills.
pub fn run(options: &Options) -> Result<()> {
    packages::ensure_installed(&[Package::PostgreSql])?;
    println!("{} kills with a private PostgreSQL, {} without", options.kills, options.kills);
    let mut steps = Steps::default();
    let mut test = cargo(&["test", "--package", "telecare-tests", "--test", "kill", "--", "--nocapture"]);
    steps.run_tests("kills", test.env("TELECARE_KILLS", options.kills.to_string()))?;
    steps.finish()
}
