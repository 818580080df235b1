//! Which alarm a unit had before the one that was opened: looked up beside the writer, a moment later, for many at once.
//! Nobody's acknowledgement waits for it, and what is not found out here is when the alarm moves to the history.

use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};
use telecare_alarm::{Alarm, AlarmId};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::warn;
use uuid::Uuid;

use super::Event;
use crate::told::Event as KeeperEvent;

/// Alarms that may wait to be looked up.
pub const ASKED_MAX: usize = 8_192;
/// One look takes so many.
const LOOK_MAX: usize = 250;
/// Between two looks, and before the first: the signals that opened the alarms are to be acknowledged first.
const PAUSE: Duration = Duration::from_millis(100);

/// An alarm that was opened and says nothing of the one before.
#[derive(Debug)]
pub struct Opened {
    id: AlarmId,
    unit: String,
    at: OffsetDateTime,
}

impl Opened {
    /// Those that were just written, and those of a board that has been read.
    pub fn told_by(event: &Event) -> Vec<Opened> {
        let asked = |row: &&Alarm| row.previous.is_none();
        match event {
            Event::Committed(committed) => {
                committed.rows.iter().filter(|row| row.revision == 1).filter(asked).map(Opened::of).collect()
            }
            Event::Board { rows, .. } => {
                rows.iter().filter(|row| row.closed.is_none()).filter(asked).map(Opened::of).collect()
            }
            _ => Vec::new(),
        }
    }

    fn of(row: &Alarm) -> Opened {
        Opened { id: row.id, unit: crate::record::clean(&row.unit.key), at: row.opened_at }
    }
}

/// Looks up what is asked, until aborted.
pub async fn run(pool: PgPool, mut asked: mpsc::Receiver<Opened>, events: mpsc::UnboundedSender<KeeperEvent>) {
    let mut opened = Vec::new();
    while asked.recv_many(&mut opened, LOOK_MAX).await > 0 {
        sleep(PAUSE).await;
        while opened.len() < LOOK_MAX {
            let Ok(next) = asked.try_recv() else { break };
            opened.push(next);
        }
        let ids: Vec<Uuid> = opened.iter().map(|one| one.id.0).collect();
        let at: Vec<OffsetDateTime> = opened.iter().map(|one| one.at).collect();
        let units: Vec<String> = opened.drain(..).map(|one| one.unit).collect();
        let query = sqlx::query(include_str!("sql/before.sql")).bind(ids).bind(units).bind(at);
        tell(&events, query.fetch_all(&pool).await);
    }
}

fn tell(events: &mpsc::UnboundedSender<KeeperEvent>, found: Result<Vec<PgRow>, sqlx::Error>) {
    let id = |row: &PgRow, which: usize| row.try_get::<Uuid, _>(which).map(AlarmId);
    let found =
        found.and_then(|rows| rows.iter().map(|row| Ok((id(row, 0)?, id(row, 1)?))).collect::<Result<Vec<_>, _>>());
    match found {
        Ok(found) if found.is_empty() => {}
        // The keeper ends before this task only when the process ends.
        Ok(found) => drop(events.send(KeeperEvent::Database(Event::Before(found)))),
        // The history has it all the same, later.
        Err(error) => warn!(%error, "which alarms came before could not be looked up"),
    }
}
