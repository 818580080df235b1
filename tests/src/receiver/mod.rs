//! The receiver under test: its configuration, its process, and its end.
//!
//! Lives in a scratch directory: `receiver.toml`, `tokens.toml`, `journal/`, `log`. Killed and started
//! again it finds them as it left them.

mod binary;
mod setup;
mod sockets;

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::console::Console;
use crate::port;
use crate::scratch::Scratch;
use crate::wait;
pub use binary::{BUILT, binary};
pub use setup::{ACK_WAIT, CONSOLE_TOKEN, Line, Setup, Transport, token, token_of, write_tokens};
pub use sockets::Socket;

/// Longest pause between two looks at whether a starting receiver has ended instead.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A receiver in its directory, running or not.
#[derive(Debug)]
pub struct Receiver {
    scratch: Scratch,
    setup: Setup,
    notify: UnixDatagram,
    process: Option<Child>,
    api_port: u16,
    metrics_port: u16,
    /// Where an installed one has its binary and configuration; none for the one of this workspace.
    host: Option<PathBuf>,
}

impl Receiver {
    /// Writes the configuration; starts nothing.
    pub fn prepare(setup: Setup) -> Result<Receiver> {
        Receiver::prepare_in(Scratch::new("receiver")?, setup)
    }

    /// As [`Receiver::prepare`], in a directory that may already hold what the lines need.
    pub fn prepare_in(scratch: Scratch, setup: Setup) -> Result<Receiver> {
        let notify = UnixDatagram::bind(scratch.join("notify")).context("bind the readiness socket")?;
        notify.set_read_timeout(Some(LOOK_EVERY))?;
        let (api_port, metrics_port) = (port::free()?, port::free()?);
        fs::write(scratch.join("receiver.toml"), setup.config(scratch.path(), api_port, metrics_port))?;
        setup::write_tokens(&scratch.join("tokens.toml"), setup.people)?;
        Ok(Receiver { scratch, setup, notify, process: None, api_port, metrics_port, host: None })
    }

    /// Starts one that is installed under a directory, configured there to use these ports.
    pub fn installed(
        scratch: Scratch,
        host: &Path,
        setup: Setup,
        api_port: u16,
        metrics_port: u16,
    ) -> Result<Receiver> {
        let notify = UnixDatagram::bind(scratch.join("notify")).context("bind the readiness socket")?;
        notify.set_read_timeout(Some(LOOK_EVERY))?;
        let host = Some(host.to_owned());
        let mut receiver = Receiver { scratch, setup, notify, process: None, api_port, metrics_port, host };
        receiver.launch()?;
        Ok(receiver)
    }

    /// Writes the configuration, starts the receiver and waits until it says that it is ready.
    pub fn start(setup: Setup) -> Result<Receiver> {
        let mut receiver = Receiver::prepare(setup)?;
        receiver.launch()?;
        Ok(receiver)
    }

    /// Starts the process and waits until it is ready.
    pub fn launch(&mut self) -> Result<()> {
        self.spawn()?;
        self.wait_ready()
    }

    /// Starts the process and waits for nothing.
    pub fn spawn(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "the receiver already runs");
        let log = fs::File::options().create(true).append(true).open(self.scratch.join("log"))?;
        let mut command = self.command()?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("start the receiver")?;
        self.scratch.watch(child.id())?;
        self.process = Some(child);
        Ok(())
    }

    /// Waits for `READY=1`.
    pub fn wait_ready(&mut self) -> Result<()> {
        let give_up = Instant::now() + wait::BOUND;
        let mut message = [0; 4096];
        loop {
            if let Ok(count) = self.notify.recv(&mut message) {
                let text = String::from_utf8_lossy(message.get(..count).unwrap_or_default()).into_owned();
                if text.lines().any(|line| line == "READY=1") {
                    return Ok(());
                }
            }
            if let Some(status) = self.child()?.try_wait()? {
                bail!("the receiver ended with {status} instead of getting ready:\n{}", self.log());
            }
            if Instant::now() > give_up {
                bail!("the receiver is not ready after {:?}:\n{}", wait::BOUND, self.log());
            }
        }
    }

    /// Kills it on the spot.
    pub fn kill_9(&mut self) -> Result<()> {
        let mut child = self.process.take().context("the receiver does not run")?;
        signal(self.setup.daemon_of(&child)?, Signal::KILL)?;
        child.wait()?;
        self.clear_up()
    }

    /// Asks it to end and waits until it has.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        let mut child = self.process.take().context("the receiver does not run")?;
        signal(self.setup.daemon_of(&child)?, Signal::TERM)?;
        let ended = wait::until("the receiver to end", || Ok(child.try_wait()?));
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        self.clear_up()?;
        ended
    }

    /// Waits until it has ended by itself and says how.
    pub fn wait_ended(&mut self) -> Result<ExitStatus> {
        let mut child = self.process.take().context("the receiver does not run")?;
        let ended = wait::until("the receiver to end by itself", || Ok(child.try_wait()?));
        if ended.is_err() {
            self.process = Some(child);
        }
        ended
    }

    /// The next thing it tells the service manager, if it does so soon. [`Receiver::wait_ready`] reads these, too.
    pub fn notified(&self) -> Result<Option<String>> {
        let mut message = [0; 4096];
        match self.notify.recv(&mut message) {
            Ok(count) => Ok(Some(String::from_utf8_lossy(message.get(..count).unwrap_or_default()).into_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error).context("the readiness socket"),
        }
    }

    /// Has it read its files again.
    pub fn reload(&mut self) -> Result<()> {
        signal(self.process_id()?, Signal::HUP)
    }

    /// Asks it to end and waits for nothing.
    pub fn ask_to_end(&mut self) -> Result<()> {
        signal(self.process_id()?, Signal::TERM)
    }

    /// Whether its process has not ended.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child()?.try_wait()?.is_none())
    }

    /// Its process, while it runs.
    pub fn process_id(&self) -> Result<u32> {
        self.setup.daemon_of(self.process.as_ref().context("the receiver does not run")?)
    }

    /// A console of the nth person of the token file, from 0.
    pub fn console(&self, person: usize) -> Console {
        Console::new(self.api_port, &setup::token(person), &format!("desk-{person}"))
    }

    /// Port of the HTTP API.
    pub fn api_port(&self) -> u16 {
        self.api_port
    }

    /// Port of the metrics.
    pub fn metrics_port(&self) -> u16 {
        self.metrics_port
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.scratch.join("log")).unwrap_or_default()
    }

    /// Its directory.
    pub fn directory(&self) -> &Scratch {
        &self.scratch
    }

    /// The journal's directory.
    pub fn journal(&self) -> PathBuf {
        self.scratch.join("journal")
    }

    fn command(&self) -> Result<Command> {
        let mut words = self.setup.wrapper.clone();
        words.extend(sockets::passing(&self.setup.sockets)?);
        let (program, config) = match &self.host {
            Some(host) => (host.join("usr/bin/telecare-receiver"), host.join("etc/telecare/receiver.toml")),
            None => (binary("telecare-receiver")?, self.scratch.join("receiver.toml")),
        };
        words.push(program.to_string_lossy().into_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("--config").arg(config);
        command.current_dir(self.scratch.path());
        command.env("NOTIFY_SOCKET", self.scratch.join("notify"));
        command.env("RUST_LOG", "info");
        if let Some(disk) = &self.setup.disk {
            command.envs(disk.environment(&self.journal())?);
        }
        Ok(command)
    }

    /// What the old process said must not be taken for the next one's word, nor its ports for used.
    fn clear_up(&self) -> Result<()> {
        self.notify.set_nonblocking(true)?;
        while self.notify.recv(&mut [0; 64]).is_ok() {}
        self.notify.set_nonblocking(false)?;
        self.setup.free_ports()
    }

    fn child(&mut self) -> Result<&mut Child> {
        self.process.as_mut().context("the receiver does not run")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            let _ = self.setup.daemon_of(&child).and_then(|daemon| signal(daemon, Signal::KILL));
            let _ = child.kill();
            let _ = child.wait();
        }
        if self.setup.prints_log {
            println!("--- log of receiver {} ---\n{}\n---", self.setup.name, tail(&self.log()));
        }
    }
}

/// Whether a process ended by a signal rather than by itself.
pub fn was_killed(status: ExitStatus) -> bool {
    status.signal().is_some()
}

fn signal(process: u32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(process.try_into()?).context("a process id")?;
    Ok(kill_process(pid, signal)?)
}

fn tail(log: &str) -> String {
    const LINES_MAX: usize = 60;
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LINES_MAX)..].join("\n")
}
