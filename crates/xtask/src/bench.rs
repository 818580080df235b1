//! `cargo xtask bench`: the receiver's speed beside what the disk and the database do by themselves; `bench tone`: how
//! well tones are heard, beside other decoders.

use anyhow::{Result, ensure};
use clap::Args;
use telecare_tests::receiver::BUILT;

use crate::packages::{self, Package};
use crate::step::cargo;

/// Options of the bench, handed on to it.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Options {
    /// `--quick`, `--only quiet,storm`, `--pairs 7`, `--out DIR`; `--help` says more. `tone`, with `--frames 1000`,
    /// `--seed 1`, `--only WORD`, `--others 200`, `--no-speech`, `--no-frames`: the tone decoder.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds the receiver and the bench for release and runs it.
pub fn run(options: &Options) -> Result<()> {
    if let Some((first, rest)) = options.rest.split_first().filter(|(first, _)| *first == "tone") {
        return run_tone(first, rest);
    }
    packages::ensure_installed(&[Package::PostgreSql])?;
    let built = cargo(&["build", "--quiet", "--release", "--package", "telecare-receiver"]).status()?;
    ensure!(built.success(), "cargo build failed");
    let mut bench = cargo(&["bench", "--quiet", "--package", "telecare-tests", "--bench", "bench", "--"]);
    let status = bench.args(&options.rest).env(BUILT, "1").status()?;
    ensure!(status.success(), "the bench failed");
    Ok(())
}

/// Other decoders and hours of speech come from Debian packages; what is missing is left out, and said.
fn run_tone(name: &str, options: &[String]) -> Result<()> {
    for package in [Package::Spandsp, Package::Multimon, Package::Espeak, Package::Prompts, Package::MusicOnHold] {
        packages::want_installed(package);
    }
    let mut bench = cargo(&["bench", "--quiet", "--package", "telecare-tone", "--bench", name, "--"]);
    ensure!(bench.args(options).status()?.success(), "the bench failed");
    Ok(())
}
