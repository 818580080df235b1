//! Clients in other languages, written from the OpenAPI document alone, against a real receiver.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use telecare_tests::receiver::{Setup, token};
use telecare_tests::site::{SERIAL, Site};
use telecare_tests::surgard::contact_id;

#[test]
fn a_console_in_python_works_an_alarm_from_the_document_alone() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    site.serial.tell(&contact_id("011", "1234", "E101", 1))?;
    site.serial.tell(&contact_id("011", "5678", "E384", 1))?;
    let console = site.receiver.console(2);
    let alarm = console.until_alarm(SERIAL, "1234")?;
    console.until_alarm(SERIAL, "5678")?;

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/console.py");
    let document = format!("http://127.0.0.1:{}/v1/openapi.json", site.receiver.api_port());
    let output = Command::new("python3")
        .arg(script)
        .args([&document, &token(0), &token(1)])
        .output()
        .context("run python3; install python3")?;
    let (told, errors) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    ensure!(output.status.success(), "{told}\n{errors}");
    let told: Value = serde_json::from_str(&told).context(told)?;

    assert_eq!(told["alarm"], alarm["id"], "the most urgent alarm comes first");
    assert_eq!(told["headline"], alarm["headline"]);
    assert_eq!(told["holder"], "person-0", "who lost the claim is told the holder");
    assert_eq!(told["open"], 1);
    let detail = console.detail(alarm["id"].as_str().unwrap_or_default())?.body;
    assert_eq!(detail["alarm"]["closed"]["outcome"], told["outcome"]);
    assert_eq!(detail["alarm"]["closed"]["text"], "her daughter came");
    Ok(())
}
