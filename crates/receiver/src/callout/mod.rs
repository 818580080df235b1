//! Tells the targets of escalations, and the cards what became of it.
//!
//! The outbox is the cards themselves: a delivery without an end is still to be made, so a restart or another
//! receiver goes on where this one ended. In memory is only what the board shows, too: what is told and waits to be
//! recorded is not sent again, and goes when the board shows it or no longer has it.
//!
//! One request at a time for each target, up to [`BATCH_MAX`] escalations in it. A target that does not take it is
//! tried again, later and later; [`GIVE_UP_AFTER`] past the deadline the card says that nobody was told.

mod choose;
mod post;
mod sign;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{Act, Action, ActionId, Actor, ReceiverId};
use telecare_queue::{ActError, Queue};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use ureq::Agent;
use uuid::Uuid;

use crate::config::Webhook;
use crate::metrics;
use choose::{Escalated, Made, Pending};
use post::Try;

/// Escalations in one request.
const BATCH_MAX: usize = 100;
/// How long past its deadline an escalation is tried.
const GIVE_UP_AFTER: time::Duration = time::Duration::hours(1);
/// Pauses between tries double from the first to the last.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_LAST: Duration = Duration::from_secs(60);
/// How often what time alone changes is looked at, and what could not be recorded is recorded again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Boards change with every signal, and each is read whole: a call-out is so much later at most.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// Tells until the process ends.
pub async fn run(queue: Queue, own: ReceiverId, mut webhooks: watch::Receiver<Arc<[Webhook]>>) {
    let mut board = queue.board();
    let mut desk = Desk::new(queue, own);
    desk.use_webhooks(&webhooks.borrow_and_update());
    loop {
        let now = Arc::clone(&board.borrow_and_update());
        let waits = desk.look(&now, OffsetDateTime::now_utc());
        tokio::time::sleep(LOOK_PAUSE).await;
        tokio::select! {
            changed = board.changed() => if changed.is_err() { return },
            Some(done) = desk.jobs.join_next() => if let Ok(done) = done { desk.done(done) },
            Ok(()) = webhooks.changed() => desk.use_webhooks(&webhooks.borrow_and_update()),
            () = tokio::time::sleep(LOOK_EVERY), if waits => {}
        }
    }
}

/// One target, as it is told.
struct Target {
    webhook: Webhook,
    agent: Agent,
    sending: bool,
    /// What the last try was about, to be tried again as it was: its id is then the same.
    batch: Vec<Uuid>,
    failures: u32,
    /// How the last try ended, as it was said in the log.
    said: String,
    next_at: Instant,
}

/// What a job has done.
enum Done {
    /// A request, and how it ended.
    Told(Arc<str>, Vec<Pending>, Try),
    /// A record that was tried; the board shows whether it is there.
    Recorded,
}

/// What is told but not shown by the board yet.
struct Told {
    delivered: bool,
    record_at: Instant,
}

struct Desk {
    queue: Queue,
    own: ReceiverId,
    targets: HashMap<Arc<str>, Target>,
    told: HashMap<Uuid, Told>,
    made: Option<HashSet<Made>>,
    closed: Escalated,
    recording: bool,
    jobs: JoinSet<Done>,
}

impl Desk {
    fn new(queue: Queue, own: ReceiverId) -> Desk {
        Desk {
            queue,
            own,
            targets: HashMap::new(),
            told: HashMap::new(),
            made: None,
            closed: Escalated::default(),
            recording: false,
            jobs: JoinSet::new(),
        }
    }

    /// Keeps what is known of those that have not changed.
    fn use_webhooks(&mut self, webhooks: &[Webhook]) {
        let mut before = std::mem::take(&mut self.targets);
        for webhook in webhooks {
            let target = match before.remove(&webhook.name) {
                Some(known) if known.webhook == *webhook => known,
                // A request that is under way still is.
                known => Target {
                    agent: post::agent(webhook),
                    webhook: webhook.clone(),
                    sending: known.as_ref().is_some_and(|known| known.sending),
                    batch: known.map(|known| known.batch).unwrap_or_default(),
                    failures: 0,
                    said: String::new(),
                    next_at: Instant::now(),
                },
            };
            metrics::begin_callouts(&webhook.name);
            self.targets.insert(webhook.name.clone(), target);
        }
    }

    /// Begins what there is to do; says whether time alone can bring more.
    fn look(&mut self, board: &telecare_queue::Board, now: OffsetDateTime) -> bool {
        self.closed.follow(board);
        let seen = choose::look(board, self.closed.iter(), &self.own, now);
        if let Some(before) = &self.made {
            let new = seen.made.iter().filter(|made| !before.contains(*made));
            new.for_each(|(_, rule, _)| metrics::escalations(rule.kind()).increment(1));
        }
        self.made = Some(seen.made);
        let ids: HashSet<Uuid> = seen.mine.iter().map(|pending| pending.id).collect();
        self.told.retain(|id, _| ids.contains(id));
        for pending in seen.mine.iter().filter(|pending| now - pending.due > GIVE_UP_AFTER) {
            if let std::collections::hash_map::Entry::Vacant(place) = self.told.entry(pending.id) {
                place.insert(Told { delivered: false, record_at: Instant::now() });
                metrics::callouts(&pending.target, "given-up").increment(1);
                tracing::error!(target_name = %pending.target, alarm = %pending.alarm.id.0, "a target was not told of an escalation");
            }
        }
        let untold: Vec<&Pending> = seen.mine.iter().filter(|pending| !self.told.contains_key(&pending.id)).collect();
        let oldest = untold.first().map_or(0.0, |pending| (now - pending.due).as_seconds_f64().max(0.0));
        metrics::callouts_pending(untold.len(), oldest);
        for target in self.targets.values_mut().filter(|target| !target.sending && target.next_at <= Instant::now()) {
            let due: Vec<&Pending> =
                untold.iter().filter(|pending| pending.target == target.webhook.name).copied().collect();
            let batch = batch(&target.batch, &due);
            if !batch.is_empty() {
                target.sending = true;
                target.batch = batch.iter().map(|pending| pending.id).collect();
                let (agent, webhook, own) = (target.agent.clone(), target.webhook.clone(), self.own.clone());
                self.jobs.spawn(async move {
                    let (name, sent) = (webhook.name.clone(), batch.clone());
                    let told = tokio::task::spawn_blocking(move || post::post(&agent, &webhook, &own, &sent)).await;
                    Done::Told(name, batch, told.unwrap_or_else(|error| Try::Failed(error.to_string())))
                });
            }
        }
        self.record(&seen.mine);
        !seen.mine.is_empty() || seen.others_wait
    }

    /// Tells the cards, again until the board shows it.
    fn record(&mut self, mine: &[Pending]) {
        if self.recording {
            return;
        }
        let at = Instant::now();
        let mut acts = Vec::new();
        for pending in mine {
            let Some(told) = self.told.get_mut(&pending.id).filter(|told| told.record_at <= at) else { continue };
            told.record_at = at + LOOK_EVERY;
            acts.push(record_of(pending, told.delivered, &self.own));
            if acts.len() >= BATCH_MAX {
                break;
            }
        }
        if acts.is_empty() {
            return;
        }
        self.recording = true;
        let queue = self.queue.clone();
        self.jobs.spawn(async move {
            for act in acts {
                match queue.act(act).await {
                    Ok(_) | Err(ActError::Refused { .. }) => {}
                    Err(error) => tracing::debug!(%error, "a call-out was not recorded; it is tried again"),
                }
            }
            Done::Recorded
        });
    }

    fn done(&mut self, done: Done) {
        let Done::Told(name, batch, how) = done else {
            self.recording = false;
            return;
        };
        metrics::callout_tries(&name, how.as_str()).increment(1);
        if how == Try::Ok {
            for pending in &batch {
                self.told.insert(pending.id, Told { delivered: true, record_at: Instant::now() });
            }
            metrics::callouts(&name, "delivered").increment(u64::try_from(batch.len()).unwrap_or(u64::MAX));
        }
        let Some(target) = self.targets.get_mut(&name) else { return };
        target.sending = false;
        match how {
            Try::Ok => {
                target.said.clear();
                if target.failures > 0 {
                    tracing::info!(webhook = %name, "the webhook takes call-outs again");
                }
                (target.failures, target.next_at) = (0, Instant::now());
                target.batch.clear();
            }
            how => {
                // A wrong secret behind a broken network must be seen, too.
                let why = format!("{how:?}");
                if target.said != why {
                    tracing::warn!(webhook = %name, why, "the webhook does not take call-outs; they are tried again");
                    target.said = why;
                }
                target.next_at = Instant::now() + pause(target.failures);
                target.failures = target.failures.saturating_add(1);
            }
        }
    }
}

/// What to send: what was tried before and is still to be told, as it was; else the oldest.
fn batch(before: &[Uuid], due: &[&Pending]) -> Vec<Pending> {
    let again: Vec<Pending> =
        due.iter().filter(|pending| before.contains(&pending.id)).map(|pending| (*pending).clone()).collect();
    if !again.is_empty() {
        return again;
    }
    due.iter().take(BATCH_MAX).map(|pending| (*pending).clone()).collect()
}

/// How long to wait after so many failures before this one.
fn pause(failures: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(1_u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX)).min(PAUSE_LAST)
}

fn record_of(pending: &Pending, delivered: bool, own: &ReceiverId) -> Action {
    let Pending { rule, due, target, alarm, .. } = pending;
    Action {
        id: ActionId::automatic(&format!("called-out {rule} {target} {delivered}"), alarm.id, Some(*due)),
        alarm: alarm.id,
        at: OffsetDateTime::now_utc(),
        actor: Actor::by_rule(own),
        act: Act::CalledOut { rule: *rule, due: *due, target: target.clone(), delivered },
    }
}
