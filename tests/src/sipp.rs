//! SIPp, a SIP client that others wrote (Debian's package sip-tester), with the scenarios in `clients/sipp`: a unit sends its
//! message, and a second scenario takes the acknowledgement, checks it by a regular expression, and writes it down.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{port, scratch::Scratch};

/// Whether it is installed.
pub fn is_installed() -> bool {
    // It exits with 99 after telling its version.
    Command::new("sipp").arg("-v").output().is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("SIPp"))
}

/// What it runs.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// The scenario of a message, by its file name without `.xml`.
    pub scenario: &'a str,
    /// That of its acknowledgement; none where none may come.
    pub acknowledgement: Option<&'a str>,
    /// `u1` for datagrams, `t1` for one connection, `tn` for one a call.
    pub transport: &'a str,
    /// Where the receiver listens.
    pub to: SocketAddr,
    /// The fields of each call, in order.
    pub calls: Vec<Vec<String>>,
    /// Calls a second.
    pub rate: u32,
    /// More arguments.
    pub more: &'a [&'a str],
}

/// What came of it.
#[derive(Debug)]
pub struct Told {
    /// Whether every call went as its scenario has it.
    pub all_went: bool,
    /// What the acknowledgements' scenario wrote down, and how often.
    pub acknowledged: BTreeMap<String, usize>,
    /// What it printed, for who looks into a failure.
    pub output: String,
}

impl Run<'_> {
    /// Runs it to its end.
    pub fn run(&self) -> Result<Told> {
        let scratch = Scratch::new("sipp")?;
        let mut fields = "SEQUENTIAL\n".to_owned();
        for call in &self.calls {
            writeln!(fields, "{};", call.join(";"))?;
        }
        let (input, log) = (scratch.join("calls.csv"), scratch.join("acknowledged.log"));
        fs::write(&input, fields)?;
        let mut command = Command::new("sipp");
        command.arg(self.to.to_string()).arg("-sf").arg(scenario(self.scenario)).arg("-inf").arg(&input);
        if let Some(acknowledgement) = self.acknowledgement {
            command.arg("-oocsf").arg(scenario(acknowledgement)).arg("-trace_logs").arg("-log_file").arg(&log);
        }
        let (count, rate, own) = (self.calls.len().to_string(), self.rate.to_string(), port::free()?.to_string());
        command.args(["-t", self.transport, "-m", &count, "-r", &rate, "-i", "127.0.0.1", "-p", &own]);
        command.args(["-nostdin", "-timeout", "60", "-timeout_error", "-trace_err", "-error_file"]);
        command.arg(scratch.join("errors.log")).args(self.more).current_dir(scratch.path());
        let output = command.output().context("run sipp; install sip-tester")?;
        let errors = fs::read_to_string(scratch.join("errors.log")).unwrap_or_default();
        let mut acknowledged = BTreeMap::new();
        for line in fs::read_to_string(&log).unwrap_or_default().lines() {
            *acknowledged.entry(line.to_owned()).or_default() += 1;
        }
        let output_text = format!("{}\n{errors}", String::from_utf8_lossy(&output.stdout));
        let code = output.status.code();
        ensure!(matches!(code, Some(0 | 1)), "sipp ended with {code:?}: {output_text}");
        Ok(Told { all_went: code == Some(0), acknowledged, output: output_text })
    }
}

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/sipp").join(format!("{name}.xml"))
}
