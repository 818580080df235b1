//! What the commands need of the system beside Rust and a C compiler: PostgreSQL's server, strace, systemd,
//! Python, clients that others wrote.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::geteuid;
use telecare_tests::{postgres, sipp, trace};

/// A Debian package some command needs.
#[derive(Clone, Copy, Debug)]
pub enum Package {
    /// `initdb`, `postgres`, `psql`.
    PostgreSql,
    /// System-call traces.
    Strace,
    /// `systemd-analyze` and its kin, which read unit files.
    Systemd,
    /// Clients of the API in another language, each in an environment of its own.
    Python,
    /// A SIP client.
    Sipp,
    /// TLS around a client that has none.
    Socat,
    /// Makes certificates.
    OpenSsl,
    /// Another decoder of DTMF, as a library.
    Spandsp,
    /// Another one, as a program.
    Multimon,
    /// A voice that reads.
    Espeak,
    /// Recorded voices.
    Prompts,
    /// Recorded music.
    MusicOnHold,
}

/// Makes sure of Debian packages: installs what is missing when root, says what to run when not.
pub fn ensure_installed(needed: &[Package]) -> Result<()> {
    let missing: Vec<&str> =
        needed.iter().filter(|package| !package.is_there()).map(|package| package.name()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let words = missing.join(" ");
    if !geteuid().is_root() {
        bail!("missing: {words}. As root: apt-get install -y --no-install-recommends {words}");
    }
    println!("==> installing Debian packages: {words}");
    update()?;
    let install = ["install", "-y", "-q", "--no-install-recommends"];
    apt_get(&[&install[..], &missing[..]].concat())?;
    println!("    (a server Debian starts by itself is not used: ours are private, on free loopback ports)");
    if let Some(package) = needed.iter().find(|package| !package.is_there()) {
        bail!("{} is installed and still not usable", package.name());
    }
    Ok(())
}

/// As [`ensure_installed`] for what one can do without: says so, loudly, and goes on.
pub fn want_installed(wanted: Package) {
    if let Err(error) = ensure_installed(&[wanted]) {
        println!("*** going on without {}: {error:#} ***", wanted.name());
    }
}

impl Package {
    fn name(self) -> &'static str {
        match self {
            Package::PostgreSql => "postgresql",
            Package::Strace => "strace",
            Package::Systemd => "systemd",
            Package::Python => "python3-venv",
            Package::Sipp => "sip-tester",
            Package::Socat => "socat",
            Package::OpenSsl => "openssl",
            Package::Spandsp => "libspandsp-dev",
            Package::Multimon => "multimon-ng",
            Package::Espeak => "espeak-ng",
            Package::Prompts => "asterisk-core-sounds-en-wav",
            Package::MusicOnHold => "asterisk-moh-opsound-wav",
        }
    }

    /// For strace: whether the program exists. Whether it may trace here no package can change.
    fn is_there(self) -> bool {
        match self {
            Package::PostgreSql => postgres::binaries().is_ok(),
            Package::Strace => trace::is_installed(),
            Package::Systemd => answers("systemd-analyze", &["--version"]),
            Package::Python => answers("python3", &["-c", "import ensurepip, venv"]),
            Package::Sipp => sipp::is_installed(),
            Package::Socat => answers("socat", &["-V"]),
            Package::OpenSsl => answers("openssl", &["version"]),
            Package::Spandsp => Path::new("/usr/include/spandsp/dtmf.h").exists(),
            Package::Multimon => Path::new("/usr/bin/multimon-ng").exists(),
            Package::Espeak => answers("espeak-ng", &["--version"]),
            Package::Prompts => Path::new("/usr/share/asterisk/sounds").exists(),
            Package::MusicOnHold => Path::new("/usr/share/asterisk/moh").exists(),
        }
    }
}

/// Reads Debian's package lists.
pub fn update() -> Result<()> {
    apt_get(&["update", "-q"])
}

/// Whether a program is there and does this.
fn answers(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status().context("run apt-get; on another system install the packages by its own means")?;
    ensure!(status.success(), "apt-get {} failed", arguments.join(" "));
    Ok(())
}
