//! `call`: test calls as a Sur-Gard hardware receiver places them: a line, the wait for its acknowledgement,
//! the same line again, four attempts in all.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use telecare_api::shapes::escaped;
use telecare_protocol::surgard::{DC4, Header, Sender, SenderCommand, SenderSettings, sender_settings};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::frame::FrameArguments;
use crate::link::{Link, Target};
use crate::text::unescaped;
use crate::{Usage, Verdict};

/// The account of a test call: no centre gives it to a person.
const TEST_ACCOUNT: &str = "9999";
/// Contact ID 601, manual trigger test; SIA RX, the same.
const TEST_CODES: [(&str, &str); 2] = [("5", "601"), ("3", "RX")];

#[derive(clap::Args)]
pub struct Arguments {
    /// serial:PATH[,SPEED,7E1], tcp:HOST:PORT, or listen:HOST:PORT for a line that connects to its receiver.
    #[arg(long)]
    to: Target,
    /// The whole line instead of its fields; bytes that cannot be typed as \xNN.
    #[arg(long, conflicts_with = "heartbeat")]
    frame: Option<String>,
    /// Send a heartbeat.
    #[arg(long)]
    heartbeat: bool,
    /// How many calls.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Time from the begin of one call to the next; a call that takes longer delays the next.
    #[arg(long, default_value_t = 1000, value_name = "MS")]
    every: u64,
    /// How long one attempt waits for its acknowledgement.
    #[arg(long, default_value_t = 4000, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=9_900))]
    ack_wait_ms: u64,
    #[command(flatten)]
    fields: FrameArguments,
}

/// An acknowledged call.
struct Acknowledged {
    after: Duration,
    attempts: u32,
}

/// Places the calls; fails at the first that nobody acknowledges.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let line = line(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(place_all(arguments, &line))
}

async fn place_all(arguments: &Arguments, line: &[u8]) -> anyhow::Result<Verdict> {
    let mut link = Link::open(&arguments.to).await?;
    let settings = SenderSettings {
        ack_wait: Duration::from_millis(arguments.ack_wait_ms),
        heartbeat: Duration::ZERO,
        ..sender_settings(&Header { receiver: "01".to_owned(), line: "1".to_owned() })
    };
    let attempts = settings.attempts;
    let mut sender = Sender::new(settings, Instant::now());
    let mut slowest = Duration::ZERO;
    for number in 1..=arguments.repeat {
        let begun = Instant::now();
        println(&format!("{} sent {}", clock()?, escaped(line)))?;
        match place(&mut link, &mut sender, line).await? {
            Some(answer) => {
                slowest = slowest.max(answer.after);
                let (ms, attempts) = (answer.after.as_secs_f64() * 1000.0, answer.attempts);
                println(&format!("{} acknowledged after {ms:.1} ms, attempts {attempts}", clock()?))?;
            }
            None => {
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
        let ms = slowest.as_secs_f64() * 1000.0;
        println(&format!("{} calls, all acknowledged, the slowest after {ms:.1} ms", arguments.repeat))?;
    }
    Ok(Verdict::Done)
}

/// One call; none when all its attempts went unanswered.
async fn place(link: &mut Link, sender: &mut Sender, line: &[u8]) -> anyhow::Result<Option<Acknowledged>> {
    let begun = Instant::now();
    sender.send(line.to_vec(), begun).context("more calls than a hardware receiver holds")?;
    let mut buffer = [0; 64];
    loop {
        while let Some(command) = sender.next_command() {
            match command {
                SenderCommand::Send(bytes) => link.write(&bytes).await?,
                SenderCommand::Acknowledged { attempts, .. } => {
                    return Ok(Some(Acknowledged { after: begun.elapsed(), attempts }));
                }
                SenderCommand::LinkFailed => return Ok(None),
                SenderCommand::LinkRestored => {}
            }
        }
        let Some(deadline) = sender.poll_timeout() else { bail!("the call ended without an outcome") };
        tokio::select! {
            read = link.read(&mut buffer) => sender.handle_bytes(&buffer[..read?], Instant::now()),
            () = tokio::time::sleep_until(deadline.into()) => sender.handle_timeout(Instant::now()),
        }
    }
}

/// The line as it goes out, DC4 included.
fn line(arguments: &Arguments) -> Result<Vec<u8>, Usage> {
    if let Some(frame) = &arguments.frame {
        let mut line = unescaped(frame.as_bytes());
        if line.last() != Some(&DC4) {
            line.push(DC4);
        }
        return Ok(line);
    }
    if arguments.heartbeat {
        return Ok(arguments.fields.heartbeat());
    }
    let form = arguments.fields.form.as_deref().unwrap_or("5");
    let code = TEST_CODES.iter().find(|(of, _)| *of == form).map(|(_, code)| ("code", *code));
    let defaults: Vec<_> = code.into_iter().chain([("account", TEST_ACCOUNT)]).collect();
    arguments.fields.surgard(&defaults)
}

fn clock() -> anyhow::Result<String> {
    let format = format_description!("[hour]:[minute]:[second].[subsecond digits:3]Z");
    Ok(OffsetDateTime::now_utc().format(format)?)
}

/// Each line at once: a person may be watching.
fn println(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
