//! The daemon's numbers for Prometheus: one function per instrument, with its name, unit and help beside it.
//!
//! Labels come from closed sets: configured line names, protocols, names of errors and causes. Never a unit,
//! a caller or a person. Everything that can be counted is at zero from the start, so that a query about a
//! thing that has not happened yet answers 0 and not "no data".

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram};
use metrics::{gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use telecare_protocol::Protocol;
use telecare_queue::{Board, Link};

use crate::line::Cause;

/// Bounds of every duration's buckets, seconds: the latency targets (20, 100, 120, 150 ms) are among them.
const SECONDS_BUCKETS: &[f64] =
    &[0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.12, 0.15, 0.2, 0.35, 0.5, 1.0, 2.0, 4.0, 10.0];

/// How often histograms are condensed; between scrapes they grow by what happens in this time.
pub const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Puts the exporter in place for the whole process. Once, before anything counts.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS_BUCKETS)?
        .install_recorder()?;
    telecare_api::metrics::describe();
    Ok(handle)
}

/// Which software runs; always 1.
pub fn build_info() {
    const NAME: &str = "telecare_build_info";
    describe_gauge!(NAME, "The running software; always 1.");
    gauge!(NAME, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// The names a protocol's errors can have.
pub fn bad_frame_reasons(protocol: Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::SurGard => &["Empty", "IllegalCharacter", "WrongLength", "BadField", "UnknownForm", "AnswersOwed"],
        Protocol::Bs8521 | Protocol::Own => &[],
    }
}

pub fn up(line: &str) -> Gauge {
    const NAME: &str = "telecare_line_up";
    describe_gauge!(NAME, "1 while the line's port or peer is there.");
    gauge!(NAME, "line" => line.to_owned())
}

pub fn last_byte(line: &str) -> Gauge {
    const NAME: &str = "telecare_line_last_byte_timestamp_seconds";
    describe_gauge!(NAME, Unit::Seconds, "When the line last heard a byte, Unix time; 0 when never.");
    gauge!(NAME, "line" => line.to_owned())
}

pub fn lost(line: &str, cause: Cause) -> Counter {
    const NAME: &str = "telecare_line_lost_total";
    describe_counter!(NAME, "Times the line's port or peer could not be opened or went away, by cause.");
    counter!(NAME, "line" => line.to_owned(), "cause" => cause.as_str())
}

pub fn connections(line: &str) -> Gauge {
    const NAME: &str = "telecare_line_connections";
    describe_gauge!(NAME, "Peers connected to a listening line.");
    gauge!(NAME, "line" => line.to_owned())
}

pub fn empty_connections(line: &str) -> Counter {
    const NAME: &str = "telecare_line_empty_connections_total";
    describe_counter!(NAME, "Connections that ended without a byte.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn turned_away(line: &str) -> Counter {
    const NAME: &str = "telecare_line_turned_away_total";
    describe_counter!(NAME, "Connections turned away because as many as allowed were there.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn reports(line: &str, protocol: Protocol) -> Counter {
    const NAME: &str = "telecare_reports_total";
    describe_counter!(NAME, "Reports heard, repeats and unreadable ones included.");
    counter!(NAME, "line" => line.to_owned(), "protocol" => protocol.as_str())
}

pub fn signs_of_life(line: &str) -> Counter {
    const NAME: &str = "telecare_signs_of_life_total";
    describe_counter!(NAME, "Heartbeats and polls heard.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn possible_repeats(line: &str) -> Counter {
    const NAME: &str = "telecare_possible_repeats_total";
    describe_counter!(NAME, "Reports whose sender may be repeating itself: its answer came late or not at all.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn bad_frames(line: &str, reason: &'static str) -> Counter {
    const NAME: &str = "telecare_bad_frames_total";
    describe_counter!(NAME, "Delimited frames that could not be read, by the protocol's name for why.");
    counter!(NAME, "line" => line.to_owned(), "reason" => reason)
}

pub fn junk_bytes(line: &str) -> Counter {
    const NAME: &str = "telecare_junk_bytes_total";
    describe_counter!(NAME, Unit::Bytes, "Bytes outside any frame.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn late_answers(line: &str) -> Counter {
    const NAME: &str = "telecare_late_answers_total";
    describe_counter!(NAME, "Answers not sent because the sender had stopped waiting for them.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn acknowledged(line: &str) -> Counter {
    const NAME: &str = "telecare_acknowledged_total";
    describe_counter!(NAME, "Stored reports and signs of life whose acknowledgement was written.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn refused(line: &str) -> Counter {
    const NAME: &str = "telecare_refused_total";
    describe_counter!(NAME, "Reports and signs of life not acknowledged because nothing could store.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn restarts(line: &str) -> Counter {
    const NAME: &str = "telecare_line_restarts_total";
    describe_counter!(NAME, "Times a task of the line panicked and was replaced.");
    counter!(NAME, "line" => line.to_owned())
}

pub fn stage_seconds(stage: &'static str) -> Histogram {
    const NAME: &str = "telecare_stage_seconds";
    describe_histogram!(NAME, Unit::Seconds, "From a frame's last byte to the end of a stage of its way.");
    histogram!(NAME, "stage" => stage)
}

/// Shows a board in numbers.
pub fn show_board(board: &Board) {
    for priority in 1..=5u8 {
        let open = board.open.iter().filter(|alarm| alarm.priority.number() == priority).count();
        open_alarms(priority).set(count(open));
    }
    for link in [Link::Standalone, Link::Connected, Link::CutOff, Link::CatchingUp] {
        database_link(link).set(flag(board.link == link));
    }
    backlog().set(count(board.backlog));
    degraded().set(flag(board.link.is_degraded()));
    journal_ok().set(flag(board.journal_ok));
    silent_receivers().set(count(board.silent.len()));
}

fn open_alarms(priority: u8) -> Gauge {
    const NAME: &str = "telecare_open_alarms";
    describe_gauge!(NAME, "Open alarms, by priority, 1 most urgent.");
    gauge!(NAME, "priority" => priority.to_string())
}

fn database_link(link: Link) -> Gauge {
    const NAME: &str = "telecare_database_link";
    describe_gauge!(NAME, "1 for the state of the link to the database that holds.");
    gauge!(NAME, "state" => link.as_str())
}

fn backlog() -> Gauge {
    const NAME: &str = "telecare_backlog_entries";
    describe_gauge!(NAME, "Journal entries not yet in the database.");
    gauge!(NAME)
}

fn degraded() -> Gauge {
    const NAME: &str = "telecare_degraded";
    describe_gauge!(NAME, "1 while answers are this receiver's own although a database is configured.");
    gauge!(NAME)
}

fn journal_ok() -> Gauge {
    const NAME: &str = "telecare_journal_ok";
    describe_gauge!(NAME, "1 while the journal takes entries.");
    gauge!(NAME)
}

fn silent_receivers() -> Gauge {
    const NAME: &str = "telecare_silent_receivers";
    describe_gauge!(NAME, "Other receivers on the same database that have fallen silent.");
    gauge!(NAME)
}

fn flag(on: bool) -> f64 {
    if on { 1.0 } else { 0.0 }
}

/// A number of things as a gauge takes it.
pub fn count(number: usize) -> f64 {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}

#[cfg(test)]
mod tests {
    use telecare_protocol::surgard::LineError;

    use super::*;

    /// A reason that is missing here would appear in a query only once it has happened.
    #[test]
    fn every_reason_for_a_bad_frame_is_there_from_the_start() {
        let errors = [
            LineError::Empty,
            LineError::IllegalCharacter { index: 0 },
            LineError::WrongLength { expected: 1, got: 0 },
            LineError::BadField { field: "account" },
            LineError::UnknownForm,
        ];
        for error in errors {
            assert!(bad_frame_reasons(Protocol::SurGard).contains(&error.name()), "{error}");
        }
    }
}
