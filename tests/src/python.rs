//! Programs in Python that others wrote, each in an environment of its own in `target/`, at a pinned version: another one
//! behaves differently, and a check must not fail by the day.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};

/// One installs at a time.
static INSTALLING: Mutex<()> = Mutex::new(());

/// An independent implementation of Osborne-Hoffman.
pub const OSBORNE_HOFFMAN: Package = Package { name: "osbornehoffman", version: "2.2.1" };

/// A package of the Python index.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// Its name.
    pub name: &'static str,
    /// The version that is installed.
    pub version: &'static str,
}

impl Package {
    /// The directory of the environment's programs, `python` among them. It is made when it is not there yet, which needs
    /// the network once.
    pub fn programs(&self) -> Result<PathBuf> {
        let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        let Package { name, version } = self;
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(name);
        let environment = target.join(version);
        let programs = environment.join("bin");
        let asked = format!("import importlib.metadata as m; assert m.version({name:?}) == {version:?}");
        let known = Command::new(programs.join("python")).args(["-c", &asked]).output();
        if known.is_ok_and(|output| output.status.success()) {
            return Ok(programs);
        }
        println!("==> installing {name} {version} into {}", environment.display());
        let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment).status();
        ensure!(made.context("run python3; install python3-venv")?.success(), "python3 -m venv failed");
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        let mut install = Command::new(programs.join("python"));
        let status = install.args(pip).arg(format!("{name}=={version}")).status()?;
        ensure!(status.success(), "pip could not install {name} {version}");
        Ok(programs)
    }
}
