//! This host's clock beside the database's: answer times of several receivers can only be compared when both
//! are right.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::meters;

/// Compares the clocks. The answer is taken to be of the middle of the question's way, so the error is half
/// of that way at most.
pub async fn compare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let asked = OffsetDateTime::now_utc();
    let theirs: OffsetDateTime = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(connection).await?;
    let answered = OffsetDateTime::now_utc();
    meters::database_clock(asked + (answered - asked) / 2 - theirs);
    Ok(())
}
