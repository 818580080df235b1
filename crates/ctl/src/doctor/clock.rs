//! The clock: alarms of several receivers are put in order by it, and a court reads it.

use std::path::Path;
use std::process::Command;

use super::{Area, Finding};
use crate::host;

/// Programs that keep a clock right, as the kernel names them.
const KEEPERS: [&str; 6] = ["chronyd", "systemd-timesyn", "ntpd", "ntpsec", "openntpd", "ptp4l"];

pub(super) fn look() -> Vec<Finding> {
    let keeper =
        host::processes().into_iter().map(|process| process.name).find(|name| KEEPERS.contains(&name.as_str()));
    vec![judge(keeper.as_deref(), synchronised())]
}

/// What systemd says of the kernel's clock; none when it cannot be asked.
fn synchronised() -> Option<bool> {
    if !Path::new("/run/systemd/system").exists() {
        return None;
    }
    let output = Command::new("timedatectl").args(["show", "--value", "-p", "NTPSynchronized"]).output().ok()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn judge(keeper: Option<&str>, synchronised: Option<bool>) -> Finding {
    let area = Area("clock");
    match (keeper, synchronised) {
        (Some(keeper), Some(true)) => area.ok(format!("synchronised, kept by {keeper}")),
        (None, Some(true)) => area.ok("synchronised"),
        (Some(keeper), None) => area.ok(format!("kept by {keeper}; whether it is synchronised cannot be told here")),
        (Some(keeper), Some(false)) => area.worry(
            format!("{keeper} runs but the clock is not synchronised"),
            "look whether it reaches its servers: chronyc sources, or timedatectl timesync-status",
        ),
        (None, Some(false)) => area.worry("no program keeps the clock right", "apt-get install chrony"),
        (None, None) => area.worry(
            "no program that keeps the clock right was found",
            "apt-get install chrony; in a container, see to it on the host",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_nobody_keeps_is_a_worry() {
        let table = [
            (Some("chronyd"), Some(true), State::Ok),
            (Some("chronyd"), Some(false), State::Worry),
            (Some("chronyd"), None, State::Ok),
            (None, Some(false), State::Worry),
            (None, None, State::Worry),
        ];
        for (keeper, synchronised, state) in table {
            assert_eq!(judge(keeper, synchronised).state, state, "{keeper:?} {synchronised:?}");
        }
    }
}
