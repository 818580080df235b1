//! T1-T3: from the last byte to the acknowledgement on a machine that does little else.

use std::time::Duration;

use super::super::finding::{Bound, Finding};
use super::super::floor::{Storm, Sync, block_on, closed};
use super::super::load::{Fate, Units};
use super::super::site::{PATIENCE, Site};
use super::super::{Bench, Found};
use telecare_tests::figures::Samples;

const CONNECTIONS: usize = 64;
const FLOOR: &str = "commit, same pace";

/// Signals a second, seconds of one run, what is promised.
const RATES: [(f64, f64, &str, Bound); 3] = [
    (10.0, 4.0, "", Bound::None),
    (100.0, 3.0, "T1", Bound::AtMost(2.0, 1.4)),
    (1_000.0, 2.0, "T2", Bound::AtMost(3.0, 2.0)),
];

pub fn run(bench: &mut Bench) -> Found {
    let mut site = Site::start()?;
    let mut units = site.units(CONNECTIONS)?;
    let mut storm = block_on(Storm::connect(&site.url()))?;
    let mut sync = Sync::new(site.receiver.directory().path())?;
    let mut found = Vec::new();
    for (rate, seconds, target, bound) in RATES {
        if bench.quick && target.is_empty() {
            continue;
        }
        acknowledged(&mut site, &mut units, rate, 0.5)?;
        let (mut pairs, mut bare, mut syncs) = (Vec::new(), Vec::new(), Samples::default());
        for _ in 0..bench.pairs {
            let product = acknowledged(&mut site, &mut units, rate, seconds)?;
            let floor = block_on(storm.open_loop(rate, seconds))?;
            syncs = syncs.and(&sync.open_loop(rate, seconds / 2.0)?);
            if target == "T2" {
                bare.push((product.clone(), block_on(closed(&site.url(), 1, Duration::from_secs(1)))?.0));
            }
            pairs.push((product, floor));
        }
        let what = format!("last byte to acknowledgement, {rate:.0}/s");
        found.push(Finding::of_pairs(target, &what, FLOOR, bound, &pairs));
        if !bare.is_empty() {
            let bound = Bound::AtMost(6.0, 3.5);
            found.push(Finding::of_pairs("T3", &what, "bare commits one after the other", bound, &bare));
        }
        let all = |of: fn(&(Samples, Samples)) -> &Samples| pairs.iter().map(of).fold(Samples::default(), Samples::and);
        bench.stages.push((format!("acknowledged, {rate:.0}/s"), all(|pair| &pair.0)));
        bench.stages.push((format!("a bare commit, {rate:.0}/s"), all(|pair| &pair.1)));
        if target == "T1" {
            bench.stages.push((format!("a bare sync, {rate:.0}/s"), syncs));
        }
    }
    Ok(found)
}

/// A stretch of a centre's day.
pub fn acknowledged(site: &mut Site, units: &mut Units, rate: f64, seconds: f64) -> anyhow::Result<Samples> {
    let (plan, _) = site.day(rate, seconds, units.count());
    Ok(Samples::of(units.run(&plan, PATIENCE)?.iter().map(Fate::took)))
}
