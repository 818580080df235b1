//! The daemon's numbers for Prometheus. What each is called, means and is worried about stands in
//! [`catalogue`]; here are the instruments, [`page`] has what is read off the board, [`answers`] the answer
//! clocks, [`host`] the disk and the clock.
//!
//! Labels come from closed sets: configured line names, protocols, names of errors and causes. Never a unit,
//! a caller or a person. Everything that can be counted is at zero from the start, so that a query about a
//! thing that has not happened yet answers 0 and not "no data".

pub mod answers;
pub mod catalogue;
pub mod host;
pub mod page;
mod reasons;

use std::time::{Duration, SystemTime};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use telecare_alarm::Class;
use telecare_protocol::Protocol;

use crate::line::Cause;
use catalogue::{CATALOGUE, Kind};

pub use reasons::bad_frame_reasons;

/// How often histograms are condensed; between scrapes they grow by what happens in this time.
pub const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Puts the exporter in place for the whole process. Once, before anything counts.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in CATALOGUE {
        if let Kind::Histogram(bounds) = metric.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)?;
        }
    }
    let handle = builder.install_recorder()?;
    catalogue::describe();
    telecare_api::metrics::begin();
    Ok(handle)
}

/// Which software runs, and since when.
pub fn began() {
    gauge!("telecare_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    gauge!("telecare_started_timestamp_seconds").set(since_epoch.as_secs_f64());
}

pub fn up(line: &str) -> Gauge {
    gauge!("telecare_line_up", "line" => line.to_owned())
}

pub fn last_byte(line: &str) -> Gauge {
    gauge!("telecare_line_last_byte_timestamp_seconds", "line" => line.to_owned())
}

pub fn last_sign_of_life(line: &str) -> Gauge {
    gauge!("telecare_line_last_sign_of_life_timestamp_seconds", "line" => line.to_owned())
}

/// How much of the time its sender waits an acknowledgement took.
pub fn deadline_used(line: &str) -> Histogram {
    histogram!("telecare_line_deadline_used_ratio", "line" => line.to_owned())
}

pub fn lost(line: &str, cause: Cause) -> Counter {
    counter!("telecare_line_lost_total", "line" => line.to_owned(), "cause" => cause.as_str())
}

pub fn connections(line: &str) -> Gauge {
    gauge!("telecare_line_connections", "line" => line.to_owned())
}

pub fn empty_connections(line: &str) -> Counter {
    counter!("telecare_line_empty_connections_total", "line" => line.to_owned())
}

pub fn turned_away(line: &str) -> Counter {
    counter!("telecare_line_turned_away_total", "line" => line.to_owned())
}

pub fn reports(line: &str, protocol: Protocol) -> Counter {
    counter!("telecare_reports_total", "line" => line.to_owned(), "protocol" => protocol.as_str())
}

pub fn signs_of_life(line: &str) -> Counter {
    counter!("telecare_signs_of_life_total", "line" => line.to_owned())
}

pub fn possible_repeats(line: &str) -> Counter {
    counter!("telecare_possible_repeats_total", "line" => line.to_owned())
}

pub fn bad_frames(line: &str, protocol: Protocol, reason: &'static str) -> Counter {
    counter!("telecare_bad_frames_total", "line" => line.to_owned(), "protocol" => protocol.as_str(), "reason" => reason)
}

pub fn junk_bytes(line: &str) -> Counter {
    counter!("telecare_junk_bytes_total", "line" => line.to_owned())
}

pub fn late_answers(line: &str) -> Counter {
    counter!("telecare_late_answers_total", "line" => line.to_owned())
}

pub fn unsent(line: &str) -> Counter {
    counter!("telecare_unsent_total", "line" => line.to_owned())
}

pub fn acknowledged(line: &str) -> Counter {
    counter!("telecare_acknowledged_total", "line" => line.to_owned())
}

pub fn refused(line: &str) -> Counter {
    counter!("telecare_refused_total", "line" => line.to_owned())
}

pub fn restarts(line: &str) -> Counter {
    counter!("telecare_line_restarts_total", "line" => line.to_owned())
}

pub fn repeats(line: &str) -> Counter {
    counter!("telecare_repeats_total", "line" => line.to_owned())
}

pub fn voice_lines(standing: &'static str) -> Gauge {
    gauge!("telecare_voice_lines", "standing" => standing)
}

pub fn voice_calls(protocol: Protocol, end: &'static str) -> Counter {
    counter!("telecare_voice_calls_total", "protocol" => protocol.as_str(), "end" => end)
}

/// From a frame's last digit to the command that plays its acknowledgement.
pub fn voice_acknowledgement_seconds() -> Histogram {
    histogram!("telecare_voice_acknowledgement_seconds")
}

pub fn modem_troubles(trouble: &'static str) -> Counter {
    counter!("telecare_modem_troubles_total", "trouble" => trouble)
}

/// From a last byte to the acknowledgement on the wire, by what it waited for.
pub fn acknowledgement_seconds(stored: &'static str) -> Histogram {
    histogram!("telecare_acknowledgement_seconds", "stored" => stored)
}

/// How long a press waited for its answer.
pub fn answer_seconds(class: Class) -> Histogram {
    histogram!("telecare_answer_seconds", "class" => class.as_str())
}

/// Cards that went up or out by rule.
pub fn escalations(rule: &'static str) -> Counter {
    counter!("telecare_escalations_total", "rule" => rule)
}

pub fn callouts(target: &str, outcome: &'static str) -> Counter {
    counter!("telecare_callouts_total", "target" => target.to_owned(), "outcome" => outcome)
}

pub fn callout_tries(target: &str, result: &'static str) -> Counter {
    counter!("telecare_callout_tries_total", "target" => target.to_owned(), "result" => result)
}

/// Shows a target's numbers at zero.
pub fn begin_callouts(target: &str) {
    ["delivered", "given-up"].into_iter().for_each(|outcome| callouts(target, outcome).increment(0));
    ["ok", "refused", "failed"].into_iter().for_each(|result| callout_tries(target, result).increment(0));
}

pub fn callouts_pending(number: usize, oldest_s: f64) {
    gauge!("telecare_callouts_pending").set(count(number));
    gauge!("telecare_callout_oldest_pending_age_seconds").set(oldest_s);
}

/// Which policy is in force; an earlier one is shown as 0.
pub fn policy_info(hash: &str, before: Option<&str>) {
    if let Some(before) = before {
        gauge!("telecare_policy_info", "hash" => before.to_owned()).set(0.0);
    }
    gauge!("telecare_policy_info", "hash" => hash.to_owned()).set(1.0);
}

pub fn policy_reloads(outcome: &'static str) -> Counter {
    counter!("telecare_policy_reloads_total", "outcome" => outcome)
}

/// Whether the queue is in a trouble.
pub fn trouble(what: &'static str, active: bool) {
    gauge!("telecare_trouble", "what" => what).set(flag(active));
}

pub fn stage_seconds(stage: &'static str) -> Histogram {
    histogram!("telecare_stage_seconds", "stage" => stage)
}

/// 1 for true.
pub fn flag(on: bool) -> f64 {
    if on { 1.0 } else { 0.0 }
}

/// A number of things as a gauge takes it.
pub fn count(number: usize) -> f64 {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}
