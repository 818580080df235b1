//! What was measured on: machine, settings, commit. A figure without them says nothing.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::site::SETTINGS;

/// The machine, the settings and the commit, for the report's head.
pub fn describe() -> Value {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    json!({
        "at": said("date", &["--utc", "+%Y-%m-%d %H:%M UTC"]),
        "commit": said("git", &["describe", "--always", "--dirty"]),
        "processor": field("/proc/cpuinfo", "model name"),
        "processors": cpus,
        "memory": field("/proc/meminfo", "MemTotal"),
        "kernel": said("uname", &["-sr"]),
        "disk": said("findmnt", &["-no", "FSTYPE,OPTIONS", "-T", "/tmp"]),
        "postgres": telecare_tests::postgres::binaries()
            .map(|directory| said(&directory.join("postgres").to_string_lossy(), &["--version"]))
            .unwrap_or_default(),
        "postgres_settings": SETTINGS.trim().replace('\n', ", "),
        "receiver": "release build, defaults, lease 120 s, info log to a file",
    })
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}
