//! A directory and processes that do not outlive their owner.
//!
//! A guard, a shell in a process group of its own, holds the other end of a pipe. When the pipe closes,
//! because the owner was dropped, panicked, was interrupted or killed, it ends the processes it was told
//! of and removes the directory. A process is ended only if its command line names the directory, so that
//! a recycled process id harms nobody.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result};

const GUARD: &str = r#"
trap '' INT HUP TERM
mine() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$dir"; }
dir=$1
pids=
while read -r pid; do pids="$pids $pid"; done
for pid in $pids; do mine "$pid" && kill -CONT "$pid" && kill -QUIT "$pid"; done 2>/dev/null
for pid in $pids; do
    tries=0
    while mine "$pid" && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
    mine "$pid" && kill -KILL "$pid" 2>/dev/null
done
rm -rf -- "$dir"
"#;

/// A directory that is removed with everything that runs in it.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    guard: Mutex<Child>,
}

impl Scratch {
    /// Makes an empty directory under the system's temporary directory.
    pub fn new(name: &str) -> Result<Scratch> {
        let directory = tempfile::Builder::new().prefix(&format!("telecare-{name}-")).tempdir()?;
        let path = directory.keep();
        let guard = Command::new("sh")
            .args(["-c", GUARD, "scratch-guard"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("start the guard of a scratch directory")?;
        Ok(Scratch { path, guard: Mutex::new(guard) })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside the directory.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Has a process ended with the directory. Its command line must name the directory.
    pub fn watch(&self, pid: u32) -> Result<()> {
        let mut guard = self.guard.lock().expect("no holder of the guard panics");
        let pipe = guard.stdin.as_mut().context("the guard's pipe")?;
        writeln!(pipe, "{pid}").context("tell the guard of a process")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Ok(mut guard) = self.guard.lock() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outlives_its_owner() -> Result<()> {
        let scratch = Scratch::new("guard")?;
        let path = scratch.path().to_owned();
        std::fs::write(scratch.join("file"), "x")?;
        // The directory stands in the arguments, as it does with every process the harness starts.
        let mut child = Command::new("sh").args(["-c", "read -r _", "sh"]).arg(&path).stdin(Stdio::piped()).spawn()?;
        scratch.watch(child.id())?;
        drop(scratch);
        assert!(!path.exists());
        assert!(!child.wait()?.success(), "ended by a signal");
        Ok(())
    }

    #[test]
    fn a_process_that_is_not_ours_is_left_alone() -> Result<()> {
        let scratch = Scratch::new("guard")?;
        let mut child = Command::new("sh").args(["-c", "read -r _; exit 0"]).stdin(Stdio::piped()).spawn()?;
        scratch.watch(child.id())?;
        drop(scratch);
        child.stdin.take().context("pipe")?.write_all(b"\n")?;
        assert!(child.wait()?.success());
        Ok(())
    }
}
