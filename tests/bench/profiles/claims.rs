//! T11 and T14: consoles that all press "claim" at the same moment, beside the claim in SQL.

use super::super::desk::Desk;
use super::super::finding::{Bound, Finding};
use super::super::floor::{Queue, block_on, together};
use super::super::load::{Shot, Units};
use super::super::site::{PATIENCE, PEOPLE, Site, press};
use super::super::{Bench, Found};
use telecare_tests::figures::Samples;

/// Consoles, rounds, what is promised of how long it takes.
const PROFILES: [(usize, usize, &str, Bound); 3] =
    [(16, 12, "T11", Bound::AtMost(2.5, 1.5)), (64, 4, "T11", Bound::AtMost(2.5, 1.5)), (500, 1, "", Bound::None)];
/// Connections that PostgreSQL takes beside the receiver's: more consoles than this share.
const FLOOR_CONNECTIONS_MAX: usize = 100;
const FLOOR_ROWS: i32 = 20_000;

pub fn run(bench: &mut Bench) -> Found {
    let mut site = Site::start()?;
    let mut units = site.units(64)?;
    let mut found = Vec::new();
    let (mut twice, mut out_of_order, mut claimed) = (0, 0, 0);
    for (consoles, rounds, target, bound) in PROFILES {
        if bench.quick && target.is_empty() {
            continue;
        }
        let mut pairs = Vec::new();
        for _ in 0..bench.pairs {
            waiting(&mut site, &mut units, consoles * (rounds + 2))?;
            let port = site.receiver.api_port();
            let claims = block_on(async { Desk::connect(port, consoles, PEOPLE).await?.claim_together(rounds).await })?;
            twice += claims.twice;
            out_of_order += claims.out_of_order;
            claimed += claims.took.count();
            let floor = block_on(async {
                let mut queue = Queue::connect(&site.url(), consoles.min(FLOOR_CONNECTIONS_MAX), FLOOR_ROWS).await?;
                together(&mut queue, rounds.max(2)).await
            })?;
            pairs.push((claims.took, floor));
        }
        let what = format!("claim, {consoles} consoles at once");
        found.push(Finding::of_pairs(target, &what, "claim in SQL", bound, &pairs));
        let all = pairs.iter().map(|(product, _)| product).fold(Samples::default(), Samples::and);
        bench.stages.push((what, all));
    }
    for (what, count) in [("alarms that two had", twice), ("claims out of order", out_of_order)] {
        let made_of = [format!("{count} of {claimed} claims"), String::new()];
        #[expect(clippy::cast_precision_loss)]
        found.push(Finding::of_number("T14", what, made_of, Bound::AtMost(0.0, 0.0), count as f64));
    }
    Ok(found)
}

/// So many more cards that wait for somebody.
pub fn waiting(site: &mut Site, units: &mut Units, cards: usize) -> anyhow::Result<()> {
    let count = units.count();
    let plan: Vec<Shot> = (0..cards)
        .map(|n| Shot { due: std::time::Duration::ZERO, on: n % count, frame: press(&site.fresh_account()) })
        .collect();
    units.run(&plan, PATIENCE)?;
    site.receiver.console(0).until_connected()
}
