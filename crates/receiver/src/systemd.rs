//! What systemd is told: ready, stopping, alive. Without systemd nothing happens.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use telecare_queue::{Board, Queue};

use crate::pulse::{Pulses, TICK_EVERY};

/// The receiver hears, stores and answers.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What `systemctl status` shows beside "active".
pub fn status(lines: usize, board: &Board) -> String {
    let journal = if board.journal_ok { "" } else { ", the journal takes nothing" };
    format!("{lines} lines, database {}{journal}", board.link.as_str())
}

/// Keeps it true: the database is seldom there yet when the receiver is ready. Runs until the process ends.
pub async fn show_status(queue: Queue, lines: usize) {
    let mut board = queue.board();
    let mut shown = String::new();
    while board.changed().await.is_ok() {
        let now = status(lines, &board.borrow_and_update());
        if now != shown {
            tell(&[NotifyState::Status(&now)]);
            shown = now;
        }
    }
}

/// The receiver reads its files again. [`ready`] ends it.
pub fn reloading() {
    // Without a clock systemd would not know whether an earlier word of readiness counts; it gets none then.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "systemd was not told of a reload"),
    }
}

/// The receiver is stopping.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: owed answers leave, the journal is closed")]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// Feeds the watchdog while every core task is well. Runs until the process ends. It ticks itself, on the
/// runtime of the lines, so a runtime that stands still is noticed by its silence.
pub async fn feed_watchdog(pulses: Pulses) {
    let own = pulses.pulse("watchdog");
    // Twice within systemd's limit, as its manual advises.
    let limit = sd_notify::watchdog_enabled();
    let every = limit.map_or(TICK_EVERY, |limit| (limit / 2).min(TICK_EVERY)).max(Duration::from_millis(1));
    let mut said = false;
    loop {
        own.tick();
        match pulses.hung(Instant::now()) {
            None => {
                if said {
                    said = false;
                    tracing::info!("no task hangs any more; the watchdog is fed again");
                }
                if limit.is_some() {
                    tell(&[NotifyState::Watchdog]);
                }
            }
            Some(task) if !said => {
                said = true;
                tracing::error!(task, "a task hangs; the watchdog is not fed");
                tell(&[NotifyState::Status(&format!("hangs: {task}; the watchdog is not fed"))]);
            }
            Some(_) => {}
        }
        tokio::time::sleep(every).await;
    }
}
