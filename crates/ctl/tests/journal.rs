//! `journal` on the directories of a real receiver: beside it, after it, and with its file damaged.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::Setup;
use telecare_tests::scratch::Scratch;
use telecare_tests::site::{SERIAL, Site};
use telecare_tests::surgard::contact_id;

const PAGE_BYTES: usize = 4096;

fn journal(arguments: &[&str], path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_telecare-ctl")).arg("journal").args(arguments).arg(path).output().unwrap()
}

fn status(directory: &Path) -> (Option<i32>, Value) {
    let output = journal(&["status", "--json", "--directory"], directory);
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("one JSON object"))
}

fn press(site: &mut Site, account: usize) {
    site.serial.tell(&contact_id("011", &format!("{account:04}"), "E101", 5)).unwrap();
}

/// A receiver without a database that has taken so many presses in and has ended.
fn ended(presses: usize) -> (Site, PathBuf) {
    let mut site = Site::start(Setup::default()).unwrap();
    (1..=presses).for_each(|account| press(&mut site, account));
    site.receiver.terminate().unwrap();
    let file = site.receiver.journal().join("journal.sqlite");
    (site, file)
}

/// Moves the journal out of its directory, so that a fresh one takes its place.
fn taken_away(file: &Path, to: &Scratch) -> PathBuf {
    let away = to.join("journal.sqlite.damaged-1");
    fs::rename(file, &away).unwrap();
    away
}

/// The files of a directory and what is in them.
fn listing(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn status_looks_beside_a_running_receiver_and_replay_waits_for_its_end() {
    let postgres = Postgres::shared().unwrap();
    let database = postgres.create_database().unwrap();
    let mut site = Site::start(Setup { database: vec![postgres.url(&database)], ..Setup::default() }).unwrap();
    let console = site.receiver.console(0);
    console.until_connected().unwrap();
    press(&mut site, 1);
    press(&mut site, 2);
    console.until_connected().unwrap();
    let directory = site.receiver.journal();

    let (code, before) = status(&directory);
    assert_eq!((code, &before["running"], &before["journal"]["sound"]), (Some(0), &true.into(), &true.into()));
    assert!(before["journal"]["entries"].as_u64().unwrap() >= 2, "{before}");
    assert_eq!(before["journal"]["entries"], before["journal"]["links"], "every link is checked: {before}");
    let refused = journal(&["replay", "--since", "1h", "--directory"], &directory);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("stop it first"), "{refused:?}");

    site.receiver.terminate().unwrap();
    let entries = status(&directory).1["journal"]["entries"].clone();
    assert_eq!(journal(&["replay", "--since", "1h", "--directory"], &directory).status.code(), Some(0));
    assert_eq!(status(&directory).1["journal"]["unforwarded"], entries);
    site.receiver.launch().unwrap();
    console.until_connected().unwrap();
    for account in ["0001", "0002"] {
        let alarm = console.until_alarm(SERIAL, account).unwrap();
        assert_eq!((&alarm["presses"], &alarm["signals"]), (&1.into(), &1.into()), "offered twice, counted once");
    }
}

#[test]
fn what_a_damaged_file_still_has_is_recovered_and_offered() {
    const PRESSES: usize = 120;
    let (mut site, file) = ended(PRESSES);
    let elsewhere = Scratch::new("damaged").unwrap();
    let away = taken_away(&file, &elsewhere);
    let mut bytes = fs::read(&away).unwrap();
    // The page that holds the layout, and two far from each other, so that a reader must cross two gaps.
    for part in [0, 3, 6] {
        let start = bytes.len() * part / 9 / PAGE_BYTES * PAGE_BYTES;
        bytes[start..start + PAGE_BYTES].fill(0xA5);
    }
    fs::write(&away, &bytes).unwrap();
    let before = listing(elsewhere.path());

    let recovered = journal(&["recover", "--into", site.receiver.journal().to_str().unwrap()], &away);
    let said = String::from_utf8_lossy(&recovered.stdout).into_owned();
    assert_eq!(recovered.status.code(), Some(0), "{recovered:?}");
    assert_eq!(listing(elsewhere.path()), before, "the source is not touched");
    let (code, after) = status(&site.receiver.journal());
    assert_eq!((code, &after["journal"]["receiver"]), (Some(0), &"test-1".into()), "{after}");
    let copied = after["journal"]["entries"].as_u64().unwrap();
    assert_eq!(after["journal"]["unforwarded"], copied);
    assert!(copied * 10 >= PRESSES as u64 * 8, "three pages of damage cost too much: {said}");

    site.receiver.launch().unwrap();
    let alarms = site.receiver.console(0).alarms().unwrap();
    let presses = alarms.iter().filter(|alarm| alarm["presses"] == 1).count();
    assert_eq!(presses as u64, copied, "every entry that was saved is on a card: {said}");
    site.receiver.terminate().unwrap();
    let again = journal(&["recover", "--into", site.receiver.journal().to_str().unwrap()], &away);
    assert!(String::from_utf8_lossy(&again.stdout).contains(" 0 entries copied"), "{again:?}");
}

#[test]
fn a_changed_entry_and_a_changed_hash_are_found() {
    let (site, file) = ended(5);
    let directory = site.receiver.journal();
    let sound = status(&directory).1;
    let head = sound["journal"]["head"]["hash"].as_str().unwrap().to_owned();
    let original = fs::read(&file).unwrap();

    change(&file, &original, head.as_bytes(), b'!');
    let (code, changed) = status(&directory);
    assert_eq!((code, changed["journal"]["links_broken"].as_u64()), (Some(1), Some(1)), "{changed}");
    assert_eq!(changed["journal"]["broken_at"][0], sound["journal"]["head"]["seq"]);

    change(&file, &original, b"\"outcome\":\"decoded\",\"identity\":\"0003\"", b'X');
    let (code, changed) = status(&directory);
    assert_eq!((code, changed["journal"]["damaged"].as_u64()), (Some(1), Some(1)), "{changed}");
    let words = journal(&["status", "--directory"], &directory);
    assert!(String::from_utf8_lossy(&words.stdout).contains("1 entries damaged"), "{words:?}");

    let beside = journal(&["recover"], &file);
    assert!(String::from_utf8_lossy(&beside.stderr).contains("is the journal itself"), "{beside:?}");
}

/// Writes the file with one byte of a text changed wherever the text is: a page may hold a row's former place.
fn change(file: &Path, original: &[u8], text: &[u8], to: u8) {
    let mut bytes = original.to_vec();
    let found = bytes.windows(text.len()).enumerate().filter(|(_, window)| *window == text);
    let places: Vec<usize> = found.map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "the text is in the file");
    places.into_iter().for_each(|at| bytes[at + text.len() / 2] = to);
    fs::write(file, bytes).unwrap();
}
