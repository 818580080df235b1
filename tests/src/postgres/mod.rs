//! A private PostgreSQL: made for one test or one process, gone with it, and free to be ill-treated.
//!
//! The cluster lies in a scratch directory and listens on a free loopback port. PostgreSQL refuses to run
//! as root; as root it runs as `postgres`, or `nobody` where that user is missing.

mod install;
mod processes;

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Signal, geteuid};

use crate::disk::Disk;
use crate::port;
use crate::scratch::Scratch;
use crate::wait;
pub use install::{Account, binaries};

/// The database role the harness and the receiver use.
pub const ROLE: &str = "telecare";

/// Settings beside PostgreSQL's defaults. Durability stays as it is: the receiver refuses less.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 100
shared_buffers = 32MB
log_min_messages = warning
logging_collector = off
";

/// Its last checkpoint waits for whatever else a busy machine is writing: a minute was too short once.
const STOP_BOUND: Duration = Duration::from_secs(180);
/// How often a free port may turn out to be taken before we give up.
const PORT_TRIES_MAX: usize = 5;

/// One running cluster.
#[derive(Debug)]
pub struct Postgres {
    scratch: Scratch,
    binaries: PathBuf,
    account: Option<Account>,
    port: u16,
    environment: Vec<(String, String)>,
    server: Mutex<Option<Child>>,
    databases: AtomicU32,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub fn start() -> Result<Postgres> {
        Postgres::start_tuned("", |_| Ok(Vec::new()))
    }

    /// As [`Postgres::start`], with its tables on a disk that can be full. Its write-ahead log is not: that a
    /// full log ends the server is another trouble.
    pub fn start_on(disk: &Disk) -> Result<Postgres> {
        Postgres::start_tuned("", |data| disk.environment(&data.join("base")))
    }

    /// As [`Postgres::start`], with more settings, a line each, and an environment for the directory of its data.
    pub fn start_tuned(
        settings: &str,
        environment: impl FnOnce(&Path) -> Result<Vec<(String, String)>>,
    ) -> Result<Postgres> {
        let mut postgres = Postgres {
            scratch: Scratch::new("pg")?,
            binaries: binaries()?,
            account: if geteuid().is_root() { Some(Account::unprivileged()?) } else { None },
            port: 0,
            environment: Vec::new(),
            server: Mutex::new(None),
            databases: AtomicU32::new(0),
        };
        if let Some(account) = &postgres.account {
            chown(postgres.scratch.path(), Some(account.uid), Some(account.gid))?;
        }
        postgres.initialise(settings)?;
        postgres.environment = environment(&postgres.data())?;
        for _ in 0..PORT_TRIES_MAX {
            postgres.port = port::free()?;
            if postgres.launch().is_ok() {
                return Ok(postgres);
            }
        }
        bail!("the private PostgreSQL does not start:\n{}", postgres.log());
    }

    /// One cluster shared by all tests of this process: give each its own database and leave it in peace.
    pub fn shared() -> Result<&'static Postgres> {
        static SHARED: OnceLock<Result<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Postgres::start).as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))
    }

    /// Makes an empty database and says its name.
    pub fn create_database(&self) -> Result<String> {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(name)
    }

    /// Where a client finds a database.
    pub fn url(&self, database: &str) -> String {
        url_at(self.port, database)
    }

    /// The loopback port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its data.
    pub fn data(&self) -> PathBuf {
        self.scratch.join("data")
    }

    /// Runs SQL through psql and gives the rows, one a line, columns separated by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let output = Command::new(self.binaries.join("psql"))
            .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql])
            .output()
            .context("run psql")?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// What the server has written to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.scratch.join("log")).unwrap_or_default()
    }

    /// Ends the server in an orderly way: sessions are cut, everything is on disk.
    pub fn stop(&self) -> Result<()> {
        self.end(Signal::INT)
    }

    /// Starts the server again after it has ended.
    pub fn start_again(&self) -> Result<()> {
        ensure!(self.lock().is_none(), "the server still runs");
        self.launch()
    }

    /// Kills every process of the server at once.
    pub fn kill_9(&self) -> Result<()> {
        let mut server = self.lock();
        let mut child = server.take().context("the server does not run")?;
        let family = processes::stop_family(child.id())?;
        processes::signal_all(&family, Signal::KILL);
        child.wait()?;
        Ok(())
    }

    /// Stops every process of the server where it stands, sockets open.
    pub fn freeze(&self) -> Result<()> {
        let server = self.lock();
        processes::stop_family(server.as_ref().context("the server does not run")?.id())?;
        Ok(())
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) -> Result<()> {
        let server = self.lock();
        processes::continue_family(server.as_ref().context("the server does not run")?.id())
    }

    /// Processor time of all its processes so far.
    pub fn cpu(&self) -> Result<Duration> {
        processes::cpu(self.lock().as_ref().context("the server does not run")?.id())
    }

    /// A second server that follows this one. From now on a commit here waits until it is on the disk there, too.
    pub fn standby(&self) -> Result<Postgres> {
        let standby = Postgres {
            scratch: Scratch::new("pg")?,
            binaries: self.binaries.clone(),
            account: self.account,
            port: port::free()?,
            environment: Vec::new(),
            server: Mutex::new(None),
            databases: AtomicU32::new(0),
        };
        if let Some(account) = &standby.account {
            chown(standby.scratch.path(), Some(account.uid), Some(account.gid))?;
        }
        let output = standby
            .command("pg_basebackup")
            .args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "-d"])
            .arg(self.url("postgres"))
            .arg("-D")
            .arg(standby.data())
            .output()
            .context("run pg_basebackup")?;
        ensure!(output.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&output.stderr));
        let sockets = format!("unix_socket_directories = '{}'\n", standby.scratch.path().display());
        let file = standby.data().join("postgresql.conf");
        fs::write(&file, fs::read_to_string(&file)? + &sockets)?;
        standby.launch()?;
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        wait::until("the standby to be synchronous", || {
            let state = self.sql("postgres", "SELECT sync_state FROM pg_stat_replication")?;
            Ok((state.trim() == "quorum").then_some(()))
        })?;
        Ok(standby)
    }

    /// Copies the data of a stopped server aside.
    pub fn base_copy(&self) -> Result<()> {
        ensure!(self.lock().is_none(), "a cold copy needs a stopped server");
        copy(&self.data(), &self.scratch.join("copy"))
    }

    /// Puts the copy in the place of a stopped server's data.
    pub fn restore_copy(&self) -> Result<()> {
        ensure!(self.lock().is_none(), "a restore needs a stopped server");
        fs::remove_dir_all(self.data())?;
        copy(&self.scratch.join("copy"), &self.data())
    }

    fn initialise(&self, settings: &str) -> Result<()> {
        let output = self
            .command("initdb")
            .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=trust", "--username", ROLE, "-D"])
            .arg(self.data())
            .output()
            .context("run initdb")?;
        ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        let file = self.data().join("postgresql.conf");
        let sockets = format!("unix_socket_directories = '{}'\n", self.scratch.path().display());
        fs::write(&file, fs::read_to_string(&file)? + SETTINGS + &sockets + settings)?;
        Ok(())
    }

    fn launch(&self) -> Result<()> {
        let log = fs::File::options().create(true).append(true).open(self.scratch.join("log"))?;
        let mut child = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A Ctrl-C meant for the test's owner must not reach it before the owner has stopped.
            .process_group(0)
            .spawn()
            .context("start postgres")?;
        self.scratch.watch(child.id())?;
        // The last line of the pid file says when connections are accepted; this is what pg_ctl waits for.
        let pid_file = self.data().join("postmaster.pid");
        let pid = child.id().to_string();
        let started = wait::until("PostgreSQL to accept connections", || {
            if let Some(status) = child.try_wait()? {
                bail!("postgres ended with {status}:\n{}", self.log());
            }
            let lines = fs::read_to_string(&pid_file).unwrap_or_default();
            let lines: Vec<&str> = lines.lines().map(str::trim).collect();
            Ok((lines.first() == Some(&pid.as_str()) && lines.get(7) == Some(&"ready")).then_some(()))
        });
        if started.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        } else {
            *self.lock() = Some(child);
        }
        started
    }

    fn end(&self, signal: Signal) -> Result<()> {
        let mut server = self.lock();
        let mut child = server.take().context("the server does not run")?;
        processes::signal_all(&[child.id()], signal);
        let ended = wait::until_within("PostgreSQL to stop", STOP_BOUND, || Ok(child.try_wait()?));
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        ended.map(|_| ())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.current_dir(self.scratch.path());
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.server.lock().expect("no holder of the server panics")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // An immediate stop still frees the shared memory that a kill would leave behind.
        let _ = self.thaw();
        let _ = self.end(Signal::QUIT);
    }
}

/// Where a client finds a database at a port of this machine: the server's own, or a proxy's before it.
pub fn url_at(port: u16, database: &str) -> String {
    format!("postgres://{ROLE}@127.0.0.1:{port}/{database}")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status()?;
    ensure!(status.success(), "cp -a {} {}", from.display(), to.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_what_tests_do_to_it() -> Result<()> {
        let postgres = Postgres::start()?;
        let database = postgres.create_database()?;
        postgres.sql(&database, "CREATE TABLE kept (n int)")?;
        postgres.stop()?;
        postgres.base_copy()?;
        postgres.start_again()?;
        postgres.sql(&database, "INSERT INTO kept VALUES (1)")?;
        postgres.freeze()?;
        postgres.thaw()?;
        postgres.kill_9()?;
        postgres.start_again()?;
        assert_eq!(postgres.sql(&database, "SELECT count(*) FROM kept")?, "1");
        postgres.stop()?;
        postgres.restore_copy()?;
        postgres.start_again()?;
        assert_eq!(postgres.sql(&database, "SELECT count(*) FROM kept")?, "0");
        let directory = postgres.scratch.path().to_owned();
        drop(postgres);
        assert!(!directory.exists());
        Ok(())
    }
}
