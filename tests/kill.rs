//! kill -9 at random points under load on both lanes: every acknowledged copy is there, nothing is lost,
//! and a copy repeated after the restart is known as a repeat.
//!
//! `TELECARE_KILLS` sets how often (30), `TELECARE_SEED` repeats a run.

use std::env;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use telecare_tests::ledger::Ledger;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::{Receiver, Setup};
use telecare_tests::site::{SERIAL, Site, TCP};
use telecare_tests::surgard::{HardwareReceiver, contact_id, sia};
use telecare_tests::wait;

const KILLS: u32 = 30;
/// The manuals' time.
const ACK_WAIT: Duration = Duration::from_secs(4);
/// Acknowledgements between a start and the next kill, at most.
const ACKNOWLEDGEMENTS_MAX: u64 = 60;
/// Then the kill falls anywhere within about the time one message takes, microseconds.
const JITTER_MAX_US: u64 = 8_000;

#[test]
fn nothing_acknowledged_is_lost_standing_alone() -> Result<()> {
    kill_again_and_again(Setup::default(), None)
}

#[test]
fn nothing_acknowledged_is_lost_with_a_database() -> Result<()> {
    let postgres = Postgres::shared()?;
    let database = postgres.create_database()?;
    let setup = Setup { database: vec![postgres.url(&database)], ..Setup::default() };
    kill_again_and_again(setup, Some((postgres, &database)))
}

#[test]
fn a_copy_sent_again_after_a_restart_is_a_repeat() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let line = contact_id("011", "4711", "E101", 1);
    site.serial.tell(&line)?;
    site.receiver.kill_9()?;
    site.receiver.launch()?;
    // As if the answer had been lost with the receiver.
    site.serial.tell(&line)?;
    let alarm = site.receiver.console(0).until_alarm(SERIAL, "4711")?;
    assert_eq!((&alarm["signals"], &alarm["repeats"], &alarm["presses"]), (&2.into(), &1.into(), &1.into()));
    Ok(())
}

/// What the lines share with the one that kills.
#[derive(Default)]
struct Load {
    acknowledged: AtomicUsize,
    ended: AtomicBool,
}

fn kill_again_and_again(mut setup: Setup, database: Option<(&Postgres, &str)>) -> Result<()> {
    let kills = env::var("TELECARE_KILLS").map_or(Ok(KILLS), |text| text.parse())?;
    let mut random = Random::from_environment()?;
    let seed = random.0;
    println!("{kills} kills, TELECARE_SEED={seed}");
    // A start may take longer than a short window of repeats allows.
    setup.ack_wait = ACK_WAIT;
    let Site { mut receiver, serial, tcp, .. } = Site::start(setup)?;
    let load = Load::default();
    let ledger = thread::scope(|scope| {
        let lines = [(SERIAL, serial), (TCP, tcp)].map(|(name, mut hardware)| {
            let load = &load;
            scope.spawn(move || speak(load, name, &mut hardware))
        });
        let killed = kill(&load, &mut receiver, kills, &mut random);
        load.ended.store(true, Ordering::Relaxed);
        let mut ledger = Ledger::default();
        for line in lines {
            ledger.extend(line.join().expect("a line does not panic")?);
        }
        killed.map(|()| ledger)
    })?;
    println!("{} messages acknowledged", ledger.messages());
    let console = receiver.console(0);
    if let Some((postgres, database)) = database {
        console.until_connected()?;
        // Only what units said: the lines have gone by now, and the receiver tells of that, too.
        let of_units = |alarm: &&Value| alarm["unit_basis"] == "identity";
        let alarms = console.alarms()?;
        let signals: u64 = alarms.iter().filter(of_units).filter_map(|alarm| alarm["signals"].as_u64()).sum();
        let stored = postgres.sql(database, "SELECT count(*) FROM signal WHERE identity IS NOT NULL")?;
        ensure!(stored == signals.to_string(), "{signals} signals on cards, {stored} in PostgreSQL");
    }
    ledger.check(&console).with_context(|| format!("seed {seed}"))
}

fn kill(load: &Load, receiver: &mut Receiver, kills: u32, random: &mut Random) -> Result<()> {
    for _ in 0..kills {
        let until =
            load.acknowledged.load(Ordering::Relaxed) + usize::try_from(1 + random.below(ACKNOWLEDGEMENTS_MAX))?;
        wait::until("acknowledgements under load", || {
            Ok((load.ended.load(Ordering::Relaxed) || load.acknowledged.load(Ordering::Relaxed) >= until).then_some(()))
        })?;
        // No event marks a random point.
        thread::sleep(Duration::from_micros(random.below(JITTER_MAX_US)));
        receiver.kill_9()?;
        receiver.launch()?;
    }
    Ok(())
}

/// Sends urgent and routine messages in turn, each from a unit of its own.
fn speak(load: &Load, name: &str, hardware: &mut HardwareReceiver) -> Result<Ledger> {
    let mut ledger = Ledger::default();
    for n in 0.. {
        let (account, line) = if n % 2 == 0 {
            // Account 0000 is the hardware receiver itself.
            let account = format!("{:04}", 1 + n / 2);
            let line = contact_id("011", &account, "E101", 1);
            (account, line)
        } else {
            let account = format!("{:06}", 100_000 + n);
            let line = sia("011", &account, "AT00");
            (account, line)
        };
        match hardware.tell_while(&line, || !load.ended.load(Ordering::Relaxed)) {
            Ok(Some(told)) => ledger.add(name, &account, &told),
            Ok(None) => break,
            Err(error) => {
                load.ended.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        load.acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    Ok(ledger)
}

/// Marsaglia's xorshift: random enough to choose moments, and repeatable.
struct Random(u64);

impl Random {
    fn from_environment() -> Result<Random> {
        let seed = match env::var("TELECARE_SEED") {
            Ok(text) => text.parse()?,
            Err(_) => u64::from(SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos()),
        };
        Ok(Random(seed.max(1)))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
