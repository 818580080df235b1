//! Many premises units at once: each polls in its own time, and now and then one of them has an alarm. Every exchange has
//! a connection, or a socket, of its own, and goes on until it is acknowledged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use telecare_protocol::sia_dc09::{Unit, UnitCommand, UnitMessage, UnitSettings};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::figures::Figures;
use super::{PremisesArguments, unit};
use crate::Verdict;
use crate::link::{Link, Target};

/// Exchanges under way at once; beyond it the next one waits, and says so by the time it takes.
const EXCHANGES_MAX: usize = 512;
/// Time before a connection that broke is made anew.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long what has begun may take once no more begins.
const LEFT_MAX: Duration = Duration::from_secs(60);
/// The account of the first unit.
const FIRST_ACCOUNT: u32 = 100_000;

/// What came of it all.
#[derive(Debug, Default)]
struct Outcome {
    polls: Figures,
    alarms: Figures,
    by_account: BTreeMap<String, u64>,
}

/// One exchange to come.
#[derive(Clone, Copy, Debug)]
enum Next {
    Poll(u32),
    Alarm(u32),
}

/// Runs them and tells what came of it.
pub async fn run(arguments: &PremisesArguments, to: &Target, tell: impl Fn(&str)) -> anyhow::Result<Verdict> {
    let units = arguments.units.unwrap_or(1);
    let longest = Duration::from_secs(arguments.longest);
    let usual = UnitSettings { poll_every: Duration::ZERO, attempts: u32::MAX, ..UnitSettings::default() };
    let settings = arguments.settings(usual)?;
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let slots = Arc::new(Semaphore::new(EXCHANGES_MAX));
    let mut exchanges = JoinSet::new();
    let mut poll_gap = tokio::time::interval(Duration::from_secs(arguments.poll_every) / units);
    let alarm_gap = (arguments.alarms_per_s > 0.0).then(|| Duration::from_secs_f64(1.0 / arguments.alarms_per_s));
    let mut alarms = tokio::time::interval(alarm_gap.unwrap_or(Duration::from_secs(86_400)));
    alarms.tick().await;
    let end = tokio::time::sleep(longest);
    tokio::pin!(end);
    let (mut polled, mut raised) = (0, 0);
    loop {
        let next = tokio::select! {
            () = &mut end => break,
            Some(ended) = exchanges.join_next() => { ended?; continue }
            _ = poll_gap.tick() => Next::Poll({ polled += 1; (polled - 1) % units }),
            _ = alarms.tick() => Next::Alarm({ raised += 1; (raised - 1) % units }),
        };
        let (slots, settings) = (Arc::clone(&slots), settings.clone());
        let (outcome, to) = (Arc::clone(&outcome), to.clone());
        exchanges.spawn(async move {
            // Never closed.
            let _slot = slots.acquire_owned().await;
            exchange(next, raised, settings, &to, &outcome).await;
        });
    }
    let left = async { while exchanges.join_next().await.is_some() {} };
    let all = tokio::time::timeout(LEFT_MAX, left).await.is_ok();
    let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
    tell(&outcome.polls.in_words("polls"));
    tell(&outcome.alarms.in_words("alarms"));
    if let Some(file) = &arguments.ledger {
        let mut lines = String::new();
        for (account, count) in &outcome.by_account {
            writeln!(lines, "{account} {count}")?;
        }
        std::fs::write(file, lines).with_context(|| file.display().to_string())?;
    }
    let lost = |figures: &Figures| figures.begun != figures.count();
    Ok(if all && !lost(&outcome.polls) && !lost(&outcome.alarms) { Verdict::Done } else { Verdict::Failed })
}

/// One exchange, until it is acknowledged.
async fn exchange(next: Next, number: u32, settings: UnitSettings, to: &Target, outcome: &Mutex<Outcome>) {
    let index = match next {
        Next::Poll(index) | Next::Alarm(index) => index,
    };
    let account = (FIRST_ACCOUNT + index).to_string();
    let mut unit = unit(UnitSettings { account: account.clone(), ..settings });
    let is_alarm = matches!(next, Next::Alarm(_));
    let note = |change: &dyn Fn(&mut Figures)| {
        let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let Outcome { polls, alarms, .. } = &mut *outcome;
        change(if is_alarm { alarms } else { polls });
    };
    note(&|figures| figures.begun += 1);
    if is_alarm {
        // A manual test: a rehearsal frightens no one. The zone tells one of a unit from the next.
        let message = UnitMessage::sia(&account, &format!("Nri1/RX{:04}", number % 10_000));
        let _ = unit.send(message, Instant::now());
    } else {
        unit.poll(Instant::now());
    }
    let mut copy = None;
    loop {
        let done = match Link::open(to).await {
            Ok(mut link) => converse(&mut unit, &mut link, &mut copy).await,
            Err(_) => None,
        };
        match done {
            Some(after) => {
                note(&|figures| figures.acknowledged(after));
                if is_alarm {
                    let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    *outcome.by_account.entry(account).or_default() += 1;
                }
                return;
            }
            None => {
                note(&|figures| figures.repeated += 1);
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

/// On one link: sends what the unit has, again where it waits for an answer; how long the answer took. None when the link
/// broke, or no answer came: then on a new one.
async fn converse(unit: &mut Unit, link: &mut Link, copy: &mut Option<Vec<u8>>) -> Option<Duration> {
    let mut sent = Instant::now();
    if let Some(copy) = copy.as_ref() {
        link.write(copy).await.ok()?;
    }
    let mut buffer = [0; 1024];
    loop {
        while let Some(command) = unit.next_command() {
            match command {
                UnitCommand::Send(bytes) => {
                    sent = Instant::now();
                    link.write(&bytes).await.ok()?;
                    *copy = Some(bytes);
                }
                UnitCommand::Acknowledged { .. } | UnitCommand::Polled => return Some(sent.elapsed()),
                UnitCommand::Refused(_) => return None,
                UnitCommand::ClockSet(_) | UnitCommand::LinkFailed | UnitCommand::LinkRestored => {}
            }
        }
        let deadline = unit.poll_timeout()?;
        tokio::select! {
            read = link.read(&mut buffer) => {
                let count = read.ok()?;
                unit.handle_bytes(&buffer[..count], Instant::now());
            }
            () = tokio::time::sleep_until(deadline.into()) => unit.handle_timeout(Instant::now()),
        }
    }
}
