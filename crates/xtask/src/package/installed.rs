//! The package, installed into a directory and started from there: what an engineer would do, on a host that is
//! thrown away.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::geteuid;
use telecare_tests::link::Link;
use telecare_tests::port;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Receiver, Setup, write_tokens};
use telecare_tests::scratch::Scratch;
use telecare_tests::surgard::{HardwareReceiver, contact_id};

/// What must be where, beside the two binaries.
const FILES: &[&str] = &[
    "etc/telecare/receiver.toml",
    "usr/lib/systemd/system/telecare-receiver.service",
    "usr/lib/systemd/system/telecare-receiver.socket",
    "usr/lib/sysusers.d/telecare-receiver.conf",
    "usr/lib/tmpfiles.d/telecare-receiver.conf",
    "usr/lib/udev/rules.d/61-telecare.rules",
    "usr/share/man/man1/telecare-ctl.1.gz",
    "usr/share/man/man8/telecare-receiver.8.gz",
    "usr/share/bash-completion/completions/telecare-ctl",
    "usr/share/doc/telecare-receiver/prometheus/alerts.yml",
    "usr/share/doc/telecare-receiver/grafana/dashboard.json",
];

/// How long a hardware receiver waits for its answer: the manuals' 4 s.
const ACK_WAIT: Duration = Duration::from_secs(4);

/// Name of the line in the packaged configuration.
const LINE: &str = "surgard-1";

/// Installs the package, starts its daemon with its own configuration, lets a hardware receiver call, serves the
/// alarm to a console, and removes the package again.
pub fn prove(package: &Path) -> Result<()> {
    let scratch = Scratch::new("package")?;
    let host = scratch.join("host");
    let as_root = geteuid().is_root();
    install(package, &host, as_root)?;
    for file in FILES {
        ensure!(host.join(file).is_file(), "the package has no {file}");
    }
    check_unit(&host)?;
    let pty = Pty::new(&scratch.join("ttyLINE"))?;
    let (api, metrics) = (port::free()?, port::free()?);
    let packaged = fs::read_to_string(host.join("etc/telecare/receiver.toml"))?;
    let config = moved(&packaged, &scratch, pty.port().path(), api, metrics)?;
    write_tokens(&host.join("etc/telecare/tokens.toml"), 1)?;
    fs::write(host.join("etc/telecare/receiver.toml"), config)?;
    let check = Command::new(host.join("usr/bin/telecare-receiver"))
        .args(["--check", "--config"])
        .arg(host.join("etc/telecare/receiver.toml"))
        .stdout(Stdio::null())
        .status()?;
    ensure!(check.success(), "the packaged configuration does not pass its own check");
    let setup = Setup { prints_log: false, ..Setup::default() };
    let mut receiver = Receiver::installed(scratch, &host, setup, api, metrics)?;
    let mut hardware = HardwareReceiver::new(Link::Port(pty), ACK_WAIT);
    hardware.tell(&contact_id("011", "1234", "E101", 1)).with_context(|| receiver.log())?;
    receiver.console(0).until_alarm(LINE, "1234").with_context(|| receiver.log())?;
    let ended = receiver.terminate()?;
    ensure!(ended.success(), "the packaged daemon ended with {ended}");
    if as_root {
        let ours = fs::read_to_string(host.join("etc/telecare/receiver.toml"))?;
        dpkg(&host, &["-i".as_ref(), package.as_os_str()])?;
        let kept = fs::read_to_string(host.join("etc/telecare/receiver.toml"))?;
        ensure!(kept == ours, "installing it again took the site's configuration away");
        remove(&host)?;
    }
    Ok(())
}

/// What the unit starts and reads must be where the package puts it.
fn check_unit(host: &Path) -> Result<()> {
    let unit = fs::read_to_string(host.join("usr/lib/systemd/system/telecare-receiver.service"))?;
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).context("no ExecStart in the unit")?;
    for path in start.split(' ').filter_map(|word| word.strip_prefix('/')) {
        ensure!(host.join(path).is_file(), "the unit names /{path}, which the package does not have");
    }
    Ok(())
}

fn install(package: &Path, host: &Path, as_root: bool) -> Result<()> {
    if !as_root {
        println!("    not root: the package is unpacked, its scripts are not run");
        let status = Command::new("dpkg-deb").arg("-x").arg(package).arg(host).status().context("run dpkg-deb")?;
        ensure!(status.success(), "dpkg-deb could not unpack the package");
        return Ok(());
    }
    let admin = host.join("var/lib/dpkg");
    for directory in ["info", "updates", "triggers"] {
        fs::create_dir_all(admin.join(directory))?;
    }
    for file in ["status", "available"] {
        fs::write(admin.join(file), "")?;
    }
    fs::create_dir_all(host.join("etc"))?;
    dpkg(host, &["-i".as_ref(), package.as_os_str()])?;
    let accounts = fs::read_to_string(host.join("etc/passwd"))?;
    ensure!(accounts.lines().any(|line| line.starts_with("telecare:")), "no account telecare: {accounts}");
    let groups = fs::read_to_string(host.join("etc/group"))?;
    ensure!(groups.lines().any(|line| line == "dialout:x:20:telecare"), "telecare is not in dialout: {groups}");
    for (directory, mode) in [("var/lib/telecare", 0o700), ("etc/telecare", 0o750), ("etc/telecare/credentials", 0o700)]
    {
        let found = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(host.join(directory))?.permissions()) & 0o777;
        ensure!(found == mode, "{directory} has mode {found:o}");
    }
    Ok(())
}

fn remove(host: &Path) -> Result<()> {
    dpkg(host, &["-r".as_ref(), "telecare-receiver".as_ref()])?;
    ensure!(!host.join("usr/bin/telecare-receiver").exists(), "the removed package left its binary");
    ensure!(host.join("etc/telecare/receiver.toml").exists(), "removing took the configuration with it");
    Ok(())
}

/// dpkg on another root: its scripts run outside it and are told of it in `DPKG_ROOT`.
fn dpkg(host: &Path, arguments: &[&std::ffi::OsStr]) -> Result<()> {
    let mut dpkg = Command::new("dpkg");
    dpkg.arg(format!("--root={}", host.display()));
    // The other root has no libc package; the daemon uses this host's.
    dpkg.args(["--force-script-chrootless", "--force-depends", "--log=/dev/null"]).args(arguments);
    let output = dpkg.stdin(Stdio::null()).output().context("run dpkg")?;
    ensure!(output.status.success(), "dpkg: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// The packaged configuration with its directories and ports moved to where they disturb nobody.
fn moved(packaged: &str, scratch: &Scratch, serial: &Path, api: u16, metrics: u16) -> Result<String> {
    let mut config = packaged.to_owned();
    for (from, to) in [("/var/lib/telecare", scratch.join("state")), ("/dev/ttyUSB0", serial.to_owned())] {
        ensure!(config.contains(from), "the packaged configuration no longer names {from}");
        config = config.replace(from, &to.to_string_lossy());
    }
    config.push_str(&format!("\n[api]\nlisten = \"127.0.0.1:{api}\"\n\n[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n"));
    Ok(config)
}
