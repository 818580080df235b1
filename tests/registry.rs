//! The registry as people use it: a CSV file, telecare-ctl, the daemon, the cards that operators see.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use telecare_tests::console::Console;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::{Setup, binary};
use telecare_tests::site::Site;
use telecare_tests::surgard::contact_id;
use telecare_tests::wait;

/// The sample of the README.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/units-sample.csv");

#[test]
fn names_survive_an_outage_and_a_restart_in_it() -> Result<()> {
    let mut centre = Centre::open()?;
    centre.unit(&["import", SAMPLE])?.done()?;
    let pressed = centre.press("0042")?;
    check_doris(&pressed)?;
    wait::until("the journal to have the names", || {
        Ok(centre.site.receiver.log().contains("the journal has the names").then_some(()))
    })?;
    centre.postgres.stop()?;
    centre.site.receiver.kill_9()?;
    centre.site.receiver.launch()?;
    check_doris(&centre.card(&pressed)?)?;
    let during = centre.press("4201")?;
    ensure!(during["registered"]["label"] == "Ernest Vale", "{during}");
    ensure!(headline(&during).contains("Ernest Vale, Beech Court, Flat 1"), "{during}");
    let told = centre.unit(&["show", "--account", "0042"])?.done()?;
    ensure!(told.starts_with("! cannot speak: send help") && told.contains("database is away"), "{told}");
    let refused = centre.unit(&["import", SAMPLE])?;
    ensure!(!refused.status.success() && text(&refused.stderr).contains("needs the database"), "{refused:?}");
    centre.postgres.start_again()?;
    centre.console().until_connected()?;
    check_doris(&centre.card(&pressed)?)
}

fn check_doris(alarm: &Value) -> Result<()> {
    let registered = &alarm["registered"];
    ensure!(registered["label"] == "Doris Hill" && registered["matched_by"] == "identity", "{alarm}");
    ensure!(registered["flags"][0]["words"] == "cannot speak: send help", "{alarm}");
    ensure!(alarm["unit_basis"] == "registered" && alarm["candidates"] == Value::Array(Vec::new()), "{alarm}");
    ensure!(headline(alarm).contains("Doris Hill (cannot speak: send help), 27 Mill Lane"), "{alarm}");
    Ok(())
}

#[test]
fn an_unknown_sender_is_registered_while_its_card_is_open() -> Result<()> {
    let mut centre = Centre::open()?;
    let before = centre.press("0007")?;
    ensure!(before["registered"].is_null() && before["unit_basis"] == "identity", "{before}");
    let listed = wait::until("the unknown sender on the list", || {
        let told = centre.unit(&["orphans"])?.done()?;
        Ok(told.contains("unit 0007").then_some(told))
    })?;
    ensure!(listed.contains("register it as north:surgard:0007"), "{listed}");
    let cursor = centre.console().list()?["cursor"].as_str().context("a cursor")?.to_owned();
    let file = centre.file("reference;label;identities\r\nX-1;Ann Oak;north:surgard:0007\r\n")?;
    let made = centre.unit(&["import", &file])?.done()?;
    ensure!(made.starts_with("1 made, 0 changed"), "{made}");
    // The change wakes a console that waits, although no alarm has changed.
    let woken = centre.console().list_after(&cursor, 30)?;
    let card = &woken["alarms"][0];
    ensure!(card["registered"]["label"] == "Ann Oak", "{woken}");
    ensure!(card["registered"]["matched_by"] == "registered-later" && card["unit"] == "unit 0007", "{woken}");
    ensure!(headline(card).contains("unit 0007, registered since as Ann Oak"), "{woken}");
    let told = centre.unit(&["orphans"])?.done()?;
    ensure!(told == "everybody who called is registered\n", "{told}");
    let after = centre.press("0007")?;
    ensure!(after["registered"]["matched_by"] == "identity" && after["id"] != before["id"], "{after}");
    Ok(())
}

#[test]
fn a_number_names_one_unit_as_a_guess_and_chooses_none_of_several() -> Result<()> {
    let mut centre = Centre::open()?;
    centre.unit(&["import", SAMPLE])?.done()?;
    let doris = centre.call("9001", "1632960042")?;
    let registered = &doris["registered"];
    ensure!(registered["label"] == "Doris Hill" && registered["matched_by"] == "number", "{doris}");
    ensure!(
        doris["unit_basis"] == "identity" && headline(&doris).contains("unit 9001, by number perhaps Doris"),
        "{doris}"
    );
    let court = centre.call("9002", "1632960110")?;
    let labels: Vec<&str> =
        court["candidates"].as_array().into_iter().flatten().filter_map(|one| one["label"].as_str()).collect();
    ensure!(labels == ["Ernest Vale", "Winifred Ash"] && court["registered"].is_null(), "{court}");
    let nobody = centre.call("9003", "1632960999")?;
    ensure!(nobody["registered"].is_null() && nobody["candidates"] == Value::Array(Vec::new()), "{nobody}");
    // An identity that is known needs no guess, whatever telephone it calls from.
    let lift = centre.call("7003", "1632960042")?;
    ensure!(lift["registered"]["label"] == "Lift 3" && lift["registered"]["matched_by"] == "identity", "{lift}");
    Ok(())
}

#[test]
fn a_file_comes_back_as_it_was_and_a_wrong_one_changes_nothing() -> Result<()> {
    let centre = Centre::open()?;
    let dry = centre.unit(&["import", SAMPLE, "--dry-run"])?.done()?;
    ensure!(dry.starts_with("5 would be made, 0 would be changed"), "{dry}");
    ensure!(centre.unit(&["list"])?.done()? == "no unit\n", "a dry run makes nothing");
    centre.unit(&["import", SAMPLE])?.done()?;
    let export = centre.site.receiver.directory().join("export.csv");
    let export = export.to_str().context("a path")?;
    centre.unit(&["export", export])?.done()?;
    let again = centre.unit(&["import", export])?.done()?;
    ensure!(again == "0 made, 0 changed, 5 as they were\n", "{again}");
    let wrong =
        centre.file("reference,label,phones,identities\nP-1001,Doris Hill,1527555,north:surgard:7003\nP-9,,,\n")?;
    let refused = centre.unit(&["import", &wrong])?;
    let told = text(&refused.stderr);
    ensure!(refused.status.code() == Some(1), "{refused:?}");
    for words in ["line 2, phones", "leading 0", "line 3, label", "what operators call"] {
        ensure!(told.contains(words), "{words}: {told}");
    }
    let taken = centre.file("reference,identities\nP-1001,north:surgard:7003\n")?;
    let told = text(&centre.unit(&["import", &taken])?.stderr);
    ensure!(told.contains("north:surgard:7003 belongs to unit \"L-0003\""), "{told}");
    let retired = centre.file("reference,stock\nS-0917,retired\n")?;
    centre.unit(&["import", &retired])?.done()?;
    let history = centre.unit(&["history", "S-0917"])?.done()?;
    ensure!(history.contains("changed by Sue") && history.contains("stock: \"in-store\" -> \"retired\""), "{history}");
    ensure!(history.contains("registered by Sue"), "{history}");
    let operator = centre.ctl(&["unit", "import", SAMPLE], &telecare_tests::receiver::token(0))?;
    ensure!(text(&operator.stderr).contains("403"), "operators do not import: {operator:?}");
    Ok(())
}

/// A monitoring centre: a receiver with its database, and Sue, its supervisor.
struct Centre {
    site: Site,
    postgres: Postgres,
    token: String,
}

trait Done {
    /// What it printed, if it succeeded.
    fn done(self) -> Result<String>;
}

impl Done for Output {
    fn done(self) -> Result<String> {
        ensure!(self.status.success(), "{self:?}");
        Ok(text(&self.stdout))
    }
}

impl Centre {
    fn open() -> Result<Centre> {
        let postgres = Postgres::start()?;
        let database = postgres.create_database()?;
        let setup =
            Setup { database: vec![postgres.url(&database)], namespace: Some("north".to_owned()), ..Setup::default() };
        let mut site = Site::prepare(setup)?;
        let tokens = site.receiver.directory().join("tokens.toml");
        let add = Command::new(binary("telecare-ctl")?)
            .args(["token", "add", "--person", "Sue", "--role", "supervisor", "--file"])
            .arg(tokens)
            .output()?;
        let token = text(&add.stdout).trim().to_owned();
        ensure!(add.status.success() && !token.is_empty(), "{add:?}");
        site.receiver.launch()?;
        site.receiver.console(0).until_connected()?;
        Ok(Centre { site, postgres, token })
    }

    fn console(&self) -> Console {
        self.site.receiver.console(0)
    }

    /// A pendant's press; the card it is on.
    fn press(&mut self, account: &str) -> Result<Value> {
        self.told(&contact_id("011", account, "E101", 1))
    }

    /// A press, then the number it called from; the card.
    fn call(&mut self, account: &str, number: &str) -> Result<Value> {
        self.press(account)?;
        self.told(&format!("4011{account:>6}{number:>10}"))
    }

    /// The card whose last signal is the one that is told.
    fn told(&mut self, line: &str) -> Result<Value> {
        let last = |card: &Value| card["last_signal"].as_str().map(str::to_owned);
        let before: Vec<_> = self.console().alarms()?.iter().map(last).collect();
        self.site.serial.tell(line)?;
        self.console().until("the signal on a card", |list| {
            list["alarms"].as_array()?.iter().find(|card| !before.contains(&last(card))).cloned()
        })
    }

    /// A card as it is.
    fn card(&self, alarm: &Value) -> Result<Value> {
        let id = alarm["id"].as_str().context("an id")?;
        Ok(self.console().detail(id)?.body["alarm"].clone())
    }

    /// `telecare-ctl unit ...` as Sue.
    fn unit(&self, arguments: &[&str]) -> Result<Output> {
        self.ctl(&[&["unit"], arguments].concat(), &self.token)
    }

    fn ctl(&self, arguments: &[&str], token: &str) -> Result<Output> {
        let api = format!("http://127.0.0.1:{}", self.site.receiver.api_port());
        let mut command = Command::new(binary("telecare-ctl")?);
        Ok(command.args(arguments).envs([("TELECARE_API", api.as_str()), ("TELECARE_TOKEN", token)]).output()?)
    }

    fn file(&self, content: &str) -> Result<String> {
        let path: PathBuf = self.site.receiver.directory().join("units.csv");
        fs::write(&path, content)?;
        Ok(Path::new(&path).to_str().context("a path")?.to_owned())
    }
}

fn headline(alarm: &Value) -> &str {
    alarm["headline"].as_str().unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
