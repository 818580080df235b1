//! The journal's copy of the registry: rows of kind `unit` in its state, so that alarms have names when the
//! receiver starts without a database.

use std::sync::Arc;

use serde_json::json;
use sqlx::{Connection, Row, SqliteConnection};
use telecare_alarm::registry::{Unit, UnitId};

use super::file::{File, JournalError};
use crate::record::UnitRecord;

/// Units to keep and units to drop, ready to be written: the journal's task has signals to take.
#[derive(Debug)]
pub struct Batch {
    put: String,
    dropped: String,
}

impl Batch {
    /// Makes it ready.
    pub fn of(put: &[Arc<Unit>], dropped: &[UnitId]) -> Batch {
        let rows = put.iter().map(|unit| {
            let body = serde_json::to_string(&UnitRecord::of(unit)).unwrap_or_default();
            json!({ "kind": "unit", "id": unit.id.0, "version": 0, "body": body })
        });
        let rows: serde_json::Value = rows.collect();
        let ids: serde_json::Value = dropped.iter().map(|id| json!(id.0)).collect();
        Batch { put: rows.to_string(), dropped: ids.to_string() }
    }
}

impl File {
    /// Keeps and drops the units of a batch, in one commit.
    pub async fn keep_names(&mut self, batch: &Batch) -> Result<(), JournalError> {
        let mut transaction = self.connection.begin().await?;
        let put = sqlx::query(include_str!("sql/state_put.sql")).bind(&batch.put);
        put.execute(&mut *transaction).await?;
        let drop = sqlx::query(include_str!("sql/names_drop.sql")).bind(&batch.dropped);
        drop.execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// Copies the names that can be read in a damaged file, as far as they can.
pub(super) async fn copy(damaged: &mut SqliteConnection, fresh: &mut File) -> Result<(), JournalError> {
    const PAGE: i64 = 250;
    let mut after = String::new();
    loop {
        let text = "SELECT id, body FROM state WHERE kind = 'unit' AND id > ?1 ORDER BY id LIMIT ?2";
        let Ok(rows) = sqlx::query(text).bind(&after).bind(PAGE).fetch_all(&mut *damaged).await else { return Ok(()) };
        let Some(last) = rows.last().and_then(|row| row.try_get(0).ok()) else { return Ok(()) };
        after = last;
        let bodies = rows.iter().filter_map(|row| row.try_get::<String, _>(1).ok());
        let units = bodies.filter_map(|body| serde_json::from_str::<UnitRecord>(&body).ok());
        let units: Vec<Arc<Unit>> = units.map(|record| Arc::new(record.restore())).collect();
        fresh.keep_names(&Batch::of(&units, &[])).await?;
    }
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;
    use telecare_alarm::registry::Field;
    use uuid::Uuid;

    use super::*;
    use crate::journal::file::{Settle, options};

    fn units(count: u128) -> Vec<Arc<Unit>> {
        let unit = |id: u128| {
            let mut unit = Unit::blank(UnitId(Uuid::from_u128(id)));
            Field::Label.set(&mut unit, &format!("unit {id}")).unwrap();
            Arc::new(unit)
        };
        (1..=count).map(unit).collect()
    }

    #[tokio::test]
    async fn names_outlive_the_board_and_a_damaged_file() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (directory.path().join("old"), directory.path().join("new"));
        let mut file = File::open(&old).await.unwrap();
        let units = units(600);
        file.keep_names(&Batch::of(&units, &[])).await.unwrap();
        file.keep_names(&Batch::of(&[], &[units[0].id])).await.unwrap();
        file.append(&[], &Settle { replace: true, ..Settle::default() }).await.unwrap();
        assert_eq!(file.known().await.unwrap().units.len(), 599);
        file.close().await;
        let mut fresh = File::open(&new).await.unwrap();
        copy(&mut options(&old).connect().await.unwrap(), &mut fresh).await.unwrap();
        let known = fresh.known().await.unwrap();
        assert_eq!((known.units.len(), known.unreadable), (599, 0));
        assert_eq!(known.units[0], *units[1]);
    }
}
