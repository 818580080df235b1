//! Test calls by tones: a simulated unit behind a simulated voice modem, at a path that a line of the receiver opens.

mod port;
mod unit;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use telecare_protocol::tones::Heard;
use telecare_protocol::voice_modem::{Outcome, Reports, SimSettings, Simulator, TestCall, Told};

use crate::Verdict;
use crate::commands::call::{clock, println};
use port::Port;
pub use unit::{Calling, unit};

/// Longest wait for the receiver to open the port and prepare the modem: it may be in its longest back-off.
const OPEN_MAX: Duration = Duration::from_secs(60);

/// How a unit behind a voice modem behaves.
#[derive(clap::Args)]
pub struct Arguments {
    /// The number the exchange tells; P withholds it [voice-modem].
    #[arg(long, value_name = "NUMBER")]
    caller: Option<String>,
    /// What is wrong with the unit; may be given several times [voice-modem].
    #[arg(long, value_enum)]
    fault: Vec<Fault>,
    /// Faults of a frame are only in the first so many attempts; otherwise in all [voice-modem].
    #[arg(long, value_name = "N")]
    faulty_sends: Option<u32>,
    /// Another call outstanding at a scheme, 12 digits as it answers; may be given several times [bs8521].
    #[arg(long, value_name = "DIGITS")]
    outstanding: Vec<String>,
    /// The modem tells each digit once, without its begin and end [voice-modem].
    #[arg(long)]
    digits_once: bool,
    /// How long the unit stays on the line once it is acknowledged, unless it is cleared before [voice-modem].
    #[arg(long, default_value_t = 5, value_name = "S")]
    stay_s: u64,
}

/// What can be wrong with a unit.
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

/// One call, from the modem that is plugged in to its end.
pub async fn place(path: &Path, arguments: &Arguments, calling: &Calling) -> anyhow::Result<Verdict> {
    let reports = if arguments.digits_once { Reports::Once } else { Reports::Both };
    let modem = Simulator::new(SimSettings { reports, ..SimSettings::default() });
    let port = Port::plug(path)?;
    say(&format!("modem at {}, waiting for the receiver to open it", path.display()))?;
    let call = TestCall::new(modem, calling.unit.clone(), arguments.caller.clone());
    let mut placing = Placing { port, call, stay: Duration::from_secs(arguments.stay_s), sent: None, leave: None };
    say(&format!("the unit will send {}", calling.words))?;
    placing.run().await
}

struct Placing {
    port: Port,
    call: TestCall,
    stay: Duration,
    /// When the unit's frame was out.
    sent: Option<Instant>,
    /// When the unit hangs up by itself.
    leave: Option<Instant>,
}

impl Placing {
    async fn run(&mut self) -> anyhow::Result<Verdict> {
        let opened_by = Instant::now() + OPEN_MAX;
        let mut rings = false;
        loop {
            while let Some(told) = self.call.next_told() {
                rings |= told == Told::Rings;
                if let Some(verdict) = self.told(told)? {
                    return Ok(verdict);
                }
            }
            let now = Instant::now();
            if !rings && now >= opened_by {
                bail!("no receiver has opened the modem and prepared it within {} s", OPEN_MAX.as_secs());
            }
            let due = [self.call.poll_timeout(), self.leave, (!rings).then_some(opened_by)];
            let due = due.into_iter().flatten().min().context("the call stands still")?;
            tokio::select! {
                biased;
                bytes = self.port.read() => self.call.handle_bytes(&bytes?, Instant::now()),
                () = tokio::time::sleep_until(due.into()) => self.woken(),
            }
        }
    }

    fn woken(&mut self) {
        let now = Instant::now();
        self.call.handle_timeout(now);
        if self.leave.take_if(|leave| now >= *leave).is_some() {
            self.call.hang_up(now);
        }
    }

    /// The verdict once the call is over.
    fn told(&mut self, told: Told) -> anyhow::Result<Option<Verdict>> {
        match told {
            Told::Send(bytes) => self.port.write(&bytes)?,
            Told::Rings => say("rings")?,
            Told::Answered => say("answered")?,
            Told::Plays(notes) => {
                let sounds: String = notes.iter().map(|note| note.sound.to_string()).collect();
                say(&format!("plays {sounds}"))?;
            }
            Told::Hears(heard) => say(&format!("hears {}", in_words(&heard)))?,
            Told::Happened(event) => {
                say(&format!("the unit {event}"))?;
                let now = Instant::now();
                if event.is_acknowledgement {
                    self.leave = Some(now + self.stay);
                    if let Some(sent) = self.sent {
                        let ms = now.duration_since(sent).as_secs_f64() * 1000.0;
                        say(&format!("acknowledged after {ms:.1} ms, the tone included"))?;
                    }
                } else {
                    self.sent = Some(now);
                }
            }
            Told::HangsUp => say("the unit hangs up")?,
            Told::HungUp => say("the receiver hung up")?,
            Told::Over(outcome) => return over(outcome).map(Some),
        }
        Ok(None)
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
