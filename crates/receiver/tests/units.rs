//! The files for systemd and udev, judged by systemd's own tools on a scratch root.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use telecare_tests::scratch::Scratch;

/// Highest exposure that `systemd-analyze security` may find, in tenths.
const EXPOSURE_MAX: &str = "20";

/// Where Debian keeps the units that ours refer to.
const UNITS: &str = "usr/lib/systemd/system";

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systemd")
}

/// A root with this host's units, ours, and something to execute at the places they name.
fn root() -> Result<Scratch> {
    let root = Scratch::new("units")?;
    let units = root.join(UNITS);
    fs::create_dir_all(units.parent().context("a parent")?)?;
    let copied = Command::new("cp").arg("-a").arg(Path::new("/").join(UNITS)).arg(&units).status()?;
    ensure!(copied.success(), "this host has no {UNITS}; apt-get install systemd");
    for unit in ours("service")?.into_iter().chain(ours("socket")?) {
        fs::copy(sources().join(&unit), units.join(&unit))?;
    }
    for program in ["usr/bin/telecare-receiver", "bin/kill"] {
        let program = root.join(program);
        fs::create_dir_all(program.parent().context("a parent")?)?;
        fs::copy("/bin/true", program)?;
    }
    Ok(root)
}

fn ours(kind: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(sources())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(&format!(".{kind}")) {
            found.push(name);
        }
    }
    ensure!(!found.is_empty(), "no {kind} in systemd/");
    Ok(found)
}

fn run(command: &mut Command) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().with_context(|| format!("run {program}; apt-get install systemd"))
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_unit_is_one() -> Result<()> {
    let root = root()?;
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]).arg(format!("--root={}", root.path().display()));
    let output = run(verify.args(ours("service")?).args(ours("socket")?))?;
    // Unknown keys are told and pass: nothing at all may be told of ours.
    let told = words(&output);
    let of_ours: Vec<&str> = told.lines().filter(|line| line.contains("telecare")).collect();
    ensure!(output.status.success() && of_ours.is_empty(), "{told}");
    Ok(())
}

#[test]
fn the_service_is_locked_in() -> Result<()> {
    let root = root()?;
    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--no-pager", "--offline=true", "--threshold", EXPOSURE_MAX]);
    security.arg(format!("--root={}", root.path().display())).arg("telecare-receiver.service");
    let output = run(&mut security)?;
    ensure!(output.status.success(), "{}", words(&output));
    ensure!(words(&output).contains("Overall exposure level"), "{}", words(&output));
    Ok(())
}

#[test]
fn the_account_and_the_directories_can_be_made() -> Result<()> {
    let root = Scratch::new("accounts")?;
    fs::create_dir_all(root.join("etc"))?;
    let at_root = format!("--root={}", root.path().display());
    let mut users = Command::new("systemd-sysusers");
    let output = run(users.arg(&at_root).arg(sources().join("telecare-receiver.sysusers")))?;
    ensure!(output.status.success(), "{}", words(&output));
    let accounts = fs::read_to_string(root.join("etc/passwd"))?;
    let account = accounts.lines().find(|line| line.starts_with("telecare:")).context(accounts.clone())?;
    ensure!(account.ends_with("/nologin"), "{account}");
    ensure!(fs::read_to_string(root.join("etc/group"))?.contains("dialout:x:20:telecare"), "not in dialout");
    if !rustix::process::geteuid().is_root() {
        println!("not root: the directories are not tried, because they are given to another account");
        return Ok(());
    }
    let mut files = Command::new("systemd-tmpfiles");
    let output = run(files.args([&at_root, "--create"]).arg(sources().join("telecare-receiver.tmpfiles")))?;
    ensure!(output.status.success() && words(&output).is_empty(), "{}", words(&output));
    let uid: u32 = account.split(':').nth(2).context("a number")?.parse()?;
    let journal = fs::metadata(root.join("var/lib/telecare"))?;
    ensure!(std::os::unix::fs::MetadataExt::uid(&journal) == uid, "the state directory is somebody else's");
    let secrets = fs::metadata(root.join("etc/telecare/credentials"))?;
    ensure!(std::os::unix::fs::PermissionsExt::mode(&secrets.permissions()) & 0o777 == 0o700, "secrets can be read");
    Ok(())
}

/// Every line must be a list of `KEY==`, `KEY=`, `KEY+=`... with a value in quotation marks: a rule that udev
/// cannot read is one it leaves out, and a modem manager is then on the port.
#[test]
fn the_udev_rules_can_be_read() -> Result<()> {
    let file = sources().join("61-telecare.rules");
    let version = Command::new("udevadm").arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().is_ok_and(|n| n >= 254))
    {
        let output = run(Command::new("udevadm").arg("verify").arg(&file))?;
        ensure!(output.status.success(), "{}", words(&output));
    }
    const KEYS: &[&str] = &["ACTION", "SUBSYSTEM", "KERNEL", "GROUP", "MODE", "SYMLINK", "GOTO", "LABEL"];
    let text = fs::read_to_string(&file)?;
    let rules: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for rule in &rules {
        for part in rule.split(", ") {
            let (key, value) = part.split_once('=').with_context(|| (*rule).to_owned())?;
            let key = key.trim_end_matches(['!', '+', ':']);
            let known = KEYS.contains(&key) || key.starts_with("ENV{") || key.starts_with("ATTR{");
            let value = value.trim_start_matches('=');
            ensure!(known && value.len() > 2 && value.starts_with('"') && value.ends_with('"'), "{part} in {rule}");
        }
    }
    ensure!(text.contains("ENV{ID_MM_DEVICE_IGNORE}=\"1\"") && text.contains("ENV{ID_MM_PORT_IGNORE}=\"1\""));
    let label = |word: &str| rules.iter().filter(|rule| rule.contains(word)).count();
    ensure!(label("LABEL=\"telecare_end\"") == 1 && label("GOTO=\"telecare_end\"") == 3, "a jump without its end");
    Ok(())
}
