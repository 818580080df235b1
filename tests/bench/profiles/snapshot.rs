//! T13: somebody left a transaction open. Claims and polls while it is held over many claims, beside the same without.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::super::desk::Desk;
use super::super::finding::{Bound, Finding};
use super::super::floor::block_on;
use super::super::site::{PEOPLE, Site};
use super::super::{Bench, Found};
use super::claims::waiting;
use telecare_tests::figures::Samples;

const CONSOLES: usize = 16;
const CARDS: usize = 400;
/// Claims over which the snapshot is held.
const CLAIMS: usize = 300_000;
/// Claims of one stretch.
const STRETCH: usize = 4_000;
/// Longest that the claims may take; what was reached by then is said.
const LASTS: Duration = Duration::from_secs(240);

pub fn run(bench: &mut Bench) -> Found {
    let (mut free, mut held) = (Site::start()?, Site::start()?);
    for site in [&mut free, &mut held] {
        let mut units = site.units(32)?;
        waiting(site, &mut units, CARDS)?;
    }
    let (claims, polls, done) = block_on(async {
        let mut snapshot = PgConnection::connect(&held.url()).await?;
        sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ").execute(&mut snapshot).await?;
        sqlx::query("SELECT count(*) FROM alarm").execute(&mut snapshot).await?;
        let [mut beside, mut under] = [
            Desk::connect(free.receiver.api_port(), CONSOLES, PEOPLE).await?,
            Desk::connect(held.receiver.api_port(), CONSOLES, PEOPLE).await?,
        ];
        let (ours, theirs) = (held.waiting_ids().await?, free.waiting_ids().await?);
        let begun = std::time::Instant::now();
        let mut done = 0;
        while done < CLAIMS && begun.elapsed() < LASTS {
            done += under.churn(&ours, STRETCH).await?.count();
        }
        let (mut claims, mut polls) = (Vec::new(), Vec::new());
        for _ in 0..bench.pairs {
            claims.push((under.churn(&ours, STRETCH / 4).await?, beside.churn(&theirs, STRETCH / 4).await?));
            polls.push((under.poll_every_second(2).await?, beside.poll_every_second(2).await?));
        }
        snapshot.close().await?;
        anyhow::Ok((claims, polls, done))
    })?;
    let taken = claims.iter().map(|(product, _)| product).fold(Samples::default(), Samples::and);
    bench.stages.push(("claim under a held snapshot".to_owned(), taken));
    let bound = Bound::AtMost(3.0, 1.5);
    let what = format!("claims, {CONSOLES} consoles, after {done} claims under a held snapshot");
    Ok(vec![
        Finding::of_pairs("T13", &what, "without a snapshot", bound, &claims),
        Finding::of_pairs("T13", "polls there", "without a snapshot", bound, &polls),
    ])
}
