//! The WAL is moved into the file beside the writer, so that no append waits for it: often, because an append waits on the
//! disk for whatever is moved at once.
//!
//! SQLite begins a WAL anew when all of it is in the file at the moment an append comes. While entries never stop that
//! moment does not come by itself.

use std::path::Path;
use std::time::Duration;

use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};

use super::file::{JournalError, options};

/// How often it is moved.
pub const MOVE_EVERY: Duration = Duration::from_secs(1);
/// One as long as this, bytes, is begun anew between two appends, however many more wait.
pub const BYTES_MAX: u64 = 64 << 20;

/// Moves it beside the writer. Gives how long it is, bytes.
pub async fn move_beside(path: &Path) -> Result<u64, JournalError> {
    let mut connection = options(path).connect().await?;
    let bytes = move_now(&mut connection).await?;
    connection.close().await?;
    Ok(bytes)
}

/// Moves it. By the writer's own connection that is all of it, and the next append begins it anew. Gives how long it is,
/// bytes.
pub async fn move_now(connection: &mut SqliteConnection) -> Result<u64, JournalError> {
    let row = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut *connection).await?;
    let frames: i64 = row.try_get(1)?;
    let page: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(connection).await?;
    Ok(frames.saturating_mul(page).try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::entry::{Chain, What};
    use crate::journal::{File, Settle};
    use crate::sample::{START, press};

    #[tokio::test]
    async fn it_is_begun_anew_although_entries_never_stop() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.sqlite");
        let mut file = File::open(&path).await.unwrap();
        let mut chain = Chain::begin(START);
        let mut lengths = Vec::new();
        for n in 0..40 {
            let entry = Arc::new(chain.link(What::Signal(press("1234", n).into()), START).unwrap());
            file.append(&[entry], &Settle::default()).await.unwrap();
            if n == 20 {
                // One that comes while the WAL is moved beside the writer is not in the file.
                lengths.push(move_beside(&path).await.unwrap());
                let entry = Arc::new(chain.link(What::Signal(press("1234", 100).into()), START).unwrap());
                file.append(&[entry], &Settle::default()).await.unwrap();
                lengths.push(move_now(&mut file.connection).await.unwrap());
            }
        }
        lengths.push(move_beside(&path).await.unwrap());
        let known = File::open(&path).await.unwrap().known().await.unwrap();
        assert_eq!(known.pending.len(), 41);
        assert!(lengths[0] > 0 && lengths[2] < lengths[0] + lengths[1], "{lengths:?}");
    }
}
