//! Signals to a server and all its children. Each child is a session of its own, so no process group
//! reaches them: the family is read from /proc.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// Stops the server, then its children, and names them all. The parent first: a stopped one has no more
/// children.
pub fn stop_family(server: u32) -> Result<Vec<u32>> {
    signal_all(&[server], Signal::STOP);
    let mut family = children(server)?;
    signal_all(&family, Signal::STOP);
    family.push(server);
    Ok(family)
}

/// Lets a stopped server and its children go on.
pub fn continue_family(server: u32) -> Result<()> {
    signal_all(&children(server)?, Signal::CONT);
    signal_all(&[server], Signal::CONT);
    Ok(())
}

/// Sends a signal to each; one that has gone is no error.
pub fn signal_all(processes: &[u32], signal: Signal) {
    for process in processes {
        if let Some(pid) = i32::try_from(*process).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

/// Processor time of the server and of those of its children that have not ended.
pub fn cpu(server: u32) -> Result<Duration> {
    let nanos = |pid: &u32| -> u64 {
        let stat = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
        stat.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0)
    };
    Ok(Duration::from_nanos(children(server)?.iter().chain([&server]).map(nanos).sum()))
}

fn children(parent: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        // The command name may hold spaces and brackets: fields count from the last bracket.
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        if after_name.split_whitespace().nth(1).and_then(|field| field.parse().ok()) == Some(parent) {
            found.push(pid);
        }
    }
    Ok(found)
}
