//! The page Prometheus reads. What time alone changes (ages, standings) is worked out at each reading.

use std::sync::Arc;

use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use telecare_alarm::{Alarm, Class, Listing, Priority, Shelves, Standing};
use telecare_queue::{Board, Link, Queue};
use time::OffsetDateTime;
use tokio::sync::watch;

use super::catalogue::STANDINGS;
use super::{count, flag};

/// The page. Cheap to clone.
#[derive(Clone)]
pub struct Page {
    prometheus: PrometheusHandle,
    queue: Queue,
    board: watch::Receiver<Arc<Board>>,
}

impl Page {
    /// A page that shows a queue.
    pub fn new(prometheus: PrometheusHandle, queue: Queue) -> Page {
        let board = queue.board();
        Page { prometheus, queue, board }
    }

    /// The page as it is at this moment.
    pub fn render(&self) -> String {
        let board = Arc::clone(&self.board.borrow());
        show(&board, OffsetDateTime::now_utc());
        show_operators(&self.queue);
        self.prometheus.render()
    }

    /// Condenses histograms, which grow between two readings.
    pub fn run_upkeep(&self) {
        self.prometheus.run_upkeep();
    }
}

fn show_operators(queue: &Queue) {
    let last = queue.last_operator_request().map_or(0.0, unix);
    gauge!("telecare_last_operator_request_timestamp_seconds").set(last);
}

fn show(board: &Board, now: OffsetDateTime) {
    let mut open = [[0_usize; Class::ALL.len()]; STANDINGS.len()];
    let mut oldest = [None::<OffsetDateTime>; 5];
    // Another platform's operators answer shadows: nobody here is late with them.
    let (shadows, ours): (Vec<_>, Vec<_>) = board.open.iter().partition(|alarm| alarm.shadow);
    gauge!("telecare_open_shadow_alarms").set(count(shadows.len()));
    for alarm in ours {
        let standing = alarm.standing(now);
        let column = Class::ALL.iter().position(|class| *class == alarm.class);
        let row = STANDINGS.iter().position(|name| *name == standing.as_str());
        if let (Some(row), Some(column)) = (row, column) {
            open[row][column] += 1;
        }
        if standing == Standing::Waiting
            && let Some(oldest) = oldest.get_mut(usize::from(alarm.priority.number()).saturating_sub(1))
        {
            let since = waiting_since(alarm);
            *oldest = Some(oldest.map_or(since, |known| known.min(since)));
        }
    }
    for (standing, counts) in STANDINGS.iter().zip(open) {
        for (class, number) in Class::ALL.iter().zip(counts) {
            gauge!("telecare_open_alarms", "standing" => *standing, "class" => class.as_str()).set(count(number));
        }
    }
    for (priority, since) in ["1", "2", "3", "4", "5"].into_iter().zip(oldest) {
        gauge!("telecare_oldest_unclaimed_age_seconds", "priority" => priority).set(age(since, now));
    }
    for link in [Link::Standalone, Link::Connected, Link::CutOff, Link::CatchingUp] {
        gauge!("telecare_database_link", "state" => link.as_str()).set(flag(board.link == link));
    }
    gauge!("telecare_database_link_since_timestamp_seconds").set(unix(board.link_since));
    gauge!("telecare_degraded").set(flag(board.link.is_degraded()));
    gauge!("telecare_backlog_entries").set(count(board.backlog));
    gauge!("telecare_backlog_oldest_age_seconds").set(age(board.backlog_since, now));
    gauge!("telecare_journal_ok").set(flag(board.journal_ok));
    show_rules(board, now);
    gauge!("telecare_silent_receivers").set(count(board.silent.len()));
}

/// What the rules see: who is missing, what is aside, what nobody has been shown.
fn show_rules(board: &Board, now: OffsetDateTime) {
    let rules = board.policy.rules();
    let ours = || board.open.iter().filter(|alarm| !alarm.shadow);
    let is_unserved = |alarm: &&std::sync::Arc<Alarm>| {
        let waits = alarm.priority == Priority::HIGHEST && alarm.standing(now) == Standing::Waiting;
        waits && alarm.served_at.is_none() && now - alarm.opened_at > rules.watch.unserved
    };
    gauge!("telecare_unserved_alarms").set(count(ours().filter(is_unserved).count()));
    gauge!("telecare_expected_units").set(count(board.expected));
    gauge!("telecare_overdue_units").set(count(board.overdue));
    let shelves = Shelves::of(ours().map(|alarm| &**alarm));
    let listings: Vec<Listing> = ours().map(|alarm| shelves.listing(alarm, rules, now)).collect();
    for listing in Listing::ALL.into_iter().filter(|listing| *listing != Listing::Queue) {
        let number = listings.iter().filter(|found| **found == listing).count();
        gauge!("telecare_aside_alarms", "listing" => listing.as_str()).set(count(number));
    }
    gauge!("telecare_open_incidents").set(count(ours().filter(|alarm| alarm.is_incident()).count()));
    gauge!("telecare_tests_running").set(count(ours().filter(|alarm| alarm.on_test.is_some()).count()));
}

/// Since when an alarm has waited for anyone: an unanswered press counts from its last byte; one that had been
/// put aside or taken, from when that ended.
fn waiting_since(alarm: &Alarm) -> OffsetDateTime {
    let pressed = alarm.ring.map(|ring| ring.since);
    let held = alarm.hold.as_ref().map(|hold| hold.until);
    let claimed = alarm.claim.as_ref().map(|claim| claim.lease_until);
    pressed.or(held).or(claimed).unwrap_or(alarm.opened_at)
}

fn age(since: Option<OffsetDateTime>, now: OffsetDateTime) -> f64 {
    since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
}

/// Unix time as a gauge takes it.
pub fn unix(at: OffsetDateTime) -> f64 {
    (at - OffsetDateTime::UNIX_EPOCH).as_seconds_f64()
}
