//! schemathesis: thousands of requests made from the OpenAPI document, good and bad ones, against a real receiver. It
//! must find no fault of the receiver's and nothing that the document does not say.
//!
//! It is a Python program, at a pinned version: another version asks other questions.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use telecare_tests::postgres::Postgres;
use telecare_tests::python::Package;
use telecare_tests::receiver::{CONSOLE_TOKEN, Setup, token_of};
use telecare_tests::site::{SERIAL, Site};
use telecare_tests::surgard::contact_id;

use crate::step::root;

/// What is installed.
const SCHEMATHESIS: Package = Package { name: "schemathesis", version: "4.32.5" };
/// Requests of one kind to one operation, at most.
const EXAMPLES_MAX: &str = "40";
/// Longest of each of the two runs, seconds.
const SECONDS_MAX: &str = "50";
/// The same requests every time; who wants others changes it.
const SEED: &str = "20260301";
/// The checks make sense of what stands in the document; those left out follow links, of which there are none.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,negative_data_rejection,\
                      positive_data_acceptance,missing_required_header,unsupported_method,allow_header_conformance,\
                      ignored_auth";

/// Standing alone, a receiver says 503 to what needs a database. That is in the document and no fault.
const NEEDS_DATABASE: &str = "[checks.not_a_server_error]\nexpected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"503\"]\n";
/// A poll waits half a lease at most: this keeps the run short.
const LEASE_S: u32 = 10;

/// Runs it as a console at work on an alarm that is there, at a receiver without a database; and as a supervisor at
/// one with a database.
pub fn prove() -> Result<()> {
    let program = SCHEMATHESIS.programs()?.join("schemathesis");
    let alone = Setup { lease_s: LEASE_S, ..Setup::default() };
    let with_alarm = |alarm: &str| format!("{NEEDS_DATABASE}[parameters]\n\"path.id\" = \"{alarm}\"\n");
    check(&program, alone, CONSOLE_TOKEN, with_alarm)?;
    let postgres = Postgres::start()?;
    let database = postgres.url(&postgres.create_database()?);
    let connected = Setup { lease_s: LEASE_S, database: vec![database], ..Setup::default() };
    check(&program, connected, &token_of("supervisor"), |_| String::new())
}

/// One run against one receiver, with settings that may name an alarm.
fn check(program: &Path, setup: Setup, token: &str, more: impl Fn(&str) -> String) -> Result<()> {
    let mut site = Site::start(setup)?;
    for account in ["1234", "5678"] {
        site.serial.tell(&contact_id("011", account, "E101", 1))?;
    }
    site.tcp.tell(&contact_id("011", "9999", "E384", 1))?;
    let console = site.receiver.console(0);
    let alarm = console.until_alarm(SERIAL, "1234")?["id"].as_str().context("an alarm's id")?.to_owned();
    let common = fs::read_to_string(root().join("tests/clients/schemathesis.toml"))?;
    let directory = site.receiver.directory();
    fs::write(directory.join("schemathesis.toml"), format!("{common}\n{}", more(&alarm)))?;
    run(program, site.receiver.api_port(), token, directory.path())?;
    ensure!(site.receiver.is_running()?, "the receiver has ended");
    let list = console.list()?;
    // Tests that it started have cards of their own.
    let of_units = |cards: &Vec<Value>| cards.iter().filter(|card| card["on_test"].is_null()).count();
    let cards = ["alarms", "closed"].map(|name| list[name].as_array().map_or(0, of_units));
    ensure!(cards.iter().sum::<usize>() == 3, "of 3 alarms there are {cards:?}, open and closed");
    Ok(())
}

fn run(program: &Path, port: u16, token: &str, directory: &Path) -> Result<()> {
    let document = format!("http://127.0.0.1:{port}/v1/openapi.json");
    let mut command = Command::new(program);
    command.args(["--config-file", "schemathesis.toml", "run", &document, "--checks", CHECKS]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES_MAX]);
    command.args(["--max-time", SECONDS_MAX, "--seed", SEED, "--continue-on-failure"]);
    // What it remembers between runs stays with the receiver's files and goes with them.
    let status = command.current_dir(directory).status().context("run schemathesis")?;
    ensure!(status.success(), "schemathesis found that the receiver and its document do not agree");
    Ok(())
}
