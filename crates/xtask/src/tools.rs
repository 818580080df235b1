//! Programs the checks use and nobody needs to install for good: they live in `target/tools`.
//!
//! | program | from | when missing |
//! |---|---|---|
//! | `prometheus`, `promtool` | Debian's package, unpacked and never installed, so no service starts | downloaded, 20 MB |
//! | `cargo-deb` | its own source at a pinned version | built, about a minute |

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use telecare_tests::prometheus;

use crate::packages;
use crate::step::{cargo, root};

/// Its command line and what it makes of `[package.metadata.deb]` are this version's.
const CARGO_DEB: &str = "3.8.0";

/// Where Prometheus and promtool are; fetches them when they are nowhere.
pub fn prometheus() -> Result<()> {
    if prometheus::binaries().is_ok() {
        return Ok(());
    }
    println!("==> unpacking Debian's prometheus into target/tools");
    let place = prometheus::unpacked();
    let download = place.with_extension("download");
    fs::create_dir_all(&download)?;
    let fetch = || Command::new("apt-get").args(["download", "-q", "prometheus"]).current_dir(&download).status();
    let mut fetched = fetch().context("run apt-get; on another system put prometheus and promtool on PATH")?;
    if !fetched.success() {
        // No package lists yet, as in a fresh container.
        packages::update()?;
        fetched = fetch()?;
    }
    ensure!(fetched.success(), "apt-get download prometheus failed; put prometheus and promtool on PATH");
    let package = only_file(&download)?;
    let status = Command::new("dpkg-deb").arg("-x").arg(package).arg(&place).status().context("run dpkg-deb")?;
    ensure!(status.success(), "dpkg-deb could not unpack Prometheus");
    fs::remove_dir_all(&download)?;
    prometheus::binaries().map(drop)
}

/// Where cargo-deb is; builds it when it is not there.
pub fn cargo_deb() -> Result<PathBuf> {
    let place = root().join("target/tools");
    let program = place.join("bin/cargo-deb");
    let version = Command::new(&program).arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DEB)) {
        return Ok(program);
    }
    println!("==> building cargo-deb {CARGO_DEB} into target/tools (once, about a minute)");
    let mut install = cargo(&["install", "cargo-deb", "--locked", "--debug", "--quiet", "--force"]);
    // Without its compressors in C: Debian's xz does that.
    install.args(["--no-default-features", "--version", CARGO_DEB, "--root"]).arg(&place);
    ensure!(install.status()?.success(), "cargo install cargo-deb failed");
    Ok(program)
}

fn only_file(directory: &Path) -> Result<PathBuf> {
    let files: Vec<PathBuf> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>().context("the download")?;
    match files.as_slice() {
        [only] => Ok(only.clone()),
        files => bail!("{} files in {}, expected one", files.len(), directory.display()),
    }
}
