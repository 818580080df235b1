//! Finding the binaries under test beside the test itself.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

/// The environment variable by which `cargo xtask` says that it has just built the binaries.
pub const BUILT: &str = "TELECARE_BINARIES_BUILT";

/// The path of a binary of this workspace. Unless xtask has just done so, builds them first: a test of a
/// stale binary proves nothing.
pub fn binary(name: &str) -> Result<PathBuf> {
    static BUILD: OnceLock<Result<PathBuf>> = OnceLock::new();
    let directory = BUILD.get_or_init(build).as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let path = directory.join(name);
    ensure!(path.is_file(), "{} is not built", path.display());
    Ok(path)
}

fn build() -> Result<PathBuf> {
    if env::var_os(BUILT).is_none() {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--quiet", "--workspace", "--bins"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .context("run cargo build")?;
        ensure!(status.success(), "cargo build failed");
    }
    // target/debug/xtask or target/debug/deps/kill-0123456789abcdef
    let executable = env::current_exe()?;
    let beside = executable.parent().context("a directory above the executable")?;
    let directory = if beside.ends_with("deps") { beside.parent().context("a directory above deps")? } else { beside };
    Ok(directory.to_owned())
}
