//! Reading what the database holds.

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Row};
use telecare_alarm::{Alarm, AlarmId, ReceiverId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::entry::What;
use crate::exchange::{LoggedAction, StoredSignal};
use crate::record::AlarmRecord;

/// Signals and actions of a detail, at most.
pub const DETAIL_MAX: i64 = 500;

/// Every row, and the ids that stand for one of them.
pub async fn board(connection: &mut PgConnection) -> Result<(Vec<Alarm>, Vec<(AlarmId, AlarmId)>), sqlx::Error> {
    let rows = alarms(sqlx::query_scalar(include_str!("sql/board.sql")).fetch_all(&mut *connection).await?);
    let aliases: Vec<(Uuid, Uuid)> =
        sqlx::query_as(include_str!("sql/board_aliases.sql")).fetch_all(&mut *connection).await?;
    Ok((rows, aliases.into_iter().map(|(alias, of)| (AlarmId(alias), AlarmId(of))).collect()))
}

/// An alarm by itself, open, closed or long gone.
pub async fn alarm(pool: &PgPool, id: AlarmId) -> Result<Option<Alarm>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let found: Vec<Json<AlarmRecord>> =
        sqlx::query_scalar(include_str!("sql/detail_alarm.sql")).bind(id.0).fetch_all(&mut *connection).await?;
    Ok(alarms(found).into_iter().next())
}

/// An alarm with its signals and log, open, closed or long gone.
pub async fn detail(
    pool: &PgPool,
    id: AlarmId,
) -> Result<Option<(Alarm, Vec<StoredSignal>, Vec<LoggedAction>)>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let found: Vec<Json<AlarmRecord>> =
        sqlx::query_scalar(include_str!("sql/detail_alarm.sql")).bind(id.0).fetch_all(&mut *connection).await?;
    let Some(alarm) = alarms(found).into_iter().next() else { return Ok(None) };
    let signals = sqlx::query(include_str!("sql/detail_signals.sql")).bind(alarm.id.0).bind(DETAIL_MAX);
    let signals = signals.fetch_all(&mut *connection).await?;
    let actions = sqlx::query(include_str!("sql/detail_actions.sql")).bind(alarm.id.0).bind(DETAIL_MAX);
    let actions = actions.fetch_all(&mut *connection).await?;
    let stored = |row: &sqlx::postgres::PgRow| {
        let (body, journalled_at): (String, OffsetDateTime) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
        match What::restore("signal", &body).ok()? {
            What::Signal(signal) => Some(StoredSignal { signal: signal.as_ref().clone(), journalled_at }),
            What::Action(_) | What::Verdict(_) => None,
        }
    };
    let logged = |row: &sqlx::postgres::PgRow| {
        let (body, receiver): (String, String) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
        match What::restore("action", &body).ok()? {
            What::Action(action) => Some(LoggedAction {
                action: action.as_ref().clone(),
                receiver: ReceiverId::new(&receiver),
                refused: row.try_get(2).ok()?,
            }),
            What::Signal(_) | What::Verdict(_) => None,
        }
    };
    Ok(Some((alarm, signals.iter().filter_map(stored).collect(), actions.iter().filter_map(logged).collect())))
}

/// Rows as alarms. One that cannot be read is left out here and stays in the database.
pub(super) fn alarms(rows: Vec<Json<AlarmRecord>>) -> Vec<Alarm> {
    let restore = |Json(record): Json<AlarmRecord>| match record.restore() {
        Ok(alarm) => Some(alarm),
        Err(error) => {
            tracing::error!(%error, "an alarm in the database cannot be read");
            None
        }
    };
    rows.into_iter().filter_map(restore).collect()
}
