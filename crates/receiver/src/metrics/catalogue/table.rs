//! The table: every metric, in the order of the README.

use metrics::Unit;

use super::{Kind, Metric, Values};

/// Ways through the receiver: the latency targets (20, 50, 100, 120, 150, 200 ms) are among the bounds.
const STAGES: &[f64] =
    &[0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.12, 0.15, 0.2, 0.35, 0.5, 1.0, 2.0, 4.0, 10.0];
/// What people take: the answer clocks (10 and 40 s lone worker, 60 and 180 s telecare) are among the bounds.
const PEOPLE: &[f64] = &[5.0, 10.0, 20.0, 30.0, 40.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1800.0];

/// Shares of a time that is allowed.
const SHARES: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0];

const LINE: (&str, Values) = ("line", Values::Line);
/// Names of every class a card can have.
pub const CLASSES: &[&str] =
    &["lone-worker", "person", "fire", "unreadable", "security", "activity", "telephone", "technical", "test"];
const PRIORITIES: &[&str] = &["1", "2", "3", "4", "5"];
/// Names of the standings an open card can have.
pub const STANDINGS: &[&str] = &["waiting", "claimed", "held"];
const STAGE_NAMES: &[&str] = &["decoded", "journalled", "visible", "committed", "answered"];
const STORED: &[&str] = &["journal", "database"];
pub(super) const LINKS: &[&str] = &["standalone", "connected", "cut-off", "catching-up"];
pub(super) const CAUSES: &[&str] =
    &["not-found", "busy", "not-allowed", "refused", "timed-out", "gone", "stuck", "failed"];
const TROUBLES: &[&str] = &[
    "journal-failed",
    "journal-damaged",
    "database-away",
    "database-schema-newer",
    "database-not-durable",
    "quarantined",
    "unwatched",
    "voice-lines-busy",
];
const VOICE_LINES: &[&str] = &["away", "free", "in-use"];
/// What units speak in calls.
pub(super) const SPOKEN: &[&str] = &["bs8521", "tt92", "ttnew", "ttold", "contact-id", "fast-format", "detect"];
/// How a call can end.
pub(super) const ENDS: &[&str] = &[
    "cleared-down",
    "unconfirmed",
    "remote-hangup",
    "released",
    "no-data",
    "no-valid-data",
    "not-stored",
    "link-lost",
];
pub(super) const MODEM_TROUBLES: &[&str] = &["no-answer", "error", "no-caller-number"];
const RULES: &[&str] =
    &["unanswered", "lease-lost", "hold-over", "pressed-again", "missed-call", "no-outcome", "unserved", "trouble"];
const COMMANDS: &[&str] = &[
    "speak",
    "listen",
    "duplex",
    "simplex",
    "volume",
    "clear",
    "clear-down",
    "hang-up",
    "next",
    "select",
    "door",
    "key-safe",
    "unlock-all",
    "relay",
    "code",
];
const COMMANDED: &[&str] = &["done", "refused", "unsupported", "no-answer"];
const CALLOUT_OUTCOMES: &[&str] = &["delivered", "given-up"];
const TRY_RESULTS: &[&str] = &["ok", "refused", "failed"];
const RELOADS: &[&str] = &["done", "refused"];
const ASIDE: &[&str] = &["on-test", "waits-for-restore", "in-incident", "runaway", "background"];
const CLOCKS: &[&str] = &["synchronised", "unsynchronised", "unknown"];
const DENIALS: &[&str] = &["none", "unknown", "expired", "revoked"];

const fn total(
    name: &'static str,
    labels: &'static [(&'static str, Values)],
    help: &'static str,
    worry: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Counter, unit: None, labels, help, worry }
}

const fn level(
    name: &'static str,
    labels: &'static [(&'static str, Values)],
    help: &'static str,
    worry: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Gauge, unit: None, labels, help, worry }
}

const fn share(
    name: &'static str,
    labels: &'static [(&'static str, Values)],
    help: &'static str,
    worry: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(SHARES), unit: None, labels, help, worry }
}

const fn took(
    name: &'static str,
    bounds: &'static [f64],
    labels: &'static [(&'static str, Values)],
    help: &'static str,
    worry: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(bounds), unit: Some(Unit::Seconds), labels, help, worry }
}

impl Metric {
    const fn in_unit(mut self, unit: Unit) -> Metric {
        self.unit = Some(unit);
        self
    }
}

/// Every metric, in the order of the README.
pub const CATALOGUE: &[Metric] = &[
    level(
        "telecare_oldest_unclaimed_age_seconds",
        &[("priority", Values::Each(PRIORITIES))],
        "How long the oldest open alarm that nobody has taken has waited, by priority; 0 when none waits.",
        "priority 1 over 60 s: somebody waits for help and nobody has looked",
    )
    .in_unit(Unit::Seconds),
    level(
        "telecare_open_alarms",
        &[("standing", Values::Each(STANDINGS)), ("class", Values::Each(CLASSES))],
        "Open alarms, by where they stand and by class.",
        "waiting ones grow for ten minutes: a storm, or too few operators",
    ),
    level(
        "telecare_open_shadow_alarms",
        &[],
        "Open alarms of lines that only listen beside another platform. No other number counts them.",
        "never by itself: its operators answer them",
    ),
    took(
        "telecare_answer_seconds",
        PEOPLE,
        &[("class", Values::Each(CLASSES))],
        "From a press's last byte to the claim or \"seen\" that answered it, by the card's class, for alarms this \
         receiver opened.",
        "under 97.5 % within 60 s or 99 % within 180 s; lone workers under 80 % within 10 s or 98.5 % within 40 s",
    ),
    level(
        "telecare_last_operator_request_timestamp_seconds",
        &[],
        "When an operator's or supervisor's console last asked for anything, Unix time; 0 when none has since the \
         start.",
        "older than 2 minutes: nobody watches the queue, or consoles cannot reach it",
    )
    .in_unit(Unit::Seconds),
    level(
        "telecare_unserved_alarms",
        &[],
        "Waiting priority 1 alarms that no operator's console has been served for longer than the policy allows.",
        "above 0 for 30 s: nobody can see that somebody calls",
    ),
    total(
        "telecare_escalations_total",
        &[("rule", Values::Each(RULES))],
        "Times a card went up or out because nobody helped, by rule, for escalations this receiver made.",
        "unanswered moves steadily: too few operators",
    ),
    total(
        "telecare_call_commands_total",
        &[("command", Values::Each(COMMANDS)), ("outcome", Values::Each(COMMANDED))],
        "Operators' commands to calls on this receiver's lines, by kind and what came of them.",
        "no-answer or refused move: operators cannot speak to the callers they have",
    ),
    total(
        "telecare_callouts_total",
        &[("target", Values::Own), ("outcome", Values::Each(CALLOUT_OUTCOMES))],
        "Escalations told to a webhook, or given up on after an hour.",
        "given-up moves: somebody was not told",
    ),
    total(
        "telecare_callout_tries_total",
        &[("target", Values::Own), ("result", Values::Each(TRY_RESULTS))],
        "Requests to a webhook: taken, answered otherwise, or not answered.",
        "refused or failed move steadily",
    ),
    level(
        "telecare_callouts_pending",
        &[],
        "Escalations that this receiver still has to tell.",
        "above 0 for 2 minutes",
    ),
    level(
        "telecare_callout_oldest_pending_age_seconds",
        &[],
        "How long the oldest escalation still to be told has been due; 0 when there is none.",
        "over 2 minutes: whoever should be told is not",
    )
    .in_unit(Unit::Seconds),
    level(
        "telecare_policy_info",
        &[("hash", Values::Own)],
        "1 for the hash of the policy in force.",
        "receivers of one centre differ",
    ),
    total(
        "telecare_policy_reloads_total",
        &[("outcome", Values::Each(RELOADS))],
        "Configurations read again on SIGHUP: taken over, or refused for a mistake.",
        "refused moves: what was meant to change has not",
    ),
    level("telecare_expected_units", &[], "Units and lines that are expected to be heard from.", "it falls suddenly"),
    level(
        "telecare_overdue_units",
        &[],
        "Those of them that are missing.",
        "above 0 for long: a unit that cannot call, and its person does not know",
    ),
    level(
        "telecare_aside_alarms",
        &[("listing", Values::Each(ASIDE))],
        "Open alarms that are not listed with the others, by where they are.",
        "it grows for hours",
    ),
    level("telecare_open_incidents", &[], "Open cards that stand for many units at once.", "above 0"),
    level("telecare_tests_running", &[], "Tests that run.", "above 0 when nobody tests"),
    total(
        "telecare_signals_total",
        &[("class", Values::Each(CLASSES))],
        "Signals journalled, by class.",
        "far from the usual for the hour: a storm, or lines that hear nothing",
    ),
    total(
        "telecare_repeats_total",
        &[LINE],
        "Signals that are proven repeats of an earlier one.",
        "more than a few in a hundred: acknowledgements come late or get lost",
    ),
    level(
        "telecare_line_up",
        &[LINE],
        "1 while the line's port or peer is there.",
        "0 for longer than a re-plug; an alarm is raised, too",
    ),
    level(
        "telecare_line_last_byte_timestamp_seconds",
        &[LINE],
        "When the line last heard a byte, Unix time; 0 when never since the start.",
        "older than three heartbeats",
    )
    .in_unit(Unit::Seconds),
    level(
        "telecare_line_last_sign_of_life_timestamp_seconds",
        &[LINE],
        "When the line last heard a heartbeat or poll, Unix time; 0 when never since the start.",
        "older than three heartbeats while nothing else comes",
    )
    .in_unit(Unit::Seconds),
    share(
        "telecare_line_deadline_used_ratio",
        &[LINE],
        "How much of the time its sender waits for an answer an acknowledgement took; on lines where that time is known.",
        "above 0.5: near the sender's own repeat",
    ),
    total(
        "telecare_line_lost_total",
        &[LINE, ("cause", Values::Each(CAUSES))],
        "Times the line's port or peer could not be opened or went away, by cause.",
        "it moves every few minutes: a bad cable, adapter or network",
    ),
    level(
        "telecare_line_connections",
        &[LINE],
        "Peers connected to a listening line.",
        "0 although hardware receivers should be there",
    ),
    total(
        "telecare_line_empty_connections_total",
        &[LINE],
        "Connections that ended without a byte.",
        "it moves and no scanner is known",
    ),
    total(
        "telecare_line_turned_away_total",
        &[LINE],
        "Connections turned away because as many as allowed were there.",
        "it moves: raise connections-max, or find who connects",
    ),
    total(
        "telecare_line_restarts_total",
        &[LINE],
        "Times a task of the line panicked and was replaced.",
        "it moves: please report it",
    ),
    total(
        "telecare_reports_total",
        &[LINE, ("protocol", Values::Own)],
        "Reports heard, repeats and unreadable ones included.",
        "a busy line stands still while its last byte moves",
    ),
    total(
        "telecare_signs_of_life_total",
        &[LINE],
        "Heartbeats and polls heard.",
        "it stands still on a line that has heartbeats",
    ),
    total(
        "telecare_possible_repeats_total",
        &[LINE],
        "Reports whose sender may be repeating itself: its answer came late or not at all.",
        "more than a few in a hundred",
    ),
    total(
        "telecare_bad_frames_total",
        &[LINE, ("protocol", Values::Own), ("reason", Values::Own)],
        "Delimited frames that could not be read, by the protocol's name for why.",
        "it moves: wrong speed, parity or header width, or a bad cable",
    ),
    total(
        "telecare_junk_bytes_total",
        &[LINE],
        "Bytes outside any frame.",
        "it moves: wrong speed or parity, or a bad cable",
    )
    .in_unit(Unit::Bytes),
    total(
        "telecare_acknowledged_total",
        &[LINE],
        "Stored reports and signs of life whose acknowledgement was written.",
        "it falls behind the reports",
    ),
    total(
        "telecare_refused_total",
        &[LINE],
        "Reports and signs of life not acknowledged because nothing could store.",
        "it moves: at once",
    ),
    total(
        "telecare_late_answers_total",
        &[LINE],
        "Answers not sent because the sender had stopped waiting for them.",
        "it moves",
    ),
    total(
        "telecare_unsent_total",
        &[LINE],
        "Messages to digital units that could not leave: the kernel had no room, or the unit took nothing.",
        "it moves",
    ),
    level(
        "telecare_voice_lines",
        &[("standing", Values::Each(VOICE_LINES))],
        "Telephone lines, by what they are at: away, free, in a call.",
        "none free for 10 s: callers hear busy tone; an alarm is raised, too",
    ),
    total(
        "telecare_voice_calls_total",
        &[("protocol", Values::Each(SPOKEN)), ("end", Values::Each(ENDS))],
        "Telephone calls that have ended, by protocol and by how.",
        "no-data and no-valid-data are more than a few in a hundred: a bad line, or units of another kind; not-stored \
         moves: at once",
    ),
    took(
        "telecare_voice_acknowledgement_seconds",
        STAGES,
        &[],
        "From the last digit of a stored frame, as the line told of it, to the command that plays its acknowledgement.",
        "99 % over 120 ms: units repeat",
    ),
    total(
        "telecare_modem_troubles_total",
        &[("trouble", Values::Each(MODEM_TROUBLES))],
        "Times a modem did not answer, said ERROR, or could not tell who telephones. The log names the line.",
        "it moves: a modem that hangs, or commands that it does not know",
    ),
    took(
        "telecare_stage_seconds",
        STAGES,
        &[("stage", Values::Each(STAGE_NAMES))],
        "From a signal's last byte to the end of a stage: decoded, journalled, visible to a waiting console, committed \
         to the database, answer written.",
        "99 % of journalled over 20 ms, of visible over 50 ms, of answered over 120 ms",
    ),
    took(
        "telecare_acknowledgement_seconds",
        STAGES,
        &[("stored", Values::Each(STORED))],
        "From a signal's last byte to its acknowledgement on the wire, by what it waited for: the journal alone, or \
         the \
         database's commit as well.",
        "most come by the journal alone although connected: the database is slow",
    ),
    level("telecare_journal_ok", &[], "1 while the journal takes entries.", "0: at once"),
    took(
        "telecare_journal_sync_seconds",
        STAGES,
        &[],
        "One commit of the journal with its sync to the disk.",
        "99 % over 20 ms: a slow or dying disk",
    ),
    level("telecare_journal_bytes", &[], "Size of the journal's file and its log.", "over the configured bound")
        .in_unit(Unit::Bytes),
    level(
        "telecare_journal_free_bytes",
        &[],
        "Free space where the journal is.",
        "under 1 GiB, or gone within a day at this pace",
    )
    .in_unit(Unit::Bytes),
    level("telecare_backlog_entries", &[], "Journal entries not yet in the database.", "it grows for minutes"),
    level(
        "telecare_backlog_oldest_age_seconds",
        &[],
        "Age of the oldest entry not yet in the database; 0 when there is none.",
        "over 5 minutes",
    )
    .in_unit(Unit::Seconds),
    level(
        "telecare_degraded",
        &[],
        "1 while answers are this receiver's own although a database is configured.",
        "1 for minutes",
    ),
    level(
        "telecare_database_link",
        &[("state", Values::Each(LINKS))],
        "1 for the state of the link to the database that holds.",
        "cut-off or catching-up for minutes",
    ),
    level(
        "telecare_database_link_since_timestamp_seconds",
        &[],
        "Since when the link has been in its state, Unix time.",
        "it changes often: a flapping database",
    )
    .in_unit(Unit::Seconds),
    took(
        "telecare_database_commit_seconds",
        STAGES,
        &[],
        "One transaction of the database's writer, commit included.",
        "99 % over 100 ms",
    ),
    level("telecare_silent_receivers", &[], "Other receivers on the same database that have fallen silent.", "above 0"),
    level(
        "telecare_trouble",
        &[("what", Values::Each(TROUBLES))],
        "1 while the queue, or the telephone lines as a whole, are in this trouble; a technical alarm is raised, too.",
        "1",
    ),
    level(
        "telecare_clock",
        &[("state", Values::Each(CLOCKS))],
        "1 for the state of this host's clock that holds, as systemd-timesyncd tells it; unknown with another time \
         service.",
        "unsynchronised: stamps drift; with another time service watch that instead",
    ),
    level(
        "telecare_clock_synchronised_timestamp_seconds",
        &[],
        "When systemd-timesyncd last set the clock right, Unix time; 0 when unknown.",
        "older than a day, where it is not 0",
    )
    .in_unit(Unit::Seconds),
    level(
        "telecare_clock_database_offset_seconds",
        &[],
        "This host's clock minus the database's, as last compared; 0 before.",
        "beyond 1 s either way: answer times lie",
    )
    .in_unit(Unit::Seconds),
    level(
        "telecare_build_info",
        &[("version", Values::Own)],
        "The running software; always 1.",
        "two receivers differ for longer than an upgrade",
    ),
    level(
        "telecare_started_timestamp_seconds",
        &[],
        "When the process started, Unix time.",
        "it changes and nobody restarted it",
    )
    .in_unit(Unit::Seconds),
    total(
        "telecare_api_requests_total",
        &[("route", Values::Own), ("status", Values::Own)],
        "Requests answered, by route and class of status.",
        "5xx move",
    ),
    total(
        "telecare_api_denied_total",
        &[("reason", Values::Each(DENIALS))],
        "Requests refused for their token, by reason.",
        "unknown moves steadily: somebody guesses, or a console has an old token",
    ),
    total("telecare_api_panics_total", &[], "Handlers that panicked; each answered 500.", "it moves: please report it"),
    total(
        "telecare_api_turned_away_total",
        &[],
        "Connections closed at once because their address had its share.",
        "it moves: one address opens too many, or many consoles share one behind a proxy",
    ),
    level("telecare_api_connections", &[], "Open connections.", "near 4,096"),
    level("telecare_api_waiting_polls", &[], "Consoles waiting for a change.", "0 while operators are on shift"),
    took("telecare_api_act_seconds", STAGES, &[], "From an action's request to its answer.", "99 % over 100 ms"),
];
