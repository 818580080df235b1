//! Digital units: 200 SCAIP alarms a second, in datagrams and over 500 connections that stay; from when each was due to its
//! 200, and to the acknowledgement in a message of its own. The journal is on a real disk and PostgreSQL is up.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use telecare_tests::figures::Samples;
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::sip::{Unit, mrq, mrs};

use super::super::finding::{Bound, Finding};
use super::super::floor::Sync;
use super::super::site::SETTINGS;
use super::super::{Bench, Found};

const ALARMS_PER_S: u32 = 200;
const LASTS_S: u32 = 20;
const CONNECTIONS: usize = 500;
/// Threads that send; each has its share of the units.
const SENDERS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(10);
/// On a quiet machine, milliseconds.
const ANSWERED_MAX_MS: f64 = 50.0;
const ACKNOWLEDGED_MAX_MS: f64 = 150.0;

pub fn run(_bench: &mut Bench) -> Found {
    let postgres = Postgres::start_tuned(SETTINGS, |_| Ok(Vec::new()))?;
    let at = SocketAddr::from(([127, 0, 0, 1], port::free()?));
    let listener = format!(
        "udp = \"{at}\", tcp = \"{at}\", connections-max = {CONNECTIONS}, connections-per-source-max = {CONNECTIONS}"
    );
    let line = Line { protocol: "sip", ..Line::new("digital", Transport::Sip(listener)) };
    let database = vec![postgres.url(&postgres.create_database()?)];
    let receiver = Receiver::start(Setup { lines: vec![line], database, prints_log: false, ..Setup::default() })?;
    receiver.console(0).until_connected()?;
    let floor = Sync::new(receiver.directory().path())?.open_loop(f64::from(ALARMS_PER_S), 3.0)?.words();
    let mut found = Vec::new();
    for (first, how, is_tcp) in [(0, "in datagrams", false), (100_000, "over 500 connections", true)] {
        let (answered, acknowledged) = load(at, first, is_tcp)?;
        for (what, samples, most) in
            [("200", answered, ANSWERED_MAX_MS), ("its acknowledgement", acknowledged, ACKNOWLEDGED_MAX_MS)]
        {
            let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| samples.quantile(share));
            let said = format!("p50 {p50:.1}, p95 {p95:.1}, p99 {p99:.1} ms of {}", samples.count());
            let what = format!("{ALARMS_PER_S} SCAIP alarms/s {how}, from when one is due to {what}: p99, ms");
            let made_of = [said, format!("a bare sync: {floor}")];
            found.push(Finding::of_number("", &what, made_of, Bound::AtMost(most, most / 5.0), p99));
        }
    }
    Ok(found)
}

/// The times to answers and to acknowledgements, from when each alarm was due. None may miss one.
fn load(to: SocketAddr, first: usize, is_tcp: bool) -> Result<(Samples, Samples)> {
    let share = CONNECTIONS / SENDERS;
    let begun = Instant::now() + Duration::from_secs(1);
    let total = ALARMS_PER_S * LASTS_S;
    let took = thread::scope(|scope| {
        let sends = |sender: usize| {
            scope.spawn(move || -> Result<Vec<(Duration, Duration)>> {
                let user = |unit: usize| format!("9{:07}", first + sender * share + unit);
                let open = |unit| if is_tcp { Unit::tcp(&user(unit), to) } else { Unit::udp(&user(unit), to) };
                let mut units = (0..share).map(open).collect::<Result<Vec<Unit>>>()?;
                let mut took = Vec::new();
                for n in (u32::try_from(sender)?..total).step_by(SENDERS) {
                    let due = begun + Duration::from_secs(u64::from(LASTS_S)) * n / total;
                    let unit = took.len() % share;
                    let (reference, at) = (format!("R{n}"), user(unit));
                    let unit = units.get_mut(unit).context("a unit")?;
                    let request = unit.scaip(&mrq(&reference, &at));
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let late = due.elapsed();
                    let told = unit.tell(&request, PATIENCE)?;
                    ensure!(told.acknowledgement == Some(mrs(&reference)), "{reference}: {told:?}");
                    took.push((late + told.status_after, late + told.after));
                }
                Ok(took)
            })
        };
        let threads: Vec<_> = (0..SENDERS).map(sends).collect();
        let took = threads.into_iter().map(|thread| thread.join().ok().context("a sender broke off")?);
        took.collect::<Result<Vec<_>>>()
    })?;
    let took = || took.iter().flatten();
    Ok((Samples::of(took().map(|(answered, _)| *answered)), Samples::of(took().map(|(_, after)| *after))))
}
