//! A device at the end of a wire that may be bad: calls at random times, kept while nobody answers, sent in a burst once
//! somebody does.

mod faults;

use std::time::{Duration, Instant};

use telecare_protocol::espa::{Block, encode};
use telecare_protocol::sia_dc09::clear;
use telecare_protocol::sia_frame::{Address, Check, Head};
use telecare_protocol::{Protocol, contact_id, dc03, iti, osborne_hoffman, sia_dc07, texecom};

use crate::device::{Device, Told};
use crate::link::{Link, Target};

pub use faults::Fault;
use faults::{Faults, Kind};

/// Wait before the wire is opened again.
const REOPEN_EVERY: Duration = Duration::from_secs(1);
/// How long calls that are left may take once no more are placed; the wire is good then.
const LEFT_MAX: Duration = Duration::from_secs(120);

/// What is simulated.
pub struct Plan {
    /// The device.
    pub protocol: Protocol,
    /// Where its wire goes.
    pub to: Target,
    /// How long calls are placed; none for until it is stopped.
    pub longest: Option<Duration>,
    /// Time between two calls on average.
    pub call_every: Duration,
    /// How many units call in turn.
    pub units: u32,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Fixes when calls come and what goes wrong.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Calls placed.
    pub placed: u32,
    /// Of them acknowledged.
    pub acknowledged: u32,
    /// Of the acknowledged ones, those that took more than one attempt.
    pub repeated: u32,
    /// Calls that the receiver will never accept.
    pub refused: u32,
    /// Times nobody answered any more.
    pub failures: u32,
    /// Times the wire was opened.
    pub connections: u32,
}

/// Runs a device; `tell` is what a person may follow.
pub async fn run(plan: Plan, mut tell: impl FnMut(&str)) -> anyhow::Result<Outcome> {
    let mut device = Device::new(plan.protocol, None, true);
    let mut wire = Faults::new(plan.faults.clone(), plan.seed);
    let mut outcome = Outcome::default();
    let end = plan.longest.map(|longest| Instant::now() + longest);
    let mut link: Option<Link> = None;
    let mut reopen = Instant::now();
    let mut next_call = Instant::now();
    let mut buffer = [0; 1024];
    loop {
        let now = Instant::now();
        wire.over = end.is_some_and(|end| now >= end);
        if link.is_none() && now >= reopen {
            match Link::open(&plan.to, None).await {
                Ok(opened) => {
                    outcome.connections += 1;
                    device.connected();
                    tell("connected");
                    link = Some(opened);
                }
                Err(error) => {
                    tell(&format!("cannot connect: {error:#}"));
                    reopen = Instant::now() + REOPEN_EVERY;
                }
            }
        }
        if !wire.over && now >= next_call {
            place(&plan, &mut device, &mut outcome, &mut tell);
            next_call = now + plan.call_every.mul_f64(0.5 + wire.below(1000) as f64 / 1000.0);
        }
        let mut broken = false;
        while let Some(told) = device.next() {
            broken |= !happened(told, &mut link, &mut wire, &mut outcome, &mut tell).await;
        }
        // Once everything it has to tell is told.
        if wire.over && (device.held() == 0 || end.is_some_and(|end| now >= end + LEFT_MAX)) {
            return Ok(outcome);
        }
        if broken {
            (link, reopen) = (None, Instant::now() + REOPEN_EVERY);
        }
        let wakes = [device.poll_timeout(), (!wire.over).then_some(next_call), link.is_none().then_some(reopen), end];
        let tick = now + REOPEN_EVERY;
        let wake = wakes.into_iter().flatten().filter(|wake| *wake > now).fold(tick, Instant::min);
        let read = async {
            match &mut link {
                Some(link) => link.read(&mut buffer).await,
                None => std::future::pending().await,
            }
        };
        let heard = tokio::select! {
            read = read => Some(read),
            () = tokio::time::sleep_until(wake.into()) => None,
        };
        match heard {
            Some(Ok(count)) if !wire.happens(Kind::Deaf) => device.handle_bytes(&buffer[..count]),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tell(&format!("{error:#}"));
                (link, reopen) = (None, Instant::now() + REOPEN_EVERY);
            }
            None => {}
        }
        device.handle_timeout();
    }
}

fn place(plan: &Plan, device: &mut Device, outcome: &mut Outcome, tell: &mut impl FnMut(&str)) {
    let unit = outcome.placed % plan.units;
    match device.send(&message(plan.protocol, unit, outcome.placed)) {
        Some(_) => outcome.placed += 1,
        None => tell("the device holds as many calls as it can; this one is lost, as it would be there"),
    }
}

/// Does or says what a device tells; false when the wire is broken.
async fn happened(
    told: Told,
    link: &mut Option<Link>,
    wire: &mut Faults,
    outcome: &mut Outcome,
    tell: &mut impl FnMut(&str),
) -> bool {
    match told {
        Told::Send(bytes) => {
            let Some(open) = link else { return true };
            let bytes = wire.on_the_way(&bytes);
            return open.write(&bytes).await.is_ok() && !wire.happens(Kind::HangUp);
        }
        Told::Acknowledged { attempts } => {
            outcome.acknowledged += 1;
            outcome.repeated += u32::from(attempts > 1);
            tell(&format!("acknowledged, attempts {attempts}"));
        }
        Told::Refused => {
            outcome.refused += 1;
            tell("REFUSED for good: the receiver never takes such a message");
        }
        Told::Polled => {}
        Told::LinkFailed => {
            outcome.failures += 1;
            tell("NOBODY ANSWERS: calls are held back");
        }
        Told::LinkRestored => tell("somebody answers again: what was held back follows"),
        Told::Heard(message) => tell(&format!("the receiver says {message}")),
        Told::Step(step) => tell(&step),
    }
    true
}

/// The nth call: a test code of a unit that is nobody's, so that a rehearsal frightens no one. Two calls of one unit
/// differ where the protocol leaves room, so that each is seen on its card.
fn message(protocol: Protocol, unit: u32, number: u32) -> Vec<u8> {
    let account = 9999 - unit.min(99);
    match protocol {
        Protocol::Espa444 => {
            let text = format!("TEST FLAT {} CALL {number}", unit + 1);
            encode(&Block::new('1', &[("1", &account.to_string()), ("2", &text), ("4", "3"), ("6", "3")]))
        }
        Protocol::OsborneHoffman => {
            let event = osborne_hoffman::Event {
                token: "ADM-CID".to_owned(),
                sequence: format!("{:04X}", 1 + number % 0xFFFF),
                receiver: "0001".to_owned(),
                line: "0001".to_owned(),
                account: Some(format!("{account:06}")),
                data: format!("1601 00 {:03}", number % 1000),
                panel_id: None,
                system_account: None,
                time: None,
                rest: String::new(),
            };
            osborne_hoffman::Message::Event(event).encode()
        }
        Protocol::SiaDc03 => {
            let block = |function, data: &str| dc03::encode(&dc03::Block::new(function, data));
            [block('#', &account.to_string()), block('N', &format!("id{number:04}/RX")), block('0', "")].concat()
        }
        Protocol::Texecom => {
            let message = contact_id::Message::ContactId {
                account: account.to_string(),
                message_type: "18".to_owned(),
                qualifier: '1',
                code: "601".to_owned(),
                group: "00".to_owned(),
                zone: format!("{:03}", number % 1000),
            };
            texecom::encode(&texecom::Message::ContactId(message)).unwrap_or_default()
        }
        Protocol::SiaDc09 => {
            let (account, data) = (account.to_string(), format!("#{account}|Nri1/RX{:03}", number % 1000));
            let address = Address { line: Some("0".to_owned()), account: Some(account), ..Address::default() };
            let head = Head { enciphered: false, token: "SIA-DCS".to_owned(), sequence: 1, address };
            clear(head, Check::Hex, &data, &[], "")
        }
        Protocol::Radionics6500 => format!("a011 {account}18160100{:03}\x14", number % 1000).into_bytes(),
        Protocol::SiaDc07 => {
            let sequence = u16::try_from(number % 9999).unwrap_or_default() + 1;
            sia_dc07::encode("ADM-CID", sequence, "1", "1", &format!("#{account}|1601 00 {:03}", number % 1000))
        }
        Protocol::Iti => iti::encode(&format!("{account} TEST {number}")),
        Protocol::Ademco685 | Protocol::Cp220 => {
            format!("\n11 {account} 18 E601 00 C{:03}\r", number % 1000).into_bytes()
        }
        _ => format!("5011 18{account}E60100{:03}\x14", number % 1000).into_bytes(),
    }
}
