//! Saving the entries of a file that may be damaged into a sound one.

use sqlx::SqliteConnection;

use super::file::{File, JournalError};
use super::rows::{self, Row};

/// What could be saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// Entries copied.
    pub copied: u64,
    /// Entries the journal had already.
    pub known: u64,
    /// Entries whose place in the chain the journal gives to another: left out.
    pub conflicting: u64,
    /// Entries that do not pass their own checksum: left out.
    pub damaged: u64,
    /// Stretches of the source that could not be read.
    pub gaps: u64,
}

/// Copies every entry that passes its own checksum. All of them are forwarded again: the database knows each id and
/// takes none twice.
pub async fn rescue(source: &mut SqliteConnection, file: &mut File) -> Result<Rescued, JournalError> {
    let (mut saved, mut from) = (Rescued::default(), Some(i64::MIN));
    while let Some(start) = from {
        let page = rows::page(source, start).await;
        saved.gaps += u64::from(page.gap);
        keep(file, page.rows, &mut saved).await?;
        from = page.next;
    }
    Ok(saved)
}

async fn keep(file: &mut File, rows: Vec<Option<Row>>, saved: &mut Rescued) -> Result<(), JournalError> {
    let mut sound = Vec::with_capacity(rows.len());
    for row in rows {
        match row.filter(Row::is_sound) {
            Some(row) => sound.push(row),
            None => saved.damaged += 1,
        }
    }
    if sound.is_empty() {
        return Ok(());
    }
    let (copied, known, conflicting) = file.keep_rows(&sound).await?;
    saved.copied += copied;
    saved.known += known;
    saved.conflicting += conflicting;
    Ok(())
}

impl File {
    /// Keeps rows of another file as not forwarded, in one commit. Returns how many were new, how many were
    /// here already, and how many have the sequence of another entry.
    async fn keep_rows(&mut self, rows: &[Row]) -> Result<(u64, u64, u64), JournalError> {
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut self.connection).await?;
        let kept = self.keep_rows_within(rows).await;
        let end = if kept.is_ok() { "COMMIT" } else { "ROLLBACK" };
        sqlx::raw_sql(end).execute(&mut self.connection).await?;
        kept
    }

    async fn keep_rows_within(&mut self, rows: &[Row]) -> Result<(u64, u64, u64), JournalError> {
        let (mut copied, mut known, mut conflicting) = (0, 0, 0);
        for row in rows {
            let query = sqlx::query_scalar::<_, String>(include_str!("sql/inspect_hash.sql")).bind(row.seq);
            match query.fetch_optional(&mut self.connection).await? {
                Some(hash) if hash == row.hash => known += 1,
                Some(_) => conflicting += 1,
                None => {
                    let query = sqlx::query(include_str!("sql/inspect_keep.sql")).bind(row.seq).bind(&row.at);
                    let query = query.bind(&row.kind).bind(&row.id).bind(&row.subject).bind(&row.lane);
                    let query = query.bind(&row.refused).bind(&row.hash).bind(row.row_sum).bind(&row.body);
                    query.execute(&mut self.connection).await?;
                    copied += 1;
                }
            }
        }
        Ok((copied, known, conflicting))
    }
}
