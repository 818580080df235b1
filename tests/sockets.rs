//! Listening sockets that the service manager holds: what arrives while the receiver is away is acknowledged once
//! it is back, on lines and on the API.

use std::net::SocketAddr;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use telecare_tests::console::Console;
use telecare_tests::link::{Heard, Link};
use telecare_tests::receiver::{Line, Receiver, Setup, Socket, Transport, token};
use telecare_tests::surgard::{contact_id, frame};
use telecare_tests::wait;

const LINE: &str = "tcp";

struct Site {
    receiver: Receiver,
    line: SocketAddr,
    api: u16,
}

/// A receiver that is not running yet, and its sockets, which are open.
fn prepare(more: &[&str]) -> Result<Site> {
    let mut sockets = vec![Socket::open(&format!("line-{LINE}"))?, Socket::open("api")?];
    let (at, api_port) = (sockets[0].address(), sockets[1].address().port());
    for name in more {
        sockets.push(Socket::open(name)?);
    }
    let setup = Setup {
        lines: vec![Line::new(LINE, Transport::Listen { address: at, connections_max: 8 })],
        sockets,
        ..Setup::default()
    };
    Ok(Site { receiver: Receiver::prepare(setup)?, line: at, api: api_port })
}

impl Site {
    /// A hardware receiver that has connected and said something, whether or not anybody takes it.
    fn press(&self, account: &str) -> Result<Link> {
        let mut link = Link::Calling(self.line, None);
        link.connect()?;
        ensure!(link.write(&frame(&contact_id("011", account, "E101", 1)))?, "the socket is not open");
        Ok(link)
    }

    fn console(&self) -> Console {
        Console::new(self.api, &token(0), "desk-0")
    }
}

fn acknowledged(link: &mut Link) -> Result<()> {
    match link.read(wait::BOUND)? {
        Heard::Bytes(bytes) if bytes == [0x06] => Ok(()),
        heard => bail!("no acknowledgement but {heard:?}"),
    }
}

#[test]
fn what_arrives_while_the_receiver_is_away_is_acknowledged_once_it_is_back() -> Result<()> {
    let mut site = prepare(&[])?;
    let mut before = site.press("0001")?;
    site.receiver.launch()?;
    acknowledged(&mut before)?;
    ensure!(site.receiver.terminate()?.success());
    let mut stopped = site.press("0002")?;
    site.receiver.launch()?;
    acknowledged(&mut stopped)?;
    site.receiver.kill_9()?;
    let mut killed = site.press("0003")?;
    site.receiver.launch()?;
    acknowledged(&mut killed)?;
    for account in ["0001", "0002", "0003"] {
        let alarm = site.console().until_alarm(LINE, account)?;
        assert_eq!(alarm["presses"], 1, "{alarm}");
    }
    Ok(())
}

#[test]
fn a_console_that_asks_while_the_receiver_is_away_is_answered_once_it_is_back() -> Result<()> {
    let mut site = prepare(&[])?;
    let console = site.console();
    let asking = thread::spawn(move || console.alarms());
    site.receiver.launch()?;
    let alarms = asking.join().ok().context("the console's thread")??;
    assert_eq!(alarms.len(), 0);
    Ok(())
}

#[test]
fn a_socket_that_nobody_wants_is_told_with_a_remedy() -> Result<()> {
    let mut site = prepare(&["line-nobody"])?;
    site.receiver.launch()?;
    let log = site.receiver.log();
    let told = log.lines().find(|line| line.contains("line-nobody")).context("it is not in the log")?;
    ensure!(told.contains("ERROR") && told.contains("FileDescriptorName="), "{told}");
    Ok(())
}
