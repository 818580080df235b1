//! The README's list of metrics is the catalogue. With `TELECARE_WRITE_README=1` the test writes it.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use telecare_receiver::catalogue::CATALOGUE;

const HEAD: &str = "| Metric | What it is | Worry when |\n|---|---|---|\n";

#[test]
fn the_readme_lists_every_metric() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = fs::read_to_string(&path)?;
    let rows: Vec<String> = CATALOGUE.iter().map(|metric| format!("{}\n", metric.row())).collect();
    let table = format!("{HEAD}{}", rows.concat());
    let (_, section) = text.split_once("\n### Metrics\n").context("README.md has no section Metrics")?;
    let section = section.split("\n### ").next().unwrap_or_default();
    if section.contains(&table) {
        return Ok(());
    }
    if std::env::var_os("TELECARE_WRITE_README").is_some() {
        let old: String =
            section.lines().filter(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect();
        ensure!(section.contains(&old) && !old.is_empty(), "the table of the section is in pieces");
        fs::write(&path, text.replacen(&old, &table, 1))?;
        return Ok(());
    }
    let missing: Vec<&str> = rows.iter().filter(|row| !section.contains(row.as_str())).map(String::as_str).collect();
    ensure!(
        false,
        "README.md's metrics are not the catalogue's; TELECARE_WRITE_README=1 cargo test -p telecare-receiver --test readme \
         writes them. Missing or different:\n{}",
        missing.concat()
    );
    Ok(())
}
