//! Test calls by tones: a simulated unit behind a simulated voice modem, at a path that a line of the receiver opens.

mod port;
mod unit;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum as _;
use telecare_protocol::call::UnitEvent;
use telecare_protocol::digital::UnitFault;
use telecare_protocol::tones::Heard;
use telecare_protocol::voice_modem::{Outcome, Reports, SimSettings, Simulator, TestCall, Told};

use crate::commands::call::{clock, println};
use crate::{Usage, Verdict};
use port::Port;
pub use unit::{Calling, unit};

/// Longest wait for the receiver to open the port and prepare the modem: it may be in its longest back-off.
const OPEN_MAX: Duration = Duration::from_secs(60);

/// How long the receiver may take to release its end of a call that is over: busy tone is believed after six seconds.
const RELEASE_MAX: Duration = Duration::from_secs(10);
/// A receiver that has begun to prepare the modem for the next call is done after this.
const PREPARED_AFTER: Duration = Duration::from_millis(300);
/// The longest wait between two looks at a call.
const TICK: Duration = Duration::from_secs(1);

/// How a unit behind a voice modem behaves.
#[derive(clap::Args)]
pub struct VoiceArguments {
    /// The number the exchange tells; P withholds it [voice-modem].
    #[arg(long, value_name = "NUMBER")]
    caller: Option<String>,
    /// What is wrong with the unit; may be given several times. Telephoning: wrong-checksum, dropped-digit, long-gap,
    /// missing-end, late-start, ignored-ack, hang-up-mid-frame, deaf [voice-modem]. Digital: no-from-tag, constant-branch,
    /// wrong-length, deaf, duplicate, wrong-password, truncated, wrong-root, missing-element, dtd, bad-code [scaip,
    /// nowip].
    #[arg(long, value_name = "NAME", value_parser = fault)]
    fault: Vec<String>,
    /// Faults of a frame are only in the first so many attempts; otherwise in all [voice-modem].
    #[arg(long, value_name = "N")]
    faulty_sends: Option<u32>,
    /// Another call outstanding at a scheme, as it tells of it: 12 digits [bs8521], 8 [tt92, ttnew]; may be given
    /// several times.
    #[arg(long, value_name = "DIGITS")]
    outstanding: Vec<String>,
    /// The modem tells each digit once, without its begin and end [voice-modem].
    #[arg(long)]
    digits_once: bool,
    /// How long the unit stays on the line once it is acknowledged, unless it is cleared before [voice-modem].
    #[arg(long, default_value_t = 5, value_name = "S")]
    stay_s: u64,
}

/// The name of a fault of any unit.
fn fault(name: &str) -> Result<String, String> {
    if Fault::from_str(name, false).is_err() && UnitFault::of(name).is_none() {
        return Err("no fault of any unit".to_owned());
    }
    Ok(name.to_owned())
}

impl VoiceArguments {
    /// What is wrong with a unit that telephones.
    fn faults(&self) -> Result<Vec<Fault>, Usage> {
        let wrong = |name: &str| Usage(format!("a unit that telephones has no fault {name}"));
        self.fault.iter().map(|name| Fault::from_str(name, false).map_err(|_| wrong(name))).collect()
    }

    /// What is wrong with a digital unit.
    pub fn digital_faults(&self) -> Result<BTreeSet<UnitFault>, Usage> {
        let wrong = |name: &str| Usage(format!("a digital unit has no fault {name}"));
        self.fault.iter().map(|name| UnitFault::of(name).ok_or_else(|| wrong(name))).collect()
    }
}

/// What can be wrong with a unit that telephones.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Fault {
    /// The checksum is wrong.
    WrongChecksum,
    /// A digit is left out.
    DroppedDigit,
    /// A silence of 400 ms inside the frame.
    LongGap,
    /// The last digit is left out.
    MissingEnd,
    /// Data begins 400 ms late.
    LateStart,
    /// The first acknowledgement is not heard.
    IgnoredAck,
    /// It hangs up in the frame.
    HangUpMidFrame,
    /// It hears nothing and says nothing.
    Deaf,
}

/// So many calls, so long apart, from the modem that is plugged in to the last one's end.
pub async fn place(
    path: &Path,
    arguments: &VoiceArguments,
    calling: &Calling,
    repeat: u32,
    every: Duration,
) -> anyhow::Result<Verdict> {
    let reports = if arguments.digits_once { Reports::Once } else { Reports::Both };
    let modem = Simulator::new(SimSettings { reports, ..SimSettings::default() });
    let port = Port::plug(path)?;
    say(&format!("modem at {}, waiting for the receiver to open it", path.display()))?;
    let call = TestCall::new(modem, calling.unit.clone(), arguments.caller.clone());
    let stay = Duration::from_secs(arguments.stay_s);
    let mut placing = Placing { port, call, stay, rings: false, sent: None, leave: None, over: None };
    for number in 1..=repeat {
        if number > 1 {
            placing.wait(every).await?;
            placing.call.again(calling.unit.clone(), arguments.caller.clone(), Instant::now());
        }
        say(&format!("the unit will send {}", calling.words))?;
        if placing.run().await? == Verdict::Failed {
            return Ok(Verdict::Failed);
        }
    }
    Ok(Verdict::Done)
}

struct Placing {
    port: Port,
    call: TestCall,
    stay: Duration,
    rings: bool,
    /// When the unit did last what may be acknowledged.
    sent: Option<Instant>,
    /// When the unit hangs up by itself.
    leave: Option<Instant>,
    /// The verdict, and until when the receiver may release its end of the line.
    over: Option<(Verdict, Instant)>,
}

impl Placing {
    /// One call.
    async fn run(&mut self) -> anyhow::Result<Verdict> {
        (self.rings, self.over) = (false, None);
        let opened_by = Instant::now() + OPEN_MAX;
        loop {
            self.hear_all()?;
            let now = Instant::now();
            if let Some((verdict, until)) = self.over.filter(|(_, until)| self.call.is_on_hook() || now >= *until) {
                if now >= until {
                    say("the receiver did not release the line")?;
                }
                // The last commands of its preparation for the next call.
                self.wait(PREPARED_AFTER).await?;
                return Ok(verdict);
            }
            if !self.rings && now >= opened_by {
                bail!("no receiver has opened the modem and prepared it within {} s", OPEN_MAX.as_secs());
            }
            self.step(self.over.map_or(opened_by, |(_, until)| until)).await?;
        }
    }

    /// Lets the modem answer the receiver for so long.
    async fn wait(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.hear_all()?;
            self.step(until).await?;
        }
        self.hear_all()
    }

    /// Waits for the next thing to happen, until then at most.
    async fn step(&mut self, until: Instant) -> anyhow::Result<()> {
        let due = [self.call.poll_timeout(), self.leave, Some(until)].into_iter().flatten().min().unwrap_or(until);
        // Not in the past for ever: a call that goes on longer than the wait for its begin has no other deadline.
        let due =
            if due <= Instant::now() && due == until && self.over.is_none() { Instant::now() + TICK } else { due };
        tokio::select! {
            biased;
            bytes = self.port.read() => self.call.handle_bytes(&bytes?, Instant::now()),
            () = tokio::time::sleep_until(due.into()) => self.woken(),
        }
        Ok(())
    }

    fn hear_all(&mut self) -> anyhow::Result<()> {
        while let Some(told) = self.call.next_told() {
            self.told(told)?;
        }
        Ok(())
    }

    fn woken(&mut self) {
        let now = Instant::now();
        self.call.handle_timeout(now);
        if self.leave.take_if(|leave| now >= *leave).is_some() {
            self.call.hang_up(now);
        }
    }

    fn told(&mut self, told: Told) -> anyhow::Result<()> {
        match told {
            Told::Send(bytes) => self.port.write(&bytes)?,
            Told::Rings => {
                self.rings = true;
                say("rings")?;
            }
            Told::Answered => say("answered")?,
            Told::Plays(notes) => {
                let sounds: Vec<String> = notes.iter().map(|note| note.sound.to_string()).collect();
                say(&format!("plays {}", sounds.concat()))?;
            }
            Told::Hears(heard) => say(&format!("hears {}", in_words(&heard)))?,
            Told::Happened(event) => self.happened(&event)?,
            Told::HangsUp => say("the unit hangs up")?,
            Told::HungUp => say("the receiver hung up")?,
            Told::Over(outcome) => {
                self.leave = None;
                self.over = Some((over(outcome)?, Instant::now() + RELEASE_MAX));
            }
        }
        Ok(())
    }

    fn happened(&mut self, event: &UnitEvent) -> anyhow::Result<()> {
        say(&format!("the unit {event}"))?;
        let now = Instant::now();
        if !event.is_acknowledgement() {
            self.sent = Some(now);
            return Ok(());
        }
        self.leave = Some(now + self.stay);
        if let Some(sent) = self.sent {
            let ms = now.duration_since(sent).as_secs_f64() * 1000.0;
            say(&format!("acknowledged after {ms:.1} ms, the tone included"))?;
        }
        Ok(())
    }
}

fn over(outcome: Outcome) -> anyhow::Result<Verdict> {
    match outcome {
        Outcome::Acknowledged => return Ok(Verdict::Done),
        Outcome::NotAcknowledged => say("NOT acknowledged")?,
        Outcome::NotAnswered => say("NOT answered")?,
    }
    Ok(Verdict::Failed)
}

fn in_words(heard: &Heard) -> String {
    format!("{}, {} ms", heard.sound, heard.lasted().unwrap_or_default().as_millis())
}

fn say(text: &str) -> anyhow::Result<()> {
    println(&format!("{} {text}", clock()?))?;
    Ok(())
}
