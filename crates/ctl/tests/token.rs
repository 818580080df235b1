//! The token file's life on the command line, and that its tokens open the API's store.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use telecare_api::TokenStore;
use telecare_api::tokens::{Carrier, Denied};
use time::OffsetDateTime;

fn token(file: &Path, arguments: &[&str]) -> Output {
    let (command, rest) = arguments.split_first().unwrap();
    Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(["token", command, "--file"])
        .arg(file)
        .args(rest)
        .output()
        .unwrap()
}

#[test]
fn a_token_is_shown_once_works_and_can_be_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tokens.toml");
    let added = token(&file, &["add", "--person", "Ann Example", "--role", "operator", "--expires", "2999-01-01"]);
    assert_eq!(added.status.code(), Some(0), "{added:?}");
    let secret = String::from_utf8(added.stdout).unwrap().trim().to_owned();
    assert!(secret.starts_with("tc_"));
    assert!(!fs::read_to_string(&file).unwrap().contains(&secret));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);

    let store = TokenStore::load(&file);
    let found = store.find(&secret, OffsetDateTime::now_utc()).unwrap();
    assert_eq!((found.carrier.name(), found.role.as_str()), ("Ann Example", "operator"));

    let second = token(&file, &["add", "--person", "Ben", "--role", "monitor"]);
    assert_eq!(second.status.code(), Some(0));
    let listed = String::from_utf8(token(&file, &["list"]).stdout).unwrap();
    assert!(listed.contains("Ann Example") && listed.contains("Ben") && listed.contains(&found.id), "{listed}");
    assert!(listed.contains("2999-01-01T00:00:00Z") && listed.contains("never"), "{listed}");

    assert_eq!(token(&file, &["revoke", &found.id]).status.code(), Some(0));
    assert!(store.reload());
    let revoked = Denied::Revoked { id: found.id.clone() };
    assert_eq!(store.find(&secret, OffsetDateTime::now_utc()).unwrap_err(), revoked);
    assert_eq!(token(&file, &["revoke", &found.id]).status.code(), Some(1), "it is revoked already");
    assert_eq!(token(&file, &["revoke", "t-none"]).status.code(), Some(1));
    let listed = String::from_utf8(token(&file, &["list"]).stdout).unwrap();
    assert!(listed.contains("revoked"), "{listed}");

    let console = token(&file, &["add", "--console", "desk-3", "--role", "operator"]);
    let secret = String::from_utf8(console.stdout).unwrap().trim().to_owned();
    assert!(store.reload());
    let found = store.find(&secret, OffsetDateTime::now_utc()).unwrap();
    assert_eq!(found.carrier, Carrier::Console("desk-3".into()));
    let listed = String::from_utf8(token(&file, &["list"]).stdout).unwrap();
    assert!(listed.contains("console desk-3"), "{listed}");
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tokens.toml");
    let table: [(&[&str], i32); 6] = [
        (&["add", "--role", "operator"], 2),
        (&["add", "--person", "Ann", "--console", "desk-3", "--role", "operator"], 2),
        (&["add", "--person", "Ann", "--role", "admin"], 2),
        (&["add", "--person", " ", "--role", "operator"], 2),
        (&["add", "--person", "Ann", "--role", "operator", "--expires", "2001-01-01"], 2),
        (&["add", "--person", "Ann", "--role", "operator", "--expires", "soon"], 2),
    ];
    for (arguments, code) in table {
        assert_eq!(token(&file, arguments).status.code(), Some(code), "{arguments:?}");
        assert!(!file.exists());
    }
    fs::write(&file, "[[token]]\nid = 1\n").unwrap();
    let refused = token(&file, &["add", "--person", "Ann", "--role", "operator"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("tokens.toml:2"), "the line is named");
    assert_eq!(fs::read_to_string(&file).unwrap(), "[[token]]\nid = 1\n");
}
