//! An escalation that the receiver was killed on is told after its restart, as it was; one that was told is not told
//! again, and the card's log shows it.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{self, Receiver};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use telecare_tests::console::Console;
use telecare_tests::receiver::Setup;
use telecare_tests::site::{Site, TCP};
use telecare_tests::surgard::contact_id;
use telecare_tests::wait;

const SHIPPED: &str = include_str!("../../../config/policy.toml");

/// One request that a pager heard.
struct Heard {
    id: String,
    body: Value,
}

/// A pager that answers with the status of the moment.
struct Pager {
    url: String,
    status: Arc<AtomicU16>,
    hears: Receiver<Heard>,
}

impl Pager {
    fn start() -> Result<Pager> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let status = Arc::new(AtomicU16::new(500));
        let (heard, hears) = mpsc::channel();
        let answers = status.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A receiver that is killed in the middle hangs up.
                let Ok(request) = serve(BufReader::new(stream), answers.load(Ordering::SeqCst)) else { continue };
                if heard.send(request).is_err() {
                    return;
                }
            }
        });
        Ok(Pager { url, status, hears })
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn next(&self) -> Result<Heard> {
        self.hears.recv_timeout(wait::BOUND).context("the pager hears nothing")
    }
}

fn serve(mut stream: BufReader<std::net::TcpStream>, status: u16) -> Result<Heard> {
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        ensure!(stream.read_line(&mut line)? > 0, "it hung up");
        match line.trim_end().split_once(": ") {
            Some((name, value)) => drop(headers.insert(name.to_lowercase(), value.to_owned())),
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; headers.get("content-length").context("a length")?.parse()?];
    stream.read_exact(&mut body)?;
    let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.get_mut().write_all(answer.as_bytes())?;
    ensure!(headers.contains_key("webhook-signature"), "unsigned");
    Ok(Heard { id: headers.remove("webhook-id").context("an id")?, body: serde_json::from_slice(&body)? })
}

fn events(heard: &Heard) -> Vec<&Value> {
    heard.body["events"].as_array().into_iter().flatten().collect()
}

fn told(console: &Console, alarm: &Value) -> Result<usize> {
    let detail = console.detail(alarm["id"].as_str().context("an id")?)?.body;
    let log = detail["log"].as_array().cloned().unwrap_or_default();
    Ok(log.iter().filter(|entry| entry["act"] == "called-out" && entry["delivered"] == true).count())
}

#[test]
fn killed_before_it_was_told_it_tells_after_the_start_and_once() -> Result<()> {
    let pager = Pager::start()?;
    let more = format!(
        "\n[policy]\nfile = \"policy.toml\"\n\n[[webhook]]\nname = \"pager\"\nurl = \"{}\"\nsecret-file = \"secret\"\n",
        pager.url
    );
    let mut site = Site::prepare(Setup { more, ..Setup::default() })?;
    let directory = site.receiver.directory().path().to_owned();
    let quick = SHIPPED.replace("person      = [60, 120, 180]", "person      = [1, 3600]");
    ensure!(quick != SHIPPED, "the policy as shipped reads otherwise");
    fs::write(directory.join("policy.toml"), quick)?;
    fs::write(directory.join("secret"), "a secret of more than twenty-four bytes\n")?;
    site.receiver.launch()?;
    let console = site.receiver.console(0);
    site.tcp.tell(&contact_id("011", "1111", "E101", 1))?;
    let alarm = console.until_alarm(TCP, "1111")?;
    let first = pager.next()?;
    ensure!(events(&first)[0]["rule"] == "unanswered-1" && events(&first)[0]["alarm"] == alarm["id"], "{}", first.body);
    ensure!(!first.body.to_string().contains("1111"), "no account goes out: {}", first.body);
    assert_eq!(told(&console, &alarm)?, 0);

    site.receiver.kill_9()?;
    site.receiver.launch()?;
    let again = pager.next()?;
    assert_eq!((&again.id, &events(&again)[0]["id"]), (&first.id, &events(&first)[0]["id"]), "the same, as it was");
    pager.answers(204);
    wait::until("the call-out on the card", || Ok((told(&console, &alarm)? == 1).then_some(())))?;
    let shown = console.detail(alarm["id"].as_str().context("an id")?)?.body["alarm"]["escalations"].clone();
    assert_eq!(shown[0]["told"][0]["state"], "delivered", "{shown}");
    while let Ok(retry) = pager.hears.try_recv() {
        assert_eq!(retry.id, first.id);
    }

    site.receiver.kill_9()?;
    site.receiver.launch()?;
    site.tcp.tell(&contact_id("011", "2222", "E101", 1))?;
    let other = console.until_alarm(TCP, "2222")?;
    let next = pager.next()?;
    assert_eq!(events(&next).iter().map(|event| &event["alarm"]).collect::<Vec<_>>(), [&other["id"]]);
    assert_eq!(told(&console, &alarm)?, 1, "told once");
    Ok(())
}
