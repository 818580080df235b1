//! What an import did, or what was wrong with it; and the senders nobody registered yet.

use serde::Serialize;
use telecare_alarm::registry::Identity;
use telecare_alarm::registry::import::{Change, RowError};
use telecare_queue::registry::{Imported, Orphan};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::unit::FieldChangeShape;
use super::{Timestamp, names};

/// Changes told of one import; the counts tell all.
const CHANGES_MAX: usize = 200;
/// Wrong rows told at once.
const ROWS_MAX: usize = 200;

/// What an import did; with `dry_run`, what it would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Imported)]
pub struct ImportShape {
    now: Timestamp,
    /// Its id, kept with every change it made.
    import: Uuid,
    dry_run: bool,
    /// The registry's version after it.
    version: i64,
    /// Units made.
    #[schema(minimum = 0)]
    made: usize,
    /// Units changed.
    #[schema(minimum = 0)]
    changed: usize,
    /// Rows that change nothing.
    #[schema(minimum = 0)]
    unchanged: usize,
    /// The first 200 units made and changed.
    #[schema(max_items = 200)]
    changes: Vec<ChangeShape>,
}

/// One unit made or changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImportedUnit)]
struct ChangeShape {
    /// Its line in the file.
    #[schema(minimum = 1)]
    line: u64,
    /// The unit. In a dry run a new unit's id is not kept.
    unit: Uuid,
    reference: String,
    label: String,
    /// Whether the unit is new.
    made: bool,
    fields: Vec<FieldChangeShape>,
}

/// What is wrong with a row of an import.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RowError)]
pub struct RowErrorShape {
    /// Line in the file.
    line: u64,
    /// Column, by its name; empty where the whole row is wrong.
    column: String,
    /// What is wrong.
    problem: String,
    /// What to do about it.
    remedy: String,
}

/// Senders heard lately that nobody registered, the one heard last first.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrphanList)]
pub struct OrphansShape {
    now: Timestamp,
    /// From when on.
    since: Timestamp,
    #[schema(max_items = 500)]
    orphans: Vec<OrphanShape>,
}

/// A sender nobody registered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Orphan)]
struct OrphanShape {
    /// The sender in words.
    #[schema(examples("unit 0042"))]
    words: String,
    /// What to write into `identities` of a unit to register it; null where it told only a telephone number.
    #[schema(required = true, examples("north:surgard:0042"))]
    identity: Option<String>,
    /// The number it called from, as sent.
    #[schema(required = true)]
    caller: Option<String>,
    unit_key: String,
    #[schema(schema_with = names::basis)]
    unit_basis: &'static str,
    /// Its signals since then.
    #[schema(minimum = 0)]
    signals: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    last_signal: Uuid,
    receiver: String,
    line: String,
    #[schema(schema_with = names::trigger)]
    trigger: String,
}

impl ImportShape {
    /// An import at its end.
    pub fn of(imported: &Imported, import: Uuid, dry_run: bool, now: OffsetDateTime) -> ImportShape {
        let plan = &imported.plan;
        let made = plan.changes.iter().filter(|change| change.old.is_none()).count();
        ImportShape {
            now: Timestamp(now),
            import,
            dry_run,
            version: imported.version,
            made,
            changed: plan.changes.len() - made,
            unchanged: plan.unchanged,
            changes: plan.changes.iter().take(CHANGES_MAX).map(ChangeShape::of).collect(),
        }
    }
}

impl ChangeShape {
    fn of(change: &Change) -> ChangeShape {
        let fields = change.fields().into_iter();
        ChangeShape {
            line: change.line,
            unit: change.new.id.0,
            reference: change.new.reference.clone(),
            label: change.new.label.clone(),
            made: change.old.is_none(),
            fields: fields.map(|(field, old, new)| FieldChangeShape { field: field.as_str(), old, new }).collect(),
        }
    }
}

impl RowErrorShape {
    /// The first 200 by line.
    pub fn first(errors: &[RowError]) -> Vec<RowErrorShape> {
        let shape = |error: &RowError| RowErrorShape {
            line: error.line,
            column: error.column.clone(),
            problem: error.what.clone(),
            remedy: error.remedy.clone(),
        };
        errors.iter().take(ROWS_MAX).map(shape).collect()
    }
}

impl OrphansShape {
    /// Senders heard since a time.
    pub fn of(orphans: &[Orphan], since: OffsetDateTime, now: OffsetDateTime) -> OrphansShape {
        OrphansShape {
            now: Timestamp(now),
            since: Timestamp(since),
            orphans: orphans.iter().map(OrphanShape::of).collect(),
        }
    }
}

impl OrphanShape {
    fn of(orphan: &Orphan) -> OrphanShape {
        OrphanShape {
            words: orphan.sender.words.to_string(),
            identity: Identity::from_key(&orphan.sender.key).map(|identity| identity.to_string()),
            caller: orphan.caller.clone(),
            unit_key: orphan.sender.key.to_string(),
            unit_basis: orphan.sender.basis.as_str(),
            signals: orphan.signals,
            first_at: Timestamp(orphan.first_at),
            last_at: Timestamp(orphan.last_at),
            last_signal: orphan.last_signal.0,
            receiver: orphan.receiver.to_string(),
            line: orphan.line.to_string(),
            trigger: orphan.trigger.clone(),
        }
    }
}
