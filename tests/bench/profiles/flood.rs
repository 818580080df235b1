//! Presses beside a flood of periodic tests: they must not wait behind it.

use std::time::Duration;

use super::super::finding::{Bound, Finding};
use super::super::load::{Shot, Units};
use super::super::site::{PATIENCE, Site, periodic, press};
use super::super::{Bench, Found};
use telecare_tests::figures::Samples;

const CONNECTIONS: usize = 128;
/// Presses a second, and tests beside them.
const PRESSES: u32 = 20;
const TESTS: u32 = 1_000;
const SECONDS: u32 = 3;

pub fn run(bench: &mut Bench) -> Found {
    let mut site = Site::start()?;
    let mut units = site.units(CONNECTIONS)?;
    let mut pairs = Vec::new();
    for _ in 0..bench.pairs {
        let alone = presses(&mut site, &mut units, 0)?;
        pairs.push((presses(&mut site, &mut units, TESTS)?, alone));
    }
    let what = format!("presses, {PRESSES}/s, beside {TESTS} tests/s: last byte to acknowledgement");
    Ok(vec![Finding::of_pairs("", &what, "presses alone", Bound::AtMost(1.5, 1.5), &pairs)])
}

/// Presses with so many tests a second beside them; presses on connections of their own.
fn presses(site: &mut Site, units: &mut Units, tests: u32) -> anyhow::Result<Samples> {
    let own = 16;
    let mut plan = Vec::new();
    for n in 0..PRESSES * SECONDS {
        let due = Duration::from_secs(1) * n / PRESSES;
        plan.push((true, Shot { due, on: n as usize % own, frame: press(&site.fresh_account()) }));
    }
    for n in 0..tests * SECONDS {
        let on = own + n as usize % (units.count() - own);
        plan.push((
            false,
            Shot { due: Duration::from_secs(1) * n / tests, on, frame: periodic(&site.fresh_account()) },
        ));
    }
    plan.sort_by_key(|(_, shot)| shot.due);
    let (is_press, plan): (Vec<bool>, Vec<Shot>) = plan.into_iter().unzip();
    let fates = units.run(&plan, PATIENCE)?;
    Ok(Samples::of(fates.iter().zip(is_press).filter(|(_, is_press)| *is_press).map(|(fate, _)| fate.took())))
}
