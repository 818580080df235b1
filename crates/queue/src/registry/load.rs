//! Reading the registry: one snapshot, page by page, so that no thread is held for long.

use std::sync::Arc;

use sqlx::types::Json;
use sqlx::{Connection, PgConnection, PgPool};
use telecare_alarm::Registry;
use telecare_alarm::registry::{UNITS_MAX, Unit};
use uuid::Uuid;

use super::{RegistryError, Stamp};
use crate::record::UnitRecord;

/// Units read at once: no thread is held for more than some milliseconds.
const PAGE_UNITS: i64 = 250;

/// Which state the database has.
pub async fn stamp(connection: &mut PgConnection) -> Result<Stamp, sqlx::Error> {
    sqlx::query_as(include_str!("sql/stamp.sql")).fetch_one(connection).await
}

/// The database's registry with its stamp; none when it is the known one.
pub(super) async fn changed(
    pool: &PgPool,
    known: Option<Stamp>,
) -> Result<Option<(Stamp, Arc<Registry>)>, RegistryError> {
    let mut connection = pool.acquire().await?;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    let mut transaction = connection.begin_with(begin).await?;
    let stamp = stamp(&mut transaction).await?;
    if known == Some(stamp) {
        return Ok(None);
    }
    let units = units(&mut transaction).await?;
    transaction.rollback().await?;
    let registry = tokio::task::spawn_blocking(move || Registry::new(stamp.0, units)).await;
    registry.map(|registry| Some((stamp, Arc::new(registry)))).map_err(|error| RegistryError::Away(error.to_string()))
}

/// Every unit, at most [`UNITS_MAX`] and a page: an import lets no more in.
pub(super) async fn units(connection: &mut PgConnection) -> Result<Vec<Unit>, sqlx::Error> {
    let mut units = Vec::new();
    let mut after = Uuid::nil();
    while units.len() <= UNITS_MAX {
        let query = sqlx::query_scalar::<_, Json<UnitRecord>>(include_str!("sql/page.sql"));
        let page = query.bind(after).bind(PAGE_UNITS).fetch_all(&mut *connection).await?;
        units.extend(page.into_iter().map(|Json(record)| record.restore()));
        match units.last().map(|unit: &Unit| unit.id.0) {
            Some(last) if last != after => after = last,
            Some(_) | None => break,
        }
    }
    Ok(units)
}
