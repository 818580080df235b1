//! Units over IP, by SIA DC-09: 5,000 that poll every minute and 50 alarms a second, each on a connection of its own, beside
//! the same units at a receiver that acknowledges without storing. The difference is the price of durability.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use telecare_tests::figures::Samples;
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::sia_dc09::{Wire, ack, null, press};

use super::super::finding::{Bound, Finding};
use super::super::floor::Naive;
use super::super::site::SETTINGS;
use super::super::{Bench, Found};

const UNITS: u32 = 5_000;
const POLL_EVERY_S: u32 = 60;
const ALARMS_PER_S: u32 = 50;
const SECONDS: u32 = 6;
/// Exchanges under way at once.
const SENDERS: usize = 64;

pub fn run(bench: &mut Bench) -> Found {
    let postgres = Postgres::start_tuned(SETTINGS, |_| Ok(Vec::new()))?;
    let address = SocketAddr::from(([127, 0, 0, 1], port::free()?));
    let line = Line { protocol: "sia-dc09", ..Line::new("ip", Transport::Listen { address, connections_max: 4_096 }) };
    let database = vec![postgres.url(&postgres.create_database()?)];
    let receiver = Receiver::start(Setup { lines: vec![line], database, prints_log: false, ..Setup::default() })?;
    receiver.console(0).until_connected()?;
    let naive = Naive::start()?;
    let (mut alarms, mut polls) = (Vec::new(), Vec::new());
    for pair in 0..bench.pairs {
        let first = u32::try_from(pair)? * ALARMS_PER_S * SECONDS;
        let (alarm, poll) = load(address, first)?;
        let (floor_alarm, floor_poll) = load(naive.address, first)?;
        alarms.push((alarm, floor_alarm));
        polls.push((poll, floor_poll));
    }
    let floor = "acknowledged without storing";
    let words = |what: &str| format!("{what}: {UNITS} units over IP, {ALARMS_PER_S} alarms/s, connection and answer");
    Ok(vec![
        Finding::of_pairs("", &words("alarm"), floor, Bound::None, &alarms),
        Finding::of_pairs("", &words("poll"), floor, Bound::None, &polls),
    ])
}

/// A frame, its answer, when it is due, and whether it is an alarm.
type Shot = (Duration, Vec<u8>, Vec<u8>, bool);

/// The times of alarms and of polls, from when each was due.
fn load(to: SocketAddr, first: u32) -> Result<(Samples, Samples)> {
    let polls = UNITS * SECONDS / POLL_EVERY_S;
    let at = |n: u32, of: u32| Duration::from_secs(u64::from(SECONDS)) * n / of;
    let account = |n: u32| format!("{:06}", 100_000 + n);
    let alarm = |n: u32| {
        let account = account(first + n);
        (at(n, ALARMS_PER_S * SECONDS), press(1, &account), ack(1, &account), true)
    };
    let poll = |n: u32| (at(n, polls), null(&account(n)), ack(0, &account(n)), false);
    let mut plan: Vec<Shot> = (0..ALARMS_PER_S * SECONDS).map(alarm).chain((0..polls).map(poll)).collect();
    plan.sort_by_key(|shot| shot.0);
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let took = thread::scope(|scope| {
        let send = || -> Result<Vec<(bool, Duration)>> {
            let mut took = Vec::new();
            while let Some((due, frame, answer, is_alarm)) = plan.get(next.fetch_add(1, Ordering::Relaxed)) {
                let due = begun + *due;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                Wire::tcp(to)?.tell(frame, answer)?;
                took.push((*is_alarm, due.elapsed()));
            }
            Ok(took)
        };
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
        let took = senders.into_iter().map(|sender| sender.join().ok().context("a sender broke off")?);
        took.collect::<Result<Vec<_>>>()
    })?;
    let of = |alarms: bool| {
        let some = took.iter().flatten().filter(move |(is_alarm, _)| *is_alarm == alarms);
        Samples::of(some.map(|(_, took)| *took))
    };
    Ok((of(true), of(false)))
}
