//! T18: a standby that must have every commit on its disk before it counts.

use std::time::Duration;

use super::super::finding::{Bound, Finding};
use super::super::floor::{Storm, block_on, closed};
use super::super::site::{SETTINGS, Site};
use super::super::{Bench, Found};
use super::quiet::acknowledged;
use telecare_tests::postgres::Postgres;

pub fn run(bench: &mut Bench) -> Found {
    let primary = Postgres::start_tuned(SETTINGS, |_| Ok(Vec::new()))?;
    let _standby = primary.standby()?;
    let mut site = Site::start_with(primary, None)?;
    let mut units = site.units(32)?;
    acknowledged(&mut site, &mut units, 100.0, 1.0)?;
    let (mut pairs, mut open) = (Vec::new(), Vec::new());
    let mut storm = block_on(Storm::connect(&site.url()))?;
    for _ in 0..bench.pairs {
        let product = acknowledged(&mut site, &mut units, 100.0, 3.0)?;
        open.push((product.clone(), block_on(storm.open_loop(100.0, 3.0))?));
        pairs.push((product, block_on(closed(&site.url(), 1, Duration::from_secs(2)))?.0));
    }
    let what = "100/s, a standby has every commit on its disk";
    Ok(vec![
        Finding::of_pairs("T18", what, "bare commits, one after the other", Bound::AtMost(2.5, 1.6), &pairs),
        Finding::of_pairs("", what, "commit, same pace", Bound::None, &open),
    ])
}
