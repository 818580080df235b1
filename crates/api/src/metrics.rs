//! The API's own numbers. Labels come from closed sets: never a person, a desk or a unit.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use crate::tokens::Denied;

const REQUESTS: &str = "telecare_api_requests_total";
const DENIED: &str = "telecare_api_denied_total";
const PANICS: &str = "telecare_api_panics_total";
const TURNED_AWAY: &str = "telecare_api_turned_away_total";
const CONNECTIONS: &str = "telecare_api_connections";
const WAITING_POLLS: &str = "telecare_api_waiting_polls";
const ACT_SECONDS: &str = "telecare_api_act_seconds";

/// Every route's name: the router's closed set.
pub(crate) const ROUTES: [&str; 19] = [
    "health", "choices", "calls", "openapi", "list", "detail", "act", "call", "members", "tests", "test", "rules",
    "expected", "units", "unit", "import", "export", "orphans", "other",
];
/// Classes of status that answers have.
const STATUSES: [&str; 3] = ["2xx", "4xx", "5xx"];

/// Shows everything at zero, so that a query about what has not happened yet answers 0. Once, after the exporter
/// is in place. What each number means stands in the receiver's catalogue.
pub fn begin() {
    for route in ROUTES {
        STATUSES.iter().for_each(|status| counter!(REQUESTS, "route" => route, "status" => *status).increment(0));
    }
    counter!(PANICS).increment(0);
    counter!(TURNED_AWAY).increment(0);
    gauge!(CONNECTIONS).set(0.0);
    gauge!(WAITING_POLLS).set(0.0);
    for reason in ["none", "unknown", "expired", "revoked"] {
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
        Denied::Revoked { .. } => "revoked",
    };
    counter!(DENIED, "reason" => reason).increment(1);
}

/// A handler panicked.
pub(crate) fn count_panic() {
    counter!(PANICS).increment(1);
}

/// A connection was closed because its address had its share.
pub(crate) fn count_turned_away() {
    counter!(TURNED_AWAY).increment(1);
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
