//! `cargo xtask package`: the Debian package, and the proof that an installed one works.

mod installed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::step::{Steps, cargo, root};
use crate::tools;

/// Options of the package.
#[derive(Args)]
pub struct Options {
    /// Leave out the proof: installing it into a scratch directory and starting the daemon from there.
    #[arg(long)]
    no_proof: bool,
    /// Pack the debug binaries that are there, as the test command does.
    #[arg(long)]
    debug: bool,
}

/// Which binaries go in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Profile {
    /// For use.
    Release,
    /// For the test: what is built already.
    Dev,
}

/// Builds the package for use.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::default();
    if options.debug {
        steps.check("a package of the debug binaries, installed and started", prove)?;
        return steps.finish();
    }
    let built = steps.run("release build", &mut cargo(&["build", "--release", "--locked", "--workspace", "--bins"]))?;
    ensure!(built, "the build failed");
    let package = build(Profile::Release)?;
    println!("    {}", package.display());
    if !options.no_proof {
        steps.check("install the package and start the daemon from it", || installed::prove(&package))?;
    }
    steps.finish()?;
    println!("{}", package.display());
    Ok(())
}

/// Packs the debug binaries that are there, installs them and starts the daemon: what the test command proves.
pub fn prove() -> Result<()> {
    installed::prove(&build(Profile::Dev)?)
}

fn build(profile: Profile) -> Result<PathBuf> {
    let program = tools::cargo_deb()?;
    let (name, directory) = match profile {
        Profile::Release => ("release", "target/debian"),
        Profile::Dev => ("dev", "target/package/debian"),
    };
    let binaries = root().join(if profile == Profile::Release { "target/release" } else { "target/debug" });
    write_manual(&binaries.join("telecare-ctl"))?;
    let output = root().join(directory);
    if output.exists() {
        fs::remove_dir_all(&output)?;
    }
    let mut pack = Command::new(program);
    pack.args(["--quiet", "-p", "telecare-receiver", "--no-build", "--profile", name, "--output"]).arg(&output);
    if profile == Profile::Dev {
        // Debug information takes longer to pack than all the rest.
        pack.args(["--strip", "--fast"]);
    }
    ensure!(pack.current_dir(root()).status()?.success(), "cargo-deb failed");
    let mut found = fs::read_dir(&output)?.filter_map(|entry| Some(entry.ok()?.path()));
    found.find(|path| path.extension().is_some_and(|extension| extension == "deb")).context("cargo-deb made no package")
}

/// Man pages and completions, made by the tool itself.
fn write_manual(telecare_ctl: &Path) -> Result<()> {
    let place = root().join("target/package");
    let pages = place.join("man");
    if pages.exists() {
        fs::remove_dir_all(&pages)?;
    }
    fs::create_dir_all(&pages)?;
    let status = Command::new(telecare_ctl).args(["man", "--out"]).arg(&pages).status().context("telecare-ctl man")?;
    ensure!(status.success(), "telecare-ctl man failed");
    for (shell, file) in [("bash", "telecare-ctl.bash"), ("zsh", "_telecare-ctl"), ("fish", "telecare-ctl.fish")] {
        let output = Command::new(telecare_ctl).args(["completions", shell]).stderr(Stdio::inherit()).output()?;
        if !output.status.success() || output.stdout.is_empty() {
            bail!("telecare-ctl completions {shell} failed");
        }
        fs::write(place.join(file), output.stdout)?;
    }
    Ok(())
}
