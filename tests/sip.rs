//! Digital units over SIP through the whole receiver: with SIPp, a client that others wrote, and with a unit of our own
//! that does what SIPp cannot.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use telecare_tests::console::{Console, account_of};
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::scratch::Scratch;
use telecare_tests::sip::{QUIET, Unit, heartbeat, mrq, mrs};
use telecare_tests::sipp::Run;
use telecare_tests::{port, wait};

const LINE: &str = "digital";
/// Long for an answer, and short enough that none is waited for twice.
const PATIENCE: Duration = Duration::from_secs(10);

struct Site {
    receiver: Receiver,
    at: SocketAddr,
}

impl Site {
    fn start(more: &'static str) -> Result<Site> {
        Site::start_in(Scratch::new("sip")?, None, more)
    }

    /// For datagrams and connections in clear, at one address.
    fn start_in(scratch: Scratch, disk: Option<Arc<Disk>>, more: &'static str) -> Result<Site> {
        let at = SocketAddr::from(([127, 0, 0, 1], port::free()?));
        Site::start_with(scratch, disk, more, at, format!("udp = \"{at}\", tcp = \"{at}\""))
    }

    fn start_with(
        scratch: Scratch,
        disk: Option<Arc<Disk>>,
        more: &'static str,
        at: SocketAddr,
        listener: String,
    ) -> Result<Site> {
        let has_datagrams = listener.contains("udp = ");
        let transport = Transport::Sip(listener);
        let lines = vec![Line { protocol: "sip", more, ..Line::new(LINE, transport) }];
        let mut receiver = Receiver::prepare_in(scratch, Setup { lines, disk, ..Setup::default() })?;
        receiver.launch()?;
        if has_datagrams {
            // It is ready before its lines are, and a datagram that nobody hears is gone.
            let listens = || Ok(receiver.log().contains("listening for datagrams").then_some(()));
            wait::until("the socket for datagrams", listens)?;
        }
        Ok(Site { receiver, at })
    }

    fn console(&self) -> Console {
        self.receiver.console(0)
    }

    /// Whose cards there are.
    fn seen(&self) -> Result<BTreeSet<String>> {
        Ok(self.console().alarms()?.iter().map(|alarm| account_of(alarm).to_owned()).collect())
    }

    fn card(&self, account: &str) -> Result<Value> {
        let alarms = self.console().alarms()?;
        alarms.into_iter().find(|alarm| account_of(alarm) == account).with_context(|| format!("a card of {account}"))
    }
}

/// So many units, each with a reference of its own.
fn units(first: u32, count: u32) -> Vec<Vec<String>> {
    (first..first + count).map(|n| vec![n.to_string(), format!("REF{n}")]).collect()
}

/// Each reference acknowledged, and once.
fn references(calls: &[Vec<String>]) -> BTreeSet<String> {
    calls.iter().map(|call| format!("acknowledged {}", call[1])).collect()
}

fn run<'a>(scenario: &'a str, transport: &'a str, to: SocketAddr, calls: Vec<Vec<String>>) -> Run<'a> {
    Run { scenario, acknowledgement: Some("mrs"), transport, to, calls, rate: 50, more: &["-max_socket", "200"] }
}

#[test]
fn alarms_of_another_implementation_are_stored_and_acknowledged() -> Result<()> {
    let site = Site::start("")?;
    let table = [("alarm", "u1"), ("alarm", "t1"), ("alarm", "tn"), ("no_tag", "u1"), ("constant_branch", "un")];
    for ((scenario, transport), first) in table.into_iter().zip((0..).map(|n| 90_000_000 + n * 100)) {
        let calls = units(first, 40);
        let told = run(scenario, transport, site.at, calls.clone()).run()?;
        ensure!(told.all_went, "{scenario} {transport}: {}", told.output);
        let acknowledged: BTreeSet<String> = told.acknowledged.keys().cloned().collect();
        assert_eq!(acknowledged, references(&calls), "{scenario} {transport}: {}", told.output);
        ensure!(told.acknowledged.values().all(|times| *times == 1), "{scenario}: {:?}", told.acknowledged);
        let seen = site.seen()?;
        for call in &calls {
            ensure!(seen.contains(&call[0]), "{scenario} {transport}: {} was acknowledged", call[0]);
        }
    }
    let card = site.card("90000000")?;
    ensure!(card["priority"] == 1 && card["signals"] == 1 && card["presses"] == 1, "{card}");
    Ok(())
}

#[test]
fn what_is_lost_on_its_way_is_sent_again_and_is_one_press() -> Result<()> {
    let site = Site::start("")?;
    let calls = units(90_000_000, 60);
    let told = Run { more: &["-lost", "25"], ..run("alarm", "u1", site.at, calls.clone()) }.run()?;
    // SIPp gives a message up after five repetitions; one in four of each way is lost, and of what is sent again as well.
    let alarms = site.console().alarms()?;
    ensure!(told.acknowledged.len() > 40, "{}", told.output);
    for acknowledged in told.acknowledged.keys() {
        let unit = acknowledged.trim_start_matches("acknowledged REF");
        let card = alarms.iter().find(|alarm| account_of(alarm) == unit);
        let card = card.with_context(|| format!("{unit} was acknowledged"))?;
        ensure!(card["presses"] == 1, "{card}");
    }
    Ok(())
}

#[test]
fn now_ip_of_another_implementation_is_stored_and_acknowledged() -> Result<()> {
    let site = Site::start("")?;
    let calls: Vec<Vec<String>> = (1..=20).map(|n| vec![format!("{:08}", 12_300 + n), "00".to_owned()]).collect();
    let told = Run { acknowledgement: Some("atm"), ..run("nowip", "u1", site.at, calls) }.run()?;
    ensure!(told.all_went, "{}", told.output);
    assert_eq!(told.acknowledged.get("acknowledged A"), Some(&20), "{}", told.output);
    let card = site.card("12301")?;
    ensure!(card["priority"] == 1, "{card}");
    assert_eq!(site.seen()?.len(), 20);
    Ok(())
}

#[test]
fn a_length_that_is_not_there_is_refused_and_no_alarm() -> Result<()> {
    let site = Site::start("")?;
    let calls = units(90_000_000, 5);
    let told = Run { acknowledgement: None, ..run("wrong_length", "u1", site.at, calls) }.run()?;
    ensure!(told.all_went, "{}", told.output);
    assert_eq!(site.seen()?.len(), 0);
    Ok(())
}

#[test]
fn a_password_is_proven_before_a_unit_is_heard() -> Result<()> {
    let scratch = Scratch::new("sip-digest")?;
    let accounts = "[[account]]\nuser = \"90000001\"\npassword = \"long-enough\"\n\n\
                    [[account]]\nuser = \"90000002\"\npassword = \"another-one\"\n";
    let path = scratch.join("accounts.toml");
    std::fs::write(&path, accounts)?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let more = "sip = { authentication = \"digest\", accounts-file = \"accounts.toml\" }\n";
    let site = Site::start_in(scratch, None, more)?;
    let proof = |user: &str, password: &str| format!("[authentication username={user} password={password}]");
    let call = |cid: &str, reference: &str, user: &str, password: &str| {
        vec![cid.to_owned(), reference.to_owned(), proof(user, password)]
    };
    let good =
        vec![call("90000001", "REF1", "90000001", "long-enough"), call("90000002", "REF2", "90000002", "another-one")];
    let told = run("digest", "u1", site.at, good).run()?;
    ensure!(told.all_went, "{}", told.output);
    assert_eq!(told.acknowledged.len(), 2, "{}", told.output);
    let wrong = vec![call("90000003", "REF3", "90000001", "wrong")];
    let told = run("digest", "u1", site.at, wrong).run()?;
    ensure!(!told.all_went && told.acknowledged.is_empty(), "{}", told.output);
    assert_eq!(site.seen()?.len(), 2);
    // A good password does not let a unit speak for another-one; people are told that one tried.
    let other = vec![call("90000004", "REF4", "90000001", "long-enough")];
    let told = run("digest", "u1", site.at, other).run()?;
    ensure!(!told.all_went && told.acknowledged.is_empty(), "{}", told.output);
    let card = site.console().alarms()?.into_iter().find(|alarm| alarm["headline"].to_string().contains("nreadable"));
    ensure!(card.is_some_and(|card| card["priority"] == 1), "{:?}", site.console().alarms()?);
    Ok(())
}

/// A process of ours, ended with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn over_tls_units_show_their_certificate_where_it_is_asked_for() -> Result<()> {
    let scratch = Scratch::new("sip-tls")?;
    let openssl = |arguments: &[&str]| -> Result<()> {
        let output = Command::new("openssl").args(arguments).current_dir(scratch.path()).output().context("openssl")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let new = |name: &str, more: &[&str]| {
        let (file, subject) = (format!("{name}.key"), format!("/CN={name}"));
        openssl(&[&["req"], &key[..], &["-subj", &subject, "-keyout", &file], more].concat())
    };
    new("line", &["-x509", "-days", "30", "-out", "line.pem"])?;
    new("authority", &["-x509", "-days", "30", "-out", "authority.pem"])?;
    new("unit", &["-out", "unit.csr"])?;
    let sign =
        ["x509", "-req", "-in", "unit.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"];
    // Without an extension it would be of the first version, which nobody takes.
    std::fs::write(scratch.join("unit.ext"), "basicConstraints = CA:FALSE\n")?;
    openssl(&[&sign[..], &["-days", "30", "-out", "unit.pem", "-extfile", "unit.ext"]].concat())?;
    let (tls, through) = (port::free()?, port::free()?);
    let listener = format!(
        "tls = \"127.0.0.1:{tls}\", certificate = \"line.pem\", key = \"line.key\", client-certificates = \"authority.pem\""
    );
    let directory = scratch.path().to_owned();
    let at = SocketAddr::from(([127, 0, 0, 1], tls));
    let site = Site::start_with(scratch, None, "sip = { authentication = \"certificate\" }\n", at, listener)?;
    let tunnel = |port: u16, certificate: &str| -> Result<Running> {
        let to = format!("OPENSSL:127.0.0.1:{tls},verify=0{certificate}");
        let listen = format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork");
        let child = Command::new("socat").args([listen, to]).current_dir(&directory).stderr(Stdio::null()).spawn();
        let running = Running(child.context("run socat")?);
        wait::until("the tunnel to listen", || {
            let listens =
                std::fs::read_to_string("/proc/net/tcp")?.contains(&format!("0100007F:{port:04X} 00000000:0000 0A"));
            Ok(listens.then_some(()))
        })?;
        Ok(running)
    };
    let _with = tunnel(through, ",cert=unit.pem,key=unit.key")?;
    let told = run("alarm", "t1", ([127, 0, 0, 1], through).into(), units(90_000_001, 1)).run()?;
    ensure!(told.all_went && told.acknowledged.len() == 1, "{}", told.output);
    assert_eq!(site.seen()?.len(), 1);
    let without = port::free()?;
    let _without = tunnel(without, "")?;
    let mut unit = Unit::tcp("90000003", ([127, 0, 0, 1], without).into())?;
    let request = unit.scaip(&mrq("A1", "90000003"));
    ensure!(
        unit.tell(&request, PATIENCE).map_or(true, |told| told.acknowledgement.is_none()),
        "no certificate was shown"
    );
    assert_eq!(site.seen()?.len(), 1);
    Ok(())
}

#[test]
fn a_message_is_stored_once_however_often_it_comes() -> Result<()> {
    let site = Site::start("")?;
    let (mut udp, mut tcp) = (Unit::udp("90000001", site.at)?, Unit::tcp("90000001", site.at)?);
    let request = udp.scaip(&mrq("A1", "90000001"));
    // One datagram three times is one request with one acknowledgement.
    for _ in 0..2 {
        udp.send(request.as_bytes())?;
    }
    let told = udp.tell(&request, PATIENCE)?;
    assert_eq!((told.status, told.acknowledgement.as_deref()), (Some(200), Some(&*mrs("A1"))));
    let mut answers = Vec::new();
    while let Some(heard) = udp.hear(QUIET)? {
        ensure!(heard.status() == 200, "{}: more than its answer again", heard.head);
        answers.push(heard.header("To").unwrap_or_default().to_owned());
    }
    ensure!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    // The same reference over another way is a repeat, and acknowledged as well; other content under it is a press.
    for (body, presses, repeats) in
        [(mrq("A1", "90000001"), 1, 1), (mrq("A1", "90000001").replace("<dty>0003", "<dty>0004"), 2, 1)]
    {
        let told = tcp.tell(&tcp.scaip(&body), PATIENCE)?;
        assert_eq!((told.status, told.acknowledgement.as_deref()), (Some(200), Some(&*mrs("A1"))));
        let card = site.card("90000001")?;
        assert_eq!((&card["presses"], &card["repeats"]), (&presses.into(), &repeats.into()), "{card}");
    }
    Ok(())
}

#[test]
fn a_heartbeat_is_answered_and_no_card_and_nonsense_is_told_so() -> Result<()> {
    let site = Site::start("")?;
    let mut unit = Unit::udp("90000004", site.at)?;
    let told = unit.tell(&unit.scaip(&heartbeat("H1", "90000004")), PATIENCE)?;
    assert_eq!((told.status, told.acknowledgement.as_deref()), (Some(200), Some(&*mrs("H1"))));
    let told = unit.tell(&unit.request("MESSAGE", "text/plain", "hello"), PATIENCE)?;
    assert_eq!((told.status, told.acknowledgement), (Some(415), None));
    let told = unit.tell(&unit.request("SUBSCRIBE", "text/plain", ""), PATIENCE)?;
    assert_eq!(told.status, Some(405));
    let told = unit.tell(&unit.request("OPTIONS", "text/plain", ""), PATIENCE)?;
    assert_eq!(told.status, Some(200));
    assert_eq!(site.seen()?.len(), 0);
    // Badly written, and all the same somebody's alarm.
    let told = unit.tell(&unit.scaip("<mrq><ref>B4</ref><cid>90000004</cid><dty>0003</dty><stc>00"), PATIENCE)?;
    let answer = told.acknowledgement.unwrap_or_default();
    ensure!(answer.starts_with("<mrs><ref>B4</ref><snu>2</snu><ste>"), "{answer}");
    let alarms = site.console().alarms()?;
    ensure!(alarms.len() == 1 && alarms[0]["priority"] == 1, "{alarms:?}");
    Ok(())
}

#[test]
fn a_call_goes_to_whoever_has_claimed_the_alarm() -> Result<()> {
    let site = Site::start(
        "sip = { operators = { sip = \"sip:group@pbx.test\" }, operator-address = \"sip:{extension}@pbx.test\" }\n",
    )?;
    let mut unit = Unit::udp("90000005", site.at)?;
    let told = unit.tell(&unit.scaip(&mrq("C1", "90000005")), PATIENCE)?;
    let voice = "<mrs><ref>C1</ref><snu>0</snu><mre>1</mre><cre>62</cre><tnu>sip:group@pbx.test</tnu></mrs>";
    assert_eq!(told.acknowledgement.as_deref(), Some(voice));
    let called = |unit: &mut Unit| -> Result<String> {
        let invite = unit.request("INVITE", "application/sdp", "v=0\r\n");
        unit.send(invite.as_bytes())?;
        loop {
            let heard = unit.hear(PATIENCE)?.context("an answer")?;
            if heard.status() >= 300 {
                let ack = invite.replace("INVITE sip", "ACK sip").replace("1 INVITE", "1 ACK");
                let (head, _) = ack.split_once("\r\n\r\n").context("a head")?;
                unit.send(format!("{head}\r\n\r\n").replace("Content-Length: 5", "Content-Length: 0").as_bytes())?;
                return Ok(format!("{} {}", heard.status(), heard.header("Contact").unwrap_or_default()));
            }
        }
    };
    assert_eq!(called(&mut unit)?, "302 <sip:group@pbx.test>");
    let card = site.card("90000005")?;
    let claimed = site.console().act(card["id"].as_str().unwrap_or_default(), "claim", serde_json::json!({}))?;
    ensure!(claimed.status == 200, "{claimed:?}");
    let extension = claimed.body["alarm"]["claim"]["desk"].as_str().context("a desk")?.replace(' ', "");
    let answered = called(&mut unit)?;
    ensure!(
        answered.starts_with("302 <sip:") && answered.contains("@pbx.test>") && !answered.contains("group"),
        "{answered} {extension}"
    );
    Ok(())
}

#[test]
fn while_nothing_can_store_units_are_told_to_go_elsewhere() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    let site = Site::start_in(Scratch::new("sip-full")?, Some(Arc::clone(&disk)), "")?;
    disk.set(Fault::Full)?;
    let mut unit = Unit::udp("90000006", site.at)?;
    let mut refused = None;
    // A full disk still has room in the file as it is.
    for n in 1..2000 {
        let reference = format!("F{n}");
        let told = unit.tell(&unit.scaip(&mrq(&reference, "90000006")), PATIENCE)?;
        match told.status {
            Some(200) => assert_eq!(told.acknowledgement, Some(mrs(&reference))),
            Some(503) => {
                assert_eq!(told.acknowledgement, None);
                refused = Some(n);
                break;
            }
            other => anyhow::bail!("{other:?}"),
        }
    }
    let refused = refused.context("a journal that stores nothing acknowledged everything")?;
    let told = unit.tell(&unit.scaip(&heartbeat("H1", "90000006")), PATIENCE)?;
    assert_eq!(told.status, Some(503), "not even a heartbeat");
    disk.set(Fault::None)?;
    wait::until("the press to be taken", || {
        let told = unit.tell(&unit.scaip(&mrq(&format!("F{refused}"), "90000006")), PATIENCE)?;
        Ok((told.status == Some(200) && told.acknowledgement.is_some()).then_some(()))
    })?;
    let card = site.card("90000006")?;
    assert_eq!(card["presses"], refused, "{card}");
    Ok(())
}

#[test]
fn while_the_database_is_away_the_journal_is_enough() -> Result<()> {
    let postgres = Postgres::start()?;
    let database = vec![postgres.url(&postgres.create_database()?)];
    let at = SocketAddr::from(([127, 0, 0, 1], port::free()?));
    let transport = Transport::Sip(format!("udp = \"{at}\", tcp = \"{at}\""));
    let lines = vec![Line { protocol: "sip", ..Line::new(LINE, transport) }];
    let site = Site { receiver: Receiver::start(Setup { lines, database, ..Setup::default() })?, at };
    site.console().until_connected()?;
    let away = |site: &Site| site.console().list().map(|list| list["degraded"] == true);
    let mut unit = Unit::udp("90000009", site.at)?;
    for (reference, is_stopped) in [("D1", false), ("D2", true), ("D3", true)] {
        if is_stopped && !away(&site)? {
            postgres.stop()?;
        }
        let told = unit.tell(&unit.scaip(&mrq(reference, "90000009")), PATIENCE)?;
        assert_eq!((told.status, told.acknowledgement), (Some(200), Some(mrs(reference))), "{reference}");
    }
    postgres.start_again()?;
    site.console().until_connected()?;
    let card = site.card("90000009")?;
    ensure!(card["presses"] == 3, "{card}");
    Ok(())
}

#[test]
fn noise_hurts_no_neighbour_and_kills_lose_nothing() -> Result<()> {
    const NOISE: u32 = 3_000;
    let mut site = Site::start("")?;
    let (at, over, told) = (site.at, AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| -> Result<()> {
        let neighbour = scope.spawn(|| -> Result<()> {
            let mut unit = Unit::udp("90000007", at)?;
            while !over.load(Ordering::Relaxed) {
                let reference = format!("N{}", told.load(Ordering::Relaxed) + 1);
                let request = unit.scaip(&mrq(&reference, "90000007"));
                let give_up = Instant::now() + wait::BOUND;
                // Sent again as a unit does, until it is acknowledged.
                while unit.tell(&request, Duration::from_millis(500))?.acknowledgement != Some(mrs(&reference)) {
                    ensure!(Instant::now() < give_up, "{reference} is not acknowledged");
                }
                told.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let damaged = scope.spawn(|| -> Result<()> {
            let mut unit = Unit::udp("90000008", at)?;
            let whole = unit.scaip(&mrq("X1", "90000008")).into_bytes();
            let mut state = 88_172_645_463_325_252_u64;
            let mut chance = move || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as usize
            };
            for n in 0..NOISE {
                let mut bytes = whole.clone();
                for _ in 0..=chance() % 12 {
                    let place = chance() % bytes.len();
                    bytes[place] = chance() as u8;
                }
                if n % 3 == 0 {
                    bytes.truncate(chance() % bytes.len());
                }
                // Nobody listens while the receiver is killed.
                let _ = unit.send(&bytes);
            }
            Ok(())
        });
        let killed = (0..3).try_for_each(|_| {
            let before = told.load(Ordering::Relaxed);
            wait::until(
                "the neighbour to be heard",
                || Ok((told.load(Ordering::Relaxed) > before + 20).then_some(())),
            )?;
            site.receiver.kill_9()?;
            site.receiver.launch()
        });
        let damaged = damaged.join().expect("no panic");
        over.store(true, Ordering::Relaxed);
        let neighbour = neighbour.join().expect("no panic");
        killed.and(damaged).and(neighbour)
    })?;
    let card = site.card("90000007")?;
    assert_eq!(card["presses"], told.load(Ordering::Relaxed), "{card}");
    Ok(())
}
