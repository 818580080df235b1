//! `cargo xtask test`: everything CI checks, in one run that shows all failures.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use telecare_tests::python::OSBORNE_HOFFMAN;
use telecare_tests::receiver::{BUILT, binary};
use telecare_tests::trace;

use crate::packages::{self, Package};
use crate::step::{Steps, cargo, root};
use crate::{package, schemathesis, siadc09, tools};

/// The fuzz crate is a workspace of its own.
const FUZZ: &str = "fuzz/Cargo.toml";

/// Runs the checks.
pub fn run() -> Result<()> {
    let clients = [Package::Sipp, Package::Socat, Package::OpenSsl];
    packages::ensure_installed(&[&[Package::PostgreSql, Package::Systemd, Package::Python], &clients[..]].concat())?;
    packages::want_installed(Package::Strace);
    tools::prometheus()?;
    // The tests would install it as well, one of them while the others wait.
    OSBORNE_HOFFMAN.programs()?;
    let mut steps = Steps::default();
    steps.run("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    steps.run("format of the fuzz crate", &mut cargo(&["fmt", "--manifest-path", FUZZ, "--check"]))?;
    let deny = ["--", "-D", "warnings"];
    let lints = [&["clippy", "--quiet", "--workspace", "--all-targets"], &deny[..]].concat();
    steps.run("lints", &mut cargo(&lints))?;
    let lints = [&["clippy", "--quiet", "--manifest-path", FUZZ, "--all-targets"], &deny[..]].concat();
    steps.run("lints of the fuzz crate", &mut cargo(&lints))?;
    // Told that the binaries are built, the tests do not build them again one by one.
    let built = steps.run("build", &mut cargo(&["build", "--quiet", "--workspace", "--bins"]))?;
    ensure!(built, "the build failed");
    check_samples(&mut steps)?;
    steps.check("a package of it, installed into a scratch directory and started", package::prove)?;
    steps.check("frames of SIA DC-09, read by another decoder", siadc09::prove)?;
    steps.check("requests made from the API's document", schemathesis::prove)?;
    let mut tests = cargo(&["test", "--quiet", "--workspace", "--no-fail-fast"]);
    steps.run_tests("tests", tests.env(BUILT, "1"))?;
    let mut tests = cargo(&["test", "--quiet", "--manifest-path", FUZZ, "--no-fail-fast"]);
    steps.run_tests("tests of the fuzz crate", &mut tests)?;
    if let Some(why) = trace::unavailable() {
        println!("\n*** skipped: the tests that read a system-call trace, counted as passed: {why} ***");
    }
    steps.finish()
}

/// Every sample configuration must be one the receiver would start with.
fn check_samples(steps: &mut Steps) -> Result<()> {
    let samples = samples()?;
    ensure!(!samples.is_empty(), "no sample configuration in config/");
    let mut command = std::process::Command::new(binary("telecare-ctl")?);
    command.arg("check-config").args(samples).current_dir(root());
    steps.run("sample configurations", &mut command)?;
    Ok(())
}

/// The files of config/ that configure a receiver, rather than policy.
fn samples() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("config")).context("config/")? {
        let path = entry?.path();
        let is_toml = path.extension().is_some_and(|extension| extension == "toml");
        if is_toml && fs::read_to_string(&path)?.lines().any(|line| line.trim() == "[receiver]") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
