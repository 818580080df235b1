//! `check-config`: asks the receiver's own program, so that what is checked is what will run.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::Verdict;

const RECEIVER: &str = "telecare-receiver";

#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration files of receivers.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Checks every file, also after one that is wrong.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let receiver = receiver();
    let mut verdict = Verdict::Done;
    for file in &arguments.files {
        let checked = Command::new(&receiver).arg("--check").arg("--config").arg(file).status();
        let status = checked.with_context(|| {
            format!("cannot run {}; install it beside this program or on the PATH", receiver.display())
        })?;
        if !status.success() {
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// The receiver's program beside this one, else whichever is on the PATH.
pub fn receiver() -> PathBuf {
    let beside = env::current_exe().ok().and_then(|own| own.parent().map(|directory| directory.join(RECEIVER)));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| Path::new(RECEIVER).to_owned())
}
