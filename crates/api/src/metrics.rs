//! The API's own numbers. Labels come from closed sets: never a person, a desk or a unit.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::tokens::Denied;

const REQUESTS: &str = "telecare_api_requests_total";
const DENIED: &str = "telecare_api_denied_total";
const PANICS: &str = "telecare_api_panics_total";
const CONNECTIONS: &str = "telecare_api_connections";
const WAITING_POLLS: &str = "telecare_api_waiting_polls";
/// Wants buckets in the exporter, from 1 ms to 5 s.
pub const ACT_SECONDS: &str = "telecare_api_act_seconds";

/// Tells the exporter each number's unit and meaning, and shows the counters at zero. Once, after the exporter is
/// in place.
pub fn describe() {
    describe_counter!(REQUESTS, "Requests answered, by route and class of status.");
    describe_counter!(DENIED, "Requests refused for their token, by reason.");
    describe_counter!(PANICS, "Handlers that panicked; each answered 500.");
    describe_gauge!(CONNECTIONS, "Open connections.");
    describe_gauge!(WAITING_POLLS, "Consoles waiting for a change.");
    describe_histogram!(ACT_SECONDS, Unit::Seconds, "From an action's request to its answer.");
    counter!(PANICS).increment(0);
    gauge!(CONNECTIONS).set(0.0);
    gauge!(WAITING_POLLS).set(0.0);
    for reason in ["none", "unknown", "expired"] {
        counter!(DENIED, "reason" => reason).increment(0);
    }
}

/// A request was answered.
pub(crate) fn count_request(route: &'static str, status: u16) {
    let class = match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    counter!(REQUESTS, "route" => route, "status" => class).increment(1);
}

/// A request was refused for its token.
pub(crate) fn count_denied(denied: &Denied) {
    let reason = match denied {
        Denied::None => "none",
        Denied::Unknown => "unknown",
        Denied::Expired { .. } => "expired",
    };
    counter!(DENIED, "reason" => reason).increment(1);
}

/// A handler panicked.
pub(crate) fn count_panic() {
    counter!(PANICS).increment(1);
}

/// How many connections are open.
pub(crate) fn show_connections(open: usize) {
    // Far below the 2^53 a gauge counts exactly.
    gauge!(CONNECTIONS).set(open as f64);
}

/// One more console waits.
pub(crate) fn poll_waits() {
    gauge!(WAITING_POLLS).increment(1.0);
}

/// One console has stopped waiting.
pub(crate) fn poll_answered() {
    gauge!(WAITING_POLLS).decrement(1.0);
}

/// An action was answered.
pub(crate) fn time_act(took: Duration) {
    histogram!(ACT_SECONDS).record(took.as_secs_f64());
}
