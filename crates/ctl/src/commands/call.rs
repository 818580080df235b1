//! `call`: test calls as a hardware receiver or a unit over IP places them: a line, the wait for its acknowledgement, the same line
//! again, as often as that make of receiver does. With access to the API it also says what became of the call. Calls
//! by tones are placed by a simulated unit behind a simulated modem, see [`crate::voice`].

mod frames;

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use telecare_api::shapes::escaped;
use telecare_protocol::Protocol;
use telecare_protocol::digital::UnitSettings as DigitalSettings;
use telecare_protocol::sia_dc09::UnitSettings;
use time::OffsetDateTime;
use time::macros::format_description;

use super::decode::document_or_protocol;
use crate::aftermath::Aftermath;
use crate::client::ApiArguments;
use crate::device::{Device, Told};
use crate::digital::{DigitalArguments, wrong_target};
use crate::frame::FrameArguments;
use crate::link::{Link, READ_BYTES, Target, Tls};
use crate::premises::{self, Fleet, PremisesArguments};
use crate::{Usage, Verdict, voice};

/// The reserved test identity, in every protocol alike: an account or call address that no centre gives to a person.
const TEST_ACCOUNT: &str = "9999";
/// The same with the six digits of an Osborne-Hoffman panel.
const PANEL_TEST_ACCOUNT: &str = "009999";
/// The same with the eight digits of a controller.
const TEST_CONTROLLER: &str = "00009999";
/// How long an attempt waits for its acknowledgement, where its protocol says nothing.
const ACK_WAIT: Duration = Duration::from_secs(4);

/// Place a test call as a hardware receiver or a unit would, and say with every time what became of it.
///
/// Without --account or --controller the call is of the reserved test identity, account 9999. With a token (TELECARE_TOKEN) it is
/// also looked for in the receiver's list. Exit code 1 when it is not acknowledged, or not in the list.
#[derive(clap::Args)]
pub struct Arguments {
    /// serial:PATH[,SPEED,7E1], tcp:HOST:PORT, tls:HOST:PORT, udp:HOST:PORT, or listen:HOST:PORT for a line that connects
    /// to its receiver; voice-modem:PATH makes a simulated modem there for a telephone line of the receiver's to open.
    #[arg(long)]
    to: Target,
    /// What is spoken: by a device on a port, or, with voice-modem, by a unit that telephones.
    #[arg(long, default_value = "surgard", value_parser = document_or_protocol)]
    protocol: Protocol,
    /// The whole line instead of its fields; bytes that cannot be typed as \xNN.
    #[arg(long, conflicts_with = "heartbeat")]
    frame: Option<String>,
    /// Send a heartbeat, with sia-dc09 a NULL.
    #[arg(long)]
    heartbeat: bool,
    /// How many calls.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Time from the begin of one call to the next; a call that takes longer delays the next.
    #[arg(long, default_value_t = 1000, value_name = "MS")]
    every: u64,
    /// How long one attempt waits for its acknowledgement; 4000 by default, 10000 with scaip, 5000 with nowip.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    ack_wait_ms: Option<u64>,
    #[command(flatten)]
    premises: PremisesArguments,
    #[command(flatten)]
    digital: DigitalArguments,
    #[command(flatten)]
    voice: voice::VoiceArguments,
    #[command(flatten)]
    fields: FrameArguments,
    #[command(flatten)]
    api: ApiArguments,
}

/// What became of a call.
enum Outcome {
    Acknowledged(Acknowledged),
    /// The receiver will not have it.
    Refused,
    /// All its attempts went unanswered.
    Unanswered,
}

/// An acknowledged call.
struct Acknowledged {
    after: Duration,
    attempts: u32,
}

/// Places the calls; fails at the first that nobody acknowledges.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Target::VoiceModem(path) = &arguments.to {
        return runtime.block_on(by_tones(arguments, path));
    }
    if arguments.protocol.is_in_tones() {
        let what = format!("{} is spoken in telephone calls: use --to voice-modem:PATH", arguments.protocol);
        return Err(Usage(what).into());
    }
    let is_digital = matches!(arguments.protocol, Protocol::Scaip | Protocol::NowIp);
    let is_network = matches!(arguments.to, Target::Udp(_) | Target::Tcp(_) | Target::Tls(_));
    if arguments.protocol == Protocol::Sip {
        return Err(Usage("SIP carries documents: --protocol scaip or nowip".to_owned()).into());
    }
    if is_digital && !is_network {
        return Err(wrong_target(arguments.protocol).into());
    }
    if matches!(arguments.to, Target::Udp(_)) && !is_digital && arguments.protocol != Protocol::SiaDc09 {
        return Err(Usage(format!("nobody speaks {} in datagrams", arguments.protocol)).into());
    }
    let tls = match &arguments.to {
        Target::Tls(_) => Some(Tls::new(arguments.api.trust(), &arguments.digital.tls)?),
        _ => None,
    };
    if arguments.premises.units.is_some() {
        return runtime.block_on(async {
            let fleet = fleet(arguments).await?;
            let tell = |text: &str| drop(println(text));
            premises::load::run(&arguments.premises, (fleet, &arguments.to, tls), tell).await
        });
    }
    let line = frames::line(arguments)?;
    runtime.block_on(place_all(arguments, &line, tls.as_ref()))
}

/// What many units are.
async fn fleet(arguments: &Arguments) -> anyhow::Result<Fleet> {
    match arguments.protocol {
        Protocol::SiaDc09 => {
            let usual = UnitSettings { poll_every: Duration::ZERO, attempts: u32::MAX, ..UnitSettings::default() };
            Ok(Fleet::Premises(arguments.premises.settings(usual)?))
        }
        protocol @ (Protocol::Scaip | Protocol::NowIp) => {
            let settings = digital(arguments).await?;
            Ok(Fleet::Digital(protocol, DigitalSettings { attempts: u32::MAX, ..settings }))
        }
        _ => Err(Usage("--units is for sia-dc09, scaip and nowip".to_owned()).into()),
    }
}

async fn digital(arguments: &Arguments) -> anyhow::Result<DigitalSettings> {
    let identity = identity(arguments).unwrap_or(TEST_ACCOUNT);
    let faults = arguments.voice.digital_faults()?;
    let remote = arguments.to.resolve().await?;
    let ack_wait = arguments.ack_wait_ms.map(Duration::from_millis);
    let to = (&arguments.to, remote);
    Ok(arguments.digital.settings(arguments.protocol, identity, to, ack_wait, faults)?)
}

/// Calls of a simulated unit behind a simulated modem.
async fn by_tones(arguments: &Arguments, path: &Path) -> anyhow::Result<Verdict> {
    if arguments.heartbeat {
        return Err(Usage("a unit that telephones has no heartbeat".to_owned()).into());
    }
    let frame = arguments.frame.as_deref();
    let unit = voice::unit(arguments.protocol, &arguments.voice, &arguments.fields, frame)?;
    let aftermath = aftermath(arguments, &unit.identity)?;
    let every = Duration::from_millis(arguments.every);
    if voice::place(path, &arguments.voice, &unit, arguments.repeat, every).await? == Verdict::Failed {
        return Ok(Verdict::Failed);
    }
    tell_aftermath(aftermath)
}

fn tell_aftermath(aftermath: Option<Aftermath>) -> anyhow::Result<Verdict> {
    match aftermath {
        Some(aftermath) => aftermath.tell(|text| println(&format!("{} {text}", clock().unwrap_or_default()))),
        None => Ok(Verdict::Done),
    }
}

async fn place_all(arguments: &Arguments, line: &[u8], tls: Option<&Tls>) -> anyhow::Result<Verdict> {
    let account = identity(arguments).unwrap_or(test_account(arguments));
    let aftermath = aftermath(arguments, account)?;
    let opening = Instant::now();
    let mut link = Link::open(&arguments.to, tls).await?;
    println(&format!("{} connected after {:.1} ms", clock()?, ms(opening.elapsed())))?;
    let attempts = Device::attempts(arguments.protocol);
    let mut device = device(arguments).await?;
    let mut slowest = Duration::ZERO;
    for number in 1..=arguments.repeat {
        let begun = Instant::now();
        // The same reference again would be the same message again.
        let again = if number > 1 && device.is_digital() { Some(frames::line(arguments)?) } else { None };
        let line = again.as_deref().unwrap_or(line);
        println(&format!("{} sent {}{}", clock()?, escaped(line), mark(arguments)))?;
        match place(&mut link, &mut device, line).await? {
            Outcome::Acknowledged(answer) => {
                slowest = slowest.max(answer.after);
                let (ms, attempts) = (ms(answer.after), answer.attempts);
                println(&format!("{} acknowledged after {ms:.1} ms, attempts {attempts}", clock()?))?;
            }
            Outcome::Refused => {
                println(&format!("{} NOT acknowledged: refused", clock()?))?;
                return Ok(Verdict::Failed);
            }
            Outcome::Unanswered => {
                println(&format!("{} NOT acknowledged, attempts {}", clock()?, attempts))?;
                return Ok(Verdict::Failed);
            }
        }
        let rest = Duration::from_millis(arguments.every).saturating_sub(begun.elapsed());
        if number < arguments.repeat {
            tokio::time::sleep(rest).await;
        }
    }
    if arguments.repeat > 1 {
        println(&format!("{} calls, all acknowledged, the slowest after {:.1} ms", arguments.repeat, ms(slowest)))?;
    }
    tell_aftermath(aftermath)
}

async fn device(arguments: &Arguments) -> anyhow::Result<Device> {
    if matches!(arguments.protocol, Protocol::Scaip | Protocol::NowIp) {
        return Ok(Device::digital(digital(arguments).await?));
    }
    let ack_wait = arguments.ack_wait_ms.map_or(ACK_WAIT, Duration::from_millis);
    if arguments.protocol != Protocol::SiaDc09 {
        return Ok(Device::new(arguments.protocol, Some(ack_wait), false));
    }
    let FrameArguments { account, receiver, line, .. } = &arguments.fields;
    let usual = UnitSettings::default();
    let settings = UnitSettings {
        account: account.clone().unwrap_or_else(|| TEST_ACCOUNT.to_owned()),
        receiver: receiver.clone(),
        prefix: line.clone().unwrap_or(usual.prefix),
        ack_wait,
        poll_every: Duration::ZERO,
        ..UnitSettings::default()
    };
    Ok(Device::premises(arguments.premises.settings(settings)?))
}

/// What the receiver knows before the call, where it can be asked and there is something to look for.
fn aftermath(arguments: &Arguments, account: &str) -> anyhow::Result<Option<Aftermath>> {
    let names_nobody = arguments.protocol == Protocol::Iti;
    if arguments.frame.is_some() || arguments.heartbeat || names_nobody || !arguments.api.has_token() {
        return Ok(None);
    }
    match Aftermath::before(&arguments.api, account) {
        Ok(aftermath) => Ok(Some(aftermath)),
        Err(error) => {
            eprintln!("telecare-ctl: the API cannot be asked what becomes of the call: {error:#}");
            Ok(None)
        }
    }
}

/// The account or call address that was asked for.
fn identity(arguments: &Arguments) -> Option<&str> {
    let fields = &arguments.fields;
    match arguments.protocol {
        Protocol::Espa444 => fields.address.as_deref(),
        // As reports have it.
        Protocol::NowIp => fields.controller.as_deref().map(|controller| controller.trim_start_matches('0')),
        _ => fields.account.as_deref(),
    }
}

fn test_account(arguments: &Arguments) -> &'static str {
    if arguments.protocol == Protocol::OsborneHoffman { PANEL_TEST_ACCOUNT } else { TEST_ACCOUNT }
}

/// Says that the account is nobody's.
fn mark(arguments: &Arguments) -> String {
    let is_test = arguments.frame.is_none() && !arguments.heartbeat && identity(arguments).is_none();
    // Its test is the hardware receiver's own and names no account.
    if is_test && arguments.protocol != Protocol::Iti {
        format!(", account {}: the reserved test identity", test_account(arguments))
    } else {
        String::new()
    }
}

/// One call.
async fn place(link: &mut Link, device: &mut Device, line: &[u8]) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    device.send(line).context("no frame of this protocol, or more calls than are held")?;
    let mut acknowledged = None;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        while let Some(told) = device.next() {
            match told {
                Told::Send(bytes) => link.write(&bytes).await?,
                Told::Acknowledged { attempts } => {
                    acknowledged = Some(Acknowledged { after: begun.elapsed(), attempts });
                }
                Told::Polled => acknowledged = Some(Acknowledged { after: begun.elapsed(), attempts: 1 }),
                Told::LinkFailed => return Ok(Outcome::Unanswered),
                Told::Refused => return Ok(Outcome::Refused),
                Told::LinkRestored => {}
                Told::Heard(message) => println(&format!("{} the receiver says {message}", clock()?))?,
                Told::Step(step) => println(&format!("{} {step}", clock()?))?,
            }
        }
        if let Some(acknowledged) = acknowledged {
            return Ok(Outcome::Acknowledged(acknowledged));
        }
        let Some(deadline) = device.poll_timeout() else { bail!("the call ended without an outcome") };
        tokio::select! {
            read = link.read(&mut buffer) => device.handle_bytes(&buffer[..read?]),
            () = tokio::time::sleep_until(deadline.into()) => device.handle_timeout(),
        }
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

pub fn clock() -> anyhow::Result<String> {
    let format = format_description!("[hour]:[minute]:[second].[subsecond digits:3]Z");
    Ok(OffsetDateTime::now_utc().format(format)?)
}

/// Each line at once: a person may be watching.
pub fn println(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
