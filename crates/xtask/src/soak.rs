//! `cargo xtask soak`: the kill test, the flood of tests, the bad line and the units over IP for as long as they take.

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
    /// For how long a warden-call controller, panels, then hardware receivers call over a bad line, minutes; 0 for not at all.
    #[arg(long, default_value_t = 60)]
    bad_line_minutes: u32,
    /// For how long thousands of units poll and call over IP, minutes; 0 for not at all.
    #[arg(long, default_value_t = 10)]
    ip_minutes: u32,
}

/// Runs the kill test with many kills, then the flood, the bad line, the units over IP.
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
    if options.bad_line_minutes > 0 {
        let test = ["test", "--package", "telecare-tests", "--test", "espa", "--", "--nocapture", "bad_line"];
        let seconds = u64::from(options.bad_line_minutes) * 60;
        steps.run_tests("calls over a bad line", cargo(&test).env("TELECARE_ESPA_S", seconds.to_string()))?;
        let test =
            ["test", "--package", "telecare-tests", "--test", "osborne_hoffman", "--", "--nocapture", "bad_network"];
        let mut test = cargo(&test);
        steps.run_tests("panels over a bad network", test.env("TELECARE_OSBORNE_S", seconds.to_string()))?;
        let test = ["test", "--package", "telecare-tests", "--test", "panels", "--", "--nocapture", "bad_lines"];
        steps.run_tests("panels over bad lines", cargo(&test).env("TELECARE_PANELS_S", seconds.to_string()))?;
        let test = ["test", "--package", "telecare-tests", "--test", "outputs", "--", "--nocapture", "bad_lines"];
        let mut test = cargo(&test);
        steps.run_tests("hardware receivers over bad lines", test.env("TELECARE_OUTPUTS_S", seconds.to_string()))?;
    }
    if options.ip_minutes > 0 {
        let test = ["test", "--package", "telecare-tests", "--test", "sia_dc09", "--", "--nocapture", "thousands"];
        let seconds = u64::from(options.ip_minutes) * 60;
        steps.run_tests("thousands of units over IP", cargo(&test).env("TELECARE_DC09_S", seconds.to_string()))?;
    }
    steps.finish()
}
