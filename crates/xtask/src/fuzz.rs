//! `cargo xtask fuzz`: coverage-guided where a nightly toolchain and cargo-fuzz are there, else by mutation.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use clap::Args;

use crate::step::{Steps, cargo, root};

/// Rounds of the mutation loop for each second asked for.
const ROUNDS_PER_SECOND: u64 = 20_000;

/// Options of the fuzzing.
#[derive(Args)]
pub struct Options {
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Runs every target.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::default();
    if has_cargo_fuzz() {
        for target in targets()? {
            let time = format!("-max_total_time={}", options.seconds);
            let mut fuzz = Command::new("rustup");
            fuzz.args(["run", "nightly", "cargo", "fuzz", "run", &target, "--features", "libfuzzer", "--", &time]);
            fuzz.current_dir(root());
            steps.run(&format!("fuzz {target} for {} s", options.seconds), &mut fuzz)?;
        }
    } else {
        println!("no nightly toolchain with cargo-fuzz: mutating the vectors without coverage instead");
        let rounds = options.seconds.saturating_mul(ROUNDS_PER_SECOND).to_string();
        let mut tests = cargo(&["test", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
        steps.run_tests("mutation loop", tests.env("MUTATIONS", rounds))?;
    }
    steps.finish()
}

fn has_cargo_fuzz() -> bool {
    let mut version = Command::new("rustup");
    version.args(["run", "nightly", "cargo", "fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// One target per file of `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets")).context("fuzz/fuzz_targets")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    found.sort();
    Ok(found)
}
