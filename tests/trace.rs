//! Each acknowledgement follows a completed sync of its entry, or the commit reply: read from the system
//! calls of the receiver under load. With a disk that only pretends to sync, the same test finds violations.

use std::fs;
use std::sync::Arc;

use anyhow::Result;
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::Setup;
use telecare_tests::scratch::Scratch;
use telecare_tests::site::Site;
use telecare_tests::surgard::sia;
use telecare_tests::trace::{self, Question, Verdict};

/// Messages on each of the two lines.
const MESSAGES: usize = 40;

#[test]
fn each_acknowledgement_follows_a_sync_standing_alone() -> Result<()> {
    let Some(verdict) = traced(Setup::default())? else { return Ok(()) };
    assert_eq!(verdict, Verdict { acknowledged: 2 * MESSAGES, too_early: Vec::new() });
    Ok(())
}

#[test]
fn each_acknowledgement_follows_a_sync_or_a_commit_with_a_database() -> Result<()> {
    let postgres = Postgres::shared()?;
    let database = postgres.create_database()?;
    let setup = Setup { database: vec![postgres.url(&database)], ..Setup::default() };
    let Some(verdict) = traced(setup)? else { return Ok(()) };
    assert_eq!(verdict, Verdict { acknowledged: 2 * MESSAGES, too_early: Vec::new() });
    Ok(())
}

/// Proves that the two tests above would fail if the journal did not sync.
#[test]
fn a_journal_that_does_not_sync_is_found_out() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    disk.set(Fault::NoSync)?;
    let Some(verdict) = traced(Setup { disk: Some(disk), ..Setup::default() })? else { return Ok(()) };
    assert_eq!((verdict.acknowledged, verdict.too_early.len()), (2 * MESSAGES, 2 * MESSAGES));
    Ok(())
}

/// Runs a receiver under strace with load on two lines; none when nothing can be traced here.
fn traced(mut setup: Setup) -> Result<Option<Verdict>> {
    if let Some(why) = trace::unavailable() {
        eprintln!("\n*** skipped: {why} ***\n");
        return Ok(None);
    }
    let scratch = Scratch::new("trace")?;
    let file = scratch.join("trace");
    setup.wrapper = trace::wrapper(&file);
    let mut site = Site::start(setup)?;
    let mut keys = Vec::new();
    for n in 0..MESSAGES {
        for (hardware, first) in [(&mut site.serial, 71_000_000), (&mut site.tcp, 72_000_000)] {
            let key = (first + n).to_string();
            // Urgent and routine in turn.
            hardware.tell(&sia("011", &key, if n % 2 == 0 { "QA01" } else { "RP00" }))?;
            keys.push(key);
        }
    }
    site.receiver.terminate()?;
    let question = Question { lines: site.descriptors.clone(), keys };
    Ok(Some(trace::judge(&fs::read_to_string(file)?, &question)))
}
