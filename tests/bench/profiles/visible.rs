//! T8: from the last byte to a console that waits, beside a row's way to a connection that listens.

use super::super::console::Watcher;
use super::super::finding::{Bound, Finding};
use super::super::floor::{block_on, insert_to_listener};
use super::super::load::Units;
use super::super::site::{PATIENCE, Site};
use super::super::{Bench, Found};
use telecare_tests::figures::Samples;

const RATE: f64 = 200.0;
const SECONDS: f64 = 2.0;
const CONNECTIONS: usize = 32;

pub fn run(bench: &mut Bench) -> Found {
    let mut pairs = Vec::new();
    for _ in 0..bench.pairs {
        // A queue that has been worked off: a list of thousands is another profile's.
        let mut site = Site::start()?;
        let mut units = site.units(CONNECTIONS)?;
        let product = presses_to_console(&mut site, &mut units, RATE / 5.0, SECONDS)?;
        pairs.push((product, block_on(insert_to_listener(&site.url(), RATE, SECONDS))?));
    }
    let seen = pairs.iter().map(|(product, _)| product).fold(Samples::default(), Samples::and);
    bench.stages.push((format!("on a waiting console, {RATE:.0}/s"), seen));
    let bound = Bound::AtMost(3.0, 1.5);
    let what = format!("last byte to a waiting console, {RATE:.0}/s");
    Ok(vec![Finding::of_pairs("T8", &what, "insert to listener", bound, &pairs)])
}

/// Presses among four times as many tests, until a console that waits has them.
pub fn presses_to_console(site: &mut Site, units: &mut Units, rate: f64, seconds: f64) -> anyhow::Result<Samples> {
    let watcher = Watcher::start(site.receiver.api_port(), &site.token())?;
    let (plan, pressed) = site.day(rate * 5.0, seconds, units.count());
    let fates = units.run(&plan, PATIENCE)?;
    let presses: Vec<_> = fates.iter().zip(pressed).filter_map(|(fate, account)| Some((fate.due, account?))).collect();
    let expected: Vec<String> = presses.iter().map(|(_, account)| format!("{account}/1")).collect();
    let seen = watcher.end(&expected)?;
    Ok(Samples::of(presses.iter().zip(seen).map(|((due, _), at)| at.saturating_duration_since(*due))))
}
