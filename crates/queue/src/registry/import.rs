//! Imports: one transaction under the lock of the registry's version. A dry run is the same transaction,
//! rolled back.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use telecare_alarm::registry::import::{Change, Plan, Row, plan};
use telecare_alarm::registry::{Unit, UnitId};
use uuid::Uuid;

use super::{RegistryError, load};
use crate::record::{UnitRecord, clean};

/// Units of one statement.
const BATCH_UNITS: usize = 1_000;

/// What is to be imported, and by whom.
#[derive(Clone, Debug)]
pub struct Import {
    /// Its id, kept with every change.
    pub id: Uuid,
    /// Who imports.
    pub person: String,
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Units made and changed, and how many rows changed nothing.
    pub plan: Plan,
    /// The registry's version after it.
    pub version: i64,
}

/// Does an import. Everything that waits is bounded by the caller.
pub(super) async fn import(
    connection: &mut PgConnection,
    receiver: &str,
    import: Import,
) -> Result<Imported, RegistryError> {
    let mut transaction = connection.begin().await?;
    sqlx::query(include_str!("sql/durable.sql")).execute(&mut *transaction).await?;
    let version: i64 = sqlx::query_scalar(include_str!("sql/lock.sql")).fetch_one(&mut *transaction).await?;
    let known: Vec<Arc<Unit>> = load::units(&mut transaction).await?.into_iter().map(Arc::new).collect();
    let rows = import.rows;
    // Many rows take a while; the runtime's threads have others to serve.
    let planned = tokio::task::spawn_blocking(move || plan(&known, &rows)).await;
    let plan = planned.map_err(|error| RegistryError::Away(error.to_string()))?.map_err(RegistryError::Rows)?;
    if plan.changes.is_empty() {
        transaction.rollback().await?;
        return Ok(Imported { plan, version });
    }
    let version = version + 1;
    put_units(&mut transaction, &plan.changes, version).await?;
    for changes in plan.changes.chunks(BATCH_UNITS) {
        let changes: Vec<Value> = changes.iter().map(change).collect();
        let query = sqlx::query(include_str!("sql/put_changes.sql")).bind(Json(changes)).bind(version);
        let query = query.bind(clean(&import.person)).bind(receiver).bind(import.id);
        query.execute(&mut *transaction).await?;
    }
    let query = sqlx::query(include_str!("sql/advance.sql")).bind(version).bind(import.id);
    query.bind(clean(&import.person)).execute(&mut *transaction).await?;
    if import.dry_run {
        transaction.rollback().await?;
        return Ok(Imported { plan, version: version - 1 });
    }
    transaction.commit().await?;
    Ok(Imported { plan, version })
}

async fn put_units(connection: &mut PgConnection, changes: &[Change], version: i64) -> Result<(), sqlx::Error> {
    // Identities and references go first, so that units may swap theirs.
    let ids: Vec<Uuid> = changes.iter().map(|Change { new: Unit { id: UnitId(id), .. }, .. }| *id).collect();
    sqlx::query(include_str!("sql/drop_identities.sql")).bind(&ids).execute(&mut *connection).await?;
    sqlx::query(include_str!("sql/free_references.sql")).bind(&ids).execute(&mut *connection).await?;
    for changes in changes.chunks(BATCH_UNITS) {
        let units: Vec<UnitRecord> = changes.iter().map(|change| UnitRecord::of(&change.new)).collect();
        let query = sqlx::query(include_str!("sql/put.sql")).bind(Json(units)).bind(version);
        query.execute(&mut *connection).await?;
        let identities: Vec<Value> = changes.iter().flat_map(|change| identities(&change.new)).collect();
        let query = sqlx::query(include_str!("sql/put_identities.sql")).bind(Json(identities));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn identities(unit: &Unit) -> Vec<Value> {
    let rows = unit.identities.iter().enumerate().map(|(position, identity)| {
        json!({
            "unit_key": identity.key(),
            "unit": unit.id.0,
            "position": position,
            "identity": identity.to_string(),
        })
    });
    rows.collect()
}

/// The fields that differ, before and after, for the history.
fn change(change: &Change) -> Value {
    let fields = change.fields();
    let new: Map<String, Value> = fields.iter().map(|(f, _, new)| (f.as_str().to_owned(), json!(new))).collect();
    let old: Map<String, Value> = fields.iter().map(|(f, old, _)| (f.as_str().to_owned(), json!(old))).collect();
    let old = change.old.is_some().then_some(old);
    json!({ "unit": change.new.id.0, "old": old, "new": new })
}
