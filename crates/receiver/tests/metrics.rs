//! The metrics page of the running daemon, held against the catalogue.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use anyhow::{Result, ensure};
use serde_json::json;
use telecare_receiver::catalogue::{CATALOGUE, Kind, Metric, Values};
use telecare_tests::metrics::Reading;
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::{Line, Setup, Transport};
use telecare_tests::site::{SERIAL, Site, TCP};
use telecare_tests::surgard::{contact_id, frame, heartbeat};

const LISTENING: &str = "listening";
const LINES: [&str; 3] = [SERIAL, TCP, LISTENING];

fn setup() -> Result<Setup> {
    let address = ([127, 0, 0, 1], port::free()?).into();
    // Nobody listens there; a webhook's numbers are there from the start all the same.
    let secret = concat!(env!("CARGO_TARGET_TMPDIR"), "/webhook-secret");
    std::fs::write(secret, "0123456789-0123456789-0123456789")?;
    let more = format!("\n[[webhook]]\nname = \"pager\"\nurl = \"http://127.0.0.1:9/\"\nsecret-file = {secret:?}\n");
    Ok(Setup {
        lines: vec![Line::new(LISTENING, Transport::Listen { address, connections_max: 8 })],
        more,
        ..Setup::default()
    })
}

#[test]
fn everything_in_the_catalogue_is_there_from_the_start_and_nothing_else() -> Result<()> {
    let site = Site::start(setup()?)?;
    let reading = Reading::of(&site.receiver)?;
    for metric in CATALOGUE {
        let name = metric.name;
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        assert_eq!(reading.comment("TYPE", name), Some(kind), "{name}");
        assert_eq!(reading.comment("HELP", name), Some(metric.help), "{name}");
        for labels in series(metric) {
            let labels: Vec<(&str, &str)> = labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
            check(&reading, metric, &labels);
        }
    }
    for name in reading.names() {
        ensure!(CATALOGUE.iter().any(|metric| metric.name == name), "{name} is not in the catalogue");
    }
    Ok(())
}

/// Counters and histograms at zero, with the catalogue's bounds; of gauges only that they are there.
fn check(reading: &Reading, metric: &Metric, labels: &[(&str, &str)]) {
    let name = metric.name;
    match metric.kind {
        Kind::Counter => assert_eq!(reading.value(name, labels), Some(0.0), "{name}{labels:?}"),
        Kind::Gauge => assert!(reading.value(name, labels).is_some(), "{name}{labels:?}"),
        Kind::Histogram(bounds) => {
            assert_eq!(reading.value(&format!("{name}_count"), labels), Some(0.0), "{name}{labels:?}");
            for bound in bounds {
                let bound = bound.to_string();
                let labels = [labels, &[("le", bound.as_str())]].concat();
                assert_eq!(reading.value(&format!("{name}_bucket"), &labels), Some(0.0), "{name}{labels:?}");
            }
        }
    }
}

/// The label sets a metric must have; of labels with values of their own, any one.
fn series(metric: &Metric) -> Vec<Vec<(&'static str, String)>> {
    let mut series = vec![Vec::new()];
    for (label, values) in metric.labels {
        let values: Vec<String> = match values {
            Values::Each(values) => values.iter().map(ToString::to_string).collect(),
            Values::Line => LINES.map(str::to_owned).to_vec(),
            Values::Own => continue,
        };
        let with = |known: Vec<_>| {
            values.clone().into_iter().map(move |value| [known.clone(), vec![(*label, value)]].concat())
        };
        series = series.into_iter().flat_map(with).collect();
    }
    series
}

#[test]
fn what_happens_is_counted() -> Result<()> {
    let postgres = Postgres::start()?;
    let database = postgres.create_database()?;
    let mut site = Site::start(Setup { database: vec![postgres.url(&database)], ..setup()? })?;
    let console = site.receiver.console(0);
    console.until_connected()?;
    site.serial.tell(&heartbeat("011"))?;
    site.serial.tell(&contact_id("011", "1234", "E101", 1))?;
    let id = console.until_alarm(SERIAL, "1234")?["id"].as_str().unwrap_or_default().to_owned();
    let read = |name: &str, labels: &[(&str, &str)], will_do: fn(f64) -> bool| {
        Reading::until(&site.receiver, name, labels, will_do)
    };
    let waits = [("standing", "waiting"), ("class", "person")];
    read("telecare_open_alarms", &waits, |open| open == 1.0)?;
    read("telecare_oldest_unclaimed_age_seconds", &[("priority", "1")], |age| age > 0.0 && age < 60.0)?;
    console.act(&id, "claim", json!({}))?.alarm()?;
    read("telecare_answer_seconds_count", &[("class", "person")], |answered| answered == 1.0)?;
    read("telecare_oldest_unclaimed_age_seconds", &[("priority", "1")], |age| age == 0.0)?;
    read("telecare_open_alarms", &[("standing", "claimed")], |open| open == 1.0)?;
    for stage in ["decoded", "journalled", "visible", "committed", "answered"] {
        read("telecare_stage_seconds_count", &[("stage", stage)], |count| count >= 1.0)?;
    }
    read("telecare_acknowledgement_seconds_count", &[], |count| count >= 1.0)?;
    read("telecare_signals_total", &[("class", "person")], |count| count == 1.0)?;
    read("telecare_line_last_byte_timestamp_seconds", &[("line", SERIAL)], |at| at > 1.7e9)?;
    read("telecare_line_last_sign_of_life_timestamp_seconds", &[("line", SERIAL)], |at| at > 1.7e9)?;
    // The heartbeat waited for nothing and is no answer to a signal.
    read("telecare_line_deadline_used_ratio_count", &[("line", SERIAL)], |count| count == 1.0)?;
    read("telecare_line_deadline_used_ratio_sum", &[("line", SERIAL)], |used| used > 0.0 && used < 1.0)?;
    for name in ["telecare_journal_sync_seconds_count", "telecare_database_commit_seconds_count"] {
        read(name, &[], |count| count >= 1.0)?;
    }
    for name in ["telecare_journal_bytes", "telecare_journal_free_bytes", "telecare_started_timestamp_seconds"] {
        read(name, &[], |value| value > 0.0)?;
    }
    // Both on one machine, so nearly the same, but never to the nanosecond.
    read("telecare_clock_database_offset_seconds", &[], |ahead| ahead != 0.0 && ahead.abs() < 1.0)?;
    read("telecare_database_link", &[("state", "connected")], |on| on == 1.0)?;
    read("telecare_last_operator_request_timestamp_seconds", &[], |at| at > 1.7e9)?;
    site.serial.link().write(&frame("5011 18XXXX"))?;
    read("telecare_bad_frames_total", &[("line", SERIAL), ("protocol", "surgard")], |count| count >= 1.0)?;
    Ok(())
}

#[test]
fn a_database_that_goes_away_is_seen() -> Result<()> {
    let postgres = Postgres::start()?;
    let database = postgres.create_database()?;
    let mut site = Site::start(Setup { database: vec![postgres.url(&database)], ..setup()? })?;
    site.receiver.console(0).until_connected()?;
    postgres.stop()?;
    Reading::until(&site.receiver, "telecare_degraded", &[], |on| on == 1.0)?;
    site.tcp.tell(&contact_id("011", "1234", "E101", 1))?;
    let read = |name: &str, labels: &[(&str, &str)], will_do: fn(f64) -> bool| {
        Reading::until(&site.receiver, name, labels, will_do)
    };
    read("telecare_acknowledgement_seconds_count", &[("stored", "journal")], |count| count == 1.0)?;
    read("telecare_backlog_entries", &[], |entries| entries >= 1.0)?;
    read("telecare_backlog_oldest_age_seconds", &[], |age| age > 0.0)?;
    read("telecare_trouble", &[("what", "database-away")], |on| on == 1.0)?;
    postgres.start_again()?;
    read("telecare_degraded", &[], |on| on == 0.0)?;
    read("telecare_backlog_entries", &[], |entries| entries == 0.0)?;
    read("telecare_backlog_oldest_age_seconds", &[], |age| age == 0.0)?;
    read("telecare_trouble", &[("what", "database-away")], |on| on == 0.0)?;
    Ok(())
}
