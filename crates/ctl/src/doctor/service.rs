//! The systemd unit, where there is systemd.

use std::path::Path;
use std::process::Command;

use super::{Area, Finding};

const UNIT: &str = "telecare-receiver.service";
/// Restarts that are no longer chance.
const RESTARTS_MAX: u32 = 5;

/// A property of the unit; none without systemd, or when the property is empty.
pub fn property(name: &str) -> Option<String> {
    if !Path::new("/run/systemd/system").exists() {
        return None;
    }
    let output = Command::new("systemctl").args(["show", UNIT, "--value", "-p", name]).output().ok()?;
    let value = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !value.is_empty()).then_some(value)
}

/// The unit's state.
pub(super) fn look() -> Vec<Finding> {
    let get = |name| property(name).unwrap_or_default();
    if !Path::new("/run/systemd/system").exists() {
        return vec![Area("service").ok("systemd does not run here")];
    }
    judge(&get("LoadState"), &get("ActiveState"), &get("UnitFileState"), get("NRestarts").parse().unwrap_or(0))
}

fn judge(load: &str, active: &str, enabled: &str, restarts: u32) -> Vec<Finding> {
    let area = Area("service");
    if load != "loaded" {
        return vec![area.worry(format!("{UNIT} is {load}"), "install the unit, or ignore this on a desk")];
    }
    let mut findings = Vec::new();
    findings.push(match active {
        "active" => area.ok(format!("{UNIT} is running")),
        "failed" => area
            .broken(format!("{UNIT} has failed"), format!("journalctl -u {UNIT} -n 50; then systemctl start {UNIT}")),
        other => area.worry(format!("{UNIT} is {other}"), format!("systemctl start {UNIT}")),
    });
    if !matches!(enabled, "enabled" | "enabled-runtime" | "static" | "alias") {
        findings.push(
            area.worry(format!("{UNIT} does not start with the host ({enabled})"), format!("systemctl enable {UNIT}")),
        );
    }
    if restarts >= RESTARTS_MAX {
        findings
            .push(area.worry(format!("{UNIT} was restarted {restarts} times"), format!("journalctl -u {UNIT} -p err")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_unit_is_as_bad_as_its_worst_state() {
        let table = [
            ("loaded", "active", "enabled", 0, State::Ok),
            ("loaded", "active", "disabled", 0, State::Worry),
            ("loaded", "active", "enabled", 9, State::Worry),
            ("loaded", "inactive", "enabled", 0, State::Worry),
            ("loaded", "failed", "enabled", 0, State::Broken),
            ("not-found", "inactive", "", 0, State::Worry),
        ];
        for (load, active, enabled, restarts, worst) in table {
            let findings = judge(load, active, enabled, restarts);
            assert_eq!(findings.iter().map(|finding| finding.state).max(), Some(worst), "{findings:?}");
            assert!(findings.iter().all(|finding| (finding.state == State::Ok) == finding.remedy.is_empty()));
        }
    }
}
