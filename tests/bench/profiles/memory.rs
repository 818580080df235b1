//! T21: memory and connections: idle, loaded, after a million signals.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::super::desk::Desk;
use super::super::finding::{Bound, Finding};
use super::super::floor::block_on;
use super::super::load::Shot;
use super::super::site::{PATIENCE, PEOPLE, Site, periodic};
use super::super::{Bench, Found};
use super::claims::waiting;

const CONNECTIONS: usize = 1_000;
const CONSOLES: usize = 500;
const OPEN: usize = 10_000;
const SIGNALS: usize = 1_000_000;
/// Longest that the million may take; what was reached by then is said.
const LASTS: Duration = Duration::from_secs(300);

pub fn run(_: &mut Bench) -> Found {
    let mut site = Site::start()?;
    let idle = site.resident_mib()?;
    let mut units = site.units(CONNECTIONS)?;
    waiting(&mut site, &mut units, OPEN)?;
    let port = site.receiver.api_port();
    block_on(async { Desk::connect(port, CONSOLES, PEOPLE).await?.poll_every_second(5).await })?;
    let loaded = site.resident_mib()?;
    let sessions = "SELECT count(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let sessions: f64 = site.postgres.sql(&site.database, sessions)?.trim().parse()?;
    let accounts: Vec<String> = (0..5_000).map(|_| site.fresh_account()).collect();
    let (begun, mut done) = (Instant::now(), 0);
    while done < SIGNALS && begun.elapsed() < LASTS {
        let plan: Vec<Shot> = (0..units.count() * 20)
            .map(|n| {
                let frame = periodic(&accounts[(done + n) % accounts.len()]);
                Shot { due: Duration::ZERO, on: n % units.count(), frame }
            })
            .collect();
        done += units.run(&plan, PATIENCE)?.len();
    }
    // A hundred thousand may wait for the database by then.
    let begun = Instant::now();
    while site.receiver.console(0).until_connected().is_err() {
        ensure!(begun.elapsed() < LASTS, "{} entries still wait for the database", site.backlog()?);
    }
    let worn = site.resident_mib()?;
    let of = |text: String| [text, String::new()];
    let what = "MiB with 1,000 units, 500 consoles, 10,000 open alarms";
    let after = format!("MiB after {done} signals more");
    Ok(vec![
        Finding::of_number("T21", "MiB idle", of(format!("{idle:.1} MiB")), Bound::AtMost(64.0, 25.0), idle),
        Finding::of_number("T21", what, of(format!("{loaded:.0} MiB")), Bound::AtMost(256.0, 120.0), loaded),
        Finding::of_number("T21", &after, of(format!("{worn:.0} MiB")), Bound::AtMost(256.0, 120.0), worn),
        Finding::of_number(
            "T21",
            "database connections",
            of(format!("{sessions}")),
            Bound::AtMost(12.0, 6.0),
            sessions,
        ),
    ])
}
