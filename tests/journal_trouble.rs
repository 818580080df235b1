//! The journal's disk full, read-only, failing, slow, or its file damaged: what can be stored elsewhere is
//! acknowledged, what cannot is not, and a slow sync makes answers late or absent, never early.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use telecare_tests::console::Console;
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::ledger::Ledger;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::Setup;
use telecare_tests::site::{SERIAL, Site};
use telecare_tests::surgard::{contact_id, heartbeat};

/// Messages before and after a trouble.
const MESSAGES: usize = 20;
/// Messages during a trouble, at most, until the receiver notices.
const MESSAGES_MAX: usize = 2000;

#[test]
fn full_with_a_database() -> Result<()> {
    goes_on_with_a_database(Fault::Full)
}

#[test]
fn read_only_with_a_database() -> Result<()> {
    goes_on_with_a_database(Fault::ReadOnly)
}

#[test]
fn failing_to_sync_with_a_database() -> Result<()> {
    goes_on_with_a_database(Fault::SyncFails)
}

#[test]
fn full_standing_alone() -> Result<()> {
    refuses_standing_alone(Fault::Full)
}

#[test]
fn read_only_standing_alone() -> Result<()> {
    refuses_standing_alone(Fault::ReadOnly)
}

#[test]
fn failing_to_sync_standing_alone() -> Result<()> {
    refuses_standing_alone(Fault::SyncFails)
}

#[test]
fn slow_answers_are_late_and_never_early() -> Result<()> {
    const SLOW_MS: u32 = 300;
    let (disk, mut site) = start(None)?;
    disk.set(Fault::SlowMs(SLOW_MS))?;
    for n in 1..=5 {
        let told = site.serial.tell(&press(n))?;
        let least = Duration::from_millis(SLOW_MS.into());
        // A later copy may be answered by the sync of the first.
        ensure!(told.copies > 1 || told.took >= least, "answered after {:?}, synced after {least:?}", told.took);
    }
    Ok(())
}

#[test]
fn slower_than_the_sender_waits_is_silence() -> Result<()> {
    let (disk, mut site) = start(None)?;
    let mut ledger = tell(&mut site, 1, MESSAGES)?;
    disk.set(Fault::SlowMs(1500))?;
    ensure!(!site.serial.tell_once(&press(500))?, "acknowledged before it was stored");
    disk.set(Fault::None)?;
    let told = site.serial.tell(&press(500))?;
    ledger.add(SERIAL, &account(500), &told);
    ledger.check(&site.receiver.console(0))
}

#[test]
fn damaged_in_the_middle() -> Result<()> {
    let (_disk, mut site) = start(None)?;
    let ledger = tell(&mut site, 1, 10 * MESSAGES)?;
    site.receiver.terminate()?;
    let file = journal_file(&site)?;
    let middle = fs::metadata(&file)?.len() / 2 / 4096 * 4096;
    overwrite(&file, middle)?;
    site.receiver.launch()?;
    let console = site.receiver.console(0);
    let kept = console.alarms()?.iter().filter(|alarm| alarm["presses"] == 1).count();
    println!("{kept} of {} cards kept", ledger.messages());
    ensure!(kept * 2 >= ledger.messages(), "one damaged page cost {kept} of {}", ledger.messages());
    after_damage(&mut site, &console)
}

#[test]
fn damaged_at_its_beginning() -> Result<()> {
    let (_disk, mut site) = start(None)?;
    tell(&mut site, 1, MESSAGES)?;
    site.receiver.terminate()?;
    overwrite(&journal_file(&site)?, 0)?;
    site.receiver.launch()?;
    let console = site.receiver.console(0);
    after_damage(&mut site, &console)
}

/// The old file is kept under another name, operations are told, and new calls are taken in.
fn after_damage(site: &mut Site, console: &Console) -> Result<()> {
    let files = fs::read_dir(site.receiver.journal())?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let aside: Vec<String> =
        files.filter(|name| !name.starts_with("journal.sqlite") || name.contains("damaged")).collect();
    ensure!(!aside.is_empty(), "the damaged file was not set aside");
    console.until("a technical alarm", |list| {
        list["alarms"].as_array()?.iter().find(|alarm| alarm["class"] == "technical").map(|_| ())
    })?;
    tell(site, 700, 1)?.check(console)?;
    site.receiver.kill_9()?;
    site.receiver.launch()?;
    console.until_alarm(SERIAL, &account(700)).map(|_| ())
}

fn goes_on_with_a_database(fault: Fault) -> Result<()> {
    let postgres = Postgres::shared()?;
    let database = postgres.create_database()?;
    let (disk, mut site) = start(Some(postgres.url(&database)))?;
    let console = site.receiver.console(0);
    console.until_connected()?;
    let mut ledger = tell(&mut site, 1, MESSAGES)?;
    disk.set(fault)?;
    for n in 1000..1000 + MESSAGES_MAX {
        ledger.add(SERIAL, &account(n), &site.serial.tell(&press(n))?);
        if n > 1000 + MESSAGES && console.health()?.body["journal_ok"] == false {
            break;
        }
    }
    let health = console.health()?;
    ensure!((health.status, &health.body["journal_ok"]) == (200, &false.into()), "{}", health.body);
    disk.set(Fault::None)?;
    console.until("the journal to work again", |list| (list["journal_ok"] == true).then_some(()))?;
    ledger.extend(tell(&mut site, 5000, MESSAGES)?);
    site.receiver.kill_9()?;
    site.receiver.launch()?;
    console.until_connected()?;
    ledger.check(&console)
}

fn refuses_standing_alone(fault: Fault) -> Result<()> {
    let (disk, mut site) = start(None)?;
    let console = site.receiver.console(0);
    let mut ledger = tell(&mut site, 1, MESSAGES)?;
    disk.set(fault)?;
    let mut refused = None;
    for n in 1000..1000 + MESSAGES_MAX {
        let line = press(n);
        if !site.serial.tell_once(&line)? {
            refused = Some(n);
            break;
        }
        // A full disk still has room in the file as it is.
        ledger.extend(one(n));
    }
    let refused = refused.context("a journal that stores nothing acknowledged everything")?;
    ensure!(!site.serial.tell_once(&heartbeat("011"))?, "a heartbeat is answered while nothing can store");
    ensure!(console.health()?.status == 503, "{}", console.health()?.body);
    disk.set(Fault::None)?;
    ledger.add(SERIAL, &account(refused), &site.serial.tell(&press(refused))?);
    ledger.extend(tell(&mut site, 5000, MESSAGES)?);
    site.receiver.kill_9()?;
    site.receiver.launch()?;
    ledger.check(&console)
}

fn start(database: Option<String>) -> Result<(Arc<Disk>, Site)> {
    let disk = Arc::new(Disk::new()?);
    let database = database.into_iter().collect();
    let site = Site::start(Setup { database, disk: Some(Arc::clone(&disk)), ..Setup::default() })?;
    Ok((disk, site))
}

fn tell(site: &mut Site, first: usize, messages: usize) -> Result<Ledger> {
    let mut ledger = Ledger::default();
    for n in first..first + messages {
        ledger.add(SERIAL, &account(n), &site.serial.tell(&press(n))?);
    }
    Ok(ledger)
}

/// A message of which one copy was acknowledged.
fn one(n: usize) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.add_copies(SERIAL, &account(n), 1);
    ledger
}

fn account(n: usize) -> String {
    format!("{n:04}")
}

fn press(n: usize) -> String {
    contact_id("011", &account(n), "E101", 1)
}

fn journal_file(site: &Site) -> Result<std::path::PathBuf> {
    let file = site.receiver.journal().join("journal.sqlite");
    ensure!(file.is_file(), "{} is not there", file.display());
    Ok(file)
}

fn overwrite(file: &Path, at: u64) -> Result<()> {
    let mut file = fs::File::options().write(true).open(file)?;
    file.seek(SeekFrom::Start(at))?;
    Ok(file.write_all(&[0xa5; 4096])?)
}
