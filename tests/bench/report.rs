//! The report: a table for people, JSON for machines, a picture.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::finding::Finding;
use super::picture;
use telecare_tests::figures::Samples;

/// One finding while the bench runs.
pub fn line(finding: &Finding) -> String {
    let Finding { target, what, product, floor, figure, must, verdict, .. } = finding;
    format!("    {target:<4}{what}: {product} | {floor} | {figure} (must {must}) {}", verdict.as_str())
}

/// The table, with the machine above it.
pub fn table(machine: &Value, findings: &[Finding]) -> String {
    let mut text = String::new();
    if let Value::Object(fields) = machine {
        for (name, value) in fields {
            let _ = writeln!(text, "{}: {}  ", name.replace('_', " "), value.as_str().unwrap_or(&value.to_string()));
        }
    }
    text.push_str("\nLatencies are p50 / p95 / p99. A ratio is the median over the pairs; judged are p50 and p95.\n\n");
    text.push_str(
        "| | Figure | Product | Floor beside it | Ratio or value | Must | Aim | |\n|---|---|---|---|---|---|---|---|\n",
    );
    for finding in findings {
        let Finding { target, what, product, floor, figure, must, aim, verdict, .. } = finding;
        let _ = writeln!(
            text,
            "| {target} | {what} | {product} | {floor} | {figure} | {must} | {aim} | {} |",
            verdict.as_str()
        );
    }
    text
}

/// Writes all three.
pub fn write(directory: &Path, machine: &Value, findings: &[Finding], stages: &[(String, Samples)]) -> Result<()> {
    fs::create_dir_all(directory)?;
    fs::write(directory.join("bench.md"), table(machine, findings)).context("write the table")?;
    let rows: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "target": finding.target,
                "what": finding.what,
                "figure": finding.figure,
                "must": finding.must,
                "aim": finding.aim,
                "verdict": finding.verdict.as_str(),
                "measured": finding.json,
            })
        })
        .collect();
    let stages_json: Vec<Value> =
        stages.iter().map(|(name, samples)| json!({ "stage": name, "latency": samples.json() })).collect();
    let all = json!({ "machine": machine, "findings": rows, "stages": stages_json });
    fs::write(directory.join("bench.json"), serde_json::to_vec_pretty(&all)?).context("write the JSON")?;
    if !stages.is_empty() {
        fs::write(directory.join("latency.svg"), picture::draw(machine, stages)).context("write the picture")?;
    }
    Ok(())
}
