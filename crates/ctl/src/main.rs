//! `telecare-ctl`: the engineer's and the administrator's tool.
//!
//! It checks configurations and the host, reads and writes protocol frames, listens to ports, places test calls as a
//! hardware receiver would, makes and hears tones, rehearses with equipment that is not there, works the queue through the HTTP API as any console would, looks after the journal, and
//! keeps the token file.
//!
//! Exit codes: 0 done, 1 not done (a frame that cannot be read, an action that was refused, no answer), 2
//! wrong usage. What was asked for goes to standard output, what went wrong to standard error.
//!
//! It links the API crate for the formats of the token file and of certificates, the protocol crate to speak as a unit,
//! and the queue for the journal's files and a look at the database. Alarms it works through the HTTP API alone.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail by panic"))]

mod aftermath;
mod client;
mod commands;
mod decoded;
mod device;
mod digital;
mod doctor;
mod frame;
mod host;
mod link;
mod moment;
mod premises;
mod simulate;
mod sniff;
mod text;
mod timed;
mod validity;
mod voice;
mod watch;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    act, alarms, call as call_command, calls, check_config, decode, doctor as doctor_command, encode, incident,
    journal, listen, man, overdue, rules, show, simulate as simulate_command, sniff as sniff_command, test, token,
    tones, unit, watch as watch_command,
};

/// The telecare receiver's tool for engineers and administrators.
#[derive(Parser)]
#[command(name = "telecare-ctl", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check receiver configurations without starting anything.
    CheckConfig(check_config::Arguments),
    /// Read frames of a protocol.
    Decode(decode::Arguments),
    /// Write a frame of a protocol.
    Encode(Box<encode::Arguments>),
    Call(Box<call_command::Arguments>),
    Calls(calls::Arguments),
    Watch(watch_command::Arguments),
    Sniff(sniff_command::Arguments),
    Simulate(simulate_command::Arguments),
    Listen(listen::Arguments),
    Tones(Box<tones::Arguments>),
    /// List the open alarms.
    Alarms(alarms::Arguments),
    /// Show one alarm with its signals and its log.
    Show(show::Arguments),
    #[command(flatten)]
    Act(act::Command),
    Incident(incident::Arguments),
    Overdue(overdue::Arguments),
    Rules(rules::Arguments),
    /// Put a unit on test, follow what comes of it, end it.
    Test(test::Arguments),
    Doctor(doctor_command::Arguments),
    /// Look into a receiver's journal, offer its entries again, save what a damaged file still has.
    Journal(journal::Arguments),
    /// Make, list and revoke access tokens.
    Token(token::Arguments),
    /// Look up, import and export the registry of units.
    Unit(unit::Arguments),
    Completions(man::CompletionsArguments),
    Man(man::ManArguments),
}

/// Whether what was asked for could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Done,
    Failed,
}

/// The command line asks for something that makes no sense.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Encode(arguments) => encode::run(&arguments),
        Command::Call(arguments) => call_command::run(&arguments),
        Command::Calls(arguments) => calls::run(&arguments),
        Command::Completions(arguments) => man::completions(&arguments),
        Command::Man(arguments) => man::man(&arguments),
        Command::Watch(arguments) => watch_command::run(&arguments),
        Command::Sniff(arguments) => sniff_command::run(&arguments),
        Command::Listen(arguments) => listen::run(&arguments),
        Command::Tones(arguments) => tones::run(&arguments),
        Command::Simulate(arguments) => simulate_command::run(&arguments),
        Command::Alarms(arguments) => alarms::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Act(command) => act::run(&command),
        Command::Incident(arguments) => incident::run(&arguments),
        Command::Overdue(arguments) => overdue::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Doctor(arguments) => doctor_command::run(&arguments),
        Command::Journal(arguments) => journal::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Unit(arguments) => unit::run(&arguments),
    };
    match done {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::from(1),
        // Whoever read our output has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("telecare-ctl: {error:#}");
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
