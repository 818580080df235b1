//! The alert rules and the dashboard: every name in them is in the catalogue, every rule is tested, and a real
//! Prometheus that reads a real receiver at work answers every query of the dashboard.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use telecare_receiver::catalogue::{CATALOGUE, Kind};
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::prometheus::{Prometheus, promtool};
use telecare_tests::receiver::{Line, Setup, Transport};
use telecare_tests::site::{SERIAL, Site};
use telecare_tests::surgard::{contact_id, frame, heartbeat};
use telecare_tests::wait;

fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(name)
}

fn run_promtool(arguments: &[&str], file: &str) -> Result<()> {
    let output = promtool()?.args(arguments).arg(config(file)).output()?;
    ensure!(
        output.status.success(),
        "promtool {arguments:?} {file}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[test]
fn promtool_passes() -> Result<()> {
    run_promtool(&["check", "config"], "prometheus/prometheus.yml")?;
    run_promtool(&["check", "rules"], "prometheus/alerts.yml")?;
    run_promtool(&["test", "rules"], "prometheus/alerts_test.yml")
}

#[test]
fn every_alert_says_what_it_means_and_is_tested() -> Result<()> {
    let rules = fs::read_to_string(config("prometheus/alerts.yml"))?;
    let tests = fs::read_to_string(config("prometheus/alerts_test.yml"))?;
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    ensure!(!alerts.is_empty(), "no alert");
    for alert in alerts {
        let name = alert.lines().next().unwrap_or_default();
        ensure!(tests.contains(&format!("alertname=\"{name}\"")), "{name} has no test");
        ensure!(alert.contains("severity: page") || alert.contains("severity: ticket"), "{name} has no severity");
        for said in ["summary: ", "meaning: ", "action: "] {
            ensure!(alert.contains(said), "{name} lacks {said}");
        }
    }
    Ok(())
}

#[test]
fn every_name_in_rules_and_dashboard_is_in_the_catalogue() -> Result<()> {
    for file in ["prometheus/alerts.yml", "prometheus/alerts_test.yml", "grafana/dashboard.json"] {
        let text = fs::read_to_string(config(file))?;
        let names = names(&text);
        ensure!(names.len() > 10, "{file} names only {names:?}");
        for name in names {
            let exported = CATALOGUE.iter().any(|metric| match metric.kind {
                Kind::Counter | Kind::Gauge => metric.name == name,
                Kind::Histogram(_) => {
                    ["_bucket", "_count", "_sum"].iter().any(|end| name == format!("{}{end}", metric.name))
                }
            });
            ensure!(exported, "{file} asks for {name}, which nothing exports");
        }
    }
    Ok(())
}

fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("telecare_")).collect()
}

/// The queries of every panel, with Grafana's own variables filled in.
fn queries() -> Result<Vec<String>> {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(config("grafana/dashboard.json"))?)?;
    let panels = dashboard["panels"].as_array().context("panels")?;
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().cloned().unwrap_or_default());
    let filled = |target: Value| {
        let query = target["expr"].as_str().unwrap_or_default().to_owned();
        query.replace("$__rate_interval", "15s").replace("$__range", "5m")
    };
    Ok(targets.map(filled).collect())
}

/// One day at a receiver in a few seconds: presses of both kinds, claims, "seen", closes, heartbeats, noise.
fn work(site: &mut Site, round: usize) -> Result<()> {
    let console = site.receiver.console(0);
    let account = format!("{:04}", 1000 + round);
    for event in ["E101", "E198"] {
        let account = if event == "E101" { account.clone() } else { format!("{:04}", 5000 + round) };
        site.serial.tell(&contact_id("011", &account, event, 1))?;
        let alarm = console.until_alarm(SERIAL, &account)?;
        let id = alarm["id"].as_str().unwrap_or_default();
        let claimed = console.act(id, "claim", json!({}))?.alarm()?;
        let close = json!({ "shown": claimed["last_signal"], "outcome": "attended", "text": "" });
        console.act(id, "close", close)?.alarm()?;
    }
    site.tcp.tell(&heartbeat("011"))?;
    site.tcp.tell(&contact_id("011", &account, "E384", 1))?;
    site.serial.link().write(&frame("5011 18XXXX"))?;
    Ok(())
}

#[test]
fn every_query_of_the_dashboard_has_an_answer() -> Result<()> {
    let queries = queries()?;
    ensure!(queries.len() > 40, "only {} queries", queries.len());
    let postgres = Postgres::start()?;
    let database = postgres.create_database()?;
    // A site code for a lone worker: the protocol's table has none.
    let codes = tempfile::tempdir()?;
    let row = "[events]\n198 = { words = \"lone worker\", address = \"zone\", trigger = \"lone-worker\" }\n";
    fs::write(codes.path().join("contact-id.toml"), row)?;
    let address = ([127, 0, 0, 1], port::free()?).into();
    let mut site = Site::start(Setup {
        lines: vec![Line::new("listening", Transport::Listen { address, connections_max: 8 })],
        database: vec![postgres.url(&database)],
        more: format!("\n[codes]\ndirectory = {:?}\n", codes.path()),
        ..Setup::default()
    })?;
    site.receiver.console(0).until_connected()?;
    let prometheus = Prometheus::start(&site.receiver, &fs::canonicalize(config("prometheus/alerts.yml"))?)?;
    wait::until("Prometheus to read the receiver", || {
        Ok((prometheus.query("telecare_build_info")?.len() == 1).then_some(()))
    })?;
    let mut unanswered = queries;
    let mut round = 0;
    // Rates need something to happen between two readings, so it goes on happening.
    wait::until_within("every query to have an answer", 2 * wait::BOUND, || {
        round += 1;
        work(&mut site, round)?;
        let mut left = Vec::new();
        for query in std::mem::take(&mut unanswered) {
            if !prometheus.query(&query)?.iter().any(|value| value.is_finite()) {
                left.push(query);
            }
        }
        unanswered = left;
        Ok(unanswered.is_empty().then_some(()))
    })
    .with_context(|| format!("without an answer: {unanswered:#?}"))?;
    for rule in prometheus.rules()? {
        ensure!(rule["health"] == "ok", "{rule}");
        // Who works like this has nobody woken.
        ensure!(rule["state"] != "firing" || rule["labels"]["severity"] == "ticket", "{rule}");
    }
    Ok(())
}
