//! Rows as they are handed to SQLite: all of a statement in one JSON text.

use serde::Serialize;
use uuid::Uuid;

use super::file::{hash_text, stamp};
use crate::entry::{Entry, row_sum};

/// A row of `entry` as it is handed to SQLite.
#[derive(Serialize)]
pub struct EntryRow<'a> {
    seq: i64,
    at: String,
    kind: &'static str,
    id: Uuid,
    subject: String,
    lane: &'static str,
    hash: String,
    row_sum: i64,
    body: &'a str,
}

impl EntryRow<'_> {
    pub fn of(entry: &Entry) -> EntryRow<'_> {
        let what = &entry.what;
        EntryRow {
            seq: entry.seq,
            at: stamp(entry.at),
            kind: what.kind(),
            id: what.id(),
            subject: what.subject(),
            lane: what.lane().as_str(),
            hash: hash_text(&entry.hash),
            row_sum: row_sum(entry.seq, &entry.body),
            body: &entry.body,
        }
    }
}

/// A row of `state`.
#[derive(Serialize)]
pub struct StateRow {
    pub kind: &'static str,
    pub id: String,
    pub version: i64,
    pub body: String,
}

impl StateRow {
    /// One of which there is one version.
    pub fn of(kind: &'static str, id: String, body: String) -> StateRow {
        StateRow { kind, id, version: 0, body }
    }
}
