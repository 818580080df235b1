//! Osborne-Hoffman through the whole receiver: panels over a bad network, kills of the receiver, and another
//! implementation at the other end.
//!
//! `TELECARE_OSBORNE_S` sets for how long the network is bad, seconds (10); `TELECARE_SEED` repeats a run.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use telecare_tests::console::is_of;
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::ledger::Ledger;
use telecare_tests::osborne_hoffman::{Answer, Network, Panel, event, heartbeat};
use telecare_tests::port;
use telecare_tests::python::OSBORNE_HOFFMAN;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport, binary};

const LINE: &str = "panels";
const SECONDS: u64 = 10;
const PANELS: u64 = 8;
/// From one kill to the next.
const KILL_EVERY: Duration = Duration::from_secs(3);
/// Events on a full disk, at most, until the receiver notices.
const EVENTS_MAX: u16 = 4000;

struct Site {
    receiver: Receiver,
    address: SocketAddr,
    answer_wait: Duration,
}

impl Site {
    fn start(disk: Option<Arc<Disk>>) -> Result<Site> {
        let address = SocketAddr::from(([127, 0, 0, 1], port::free()?));
        let transport = Transport::Listen { address, connections_max: 64 };
        let lines = vec![Line { protocol: "osborne-hoffman", ..Line::new(LINE, transport) }];
        let setup = Setup { lines, disk, ..Setup::default() };
        let answer_wait = setup.ack_wait;
        Ok(Site { receiver: Receiver::start(setup)?, address, answer_wait })
    }

    fn panel(&self) -> Panel {
        Panel::new(self.address, self.answer_wait)
    }

    fn client(&self, script: &str) -> Result<Command> {
        let mut command = Command::new(OSBORNE_HOFFMAN.programs()?.join("python"));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(script));
        Ok(command)
    }
}

#[test]
fn an_event_is_on_a_card_before_it_is_acknowledged() -> Result<()> {
    let site = Site::start(None)?;
    let mut panel = site.panel();
    assert_eq!(panel.send(&heartbeat("005412"))?, Answer::Acknowledged);
    let told = panel.tell(&event(9, "005412", "Nri04/PA105"))?;
    assert_eq!((told.copies, told.acknowledged), (1, 1));
    let console = site.receiver.console(0);
    let alarms = console.alarms()?;
    let alarm = alarms.iter().find(|alarm| is_of(alarm, LINE, "005412")).context("acknowledged, so it is there")?;
    assert_eq!(alarm["presses"], 1, "{alarm}");
    let detail = console.detail(alarm["id"].as_str().unwrap_or_default())?.body;
    let report = &detail["signals"][0]["report"];
    assert_eq!((&report["protocol"], &report["fields"]["sequence"]), (&json!("osborne-hoffman"), &json!("0009")));

    // In plain text.
    assert_eq!(site.panel().send_plain(&event(1, "005413", "NQA01"))?, b"ACK\r\n");
    console.until_alarm(LINE, "005413")?;
    // The fourth version is kept, told and refused.
    let mut fourth = site.panel();
    let message = [&b"#40R0001L0001A005414S0010"[..], &[0xA5; 32], b"C12AB"].concat();
    let answer = fourth.send_plain(&message)?;
    assert_eq!(fourth.opened(&answer)?, b"NACK\r\0\0\0");
    console.until("the panel of the fourth version", |list| {
        let cards = list["alarms"].as_array()?;
        cards.iter().any(|card| card["headline"].to_string().contains("Unreadable")).then_some(())
    })?;
    // What opens to nothing is kept, too, and not answered.
    assert_eq!(site.panel().send_plain(&[0x5A; 40])?, b"");
    Ok(())
}

#[test]
fn what_nothing_can_store_is_refused_and_arrives_when_it_can() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    let site = Site::start(Some(Arc::clone(&disk)))?;
    let mut panel = site.panel();
    disk.set(Fault::Full)?;
    // A full disk still has room in the file as it is.
    let mut refused = None;
    for n in 1..EVENTS_MAX {
        let answer = panel.send(&event(n, &format!("{n:06}"), "NPA01"))?;
        if answer != Answer::Acknowledged {
            refused = Some((n, answer));
            break;
        }
    }
    let (n, answer) = refused.context("a journal that stores nothing acknowledged everything")?;
    // What is offered as the journal fails may find its panel gone.
    ensure!(matches!(answer, Answer::Refused | Answer::Silence), "{answer:?}");
    assert_eq!(panel.send(&event(n, &format!("{n:06}"), "NPA01"))?, Answer::Refused);
    assert_eq!(
        site.panel().send(&heartbeat("005412"))?,
        Answer::Refused,
        "no sign of life while nothing can be stored"
    );
    disk.set(Fault::None)?;
    panel.tell(&event(n, &format!("{n:06}"), "NPA01"))?;
    let alarm = site.receiver.console(0).until_alarm(LINE, &format!("{n:06}"))?;
    assert_eq!(alarm["presses"], 1, "{alarm}");
    Ok(())
}

#[test]
fn every_event_arrives_once_over_a_bad_network_and_through_kills() -> Result<()> {
    let seconds = env::var("TELECARE_OSBORNE_S").map_or(Ok(SECONDS), |text| text.parse())?;
    let seed = match env::var("TELECARE_SEED") {
        Ok(text) => text.parse()?,
        Err(_) => u64::from(SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos()),
    };
    println!("{seconds} s, TELECARE_SEED={seed}");
    let mut site = Site::start(None)?;
    let ended = AtomicBool::new(false);
    let ledger = thread::scope(|scope| {
        let panels: Vec<_> = (0..PANELS)
            .map(|n| {
                let network = Network { cut: 12, deaf: 8, unplug: 10 };
                let panel = site.panel().over(network, seed.wrapping_add(n * 7919));
                let ended = &ended;
                scope.spawn(move || speak(n, panel, ended, seconds))
            })
            .collect();
        let killed = kill(&mut site.receiver, seconds);
        ended.store(true, Ordering::Relaxed);
        let mut ledger = Ledger::default();
        for panel in panels {
            ledger.extend(panel.join().expect("a panel does not panic")?);
        }
        killed.map(|()| ledger)
    })?;
    println!("{} events acknowledged", ledger.messages());
    ensure!(ledger.messages() > 20, "the network was too bad to show anything");
    ledger.check(&site.receiver.console(0)).with_context(|| format!("seed {seed}"))
}

fn kill(receiver: &mut Receiver, seconds: u64) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) {
        // No event marks a moment to be killed at.
        thread::sleep(KILL_EVERY);
        receiver.kill_9()?;
        receiver.launch()?;
    }
    Ok(())
}

/// Sends events, each of an account of its own, no more than a queue can show after an hour.
fn speak(panel_number: u64, mut panel: Panel, ended: &AtomicBool, seconds: u64) -> Result<Ledger> {
    let mut ledger = Ledger::default();
    let pace = Duration::from_millis(seconds.clamp(1, 1000) * PANELS);
    for n in 1.. {
        // What has begun arrives, whatever has ended.
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let account = format!("{panel_number}{n:05}");
        let text = event(n, &account, "NPA01");
        if let Some(told) = panel.tell_while(&text, || true)? {
            ledger.add(LINE, &account, &told);
        }
        thread::sleep(pace);
    }
    Ok(ledger)
}

#[test]
fn a_panel_of_another_implementation_is_understood() -> Result<()> {
    let site = Site::start(None)?;
    let output = site.client("osborne_panel.py")?.args([&site.address.port().to_string(), "00BEEF"]).output()?;
    let (told, errors) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    ensure!(output.status.success(), "{told}\n{errors}");
    let told: Value = serde_json::from_str(&told).context(told)?;
    let answers: Vec<&Value> = told.as_array().into_iter().flatten().map(|told| &told["answer"]).collect();
    assert_eq!(answers, [&json!("ACK\r\0\0\0\0"); 6], "{told}");
    // What the other implementation reads in the messages is what the card says.
    let read: Vec<_> = told.as_array().into_iter().flatten().map(|told| (&told["kind"], &told["zone"])).collect();
    let kinds = ["HB_V1", "HB_V2", "SIA", "CID", "SIA", "SIA"].map(Value::from);
    assert!(read.iter().map(|(kind, _)| *kind).eq(kinds.iter()), "{told}");
    let console = site.receiver.console(0);
    let alarm = console.until_alarm(LINE, "00BEEF")?;
    assert_eq!((&alarm["presses"], &alarm["repeats"]), (&json!(3), &json!(1)), "{alarm}");
    let detail = console.detail(alarm["id"].as_str().unwrap_or_default())?.body;
    let signals = detail["signals"].as_array().context("signals")?;
    let codes: Vec<&Value> = signals.iter().map(|signal| &signal["report"]["events"][0]["code"]).collect();
    let mut codes: Vec<&str> = codes.into_iter().filter_map(Value::as_str).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["101", "FA", "FA", "PA"], "{detail}");
    Ok(())
}

#[test]
fn a_receiver_of_another_implementation_takes_a_test_call() -> Result<()> {
    let site = Site::start(None)?;
    let mut command = site.client("osborne_receiver.py")?;
    let mut other = command.arg("009999").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut said = BufReader::new(other.stdout.take().context("its output")?).lines();
    let port = said.next().context("its port")??;
    let to = format!("tcp:127.0.0.1:{port}");
    let call = |more: &[&str]| {
        let call = ["call", "--to", &to, "--protocol", "osborne-hoffman"];
        Command::new(binary("telecare-ctl")?)
            .args(call)
            .args(more)
            .env_remove("TELECARE_TOKEN")
            .output()
            .context("call")
    };
    for (more, expected) in [
        (
            &["--sequence", "00A7"][..],
            json!({"message_type": "CID", "sequence": "00A7", "event_code": "601", "zone": "000"}),
        ),
        (&["--form", "S", "--data", "Nri01/BA002"], json!({"message_type": "SIA", "sia_event": "BA"})),
        (&["--heartbeat"], json!({"message_type": "HB_V2", "receiver": "0001", "line": "0001"})),
    ] {
        let output = call(more)?;
        ensure!(output.status.success(), "{output:?}");
        let event: Value = serde_json::from_str(&said.next().context("an event")??)?;
        for (name, value) in expected.as_object().into_iter().flatten() {
            assert_eq!(&event[name], value, "{event}");
        }
    }
    drop(other.stdin.take());
    ensure!(other.wait()?.success());
    Ok(())
}
