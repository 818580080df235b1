//! What consoles tell by asking: that somebody is there, which keeps their claims, and that an alarm has been
//! shown to somebody.
//!
//! Nothing here makes a request wait. What cannot be taken in now is tried again with a later request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telecare_alarm::{Act, Action, ActionId, Actor, Alarm, AlarmId, Standing};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Queue;

/// Actions of this kind under way at once; what operators do has the rest of the keeper's room.
const UNDER_WAY_MAX: usize = 256;
/// How long before an alarm is noted as served again, or a console's claims are looked at again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Things remembered before those that are old enough are forgotten.
const REMEMBERED_MAX: usize = 10_000;

/// Who asked: a person's token names the person, a console's token the desk.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The person, at whatever desk.
    pub person: Option<&'a str>,
    /// The desk, whoever works there.
    pub desk: Option<&'a str>,
    /// Whether it may work alarms: an operator's or supervisor's.
    pub operator: bool,
}

/// What is remembered of consoles. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Consoles {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Microseconds since 1970; zero when none was heard.
    operator_heard: AtomicI64,
    under_way: Arc<Semaphore>,
    served: Mutex<HashMap<AlarmId, Instant>>,
    looked_at: Mutex<HashMap<(bool, String), Instant>>,
}

impl Default for Consoles {
    fn default() -> Consoles {
        let under_way = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        let inner = Inner {
            operator_heard: AtomicI64::new(0),
            under_way,
            served: Mutex::default(),
            looked_at: Mutex::default(),
        };
        Consoles { inner: Arc::new(inner) }
    }
}

impl Consoles {
    /// When an operator's or supervisor's console last asked for anything.
    pub fn operator_heard(&self) -> Option<OffsetDateTime> {
        let micros = self.inner.operator_heard.load(Ordering::Relaxed);
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok();
        at.filter(|_| micros != 0)
    }
}

impl Queue {
    /// A console asked for something. Renews its claims once a quarter of their lease is gone; a lease that
    /// has run out stays lost. Never waits.
    pub fn console_heard(&self, heard: Heard<'_>, lease: Duration) {
        let now = OffsetDateTime::now_utc();
        let consoles = &self.consoles.inner;
        if heard.operator {
            let micros = i64::try_from(now.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
            consoles.operator_heard.store(micros, Ordering::Relaxed);
        }
        let Some(name) = heard.person.or(heard.desk) else { return };
        let key = (heard.person.is_some(), name.to_owned());
        // A short lease must not run out between two looks.
        if !again(&mut lock(&consoles.looked_at), key, Instant::now(), AGAIN_AFTER.min(lease / 8)) {
            return;
        }
        let board = self.board().borrow().clone();
        for alarm in board.open.iter() {
            if let Some(action) = renewal(alarm, heard, lease, now) {
                self.note(action);
            }
        }
    }

    /// These alarms were served to a console of somebody who works alarms. Each is noted once, for the
    /// record of when an alarm could first be seen. Never waits.
    pub fn served(&self, alarms: &[AlarmId], to: &Actor) {
        let at = OffsetDateTime::now_utc();
        for alarm in alarms {
            if self.consoles.inner.under_way.available_permits() == 0 {
                return;
            }
            if again(&mut lock(&self.consoles.inner.served), *alarm, Instant::now(), AGAIN_AFTER) {
                let id = ActionId::automatic("served", *alarm, None);
                self.note(Action { id, alarm: *alarm, at, actor: to.clone(), act: Act::Served });
            }
        }
    }

    /// When an operator's or supervisor's console last asked for anything.
    pub fn last_operator_request(&self) -> Option<OffsetDateTime> {
        self.consoles.operator_heard()
    }

    /// Does an action that nobody waits for, unless many are under way.
    fn note(&self, action: Action) {
        let Ok(permit) = self.consoles.inner.under_way.clone().try_acquire_owned() else { return };
        let queue = self.clone();
        tokio::spawn(async move {
            // A refusal is no news: somebody else was quicker.
            let _ = queue.act(action).await;
            drop(permit);
        });
    }
}

/// The renewal that a claim needs, if it is this console's and a quarter of its lease is gone.
fn renewal(alarm: &Alarm, heard: Heard<'_>, lease: Duration, now: OffsetDateTime) -> Option<Action> {
    let claim = alarm.claim.as_ref().filter(|_| alarm.hold.is_none())?;
    let is_theirs = match (heard.person, heard.desk) {
        (Some(person), _) => *claim.actor.person == *person,
        (None, Some(desk)) => *claim.actor.desk == *desk,
        (None, None) => false,
    };
    let is_due = claim.lease_until - now < lease * 3 / 4;
    let runs = alarm.standing(now) == Standing::Claimed;
    (is_theirs && is_due && runs).then(|| Action {
        id: ActionId(Uuid::new_v4()),
        alarm: alarm.id,
        at: now,
        actor: claim.actor.clone(),
        act: Act::Renew { lease },
    })
}

/// Whether enough time has gone since the last time; if so, this is the last time.
fn again<K: std::hash::Hash + Eq>(times: &mut HashMap<K, Instant>, key: K, now: Instant, after: Duration) -> bool {
    if times.len() >= REMEMBERED_MAX {
        times.retain(|_, last| now < *last + after);
    }
    match times.get(&key) {
        Some(last) if now < *last + after => false,
        _ if times.len() >= REMEMBERED_MAX => false,
        _ => {
            times.insert(key, now);
            true
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{action, press};

    const LEASE: Duration = Duration::from_secs(120);

    fn claimed() -> Alarm {
        let mut alarm = Alarm::open(&press("1234", 1), None);
        alarm.act(&action(1, alarm.id, "Ann", Act::Claim { lease: LEASE })).unwrap();
        alarm
    }

    #[test]
    fn only_their_own_claims_are_renewed_and_not_before_a_quarter_is_gone() {
        let alarm = claimed();
        let claim = alarm.claim.clone().unwrap();
        let (person, desk) = (claim.actor.person.to_string(), claim.actor.desk.to_string());
        let of = |person, desk| Heard { person, desk, operator: true };
        let table = [
            (of(Some(person.as_str()), None), 29, false),
            (of(Some(person.as_str()), None), 31, true),
            (of(None, Some(desk.as_str())), 31, true),
            (of(Some("Ben"), None), 31, false),
            (of(None, Some("desk 9")), 31, false),
            (of(Some(person.as_str()), None), 121, false),
        ];
        for (heard, seconds, expected) in table {
            let now = claim.since + Duration::from_secs(seconds);
            assert_eq!(renewal(&alarm, heard, LEASE, now).is_some(), expected, "{heard:?} after {seconds}");
        }
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut times = HashMap::new();
        let now = Instant::now();
        for n in 0..REMEMBERED_MAX {
            assert!(again(&mut times, n, now, AGAIN_AFTER));
        }
        assert!(!again(&mut times, 0, now, AGAIN_AFTER) && !again(&mut times, REMEMBERED_MAX, now, AGAIN_AFTER));
        assert!(again(&mut times, REMEMBERED_MAX, now + AGAIN_AFTER, AGAIN_AFTER));
        assert_eq!(times.len(), 1);
    }
}
