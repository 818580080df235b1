//! PostgreSQL stopped, killed, hung, black-holed, full, restored from an older copy, or of a later release:
//! acknowledgements go on, operators work, and afterwards everything is committed once.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::ledger::Ledger;
use telecare_tests::postgres::{Postgres, url_at};
use telecare_tests::proxy::{Network, Proxy};
use telecare_tests::receiver::Setup;
use telecare_tests::site::{SERIAL, Site, TCP};
use telecare_tests::surgard::{contact_id, sia};
use telecare_tests::wait;

/// Messages on each line while the database is away, at least.
const MESSAGES: usize = 10;
/// And at most, until the receiver notices.
const MESSAGES_MAX: usize = 400;

#[test]
fn stopped_and_started_again() -> Result<()> {
    let mut away = Away::start()?;
    away.outage(|away| away.postgres.stop(), |away| away.postgres.start_again())
}

#[test]
fn killed_and_started_again() -> Result<()> {
    let mut away = Away::start()?;
    away.outage(|away| away.postgres.kill_9(), |away| away.postgres.start_again())
}

#[test]
fn hung_and_going_on() -> Result<()> {
    let mut away = Away::start()?;
    away.outage(|away| away.postgres.freeze(), |away| away.postgres.thaw())
}

#[test]
fn black_holed_and_healed() -> Result<()> {
    let mut away = Away::start()?;
    let set = |network| {
        move |away: &Away| -> Result<()> {
            away.proxy.set(network);
            Ok(())
        }
    };
    away.outage(set(Network::BlackHole), set(Network::Up))
}

#[test]
fn out_of_disk_and_given_more() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    let mut away = Away::start_on(Postgres::start_on(&disk)?)?;
    away.outage(|_| disk.set(Fault::Full), |_| disk.set(Fault::None))
}

#[test]
fn killed_together_with_the_receiver() -> Result<()> {
    let mut away = Away::start()?;
    let mut ledger = away.tell(1, MESSAGES)?;
    away.postgres.kill_9()?;
    ledger.extend(away.tell(2, MESSAGES)?);
    away.site.receiver.kill_9()?;
    // Ready without a database, with everything on the board.
    away.site.receiver.launch()?;
    ledger.check(&away.site.receiver.console(0))?;
    ledger.extend(away.tell(3, MESSAGES)?);
    away.postgres.start_again()?;
    away.check_committed(&ledger)
}

#[test]
fn restored_from_an_older_copy() -> Result<()> {
    let mut away = Away::start()?;
    let mut ledger = away.tell(1, MESSAGES)?;
    away.site.receiver.console(0).until_connected()?;
    away.postgres.stop()?;
    away.postgres.base_copy()?;
    away.postgres.start_again()?;
    ledger.extend(away.tell(2, MESSAGES)?);
    away.site.receiver.console(0).until_connected()?;
    away.postgres.stop()?;
    away.postgres.restore_copy()?;
    away.postgres.start_again()?;
    ledger.extend(away.tell(3, MESSAGES)?);
    away.check_committed(&ledger)
}

#[test]
fn of_a_later_release() -> Result<()> {
    let mut away = Away::start()?;
    let mut ledger = away.tell(1, MESSAGES)?;
    away.site.receiver.console(0).until_connected()?;
    away.site.receiver.terminate()?;
    away.sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99991231, 'of a later release', true, '\\x00', 0)",
    )?;
    away.site.receiver.launch()?;
    ledger.extend(away.tell(2, MESSAGES)?);
    let list = away.site.receiver.console(0).list()?;
    ensure!(list["link"] != "connected", "writes to a schema it does not know");
    ledger.check(&away.site.receiver.console(0))?;
    away.sql("DELETE FROM _sqlx_migrations WHERE version = 99991231")?;
    away.check_committed(&ledger)
}

#[test]
fn two_claims_of_one_alarm_are_shown_to_both() -> Result<()> {
    let mut here = Away::start()?;
    let proxy = Proxy::before(here.postgres.port())?;
    let there = Site::start(Setup {
        name: "test-2".to_owned(),
        database: vec![url_at(proxy.port(), &here.database)],
        ..Setup::default()
    })?;
    let (one, two) = (here.site.receiver.console(0), there.receiver.console(1));
    here.site.serial.tell(&sia("011", "123456", "QA01"))?;
    let alarm = two.until_alarm(SERIAL, "123456")?;
    let id = alarm["id"].as_str().context("an id")?;
    proxy.set(Network::Down);
    two.until("the second receiver to be cut off", |list| (list["link"] == "cut-off").then_some(()))?;
    one.act(id, "claim", json!({}))?.alarm()?;
    let reply = two.act(id, "claim", json!({}))?;
    assert_eq!((reply.status, &reply.body["degraded"]), (200, &true.into()), "{}", reply.body);
    proxy.set(Network::Up);
    for console in [&one, &two] {
        let shown = console.until("both holders on the card", |list| {
            let alarm = list["alarms"].as_array()?.iter().find(|alarm| alarm["id"] == id)?;
            let mut both =
                [alarm["claim"]["person"].as_str()?, alarm["contest"]["person"].as_str()?].map(str::to_owned);
            both.sort();
            Some(both)
        })?;
        assert_eq!(shown, ["person-0", "person-1"]);
    }
    Ok(())
}

/// A site whose database can be taken away.
struct Away {
    site: Site,
    proxy: Proxy,
    postgres: Postgres,
    database: String,
}

impl Away {
    fn start() -> Result<Away> {
        Away::start_on(Postgres::start()?)
    }

    fn start_on(postgres: Postgres) -> Result<Away> {
        let database = postgres.create_database()?;
        let proxy = Proxy::before(postgres.port())?;
        let urls = vec![url_at(proxy.port(), &database)];
        let site = Site::start(Setup { database: urls, ..Setup::default() })?;
        site.receiver.console(0).until_connected()?;
        Ok(Away { site, proxy, postgres, database })
    }

    /// The same for every trouble: it comes, calls and operators go on, it goes, everything is committed.
    fn outage(
        &mut self,
        trouble: impl FnOnce(&Away) -> Result<()>,
        heal: impl FnOnce(&Away) -> Result<()>,
    ) -> Result<()> {
        let mut ledger = self.tell(1, MESSAGES)?;
        self.site.serial.tell(&contact_id("011", "9001", "E101", 1))?;
        let console = self.site.receiver.console(0);
        let before = console.until_alarm(SERIAL, "9001")?;
        trouble(self)?;
        ledger.extend(self.tell_until_noticed()?);
        self.site.serial.tell(&contact_id("011", "9002", "E101", 1))?;
        let during = console.until_alarm(SERIAL, "9002")?;
        for alarm in [&before, &during] {
            work(&console, alarm)?;
        }
        heal(self)?;
        self.check_committed(&ledger)?;
        let worked = "SELECT count(*) FROM alarm WHERE closed_by = 'person-0' AND outcome = 'attended'";
        ensure!(self.sql(worked)? == "2", "closed during the outage: {}", self.sql(worked)?);
        // What people did; that the alarms were served is the receiver's own note.
        let acts = "SELECT string_agg(act, ' ' ORDER BY at, seq) FROM action \
                    WHERE refused IS NULL AND act <> 'served' GROUP BY alarm";
        ensure!(self.sql(acts)? == "claim note close\nclaim note close", "actions: {}", self.sql(acts)?);
        Ok(())
    }

    /// Tells messages from units of their own on both lines.
    fn tell(&mut self, series: usize, messages: usize) -> Result<Ledger> {
        let mut ledger = Ledger::default();
        for n in 0..messages {
            ledger.extend(self.tell_both(&(series * 100_000 + n).to_string(), n)?);
        }
        Ok(ledger)
    }

    fn tell_until_noticed(&mut self) -> Result<Ledger> {
        let mut ledger = Ledger::default();
        for n in 0..MESSAGES_MAX {
            ledger.extend(self.tell_both(&(900_000 + n).to_string(), n)?);
            if n >= MESSAGES && self.site.receiver.console(0).list()?["degraded"] == true {
                break;
            }
        }
        // A lone hang needs the stall to pass before anybody can know.
        wait::until("the receiver to say that it is cut off", || {
            Ok((self.site.receiver.console(0).list()?["degraded"] == true).then_some(()))
        })?;
        for hardware in [&self.site.serial, &self.site.tcp] {
            ensure!(hardware.series_unanswered() == 0, "a hardware receiver sounded its alarm");
        }
        Ok(ledger)
    }

    fn tell_both(&mut self, account: &str, n: usize) -> Result<Ledger> {
        let line = sia("011", account, if n.is_multiple_of(2) { "QA01" } else { "AT00" });
        let mut ledger = Ledger::default();
        ledger.add(SERIAL, account, &self.site.serial.tell(&line)?);
        ledger.add(TCP, account, &self.site.tcp.tell(&line)?);
        Ok(ledger)
    }

    /// Everything is on the board, and in the database, once.
    fn check_committed(&self, ledger: &Ledger) -> Result<()> {
        let console = self.site.receiver.console(0);
        console.until_connected()?;
        ledger.check(&console)?;
        let more = "SELECT line, identity, count(*) FROM signal WHERE identity IS NOT NULL AND repeat_of IS NULL \
                    GROUP BY line, identity HAVING count(*) <> 1";
        ensure!(self.sql(more)?.is_empty(), "committed more than once: {}", self.sql(more)?);
        let units = "SELECT count(DISTINCT (line, identity)) FROM signal WHERE length(identity) = 6";
        ensure!(
            self.sql(units)? == ledger.messages().to_string(),
            "{} messages acknowledged, {} committed",
            ledger.messages(),
            self.sql(units)?
        );
        Ok(())
    }

    fn sql(&self, sql: &str) -> Result<String> {
        self.postgres.sql(&self.database, sql)
    }
}

/// An operator's whole work on one alarm.
fn work(console: &telecare_tests::console::Console, alarm: &Value) -> Result<()> {
    let id = alarm["id"].as_str().context("an id")?;
    console.act(id, "claim", json!({}))?.alarm()?;
    console.act(id, "note", json!({ "text": "spoke with the person" }))?.alarm()?;
    let close = json!({ "shown": alarm["last_signal"], "outcome": "attended", "text": "" });
    console.act(id, "close", close)?.alarm()?;
    Ok(())
}
