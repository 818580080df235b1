//! T15-T17: PostgreSQL killed in a storm, the receiver killed in a storm, and how fast what waited is forwarded.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::super::finding::{Bound, Finding};
use super::super::floor::{Fold, Sync, block_on};
use super::super::load::{Fate, Shot};
use super::super::site::{PATIENCE, Site, periodic};
use super::super::{Bench, Found};
use super::storm::BATCH;
use telecare_tests::figures::Samples;

const CONNECTIONS: usize = 128;
const RATE: f64 = 1_000.0;
const SECONDS: f64 = 8.0;
/// What an answer waits for the commit, milliseconds: the product's default.
const ACK_WAIT_MS: f64 = 100.0;
/// Signals that wait for a database that is away.
const BACKLOG: usize = 20_000;

pub fn run(_: &mut Bench) -> Found {
    let mut found = database_killed()?;
    found.extend(receiver_killed()?);
    found.extend(forwarded()?);
    Ok(found)
}

fn database_killed() -> Found {
    let mut site = Site::start()?;
    let mut units = site.units(CONNECTIONS)?;
    let journal = Sync::new(site.receiver.directory().path())?.open_loop(RATE, 2.0)?;
    let (plan, _) = site.day(RATE, SECONDS, units.count());
    let (fates, away) = thread::scope(|scope| {
        let ill = scope.spawn(|| -> Result<_> {
            thread::sleep(Duration::from_secs(2));
            let killed = Instant::now();
            site.postgres.kill_9()?;
            thread::sleep(Duration::from_secs(2));
            site.postgres.start_again()?;
            let accepts = Instant::now();
            let before = count(&site)?;
            while count(&site)? == before {}
            Ok((killed, accepts, Instant::now()))
        });
        let fates = units.run(&plan, PATIENCE);
        (fates, ill.join())
    });
    let (killed, accepts, committed) = away.map_err(|_| anyhow::anyhow!("the killer panicked"))??;
    let fates = fates?;
    site.receiver.console(0).until_connected()?;
    let during = fates.iter().filter(|fate| (killed..accepts).contains(&fate.due));
    let during = Samples::of(during.map(Fate::took));
    let first = (committed - accepts).as_secs_f64();
    let budget = ACK_WAIT_MS + 10.0 * journal.quantile(0.99);
    let made_of = [format!("{} while it was away", during.words()), format!("a bare sync: {}", journal.words())];
    let aim = (ACK_WAIT_MS + 3.0 * journal.quantile(0.99)) / budget;
    let said = [format!("{first:.2} s"), "a look every 20 ms or so".to_owned()];
    Ok(vec![
        Finding::of_number(
            "T17",
            "PostgreSQL killed: p99 of acknowledgements, of the wait for it and ten syncs",
            made_of,
            Bound::AtMost(1.0, aim),
            during.quantile(0.99) / budget,
        ),
        Finding::of_number("T17", "first commit after it accepts connections, s", said, Bound::AtMost(1.0, 0.3), first),
    ])
}

fn receiver_killed() -> Found {
    let mut site = Site::start()?;
    let mut units = site.units(CONNECTIONS)?;
    let (plan, _) = site.day(RATE, SECONDS, units.count());
    let receiver = &mut site.receiver;
    let (fates, started) = thread::scope(|scope| {
        let killer = scope.spawn(move || -> Result<_> {
            thread::sleep(Duration::from_secs(3));
            receiver.kill_9()?;
            let started = Instant::now();
            receiver.launch()?;
            Ok((started, Instant::now()))
        });
        let fates = units.run(&plan, PATIENCE);
        (fates, killer.join())
    });
    let (started, ready) = started.map_err(|_| anyhow::anyhow!("the killer panicked"))??;
    let fates = fates?;
    site.receiver.console(0).until_connected()?;
    let first = fates.iter().map(|fate| fate.acknowledged).filter(|at| *at > started).min();
    let first = (first.context("an acknowledgement after the start")? - started).as_secs_f64();
    let stored = site.postgres.sql(&site.database, "SELECT identity FROM signal WHERE repeat_of IS NULL")?;
    let rows: Vec<&str> = stored.lines().filter(|identity| !identity.is_empty()).collect();
    let distinct: HashSet<&str> = rows.iter().copied().collect();
    let missing = fates.len().saturating_sub(distinct.len());
    let again = fates.iter().filter(|fate| fate.copies > 1).count();
    let made_of = |count: usize| [format!("{count} of {}, {again} of them sent again", fates.len()), String::new()];
    let said = [format!("{first:.2} s, ready after {:.2} s", (ready - started).as_secs_f64()), String::new()];
    #[expect(clippy::cast_precision_loss)]
    let number = |count: usize| count as f64;
    let twice = rows.len().saturating_sub(distinct.len());
    let none = Bound::AtMost(0.0, 0.0);
    Ok(vec![
        Finding::of_number("T15", "kill -9: acknowledged but missing", made_of(missing), none, number(missing)),
        // With so many connections on a line the previous message proves nothing: in doubt it is a press.
        Finding::of_number(
            "",
            "kill -9: told again and counted as a press",
            made_of(twice),
            Bound::None,
            number(twice),
        ),
        Finding::of_number("T16", "kill -9: start to first acknowledgement, s", said, Bound::AtMost(1.0, 0.3), first),
    ])
}

fn forwarded() -> Found {
    let mut site = Site::start()?;
    let mut units = site.units(CONNECTIONS)?;
    let (warm, _) = site.day(100.0, 0.5, units.count());
    units.run(&warm, PATIENCE)?;
    site.receiver.console(0).until_connected()?;
    let cards = block_on(async {
        let mut fold = Fold::connect(&site.url()).await?;
        let cards = fold.cards_per_second(BATCH, Duration::from_secs(3)).await?;
        fold.clear().await.map(|()| cards)
    })?;
    site.postgres.stop()?;
    let plan: Vec<Shot> = (0..BACKLOG)
        .map(|n| Shot { due: Duration::ZERO, on: n % units.count(), frame: periodic(&site.fresh_account()) })
        .collect();
    units.run(&plan, PATIENCE)?;
    site.postgres.start_again()?;
    let before = count(&site)?;
    while count(&site)? == before {}
    let (begun, already) = (Instant::now(), entries(&site)?);
    site.receiver.console(0).until_connected()?;
    let took = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss)]
    let rate = (entries(&site)? - already) as f64 / took;
    let made_of = [format!("{rate:.0} entries/s"), format!("the fold's SQL alone: {cards:.0} cards/s")];
    let what = "what waited in the journal is forwarded: signals, and what rules did";
    Ok(vec![Finding::of_number("T16", what, made_of, Bound::AtLeast(0.3, 0.6), rate / cards)])
}

fn count(site: &Site) -> Result<usize> {
    Ok(site.postgres.sql(&site.database, "SELECT count(*) FROM signal WHERE receiver <> 'floor'")?.trim().parse()?)
}

/// Entries of the journal that the database has.
fn entries(site: &Site) -> Result<u64> {
    let sql = "SELECT (SELECT count(*) FROM signal WHERE receiver <> 'floor') + (SELECT count(*) FROM action) \
               + (SELECT count(*) FROM own_verdict)";
    Ok(site.postgres.sql(&site.database, sql)?.trim().parse()?)
}
