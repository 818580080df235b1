//! Manual pages and completions: written for every subcommand, and read without complaint by what reads them.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::process::Command;

fn ctl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// The subcommands as `--help` lists them.
fn subcommands() -> Vec<String> {
    let help = String::from_utf8(ctl(&["--help"])).unwrap();
    let listed = help.split_once("Commands:").unwrap().1.split_once("Options:").unwrap().0;
    let name = |line: &str| {
        line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split(' ').next().map(str::to_owned)
    };
    listed.lines().filter_map(name).filter(|name| name != "help").collect()
}

#[test]
fn there_is_a_page_for_every_subcommand_and_for_the_receiver() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("man");
    ctl(&["man", "--out", out.to_str().unwrap()]);
    let commands = subcommands();
    for known in [
        "watch",
        "sniff",
        "doctor",
        "journal",
        "test",
        "incident",
        "overdue",
        "rules",
        "close-other",
        "call",
        "calls",
        "claim",
        "transfer",
        "reopen",
        "voice",
        "token",
    ] {
        assert!(commands.iter().any(|name| name == known), "{known} is not in {commands:?}");
    }
    let mut pages: Vec<String> = commands.iter().map(|name| format!("telecare-ctl-{name}.1")).collect();
    pages.extend([
        "telecare-ctl.1".to_owned(),
        "telecare-ctl-journal-recover.1".to_owned(),
        "telecare-receiver.8".to_owned(),
    ]);
    for page in pages {
        let text = fs::read_to_string(out.join(&page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(".TH") && text.contains(".SH NAME"), "{page}");
    }
}

#[test]
fn each_shell_gets_a_script_that_names_the_subcommands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(ctl(&["completions", shell])).unwrap();
        for name in subcommands() {
            assert!(script.contains(&name), "{name} is missing for {shell}");
        }
    }
    let refused = Command::new(env!("CARGO_BIN_EXE_telecare-ctl")).args(["completions", "csh"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
}
