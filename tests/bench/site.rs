//! The place of a measurement: a private PostgreSQL with room, a receiver in a release build, units on TCP and on a pty.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use telecare_tests::disk::Disk;
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport, token};
use telecare_tests::scratch::Scratch;
use telecare_tests::surgard::{frame, sia};
use telecare_tests::wait::until;
use uuid::Uuid;

use super::console::Console;
use super::load::{Shot, Units};

/// Connections a line takes.
const CONNECTIONS: usize = 250;
/// Settings of the database beside PostgreSQL's defaults and the harness's. Durability is as it was.
pub const SETTINGS: &str = "shared_buffers = 512MB\nmax_wal_size = 4GB\nmax_connections = 200\n";
/// Operators with tokens.
pub const PEOPLE: usize = 4;
/// Longest that the last message of a plan may wait.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The place.
#[derive(Debug)]
pub struct Site {
    /// The receiver.
    pub receiver: Receiver,
    /// Its database's server.
    pub postgres: Postgres,
    /// Its database's name.
    pub database: String,
    addresses: Vec<SocketAddr>,
    ports: Vec<Pty>,
    account: u32,
}

impl Site {
    /// Starts everything and waits until the receiver is in step with its database.
    pub fn start() -> Result<Site> {
        Site::start_with(Postgres::start_tuned(SETTINGS, |_| Ok(Vec::new()))?, None)
    }

    /// As [`Site::start`], with the journal and the database on one disk.
    pub fn start_on(disk: &Arc<Disk>) -> Result<Site> {
        Site::start_with(Postgres::start_tuned(SETTINGS, |data| disk.environment(data))?, Some(disk.clone()))
    }

    /// As [`Site::start`], with a server that runs already.
    pub fn start_with(postgres: Postgres, disk: Option<Arc<Disk>>) -> Result<Site> {
        let database = postgres.create_database()?;
        let scratch = Scratch::new("bench")?;
        let pty = Pty::new(&scratch.join("ttyBENCH"))?;
        let mut setup = Setup { database: vec![postgres.url(&database)], people: PEOPLE, disk, ..Setup::default() };
        setup.prints_log = false;
        setup.lines.push(Line::new("serial", Transport::Serial(pty.port().clone())));
        let mut addresses = Vec::new();
        for n in 0..4 {
            let address = SocketAddr::from(([127, 0, 0, 1], port::free()?));
            addresses.push(address);
            let listen = Transport::Listen { address, connections_max: 256 };
            setup.lines.push(Line::new(&format!("tcp-{n}"), listen));
        }
        let mut receiver = Receiver::prepare_in(scratch, setup)?;
        receiver.launch()?;
        receiver.console(0).until_connected()?;
        Ok(Site { receiver, postgres, database, addresses, ports: vec![pty], account: 0x10_0000 })
    }

    /// Where a client finds the database.
    pub fn url(&self) -> String {
        self.postgres.url(&self.database)
    }

    /// An operator's token.
    pub fn token(&self) -> String {
        token(0)
    }

    /// So many connections to the receiver, spread over its lines; the pty is one of them, the last.
    pub fn units(&mut self, count: usize) -> Result<Units> {
        let lines = count.div_ceil(CONNECTIONS).clamp(1, self.addresses.len());
        let each = count / lines;
        Units::connect(&self.addresses[..lines], each, std::mem::take(&mut self.ports))
    }

    /// Memory of the receiver, MiB.
    pub fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.receiver.process_id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kib: f64 = line.split_whitespace().next().context("a number")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// Entries that the database does not have yet.
    pub fn backlog(&self) -> Result<u64> {
        self.receiver.console(0).health()?.body["backlog"].as_u64().context("the backlog")
    }

    /// Waits until the database has everything: what is measured next is its own.
    pub fn until_committed(&self) -> Result<()> {
        self.receiver.console(0).until_connected()?;
        until("the backlog is committed", || Ok((self.backlog()? == 0).then_some(())))
    }

    /// What the database has done so far.
    pub fn database_work(&self) -> Result<Work> {
        let sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
        let transactions = self.postgres.sql(&self.database, sql)?.trim().parse()?;
        Ok(Work { transactions, cpu_s: self.postgres.cpu()?.as_secs_f64() })
    }

    /// Alarms that wait for somebody.
    pub async fn waiting_ids(&self) -> Result<Vec<Uuid>> {
        let list = Console::connect(self.receiver.api_port(), &self.token(), "list").await?.list(None).await?;
        Ok(list.alarms.into_iter().filter(|card| card.standing == "waiting").map(|card| card.id).collect())
    }

    /// An account that nobody has had.
    pub fn fresh_account(&mut self) -> String {
        self.account += 1;
        format!("{:06X}", self.account)
    }

    /// Messages at an even pace, each of a unit of its own: one in five a press, the others periodic tests, as a
    /// centre's day has them. Gives the accounts that pressed, by their place in the plan.
    pub fn day(&mut self, rate: f64, seconds: f64, connections: usize) -> (Vec<Shot>, Vec<Option<String>>) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let count = (rate * seconds) as u32;
        let made = (0..count).map(|n| {
            let account = self.fresh_account();
            let is_press = n % 5 == 0;
            let frame = if is_press { press(&account) } else { periodic(&account) };
            let due = Duration::from_secs_f64(f64::from(n) / rate);
            (Shot { due, on: n as usize % connections, frame }, is_press.then_some(account))
        });
        made.unzip()
    }
}

/// What a database did.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Transactions.
    pub transactions: f64,
    /// Processor time of all its processes, seconds.
    pub cpu_s: f64,
}

impl Work {
    /// Since an earlier look.
    pub fn since(&self, before: &Work) -> Work {
        Work { transactions: self.transactions - before.transactions, cpu_s: self.cpu_s - before.cpu_s }
    }
}

/// Somebody presses.
pub fn press(account: &str) -> Vec<u8> {
    frame(&sia("011", account, "QA01"))
}

/// A unit's periodic test.
pub fn periodic(account: &str) -> Vec<u8> {
    frame(&sia("011", account, "RP00"))
}

/// A unit's mains has failed.
pub fn mains_failed(account: &str) -> Vec<u8> {
    frame(&sia("011", account, "AT00"))
}
