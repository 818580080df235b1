//! The bench: what the receiver promises about speed, measured beside what the disk and the database do by themselves.
//!
//! `cargo xtask bench` builds the receiver for release and runs this. Each profile is a place of its own (a private
//! PostgreSQL, a receiver, units, consoles); product and floor take turns in it, so that whatever else the machine does
//! meets both. Open loop: a message's time runs from when it was to go out.

mod console;
mod desk;
mod finding;
mod floor;
mod load;
mod machine;
mod picture;
mod profiles;
mod report;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use finding::{Finding, Verdict};
use telecare_tests::figures::Samples;

/// Pairs of product and floor, of which the median counts.
const PAIRS: usize = 7;
/// As many as go into 90 s.
const QUICK_PAIRS: usize = 2;

/// What is measured.
#[derive(Parser)]
#[command(name = "bench")]
struct Options {
    /// The main ratios only, in under 90 s.
    #[arg(long)]
    quick: bool,
    /// Profiles to run; all without.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Pairs of product and floor: 7 without, 2 when it must be quick.
    #[arg(long)]
    pairs: Option<usize>,
    /// Where the table, the JSON and the picture go; target/bench without.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What the profiles share.
#[derive(Debug)]
pub struct Bench {
    /// Pairs of product and floor.
    pub pairs: usize,
    /// Whether it must be short.
    pub quick: bool,
    /// Latencies per stage, for the picture.
    pub stages: Vec<(String, Samples)>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let chosen: Vec<_> = profiles::ALL
        .iter()
        .filter(|profile| if options.quick { profile.is_quick } else { true })
        .filter(|profile| options.only.is_empty() || options.only.iter().any(|name| name == profile.name))
        .collect();
    ensure!(!chosen.is_empty(), "no such profile; there are: {}", profiles::names());
    let pairs = options.pairs.unwrap_or(if options.quick { QUICK_PAIRS } else { PAIRS });
    let mut bench = Bench { pairs, quick: options.quick, stages: Vec::new() };
    let (mut findings, mut failed) = (Vec::new(), Vec::new());
    for profile in chosen {
        println!("==> {}: {}", profile.name, profile.what);
        let begun = std::time::Instant::now();
        match (profile.run)(&mut bench) {
            Ok(found) => {
                for finding in &found {
                    println!("{}", report::line(finding));
                }
                findings.extend(found);
            }
            // The others are worth having.
            Err(error) => {
                println!("    failed: {error:#}");
                failed.push(profile.name);
            }
        }
        println!("    {} s", begun.elapsed().as_secs());
    }
    let machine = machine::describe();
    // Cargo runs this in its package's directory.
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    let out = options.out.clone().unwrap_or_else(beside);
    report::write(&out, &machine, &findings, &bench.stages)?;
    println!("\n{}", report::table(&machine, &findings));
    println!("written to {}", out.canonicalize()?.display());
    ensure!(failed.is_empty(), "could not be measured: {}", failed.join(", "));
    let missed = findings.iter().filter(|finding| finding.verdict == Verdict::Missed).count();
    println!("{missed} of {} findings miss what they must be", findings.len());
    Ok(())
}

/// The rows of a profile.
pub type Found = Result<Vec<Finding>>;
