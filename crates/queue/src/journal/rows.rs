//! Rows of a journal file that may be damaged, in order, with the gaps that cannot be read.
//!
//! A page of the file that is lost costs the entries on it and none behind it: after a failed read the next
//! readable entry is looked for in doubling steps and then by halving.

use std::path::Path;

use sqlx::sqlite::SqliteRow;
use sqlx::{ConnectOptions, Connection, Row as _, SqliteConnection};
use uuid::Uuid;

use super::file::{JournalError, hash_of, options};
use crate::entry::{Hash, link_hash, row_sum};

/// Rows read at once.
const PAGE_ROWS: i64 = 500;

/// An entry as its row has it; its body is not understood, so entries of newer kinds are rows, too.
#[derive(Clone, Debug)]
pub struct Row {
    pub seq: i64,
    pub at: String,
    pub kind: String,
    pub id: String,
    pub subject: String,
    pub lane: String,
    pub forwarded: bool,
    pub refused: Option<String>,
    pub hash: String,
    pub row_sum: i64,
    pub body: String,
}

impl Row {
    /// Whether sequence and body are as they were written.
    pub fn is_sound(&self) -> bool {
        self.row_sum == row_sum(self.seq, &self.body)
    }

    /// Whether its hash covers it and a predecessor with this hash.
    pub fn follows(&self, previous: &Hash) -> bool {
        let Ok(id) = Uuid::try_parse(&self.id) else { return false };
        hash_of(&self.hash) == Some(link_hash(previous, self.seq, &self.kind, id, &self.body))
    }
}

/// Some rows, and where to go on.
#[derive(Debug, Default)]
pub struct Page {
    /// In order; none where a row's columns cannot be read.
    pub rows: Vec<Option<Row>>,
    /// Whether entries that cannot be read stood before these.
    pub gap: bool,
    /// The first sequence of the next page; none at the end.
    pub next: Option<i64>,
}

/// Opens a file for looking only. Without a WAL beside it nothing is made beside it either.
pub async fn open(path: &Path, in_use: bool) -> Result<SqliteConnection, JournalError> {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let has_wal = std::fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0);
    let options = options(path).read_only(true).immutable(!in_use && !has_wal);
    Ok(options.connect().await?)
}

/// Whether a file's layout can be made out, damage to single entries aside.
pub async fn is_legible(path: &Path) -> bool {
    let Ok(mut file) = open(path, true).await else { return false };
    let is_legible = sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut file).await.is_ok();
    let _ = file.close().await;
    is_legible
}

/// The rows from a sequence on.
pub async fn page(file: &mut SqliteConnection, from: i64) -> Page {
    let mut page = Page::default();
    let rows = match read(file, from, PAGE_ROWS).await {
        Some(rows) => rows,
        None => match read(file, from, 1).await {
            Some(rows) => rows,
            None => {
                page.gap = true;
                let Some(start) = behind_gap(file, from).await else { return page };
                read(file, start, 1).await.unwrap_or_default()
            }
        },
    };
    page.next = rows.last().map(|(seq, _)| seq.saturating_add(1));
    page.rows = rows.into_iter().map(|(_, row)| row).collect();
    page
}

/// The smallest sequence that can be read from, beyond one that cannot.
async fn behind_gap(file: &mut SqliteConnection, from: i64) -> Option<i64> {
    let (mut bad, mut step) = (from, 1_i64);
    let mut good = loop {
        let probe = from.max(0).checked_add(step)?;
        match read(file, probe, 1).await {
            Some(rows) => {
                rows.first()?;
                break probe;
            }
            None => bad = probe,
        }
        step = step.checked_mul(2)?;
    };
    while good - bad > 1 {
        let middle = bad + (good - bad) / 2;
        match read(file, middle, 1).await {
            Some(_) => good = middle,
            None => bad = middle,
        }
    }
    Some(good)
}

async fn read(file: &mut SqliteConnection, from: i64, rows_max: i64) -> Option<Vec<(i64, Option<Row>)>> {
    let query = sqlx::query(include_str!("sql/inspect_page.sql")).bind(from).bind(rows_max);
    let rows = query.fetch_all(file).await.ok()?;
    rows.iter().map(|row| Some((row.try_get(0).ok()?, row_of(row).ok()))).collect()
}

fn row_of(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    Ok(Row {
        seq: row.try_get(0)?,
        at: row.try_get(1)?,
        kind: row.try_get(2)?,
        id: row.try_get(3)?,
        subject: row.try_get(4)?,
        lane: row.try_get(5)?,
        forwarded: row.try_get::<i64, _>(6)? != 0,
        refused: row.try_get(7)?,
        hash: row.try_get(8)?,
        row_sum: row.try_get(9)?,
        body: row.try_get(10)?,
    })
}
