//! The proof at the end: every acknowledged copy is looked up, and the times are told.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use telecare_tests::console::Console;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::Receiver;
use telecare_tests::surgard::Told;

use super::VISITOR;
use super::stage::Stage;

/// How a Sur-Gard line ends in the API's spelling of raw bytes.
const END: &str = "\\x14";

/// Looks everything up and prints the count; fails when anything acknowledged is missing.
pub fn show(stage: &Stage, receiver: &Receiver, postgres: Option<&(Postgres, String)>) -> Result<()> {
    let console = receiver.console(VISITOR);
    if postgres.is_some() {
        console.until_connected()?;
    }
    stage.add_alarms(&console.list()?);
    let (told, stored) = (stage.told(), stored(&console, &stage.alarms())?);
    let mut acknowledged: BTreeMap<&str, u32> = BTreeMap::new();
    for one in &told {
        *acknowledged.entry(&one.line).or_default() += one.acknowledged;
    }
    let lost: Vec<&str> = acknowledged
        .iter()
        .filter(|(line, count)| stored.get(**line).copied().unwrap_or_default() < **count)
        .map(|(line, _)| *line)
        .collect();
    println!("\nproof, after a kill -9 in the middle of it:");
    println!("  {:>6} lines told", told.len());
    println!("  {:>6} copies sent", told.iter().map(|one| one.copies).sum::<u32>());
    println!("  {:>6} copies acknowledged", acknowledged.values().sum::<u32>());
    println!("  {:>6} copies found again through the API", stored.values().sum::<u32>());
    if let Some((postgres, database)) = postgres {
        println!("  {:>6} signals found in PostgreSQL", postgres.sql(database, "SELECT count(*) FROM signal")?);
    }
    println!("  {:>6} acknowledged and lost", lost.len());
    times(&told);
    ensure!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    Ok(())
}

/// How often each line of text was stored, over all alarms seen.
fn stored(console: &Console, alarms: &[String]) -> Result<BTreeMap<String, u32>> {
    let mut found = BTreeMap::new();
    for alarm in alarms {
        let detail = console.detail(alarm)?;
        ensure!(detail.status == 200, "alarm {alarm}: {} {}", detail.status, detail.body);
        for signal in detail.body["signals"].as_array().map_or(&[][..], Vec::as_slice) {
            let raw = signal["raw"].as_str().unwrap_or_default();
            *found.entry(raw.strip_suffix(END).unwrap_or(raw).to_owned()).or_default() += 1;
        }
    }
    Ok(found)
}

fn times(told: &[Told]) {
    let mut took: Vec<Duration> = told.iter().filter(|one| one.copies == 1).map(|one| one.took).collect();
    took.sort();
    let at = |part: usize| took.get((took.len().saturating_sub(1)) * part / 100).copied().unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "  last byte -> acknowledged, debug build: median {:.1} ms, 95 % {:.1} ms, slowest {:.1} ms",
        ms(at(50)),
        ms(at(95)),
        ms(at(100))
    );
}
