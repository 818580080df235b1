//! Many units at once: each polls in its own time, and now and then one of them has an alarm. Every exchange has a
//! connection, or a socket, of its own, or its unit's where units keep them, and goes on until it is acknowledged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::figures::Figures;
use super::fleet::NUMBERS;
use super::{Fleet, PremisesArguments};
use crate::Verdict;
use crate::device::{Device, Told};
use crate::link::{Link, READ_BYTES, Target, Tls};

/// Exchanges under way at once; beyond it the next one waits, and says so by the time it takes.
const EXCHANGES_MAX: usize = 512;
/// Time before a connection that broke is made anew.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long what has begun may take once no more begins.
const LEFT_MAX: Duration = Duration::from_secs(60);

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
pub async fn run(
    arguments: &PremisesArguments,
    (fleet, to, tls): (Fleet, &Target, Option<Tls>),
    tell: impl Fn(&str),
) -> anyhow::Result<Verdict> {
    let units = arguments.units.unwrap_or(1);
    let longest = Duration::from_secs(arguments.longest);
    let kept = if arguments.keep_open { units } else { 0 };
    let shared = Arc::new(Shared {
        fleet,
        to: to.clone(),
        tls,
        kept: (0..kept).map(|_| tokio::sync::Mutex::new(None)).collect(),
        slots: Semaphore::new(EXCHANGES_MAX),
        outcome: Mutex::new(Outcome::default()),
    });
    let mut exchanges = JoinSet::new();
    let mut poll_gap = tokio::time::interval(Duration::from_secs(arguments.poll_every) / units);
    let alarm_gap = (arguments.alarms_per_s > 0.0).then(|| Duration::from_secs_f64(1.0 / arguments.alarms_per_s));
    let mut alarms = tokio::time::interval(alarm_gap.unwrap_or(Duration::from_secs(86_400)));
    alarms.tick().await;
    let end = tokio::time::sleep(longest);
    tokio::pin!(end);
    // Every unit's sequence begins by chance: if alarms of two runs had the same numbers, one in ten thousand would be a
    // copy of the one before, and rightly taken for it.
    let (mut polled, mut raised, first) = (0, 0, Uuid::new_v4().as_fields().0 % NUMBERS);
    loop {
        let next = tokio::select! {
            () = &mut end => break,
            Some(ended) = exchanges.join_next() => { ended?; continue }
            _ = poll_gap.tick() => Next::Poll({ polled += 1; (polled - 1) % units }),
            _ = alarms.tick() => Next::Alarm({ raised += 1; (raised - 1) % units }),
        };
        let shared = Arc::clone(&shared);
        exchanges.spawn(async move {
            // Never closed.
            let _slot = shared.slots.acquire().await;
            exchange(next, first + raised, &shared).await;
        });
    }
    let left = async { while exchanges.join_next().await.is_some() {} };
    let all = tokio::time::timeout(LEFT_MAX, left).await.is_ok();
    let outcome = shared.outcome.lock().unwrap_or_else(PoisonError::into_inner);
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

/// What all exchanges share.
struct Shared {
    fleet: Fleet,
    to: Target,
    tls: Option<Tls>,
    /// What units keep between exchanges, where they keep anything.
    kept: Vec<tokio::sync::Mutex<Option<Kept>>>,
    slots: Semaphore,
    outcome: Mutex<Outcome>,
}

/// A unit and the link that it keeps.
struct Kept {
    device: Device,
    link: Link,
}

/// How an exchange went on one link.
enum Went {
    Acknowledged { after: Duration, attempts: u32 },
    Refused,
    Broken,
}

/// One exchange, until it is acknowledged.
async fn exchange(next: Next, number: u32, shared: &Shared) {
    let index = match next {
        Next::Poll(index) | Next::Alarm(index) => index,
    };
    let is_alarm = matches!(next, Next::Alarm(_));
    let note = |change: &dyn Fn(&mut Figures)| {
        let mut outcome = shared.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let Outcome { polls, alarms, .. } = &mut *outcome;
        change(if is_alarm { alarms } else { polls });
    };
    note(&|figures| figures.begun += 1);
    let mut keeps = match shared.kept.get(index as usize) {
        Some(kept) => Some(kept.lock().await),
        None => None,
    };
    let kept = keeps.as_mut().and_then(|kept| kept.take());
    let (mut device, mut link) =
        kept.map_or_else(|| (shared.fleet.device(index), None), |Kept { device, link }| (device, Some(link)));
    let message = if is_alarm { shared.fleet.alarm(index, number) } else { shared.fleet.poll(index) };
    device.send(&message);
    let (mut copy, mut is_again) = (None, link.is_some());
    loop {
        let went = match link.take() {
            Some(kept) => Some(kept),
            None => {
                let opened = Link::open(&shared.to, shared.tls.as_ref()).await.ok();
                if is_again && opened.is_some() {
                    device.connected();
                }
                opened
            }
        };
        is_again = true;
        let went = match went {
            Some(mut open) => {
                let went = converse(&mut device, &mut open, &mut copy).await;
                link = Some(open);
                went
            }
            None => Went::Broken,
        };
        match went {
            Went::Acknowledged { after, attempts } => {
                note(&|figures| {
                    figures.acknowledged(after);
                    figures.repeated += u64::from(attempts.saturating_sub(1));
                });
                if is_alarm {
                    let mut outcome = shared.outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    *outcome.by_account.entry(shared.fleet.account(index)).or_default() += 1;
                }
                if let (Some(keeps), Some(link)) = (keeps.as_mut(), link) {
                    **keeps = Some(Kept { device, link });
                }
                return;
            }
            Went::Refused => return note(&|figures| figures.failed += 1),
            Went::Broken => {
                link = None;
                note(&|figures| figures.repeated += 1);
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

/// On one link: sends what the unit has, again where it waits for an answer. Where the link broke, or no answer came, it
/// goes on with a new one.
async fn converse(device: &mut Device, link: &mut Link, copy: &mut Option<Vec<u8>>) -> Went {
    let mut sent = Instant::now();
    // A digital unit sends anew on a new link by itself.
    if let Some(copy) = copy.as_ref().filter(|_| !device.is_digital())
        && link.write(copy).await.is_err()
    {
        return Went::Broken;
    }
    let mut buffer = vec![0; READ_BYTES];
    let mut is_first = true;
    loop {
        while let Some(told) = device.next() {
            match told {
                Told::Send(bytes) => {
                    if is_first || !device.is_digital() {
                        sent = Instant::now();
                    }
                    is_first = false;
                    if link.write(&bytes).await.is_err() {
                        return Went::Broken;
                    }
                    *copy = Some(bytes);
                }
                Told::Acknowledged { attempts } => return Went::Acknowledged { after: sent.elapsed(), attempts },
                Told::Polled => return Went::Acknowledged { after: sent.elapsed(), attempts: 1 },
                Told::Refused if device.is_digital() => return Went::Refused,
                Told::Refused => return Went::Broken,
                Told::LinkFailed | Told::LinkRestored | Told::Heard(_) | Told::Step(_) => {}
            }
        }
        let Some(deadline) = device.poll_timeout() else { return Went::Broken };
        tokio::select! {
            read = link.read(&mut buffer) => match read {
                Ok(count) => device.handle_bytes(&buffer[..count]),
                Err(_) => return Went::Broken,
            },
            () = tokio::time::sleep_until(deadline.into()) => device.handle_timeout(),
        }
    }
}
