//! A disk with faults, for one process and one directory: `shim/disk.c`, compiled once and preloaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

use crate::scratch::Scratch;

/// What the disk does. Read at each call, so a change acts at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong.
    None,
    /// A sync says it succeeded and is not done.
    NoSync,
    /// A sync takes this many milliseconds longer.
    SlowMs(u32),
    /// A sync fails with EIO.
    SyncFails,
    /// A write that would make a file longer fails with ENOSPC.
    Full,
    /// Writes and openings for writing fail with EROFS.
    ReadOnly,
    /// A write never comes back, as with a driver that hangs.
    Stuck,
}

/// The control of one faulty disk.
#[derive(Debug)]
pub struct Disk {
    scratch: Scratch,
}

impl Disk {
    /// A disk without faults so far.
    pub fn new() -> Result<Disk> {
        let disk = Disk { scratch: Scratch::new("disk")? };
        disk.set(Fault::None)?;
        // A server under another account must be able to read its control file.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(disk.scratch.path(), mode)?;
        Ok(disk)
    }

    /// Changes what it does from the next call on.
    pub fn set(&self, fault: Fault) -> Result<()> {
        let word = match fault {
            Fault::None => "ok".to_owned(),
            Fault::NoSync => "nosync".to_owned(),
            Fault::SlowMs(ms) => format!("slow {ms}"),
            Fault::SyncFails => "eio".to_owned(),
            Fault::Full => "full".to_owned(),
            Fault::ReadOnly => "readonly".to_owned(),
            Fault::Stuck => "stuck".to_owned(),
        };
        let next = self.scratch.join("control.next");
        fs::write(&next, word)?;
        fs::rename(next, self.control()).context("change the disk's fault")
    }

    /// The environment of a process whose files under a directory lie on this disk.
    pub fn environment(&self, under: &Path) -> Result<Vec<(String, String)>> {
        let text = |path: &Path| path.to_str().map(str::to_owned).context("a path that is not UTF-8");
        Ok(vec![
            ("LD_PRELOAD".to_owned(), text(shim()?)?),
            ("TELECARE_DISK_UNDER".to_owned(), text(under)?),
            ("TELECARE_DISK_CONTROL".to_owned(), text(&self.control())?),
        ])
    }

    fn control(&self) -> PathBuf {
        self.scratch.join("control")
    }
}

fn shim() -> Result<&'static Path> {
    static SHIM: OnceLock<Result<(Scratch, PathBuf)>> = OnceLock::new();
    let built = SHIM.get_or_init(|| {
        let scratch = Scratch::new("shim")?;
        fs::set_permissions(scratch.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let library = scratch.join("disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("shim/disk.c");
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl")
            .output()
            .context("run cc")?;
        ensure!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
        Ok((scratch, library))
    });
    built.as_ref().map(|(_, library)| library.as_path()).map_err(|error| anyhow::anyhow!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs dd, which writes and syncs a file, and says whether it succeeded.
    fn dd(disk: &Disk, scratch: &Scratch) -> Result<bool> {
        let file = scratch.join("file");
        let _ = fs::remove_file(&file);
        let output = Command::new("dd")
            .args(["if=/dev/zero", "bs=64", "count=1", "conv=fdatasync"])
            .arg(format!("of={}", file.display()))
            .envs(disk.environment(scratch.path())?)
            .output()?;
        Ok(output.status.success())
    }

    #[test]
    fn each_fault_shows() -> Result<()> {
        let (disk, scratch) = (Disk::new()?, Scratch::new("faults")?);
        for (fault, succeeds) in [
            (Fault::None, true),
            (Fault::NoSync, true),
            (Fault::SlowMs(1), true),
            (Fault::SyncFails, false),
            (Fault::Full, false),
            (Fault::ReadOnly, false),
        ] {
            disk.set(fault)?;
            assert_eq!(dd(&disk, &scratch)?, succeeds, "{fault:?}");
        }
        Ok(())
    }

    #[test]
    fn files_elsewhere_are_left_alone() -> Result<()> {
        let (disk, scratch, other) = (Disk::new()?, Scratch::new("faults")?, Scratch::new("other")?);
        disk.set(Fault::ReadOnly)?;
        let status = Command::new("cp")
            .args(["/proc/self/cmdline", other.join("file").to_str().context("path")?])
            .envs(disk.environment(scratch.path())?)
            .status()?;
        assert!(status.success());
        Ok(())
    }
}
