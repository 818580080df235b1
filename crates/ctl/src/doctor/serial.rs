//! Serial ports: whether they are there, can be opened by the receiver, and nobody else uses them.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::account::{Account, group_name};
use super::{Area, Finding};
use crate::host;

const AREA: Area = Area("serial");
/// Programs that may have a port open and should.
const OWN: [&str; 2] = ["telecare-receiv", "telecare-ctl"];

pub(super) fn look(ports: &[(String, PathBuf)], account: &Account) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ports.iter().flat_map(|(line, path)| port(line, path, account)).collect();
    let modem_manager = host::processes().iter().any(|process| process.name == "ModemManager");
    if modem_manager && !ports.is_empty() {
        let remedy = "install the package's udev rule, which keeps it off, or: systemctl disable --now ModemManager";
        findings.push(AREA.worry("ModemManager is running and tries ports when they are plugged in", remedy));
    }
    findings
}

fn port(line: &str, path: &Path, account: &Account) -> Vec<Finding> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            let remedy = "plug it in, or correct its path; ls /dev/serial/by-id shows what is there";
            return vec![AREA.broken(format!("line {line}: {shown}: {error}"), remedy)];
        }
    };
    if !metadata.file_type().is_char_device() {
        return vec![AREA.broken(format!("line {line}: {shown} is no serial port"), "correct its path")];
    }
    let mut findings = Vec::new();
    if account.may(&metadata, 6) {
        findings.push(AREA.ok(format!("line {line}: {shown} is there and {} may use it", account.name)));
    } else {
        let group = group_name(metadata.gid());
        let remedy = format!("usermod -aG {group} {}, then restart the receiver", account.name);
        findings.push(AREA.broken(format!("line {line}: {} may not use {shown}", account.name), remedy));
    }
    findings.extend(others(line, path));
    findings.extend(lasting(line, path));
    findings
}

/// Whoever else has it open.
fn others(line: &str, path: &Path) -> Vec<Finding> {
    let foreign = host::holders(path).into_iter().filter(|process| !OWN.contains(&process.name.as_str()));
    let finding = |process: host::Process| {
        let what = format!("line {line}: {} is used by {} (process {})", path.display(), process.name, process.pid);
        let remedy = match process.name.as_str() {
            "agetty" | "getty" | "login" => {
                let terminal = path.canonicalize().unwrap_or_else(|_| path.to_owned());
                let name = terminal.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                format!(
                    "systemctl mask --now serial-getty@{name}.service; take console={name} off the kernel's command line"
                )
            }
            "ModemManager" => "install the package's udev rule, or: systemctl disable --now ModemManager".to_owned(),
            name => format!("stop {name}: two readers of one port each get a part of every line"),
        };
        AREA.broken(what, remedy)
    };
    foreign.map(finding).collect()
}

/// A name by number changes when adapters are plugged in another order.
fn lasting(line: &str, path: &Path) -> Option<Finding> {
    let is_numbered =
        path.file_name()?.to_str().is_some_and(|name| name.starts_with("ttyUSB") || name.starts_with("ttyACM"));
    if !is_numbered || path.parent() != Some(Path::new("/dev")) {
        return None;
    }
    let what = format!("line {line}: {} may be another adapter after the next start", path.display());
    let remedy = match host::lasting_name(path) {
        Some(name) => format!("use path = {name:?}"),
        None => "use its name under /dev/serial/by-id or by-path".to_owned(),
    };
    Some(AREA.worry(what, remedy))
}
