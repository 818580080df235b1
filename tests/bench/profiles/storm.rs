//! T4: a power cut. 10,000 signals in a second over 1,000 connections, one in twenty a press.

use std::time::Duration;

use super::super::finding::{Bound, Finding};
use super::super::floor::{Fold, Storm, block_on};
use super::super::load::{Fate, Shot, Units};
use super::super::site::{PATIENCE, Site, mains_failed, press};
use super::super::{Bench, Found};
use telecare_tests::figures::{Samples, median};

const SIGNALS: u32 = 10_000;
const CONNECTIONS: usize = 1_000;
/// One in so many is somebody's press.
const PRESS_EVERY: u32 = 20;
/// Signals in a transaction of the floor.
pub const BATCH: usize = 100;

pub fn run(bench: &mut Bench) -> Found {
    let (mut pairs, mut drained, mut urgent) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quiet, mut cards_per_second) = (Samples::default(), Vec::new());
    for _ in 0..bench.pairs {
        let mut site = Site::start()?;
        let mut units = site.units(CONNECTIONS)?;
        let before = one_by_one(&mut site, &mut units)?;
        let Times { all, presses, last } = storm(&mut site, &mut units)?;
        site.until_committed()?;
        let floor = block_on(async { Storm::connect(&site.url()).await?.open_loop(f64::from(SIGNALS), 1.0).await })?;
        let rate = block_on(async {
            Fold::connect(&site.url()).await?.cards_per_second(BATCH, Duration::from_secs(2)).await
        })?;
        drained.push(last.as_secs_f64() * rate / f64::from(SIGNALS));
        cards_per_second.push(rate);
        pairs.push((all, floor));
        quiet = quiet.and(&before);
        urgent.push((presses, before));
    }
    let everything = pairs.iter().map(|(product, _)| product).fold(Samples::default(), Samples::and);
    bench.stages.push(("acknowledged, 10,000 in 1 s".to_owned(), everything));
    let ratio = median(drained);
    let rate = median(cards_per_second);
    let made_of = [
        format!("{:.2} s to the last acknowledgement", ratio * f64::from(SIGNALS) / rate),
        format!("the fold's SQL alone: {rate:.0} cards/s"),
    ];
    let bound = Bound::AtMost(5.0, 3.0);
    Ok(vec![
        Finding::of_pairs("T4", "10,000 in 1 s: last byte to acknowledgement", "commit, same pace", bound, &pairs),
        Finding::of_number("T4", "10,000 in 1 s: all of them", made_of, Bound::AtMost(3.0, 2.0), ratio),
        Finding::of_pairs("", "presses in the storm", "presses before it, 100/s", Bound::AtMost(1.5, 1.5), &urgent),
    ])
}

/// A storm's times.
#[derive(Debug)]
struct Times {
    all: Samples,
    presses: Samples,
    last: Duration,
}

fn storm(site: &mut Site, units: &mut Units) -> anyhow::Result<Times> {
    let count = units.count();
    let plan: Vec<Shot> = (0..SIGNALS)
        .map(|n| {
            let account = site.fresh_account();
            let frame = if n % PRESS_EVERY == 0 { press(&account) } else { mains_failed(&account) };
            Shot { due: Duration::from_secs(1) * n / SIGNALS, on: n as usize % count, frame }
        })
        .collect();
    let fates = units.run(&plan, PATIENCE)?;
    let first = fates.first().map_or_else(std::time::Instant::now, |fate| fate.due);
    let last = fates.iter().map(|fate| fate.acknowledged).max().unwrap_or(first);
    let presses = fates.iter().step_by(PRESS_EVERY as usize).map(Fate::took);
    Ok(Times { all: Samples::of(fates.iter().map(Fate::took)), presses: Samples::of(presses), last: last - first })
}

/// Presses while nothing else happens.
fn one_by_one(site: &mut Site, units: &mut Units) -> anyhow::Result<Samples> {
    let count = units.count();
    let plan: Vec<Shot> = (0..200_u32)
        .map(|n| Shot {
            due: Duration::from_millis(10) * n,
            on: n as usize % count,
            frame: press(&site.fresh_account()),
        })
        .collect();
    Ok(Samples::of(units.run(&plan, PATIENCE)?.iter().map(Fate::took)))
}
