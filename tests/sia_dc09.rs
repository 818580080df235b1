//! SIA DC-09 through the whole receiver: connections and datagrams, keys, supervision, floods, kills, and many units at
//! once.
//!
//! `TELECARE_DC09_S` sets for how long many units call, seconds (60).

use std::env;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use telecare_tests::console::{Console, account_of, is_of};
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::ledger::Ledger;
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport, binary};
use telecare_tests::scratch::Scratch;
use telecare_tests::sia_dc09::{Wire, ack, frame, null, press, tell_until};
use telecare_tests::wait;

const TCP: &str = "ip";
const UDP: &str = "ip-udp";
/// For how long many units call unless told otherwise, and how many.
const SECONDS: u64 = 60;
const UNITS: u32 = 5_000;
/// Alarms a second of all of them.
const ALARMS_PER_S: u32 = 50;
/// What the receiver may hold more after the second half of the load than after the first: cards of units that called
/// for the first time, and no leak. Kilobytes.
const GROWTH_MAX_KB: u64 = 40 * 1024;
/// In a flood, and on a machine that does much else, an alarm is acknowledged within this.
const FLOOD_BUDGET: Duration = Duration::from_secs(1);
const FLOOD_CONNECTIONS: usize = 48;
const HEX: &str = "00112233445566778899AABBCCDDEEFF";

struct Site {
    receiver: Receiver,
    tcp: SocketAddr,
    udp: SocketAddr,
}

impl Site {
    fn start(setup: Setup, more: &'static str) -> Result<Site> {
        Site::start_in(Scratch::new("sia-dc09")?, setup, more)
    }

    fn start_in(scratch: Scratch, setup: Setup, more: &'static str) -> Result<Site> {
        let address = || -> Result<SocketAddr> { Ok(SocketAddr::from(([127, 0, 0, 1], port::free()?))) };
        let (tcp, udp) = (address()?, address()?);
        let line = |name, transport| Line { protocol: "sia-dc09", more, ..Line::new(name, transport) };
        let lines = vec![
            line(TCP, Transport::Listen { address: tcp, connections_max: 10_000 }),
            line(UDP, Transport::Udp(udp)),
        ];
        // Both mean one unit by one account.
        let setup = Setup { lines, namespace: Some("ip".to_owned()), ..setup };
        let mut receiver = Receiver::prepare_in(scratch, setup)?;
        receiver.launch()?;
        Ok(Site { receiver, tcp, udp })
    }

    fn console(&self) -> Console {
        self.receiver.console(0)
    }
}

fn ctl(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(binary("telecare-ctl")?).args(arguments).output()?)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn an_alarm_is_a_card_before_it_is_acknowledged_and_its_copy_by_another_way_is_a_repeat() -> Result<()> {
    let site = Site::start(Setup::default(), "")?;
    let (mut tcp, mut udp) = (Wire::tcp(site.tcp)?, Wire::udp(site.udp)?);
    tcp.tell(&press(1, "00421A"), &ack(1, "00421A"))?;
    let alarm = site.console().alarms()?.into_iter().find(|alarm| is_of(alarm, TCP, "00421A"));
    let alarm = alarm.context("acknowledged, so it is there")?;
    ensure!(alarm["presses"] == 1 && alarm["priority"] == 1, "{alarm}");
    // The answer was lost: the unit tries the other way, then again on a new connection.
    udp.tell(&press(1, "00421A"), &ack(1, "00421A"))?;
    Wire::tcp(site.tcp)?.tell(&press(1, "00421A"), &ack(1, "00421A"))?;
    // Another press of the same unit is one.
    udp.tell(&press(2, "00421A"), &ack(2, "00421A"))?;
    let card = site.console().until("both presses on the card", |list| {
        let card = list["alarms"].as_array()?.iter().find(|alarm| account_of(alarm) == "00421A")?;
        (card["signals"] == 4).then(|| card.clone())
    })?;
    ensure!(card["presses"] == 2 && card["repeats"] == 2, "{card}");
    let detail = site.console().detail(card["id"].as_str().unwrap_or_default())?.body;
    let report = &detail["signals"][0]["report"];
    ensure!(report["protocol"] == "sia-dc09" && report["fields"]["token"] == "SIA-DCS", "{detail}");
    // What is sent without waiting for answers is answered one by one.
    tcp.send(&[press(1, "1111"), null("2222"), vec![0], press(1, "3333")].concat())?;
    let mut heard = Vec::new();
    while heard.iter().filter(|byte| **byte == b'\r').count() < 3 {
        heard.extend(tcp.hear()?);
    }
    for answer in [ack(1, "1111"), ack(0, "2222"), ack(1, "3333")] {
        ensure!(heard.windows(answer.len()).any(|part| part == answer), "{:?}", String::from_utf8_lossy(&heard));
    }
    ensure!(!site.console().alarms()?.iter().any(|alarm| account_of(alarm) == "2222"), "supervision is no alarm");
    // A good frame of which nothing can be made is on a card, and its unit knows.
    let odd = frame("\"XYZ-99\"0014L0#4711[#4711|abc]");
    tcp.tell(&odd, &frame("\"DUH\"0014L0#4711[]"))?;
    let card = site.console().until_alarm(TCP, "4711")?;
    ensure!(card["priority"] == 1, "nobody could read it: {card}");
    Ok(())
}

#[test]
fn what_nothing_can_store_is_met_with_silence_and_arrives_when_it_can_be() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    let site = Site::start(Setup { disk: Some(Arc::clone(&disk)), ..Setup::default() }, "")?;
    disk.set(Fault::Full)?;
    // A full disk still has room in the file as it is.
    let mut refused = None;
    for n in 1..2_000 {
        let account = format!("{n:04}");
        if Wire::tcp(site.tcp)?.tell(&press(1, &account), &ack(1, &account)).is_err() {
            refused = Some(account);
            break;
        }
    }
    let refused = refused.context("a journal that stores nothing acknowledged everything")?;
    for mut wire in [Wire::tcp(site.tcp)?, Wire::udp(site.udp)?] {
        wire.send(&null("9999"))?;
        ensure!(wire.hear()?.is_empty(), "no sign of life is acknowledged: units go elsewhere");
    }
    disk.set(Fault::None)?;
    tell_until(|| Wire::udp(site.udp), &press(1, &refused), &ack(1, &refused), wait::BOUND)?;
    let card = site.console().until("the alarm", |list| {
        list["alarms"].as_array()?.iter().find(|alarm| account_of(alarm) == refused).cloned()
    })?;
    ensure!(card["presses"] == 1, "{card}");
    Ok(())
}

#[test]
fn nothing_acknowledged_is_lost_when_the_receiver_is_killed() -> Result<()> {
    let mut site = Site::start(Setup::default(), "")?;
    let ended = AtomicBool::new(false);
    let (tcp, udp) = (site.tcp, site.udp);
    let ledger = thread::scope(|scope| {
        let senders: Vec<_> = (0..6)
            .map(|n| {
                let ended = &ended;
                scope.spawn(move || -> Result<Ledger> {
                    let mut ledger = Ledger::default();
                    for m in 0.. {
                        if ended.load(Ordering::Relaxed) {
                            break;
                        }
                        let account = format!("{n}{m:05}");
                        let (by_tcp, line) = if n % 2 == 0 { (true, TCP) } else { (false, UDP) };
                        let open = || if by_tcp { Wire::tcp(tcp) } else { Wire::udp(udp) };
                        tell_until(open, &press(1, &account), &ack(1, &account), wait::BOUND)?;
                        ledger.add_copies(line, &account, 1);
                    }
                    Ok(ledger)
                })
            })
            .collect();
        let mut killed = Ok(());
        for _ in 0..2 {
            // No event marks a moment to be killed at.
            thread::sleep(Duration::from_millis(1_500));
            killed = killed.and_then(|()| site.receiver.kill_9()).and_then(|()| site.receiver.launch());
        }
        ended.store(true, Ordering::Relaxed);
        let mut ledger = Ledger::default();
        for sender in senders {
            ledger.extend(sender.join().expect("a sender does not panic")?);
        }
        killed.map(|()| ledger)
    })?;
    println!("{} alarms acknowledged", ledger.messages());
    ensure!(ledger.messages() > 100);
    ledger.check(&site.console())
}

#[test]
fn keys_are_secret_and_read_again_and_ctl_speaks_as_a_unit_that_has_one() -> Result<()> {
    let scratch = Scratch::new("sia-dc09-keys")?;
    let keys = scratch.join("keys.toml");
    let write = |text: &str, rights| -> Result<()> {
        fs::write(&keys, text)?;
        Ok(fs::set_permissions(&keys, fs::Permissions::from_mode(rights))?)
    };
    let of = |account: &str| format!("[[key]]\naccount = \"{account}\"\nhex = \"{HEX}\"\n");
    write(&of("1234"), 0o600)?;
    let mut site = Site::start_in(scratch, Setup::default(), "sia-dc09 = { keys-file = \"keys.toml\" }\n")?;
    let file = site.receiver.directory().join("key");
    fs::write(&file, format!("{HEX}\n"))?;
    let (key, tcp, udp) = (format!("@{}", file.display()), format!("tcp:{}", site.tcp), format!("udp:{}", site.udp));
    let call = |account: &str, to: &str, more: &[&str]| {
        let fixed = [
            "call",
            "--protocol",
            "sia-dc09",
            "--to",
            to,
            "--account",
            account,
            "--key-hex",
            &key,
            "--ack-wait-ms",
            "2000",
        ];
        ctl(&[&fixed[..], more].concat())
    };
    for (to, more) in [
        (&tcp, &["--data", "Nri1/QA001"][..]),
        (&udp, &["--long-pad", "--form", "ADM-CID", "--code", "101", "--extended", "TM,IHALL PULLCORD"]),
        (&tcp, &["--heartbeat"]),
    ] {
        let told = call("1234", to, more)?;
        ensure!(told.status.success() && text(&told).contains("acknowledged"), "{}", text(&told));
    }
    let card = site.console().until("both alarms", |list| {
        let card = list["alarms"].as_array()?.iter().find(|alarm| account_of(alarm) == "1234")?;
        (card["presses"] == 2).then(|| card.clone())
    })?;
    let detail = site.console().detail(card["id"].as_str().unwrap_or_default())?.body;
    ensure!(detail.to_string().contains("HALL PULLCORD"), "{detail}");
    // Another account has no key, until there is one in the file.
    let told = call("5678", &tcp, &[])?;
    ensure!(!told.status.success() && text(&told).contains("NOT acknowledged"), "{}", text(&told));
    write(&format!("{}{}", of("1234"), of("5678")), 0o600)?;
    site.receiver.reload()?;
    wait::until("the key to be in force", || Ok(call("5678", &tcp, &[])?.status.success().then_some(())))?;
    // A file that others may read is refused, and the keys in force stay.
    write(&of("1234"), 0o644)?;
    let config = site.receiver.directory().join("receiver.toml");
    let told = ctl(&["check-config", &config.to_string_lossy()])?;
    ensure!(!told.status.success() && text(&told).contains("not secret"), "{}", text(&told));
    site.receiver.reload()?;
    wait::until("the mistake to be told", || Ok(site.receiver.log().contains("not secret").then_some(())))?;
    ensure!(call("5678", &tcp, &[])?.status.success());
    ensure!(!site.receiver.log().contains(HEX), "a key is in the log");
    Ok(())
}

#[test]
fn a_unit_that_falls_silent_is_one_alarm_until_it_is_heard() -> Result<()> {
    let postgres = Postgres::start()?;
    let database = vec![postgres.url(&postgres.create_database()?)];
    let site = Site::start(Setup { database, ..Setup::default() }, "")?;
    site.console().until_connected()?;
    let units = site.receiver.directory().join("units.csv");
    let rows = "reference;label;identities;expected_interval\r\n\
                X-1;Ann Oak;ip:sia-dc09:1234;2 s\r\nX-2;Bea Elm;ip:sia-dc09:5678;2 s\r\n";
    fs::write(&units, rows)?;
    let api = format!("http://127.0.0.1:{}", site.receiver.api_port());
    let import = Command::new(binary("telecare-ctl")?)
        .args(["unit", "import", &units.to_string_lossy()])
        .env("TELECARE_API", api)
        .env("TELECARE_TOKEN", telecare_tests::receiver::token_of("supervisor"))
        .output()?;
    ensure!(import.status.success(), "{}", text(&import));
    // One polls, the other does not.
    let polls = AtomicBool::new(true);
    let (tcp, udp) = (site.tcp, site.udp);
    thread::scope(|scope| {
        let polling = scope.spawn(|| -> Result<()> {
            while polls.load(Ordering::Relaxed) {
                Wire::udp(udp)?.tell(&null("1234"), &ack(0, "1234"))?;
                thread::sleep(Duration::from_millis(500));
            }
            Ok(())
        });
        let told = site.console().until("the silent one's alarm", |list| {
            let alarms = list["alarms"].as_array()?;
            alarms.iter().find(|alarm| alarm["registered"]["label"] == "Bea Elm").cloned()
        });
        let others = site.console().alarms();
        polls.store(false, Ordering::Relaxed);
        polling.join().expect("a unit does not panic")?;
        ensure!(told?.to_string().contains("missed-test"));
        ensure!(!others?.iter().any(|alarm| alarm["registered"]["label"] == "Ann Oak"), "who polls is not missed");
        Ok(())
    })?;
    // The next NULL, over the other way, takes it back.
    let card = site.console().until("Bea Elm's card", |list| {
        list["alarms"].as_array()?.iter().find(|alarm| alarm["registered"]["label"] == "Bea Elm").cloned()
    })?;
    ensure!(card["signals"] == 1, "told once: {card}");
    Wire::tcp(tcp)?.tell(&null("5678"), &ack(0, "5678"))?;
    site.console().until("she is back", |list| {
        let all = ["alarms", "closed"].into_iter().filter_map(|name| list[name].as_array()).flatten();
        let mut hers = all.filter(|alarm| alarm["registered"]["label"] == "Bea Elm");
        hers.any(|alarm| alarm["signals"].as_u64() >= Some(2)).then_some(())
    })?;
    Ok(())
}

#[test]
fn a_flood_from_one_address_leaves_another_units_alarm_inside_its_budget() -> Result<()> {
    let site = Site::start(Setup::default(), "")?;
    let (flooder, other): (IpAddr, IpAddr) = ("127.0.0.66".parse()?, "127.0.0.77".parse()?);
    let ended = AtomicBool::new(false);
    let (tcp, udp) = (site.tcp, site.udp);
    let figures = thread::scope(|scope| {
        for n in 0..FLOOD_CONNECTIONS {
            let ended = &ended;
            scope.spawn(move || {
                let mut m = 0_u32;
                while !ended.load(Ordering::Relaxed) {
                    // Invented accounts, good frames, in clear: nobody can tell them from true ones.
                    let frames: Vec<u8> =
                        (0..20).flat_map(|k| press(1, &format!("F{n:02}{:04}{k:02}", m % 10_000))).collect();
                    m += 1;
                    if n % 4 == 0 {
                        let sent = Wire::udp_from(flooder, udp)
                            .and_then(|mut wire| wire.send(&press(1, &format!("E{n:02}{m:05}"))));
                        drop(sent);
                        thread::sleep(Duration::from_millis(2));
                    } else if let Ok(mut wire) = Wire::tcp_from(flooder, tcp) {
                        let _ = wire.send(&frames).and_then(|()| wire.hear());
                    }
                }
            });
        }
        // The flood is at its height once some of it is on cards.
        let begun = site.console().until("the flood", |list| (list["alarms"].as_array()?.len() > 200).then_some(()));
        let mut took = Vec::new();
        let told = begun.and_then(|()| {
            for n in 0..20 {
                let account = format!("{n:04}");
                let mut wire = if n % 2 == 0 { Wire::tcp_from(other, tcp)? } else { Wire::udp_from(other, udp)? };
                took.push(wire.tell(&press(1, &account), &ack(1, &account))?);
            }
            Ok(())
        });
        ended.store(true, Ordering::Relaxed);
        told.map(|()| took)
    })?;
    let slowest = figures.iter().max().copied().unwrap_or_default();
    let mut sorted = figures.clone();
    sorted.sort();
    println!("in the flood: median {:?}, slowest {slowest:?}", sorted[sorted.len() / 2]);
    ensure!(slowest <= FLOOD_BUDGET, "an alarm took {slowest:?}");
    let alarms = site.console().alarms()?;
    for n in 0..20 {
        ensure!(alarms.iter().any(|alarm| account_of(alarm) == format!("{n:04}")), "{n:04} is lost");
    }
    Ok(())
}

#[test]
fn thousands_of_units_poll_and_call_and_nothing_is_lost() -> Result<()> {
    let seconds = env::var("TELECARE_DC09_S").map_or(Ok(SECONDS), |text| text.parse())?;
    let site = Site::start(Setup::default(), "")?;
    let process = site.receiver.process_id()?;
    let half = (seconds / 2).max(1).to_string();
    let mut memory = Vec::new();
    let mut acknowledged: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for (run, to) in [format!("tcp:{}", site.tcp), format!("udp:{}", site.udp)].iter().enumerate() {
        let ledger = site.receiver.directory().join(&format!("ledger-{run}"));
        let begun = Instant::now();
        let told = ctl(&[
            "call",
            "--protocol",
            "sia-dc09",
            "--to",
            to,
            "--units",
            &UNITS.to_string(),
            "--poll-every",
            "60",
            "--alarms-per-s",
            &ALARMS_PER_S.to_string(),
            "--for",
            &half,
            "--ledger",
            &ledger.to_string_lossy(),
        ])?;
        println!("{to}, {:?}:\n{}", begun.elapsed(), text(&told));
        ensure!(told.status.success(), "{}", text(&told));
        for line in fs::read_to_string(&ledger)?.lines() {
            let (account, count) = line.split_once(' ').context("a line of the ledger")?;
            *acknowledged.entry(account.to_owned()).or_default() += count.parse::<u64>()?;
        }
        memory.push(resident_kb(process)?);
    }
    let alarms = acknowledged.values().sum::<u64>();
    println!("{alarms} alarms acknowledged, resident {memory:?} kB");
    ensure!(alarms >= seconds * u64::from(ALARMS_PER_S) * 8 / 10, "the load was not made");
    let kept = |list: &Value| {
        let mut kept: std::collections::BTreeMap<String, Kept> = std::collections::BTreeMap::new();
        for name in ["alarms", "closed"] {
            for card in list[name].as_array().into_iter().flatten() {
                let of_account = kept.entry(account_of(card).to_owned()).or_default();
                of_account.signals += card["signals"].as_u64().unwrap_or_default();
                of_account.repeats += card["repeats"].as_u64().unwrap_or_default();
            }
        }
        kept
    };
    // The last acknowledgements may leave some milliseconds before a board of so many cards is made.
    let (mut lost, most) = (Vec::new(), Duration::from_secs(10));
    let shown = wait::until_within("every acknowledged alarm in the list", most, || {
        let kept = kept(&site.console().list()?);
        let of = |account: &str| kept.get(account).copied().unwrap_or_default();
        let missing =
            acknowledged.iter().filter(|(account, count)| of(account).signals != of(account).repeats + *count);
        lost = missing.map(|(account, count)| (account, *count, of(account))).collect();
        Ok(lost.is_empty().then_some(()))
    });
    shown.with_context(|| {
        format!("{} of {} accounts: {:?}", lost.len(), acknowledged.len(), &lost[..lost.len().min(5)])
    })?;
    let growth = memory[1].saturating_sub(memory[0]);
    ensure!(growth <= GROWTH_MAX_KB, "memory grew by {growth} kB");
    Ok(())
}

/// What the cards of an account count.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    signals: u64,
    repeats: u64,
}

fn resident_kb(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
    line.split_whitespace().nth(1).context("a number")?.parse().context("kilobytes")
}
