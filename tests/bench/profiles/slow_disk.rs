//! T6 and T7: a disk on which every sync takes 3 ms longer, for the journal and for the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_tests::disk::{Disk, Fault};

use super::super::finding::{Bound, Finding};
use super::super::floor::{Storm, block_on, closed};
use super::super::load::Shot;
use super::super::site::{PATIENCE, Site, periodic};
use super::super::{Bench, Found};
use super::quiet::acknowledged;
use telecare_tests::figures::{Samples, median};

const SLOWER_MS: u32 = 3;
const DEVICES: usize = 64;
const LASTS: Duration = Duration::from_secs(3);

pub fn run(bench: &mut Bench) -> Found {
    let disk = Arc::new(Disk::new()?);
    let mut site = Site::start_on(&disk)?;
    let mut units = site.units(DEVICES)?;
    disk.set(Fault::SlowMs(SLOWER_MS))?;
    acknowledged(&mut site, &mut units, 200.0, 1.0)?;
    let (mut pairs, mut open, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    let mut storm = block_on(Storm::connect(&site.url()))?;
    for _ in 0..bench.pairs {
        let product = acknowledged(&mut site, &mut units, 1_000.0, 2.0)?;
        open.push((product.clone(), block_on(storm.open_loop(1_000.0, 2.0))?));
        pairs.push((product, block_on(closed(&site.url(), 1, Duration::from_secs(1)))?.0));
        let mut done = 0;
        let begun = Instant::now();
        while begun.elapsed() < LASTS {
            let plan: Vec<Shot> = (0..DEVICES * 20)
                .map(|n| Shot { due: Duration::ZERO, on: n % units.count(), frame: periodic(&site.fresh_account()) })
                .collect();
            done += units.run(&plan, PATIENCE)?.len();
        }
        #[expect(clippy::cast_precision_loss)]
        let rate = done as f64 / begun.elapsed().as_secs_f64();
        site.receiver.console(0).until_connected()?;
        rates.push((rate, block_on(closed(&site.url(), DEVICES, LASTS))?.1));
    }
    let product = pairs.iter().map(|(product, _)| product).fold(Samples::default(), Samples::and);
    bench.stages.push(("acknowledged, 1,000/s, syncs 3 ms slower".to_owned(), product));
    let ratio = median(rates.iter().map(|(product, floor)| product / floor).collect());
    let [ours, bare] = [0, 1].map(|n| median(rates.iter().map(|rate| if n == 0 { rate.0 } else { rate.1 }).collect()));
    let made_of = [format!("{ours:.0}/s"), format!("bare commits, {DEVICES} clients: {bare:.0}/s")];
    Ok(vec![
        Finding::of_pairs("T6", "slow disk, 1,000/s", "bare commits there", Bound::AtMost(3.5, 2.5), &pairs),
        Finding::of_pairs("", "slow disk, 1,000/s", "commit there, same pace", Bound::None, &open),
        Finding::of_number("T7", "slow disk, 64 units at once", made_of, Bound::AtLeast(0.5, 0.8), ratio),
    ])
}
