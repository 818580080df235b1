//! Two hundred consoles race for a thousand alarms: each alarm has one winner, and every console agrees who.

use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use telecare_tests::console::Console;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::Setup;
use telecare_tests::site::Site;
use telecare_tests::surgard::sia;

const CONSOLES: usize = 200;
const ALARMS: usize = 1000;
/// Longer than the slowest machine takes for the race: a lease that runs out is another story.
const LEASE_S: u32 = 3600;
/// The consoles begin in this many herds, each at its own part of the list: twenty at once for each alarm are
/// as good a race as two hundred, and what is measured is the winner, not the time.
const HERDS: usize = 10;

#[test]
fn each_alarm_has_one_winner_standing_alone() -> Result<()> {
    race(Setup::default())
}

#[test]
fn each_alarm_has_one_winner_with_a_database() -> Result<()> {
    let postgres = Postgres::shared()?;
    let database = postgres.create_database()?;
    race(Setup { database: vec![postgres.url(&database)], ..Setup::default() })
}

fn race(setup: Setup) -> Result<()> {
    let mut site = Site::start(Setup { people: CONSOLES, lease_s: LEASE_S, ..setup })?;
    for n in 0..ALARMS / 2 {
        site.serial.tell(&sia("011", &(100_000 + n).to_string(), "QA01"))?;
        site.tcp.tell(&sia("011", &(200_000 + n).to_string(), "QA01"))?;
    }
    let console = site.receiver.console(0);
    let alarms = console
        .until("all alarms", |list| list["alarms"].as_array().filter(|alarms| alarms.len() == ALARMS).cloned())?;
    let ids: Vec<&str> = alarms.iter().filter_map(|alarm| alarm["id"].as_str()).collect();
    let winners = claim_all(&ids, &(0..CONSOLES).map(|person| site.receiver.console(person)).collect::<Vec<_>>())?;
    ensure!(winners.len() == ALARMS, "{} of {ALARMS} alarms were won", winners.len());
    for alarm in console.alarms()? {
        let id = alarm["id"].as_str().context("an id")?;
        ensure!(alarm["standing"] == "claimed", "{id} is {}", alarm["standing"]);
        ensure!(alarm["claim"]["person"] == winners[id], "{id}: won by {} and shown as {alarm}", winners[id]);
    }
    Ok(())
}

/// Every console goes for every alarm it has not yet seen taken, from its herd's beginning round to its end.
fn claim_all<'a>(ids: &[&'a str], consoles: &[Console]) -> Result<HashMap<&'a str, Value>> {
    let taken: Vec<AtomicBool> = ids.iter().map(|_| AtomicBool::new(false)).collect();
    let start = Barrier::new(consoles.len());
    let all: Vec<Vec<(usize, Value)>> = thread::scope(|scope| {
        let racing: Vec<_> = consoles
            .iter()
            .enumerate()
            .map(|(person, console)| {
                let first = person % HERDS * ALARMS / HERDS;
                let (taken, start) = (&taken, &start);
                scope.spawn(move || claim(ids, first, taken, start, console))
            })
            .collect();
        racing.into_iter().map(|console| console.join().expect("a console does not panic")).collect::<Result<_>>()
    })?;
    let mut winners = HashMap::new();
    for (index, person) in all.into_iter().flatten() {
        let id = ids[index];
        ensure!(winners.insert(id, person).is_none(), "{id} was won twice");
    }
    Ok(winners)
}

fn claim(
    ids: &[&str],
    first: usize,
    taken: &[AtomicBool],
    start: &Barrier,
    console: &Console,
) -> Result<Vec<(usize, Value)>> {
    let mut won = Vec::new();
    start.wait();
    for (index, id) in ids.iter().enumerate().cycle().skip(first).take(ids.len()) {
        if taken[index].load(Ordering::Relaxed) {
            continue;
        }
        let reply = console.act(id, "claim", json!({}))?;
        match (reply.status, reply.refusal()) {
            (200, _) => won.push((index, reply.body["alarm"]["claim"]["person"].clone())),
            (409, "taken") => {
                let holder = &reply.body["alarm"]["claim"]["person"];
                ensure!(holder.is_string(), "the loser is not shown the holder: {}", reply.body);
            }
            _ => anyhow::bail!("{} {}", reply.status, reply.body),
        }
        taken[index].store(true, Ordering::Relaxed);
    }
    Ok(won)
}
