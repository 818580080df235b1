//! T12: a claim with a million closed alarms behind it, beside one with none.

use super::super::desk::Desk;
use super::super::finding::{Bound, Finding};
use super::super::floor::block_on;
use super::super::load::Units;
use super::super::site::{PEOPLE, Site};
use super::super::{Bench, Found};
use super::claims::waiting;
use telecare_tests::figures::Samples;

const CONSOLES: usize = 16;
const ROUNDS: usize = 8;
const CLOSED: usize = 1_000_000;

/// Closed cards like one that is there.
const FILL: [&str; 5] = [
    "CREATE UNLOGGED TABLE fill (LIKE alarm_history)",
    "INSERT INTO fill SELECT a.* FROM (SELECT * FROM alarm WHERE claimed_by IS NULL LIMIT 1) a, generate_series(1, ROWS)",
    "UPDATE fill SET id = gen_random_uuid(), unit_key = 'old/' || ctid, closed_at = last_at, closed_by = 'Ann', \
     closed_desk = '1', outcome = 'resolved', closing_text = '', ringing_since = NULL, ringing = 0",
    "INSERT INTO alarm_history SELECT * FROM fill",
    "DROP TABLE fill",
];

pub fn run(bench: &mut Bench) -> Found {
    let (mut empty, mut full) = (Site::start()?, Site::start()?);
    let (mut few, mut many) = (empty.units(32)?, full.units(32)?);
    waiting(&mut full, &mut many, 1)?;
    for statement in FILL {
        full.postgres.sql(&full.database, &statement.replace("ROWS", &CLOSED.to_string()))?;
    }
    full.postgres.sql(&full.database, "ANALYZE alarm_history")?;
    let mut pairs = Vec::new();
    for _ in 0..bench.pairs {
        pairs.push((claims(&mut full, &mut many)?, claims(&mut empty, &mut few)?));
    }
    let what = format!("claims, {CONSOLES} consoles, a million closed alarms");
    Ok(vec![Finding::of_pairs("T12", &what, "without any", Bound::AtMost(1.5, 1.1), &pairs)])
}

fn claims(site: &mut Site, units: &mut Units) -> anyhow::Result<Samples> {
    waiting(site, units, CONSOLES * (ROUNDS + 2))?;
    let port = site.receiver.api_port();
    let claims = block_on(async { Desk::connect(port, CONSOLES, PEOPLE).await?.claim_together(ROUNDS).await })?;
    Ok(claims.took)
}
