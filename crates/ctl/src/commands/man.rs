//! `man` and `completions`: what a package puts beside the program.

use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Cli, Verdict};

/// The daemon's page. Written by hand: its few options are few, and what it does is what its reader needs.
const RECEIVER_PAGE: (&str, &str) = ("telecare-receiver.8", include_str!("../../man/telecare-receiver.8"));

/// Write the manual pages of this program, its subcommands and the receiver.
#[derive(clap::Args)]
pub struct ManArguments {
    /// Directory to write them into; made when missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Print a script that completes this program's options in a shell.
#[derive(clap::Args)]
pub struct CompletionsArguments {
    /// bash, zsh or fish.
    #[arg(value_parser = clap::builder::EnumValueParser::<Shell>::new())]
    shell: Shell,
}

/// Writes the pages.
pub fn man(arguments: &ManArguments) -> anyhow::Result<Verdict> {
    let out = &arguments.out;
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    clap_mangen::generate_to(Cli::command(), out).with_context(|| out.display().to_string())?;
    let (name, text) = RECEIVER_PAGE;
    fs::write(out.join(name), text).with_context(|| out.join(name).display().to_string())?;
    Ok(Verdict::Done)
}

/// Prints the script.
pub fn completions(arguments: &CompletionsArguments) -> anyhow::Result<Verdict> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "telecare-ctl", &mut script);
    io::Write::write_all(&mut io::stdout().lock(), &script)?;
    Ok(Verdict::Done)
}
