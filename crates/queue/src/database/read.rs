//! Reading what the database holds.

use std::collections::HashSet;

use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Row};
use telecare_alarm::expect::Kept;
use telecare_alarm::{Alarm, AlarmId, ReceiverId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::entry::What;
use crate::exchange::{LoggedAction, StoredSignal};
use crate::on_test::RECORD_MAX;
use crate::record::{AlarmRecord, ExpectedRecord};

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
    Ok(Some((alarm, signals.iter().filter_map(stored).collect(), actions.iter().filter_map(logged).collect())))
}

/// A kept signal, from its body and when it was journalled.
fn stored(row: &PgRow) -> Option<StoredSignal> {
    let (body, journalled_at): (String, OffsetDateTime) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
    match What::restore("signal", &body).ok()? {
        What::Signal(signal) => Some(StoredSignal { signal: signal.as_ref().clone(), journalled_at }),
        What::Action(_) | What::Verdict(_) => None,
    }
}

/// A kept action, from its body, its receiver and why it was refused.
fn logged(row: &PgRow) -> Option<LoggedAction> {
    let (body, receiver): (String, String) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
    match What::restore("action", &body).ok()? {
        What::Action(action) => Some(LoggedAction {
            action: action.as_ref().clone(),
            receiver: ReceiverId::new(&receiver),
            refused: row.try_get(2).ok()?,
        }),
        What::Signal(_) | What::Verdict(_) => None,
    }
}

/// A test with what came under it, each with its card, and what was done to those cards.
pub async fn test(
    pool: &PgPool,
    id: AlarmId,
) -> Result<Option<(Alarm, Vec<(StoredSignal, AlarmId)>, Vec<LoggedAction>)>, sqlx::Error> {
    let Some(alarm) = self::alarm(pool, id).await? else { return Ok(None) };
    let mut connection = pool.acquire().await?;
    let signals = sqlx::query(include_str!("sql/test_signals.sql")).bind(alarm.id.0).bind(RECORD_MAX);
    let rows = signals.fetch_all(&mut *connection).await?;
    let stored = |row: &PgRow| Some((stored(row)?, AlarmId(row.try_get(2).ok()?)));
    let signals: Vec<(StoredSignal, AlarmId)> = rows.iter().filter_map(stored).collect();
    let cards: HashSet<Uuid> = signals.iter().map(|(_, card)| card.0).collect();
    let cards: Vec<Uuid> = cards.into_iter().collect();
    let actions = sqlx::query(include_str!("sql/test_actions.sql")).bind(cards).bind(RECORD_MAX);
    let actions = actions.fetch_all(&mut *connection).await?;
    Ok(Some((alarm, signals, actions.iter().filter_map(logged).collect())))
}

/// Who was heard when, as written since a snapshot.
pub async fn expected(connection: &mut PgConnection, xmin: &str) -> Result<Vec<Kept>, sqlx::Error> {
    let query = sqlx::query_as::<_, (String, OffsetDateTime, bool, Option<OffsetDateTime>)>(include_str!(
        "sql/expectations.sql"
    ));
    let rows = query.bind(xmin).fetch_all(connection).await?;
    let kept = |(subject, heard_at, was_heard, missed_at)| {
        ExpectedRecord::from_row(subject, heard_at, was_heard, missed_at).restore()
    };
    Ok(rows.into_iter().filter_map(kept).collect())
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
