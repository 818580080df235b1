//! The project's commands: `cargo xtask demo | test | bench | package | soak | fuzz`.
//!
//! Each says what it installs or starts, and leaves nothing behind but what it installed and `target/`.

mod bench;
mod demo;
mod fuzz;
mod package;
mod packages;
mod schemathesis;
mod siadc09;
mod soak;
mod step;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's commands. Each says what it installs or starts.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the receiver at work: simulated alarms, an operator, a kill -9 in the middle, and the proof.
    Demo(demo::Options),
    /// Checks everything CI checks: format, lints, every test, the sample configurations.
    Test,
    /// Measures the receiver's speed beside what the disk and the database do by themselves.
    Bench(bench::Options),
    /// Builds the Debian package, installs it into a scratch directory and starts the daemon from there.
    Package(package::Options),
    /// Kills the receiver hundreds of times under load, with and without a database.
    Soak(soak::Options),
    /// Asks a receiver thousands of things that its API's document allows and forbids: one step of the tests.
    Schemathesis,
    /// Have frames of SIA DC-09 read by another decoder.
    Siadc09,
    /// Feeds the decoders damaged and invented bytes.
    Fuzz(fuzz::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Test => test::run(),
        Command::Bench(options) => bench::run(&options),
        Command::Package(options) => package::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Schemathesis => schemathesis::prove(),
        Command::Siadc09 => siadc09::prove(),
        Command::Fuzz(options) => fuzz::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
