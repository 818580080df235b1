//! T5: as many signals as the receiver takes, for a minute; neither memory nor what waits may grow without end.

use std::time::{Duration, Instant};

use super::super::finding::{Bound, Finding};
use super::super::floor::{Fold, block_on};
use super::super::load::Shot;
use super::super::site::PATIENCE;
use super::super::site::{Site, periodic};
use super::super::{Bench, Found};
use super::storm::BATCH;

const CONNECTIONS: usize = 512;
const LASTS: Duration = Duration::from_secs(60);
/// Units that call, again and again: a centre's.
const UNITS: u32 = 5_000;
/// Messages a connection has before it begins anew.
const ROUND: usize = 20;

pub fn run(_: &mut Bench) -> Found {
    let mut site = Site::start()?;
    let mut units = site.units(CONNECTIONS)?;
    let accounts: Vec<String> = (0..UNITS).map(|_| site.fresh_account()).collect();
    let count = units.count();
    // Everything is due at once: each connection sends as soon as it is answered.
    let mut turn = 0_usize;
    let mut round = || -> Vec<Shot> {
        (0..count * ROUND)
            .map(|n| {
                turn += 1;
                Shot { due: Duration::ZERO, on: n % count, frame: periodic(&accounts[turn % accounts.len()]) }
            })
            .collect()
    };
    units.run(&round(), PATIENCE)?;
    let (begun, mut done, mut halves) = (Instant::now(), 0, Vec::new());
    while begun.elapsed() < LASTS {
        done += units.run(&round(), PATIENCE)?.len();
        if halves.is_empty() && begun.elapsed() > LASTS / 2 {
            halves.push((done, begun.elapsed(), site.resident_mib()?));
        }
    }
    let took = begun.elapsed();
    let (backlog, resident) = (site.backlog()?, site.resident_mib()?);
    site.until_committed()?;
    let cards =
        block_on(async { Fold::connect(&site.url()).await?.cards_per_second(BATCH, Duration::from_secs(5)).await })?;
    #[expect(clippy::cast_precision_loss)]
    let rate = done as f64 / took.as_secs_f64();
    let grown = halves.first().map_or(0.0, |(_, _, before)| resident - before);
    let made_of = [
        format!("{rate:.0}/s for {} s; then {backlog} to be committed", took.as_secs()),
        format!("the fold's SQL alone: {cards:.0} cards/s"),
    ];
    let memory = [format!("{resident:.0} MiB at the end"), String::new()];
    Ok(vec![
        Finding::of_number("T5", "sustained, acknowledged", made_of, Bound::AtLeast(0.25, 0.4), rate / cards),
        Finding::of_number("T5", "MiB grown in the second half", memory, Bound::None, grown),
    ])
}
