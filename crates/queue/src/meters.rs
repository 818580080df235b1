//! The queue's own numbers. What each means stands in the receiver's catalogue. Labels come from closed sets:
//! stages, classes, configured lines.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use telecare_alarm::Signal;
use telecare_protocol::call::Operated;
use time::OffsetDateTime;

use crate::entry::{Entry, What};

/// An entry is in the journal.
pub fn journalled(entry: &Entry) {
    if let What::Signal(signal) = &entry.what {
        stage("journalled", signal);
        counter!("telecare_signals_total", "class" => signal.ranking.class.as_str()).increment(1);
        if signal.repeat_of.is_some() {
            counter!("telecare_repeats_total", "line" => signal.line.as_str().to_owned()).increment(1);
        }
    }
}

/// An entry is in the database.
pub fn committed(entry: &Entry) {
    if let What::Signal(signal) = &entry.what {
        stage("committed", signal);
    }
}

/// One commit of the journal came back from the disk.
pub fn journal_synced(took: Duration) {
    histogram!("telecare_journal_sync_seconds").record(took.as_secs_f64());
}

/// One transaction of the writer came back from the database.
pub fn database_committed(took: Duration) {
    histogram!("telecare_database_commit_seconds").record(took.as_secs_f64());
}

/// This host's clock is so far ahead of the database's.
pub fn database_clock(ahead: time::Duration) {
    gauge!("telecare_clock_database_offset_seconds").set(ahead.as_seconds_f64());
}

/// An operator's command to a call was carried out, or was not.
pub fn commanded(command: &'static str, operated: Option<Operated>) {
    let outcome = match operated {
        Some(Operated::Done) => "done",
        Some(Operated::Refused(_)) => "refused",
        Some(Operated::Unsupported) => "unsupported",
        None => "no-answer",
    };
    counter!("telecare_call_commands_total", "command" => command, "outcome" => outcome).increment(1);
}

fn stage(stage: &'static str, signal: &Signal) {
    let took = OffsetDateTime::now_utc() - signal.stamps.last_byte;
    // A clock that was set back makes it no less than nothing.
    histogram!("telecare_stage_seconds", "stage" => stage).record(took.as_seconds_f64().max(0.0));
}
