//! T9 and T10: consoles that poll once a second instead of waiting, and what they cost the database.

use std::time::Duration;

use super::super::desk::Desk;
use super::super::finding::{Bound, Finding};
use super::super::floor::{Queue, block_on, poll_every_second};
use super::super::site::{PEOPLE, Site};
use super::super::{Bench, Found};
use super::claims::waiting;
use telecare_tests::figures::median;

const FEW: usize = 500;
const MANY: usize = 2_000;
const OPEN: usize = 200;
const SECONDS: u32 = 5;

pub fn run(bench: &mut Bench) -> Found {
    let mut site = Site::start()?;
    let mut units = site.units(16)?;
    waiting(&mut site, &mut units, OPEN)?;
    let port = site.receiver.api_port();
    let idle = site.database_work()?;
    std::thread::sleep(Duration::from_secs(SECONDS.into()));
    let idle = site.database_work()?.since(&idle);
    let (mut pairs, mut queries, mut cost) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.pairs {
        // What the database does while consoles connect, which takes as long as there are many, is not counted.
        let mut desk = block_on(Desk::connect(port, FEW, PEOPLE))?;
        let before = site.database_work()?;
        let few = block_on(desk.poll_every_second(SECONDS))?;
        let with_few = site.database_work()?.since(&before);
        let mut desk = block_on(Desk::connect(port, MANY, PEOPLE))?;
        let before = site.database_work()?;
        block_on(desk.poll_every_second(SECONDS))?;
        let with_many = site.database_work()?.since(&before);
        #[expect(clippy::cast_precision_loss)]
        let polls = few.count() as f64;
        queries.push((with_few.transactions - idle.transactions).max(0.0) / polls);
        cost.push(with_many.cpu_s / with_few.cpu_s);
        #[expect(clippy::cast_precision_loss)]
        let floor = block_on(async {
            let _table = Queue::connect(&site.url(), 1, i32::try_from(OPEN)?).await?;
            poll_every_second(&site.url(), FEW as f64, f64::from(SECONDS)).await
        })?;
        pairs.push((few, floor));
    }
    let what = format!("plain polls, {FEW} consoles");
    let (queries, cost) = (median(queries), median(cost));
    let made_of =
        [format!("{queries:.4}"), format!("idle: {:.1} transactions/s", idle.transactions / f64::from(SECONDS))];
    let beside = [format!("{cost:.2} times"), format!("idle: {:.3} s of CPU in {SECONDS} s", idle.cpu_s)];
    Ok(vec![
        Finding::of_pairs("T9", &what, "poll in SQL", Bound::AtMost(3.0, 1.5), &pairs),
        Finding::of_number("T9", "database transactions a poll", made_of, Bound::AtMost(0.05, 0.01), queries),
        Finding::of_number("T10", "database CPU, 2,000 consoles against 500", beside, Bound::AtMost(1.2, 1.05), cost),
    ])
}
