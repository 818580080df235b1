//! `sniff`: what speaks on a serial port, and the section of the configuration that fits it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use telecare_api::shapes::escaped;

use crate::sniff::judge::{Found, Framing, Judgement, Parity};
use crate::sniff::{Outcome, replay, sniff};
use crate::{Usage, Verdict, host};

/// Largest capture that is read, bytes.
const CAPTURE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// A link counts as lost after this many heartbeats.
const HEARTBEATS_TO_LOSE: u64 = 3;
/// Where the interval could not be heard: three of the usual 30 s.
const LINK_WATCH_S: u64 = 90;

/// Listen to a serial port and say what speaks there.
///
/// Tries speeds and parities on what it hears, names the protocol, the width of its header and how often it
/// says that it is there, and prints the section of the configuration that fits. It never writes a byte, so a
/// hardware receiver goes unanswered meanwhile and will sound its own alarm: use it on a line that is not in
/// service. Each wrong speed costs one thing heard; with a heartbeat every 30 s it may take some minutes. An
/// event that is made on purpose makes it quicker.
#[derive(clap::Args)]
pub struct Arguments {
    /// serial:PATH, the port to listen to.
    #[arg(required_unless_present = "replay", value_parser = port)]
    port: Option<PathBuf>,
    /// Judge a file of captured bytes instead.
    #[arg(long, value_name = "FILE", conflicts_with = "port")]
    replay: Option<PathBuf>,
    /// How long to listen at most, seconds.
    #[arg(long = "for", value_name = "S", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    longest: u64,
    /// Stop at the first line that can be read, without waiting for heartbeats.
    #[arg(long)]
    quick: bool,
    /// Listen although another program has the port open; it will miss what we hear.
    #[arg(long)]
    beside: bool,
}

fn port(text: &str) -> Result<PathBuf, String> {
    let path = text.strip_prefix("serial:").unwrap_or(text);
    if path.is_empty() { Err("serial:PATH".to_owned()) } else { Ok(PathBuf::from(path)) }
}

/// Listens, or reads the capture.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    if let Some(file) = &arguments.replay {
        return captured(file);
    }
    let Some(port) = &arguments.port else { return Err(Usage("sniff needs serial:PATH".to_owned()).into()) };
    let holders = host::holders(port);
    if let (Some(holder), false) = (holders.first(), arguments.beside) {
        let (name, pid) = (&holder.name, holder.pid);
        bail!("{} is in use by {name} (process {pid}), which would miss what we hear; stop it first", port.display());
    }
    let longest = Duration::from_secs(arguments.longest);
    let heard = sniff(port, longest, !arguments.quick, |text| eprintln!("{text}"));
    let outcome = heard.with_context(|| format!("{} cannot be listened to", port.display()))?;
    let mut out = io::stdout().lock();
    write!(out, "{}", in_words(&outcome, port, arguments.longest))?;
    out.flush()?;
    Ok(if outcome.found.is_some() { Verdict::Done } else { Verdict::Failed })
}

fn captured(file: &Path) -> anyhow::Result<Verdict> {
    let size = fs::metadata(file).with_context(|| file.display().to_string())?.len();
    if size > CAPTURE_BYTES_MAX {
        bail!("{} has {size} bytes; give at most {CAPTURE_BYTES_MAX}", file.display());
    }
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    let (text, verdict) = match replay(&bytes) {
        Judgement::Known(found) => (told(&found, None), Verdict::Done),
        Judgement::Text { framing, text } => (text_only(framing, &text), Verdict::Failed),
        Judgement::Garbage { bytes } => (format!("{bytes} bytes that make no sense in any frame\n"), Verdict::Failed),
        Judgement::Nothing => ("the file is empty\n".to_owned(), Verdict::Failed),
    };
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    Ok(verdict)
}

fn in_words(outcome: &Outcome, port: &Path, seconds: u64) -> String {
    if let Some((speed, found)) = &outcome.found {
        return told(found, Some(*speed)) + "\n" + &section(found, *speed, port);
    }
    if let Some((speed, framing, text)) = &outcome.text {
        return format!("at {speed} bit/s: ") + &text_only(*framing, text);
    }
    if outcome.bytes == 0 {
        return format!(
            "nothing was heard in {seconds} s. Is this the right port ({})? Is the cable a null-modem cable, or one \
             too many? Is the hardware receiver's computer output switched on? Does its heartbeat run?\n",
            port.display()
        );
    }
    let tried: Vec<String> =
        outcome.tried.iter().map(|setting| format!("{} {}", setting.speed, setting.view.name())).collect();
    format!(
        "{} bytes were heard and none made sense, at {}. Listen longer (--for), or look for a bad ground, a wrong \
         level (RS-232 against TTL or RS-485) or another kind of device.\n",
        outcome.bytes,
        tried.join(", ")
    )
}

fn text_only(framing: Framing, text: &[u8]) -> String {
    let some: Vec<u8> = text.iter().copied().take(120).collect();
    format!("text in {} and in no protocol we know:\n  {}\n", framing.name(), escaped(&some))
}

fn told(found: &Found, speed: Option<u32>) -> String {
    let speed = speed.map_or(String::new(), |speed| format!("{speed} bit/s, "));
    let mut text = format!("{} at {speed}{} (stop bits cannot be heard)\n", found.protocol, found.framing.name());
    if let Some(digits) = found.header_digits {
        text += &format!("  header       {digits} digits of receiver and line\n");
    }
    match found.heartbeat_every() {
        Some(every) => text += &format!("  heartbeat    every {:.0} s\n", every.as_secs_f64()),
        None if found.heartbeats.is_empty() => text += "  heartbeat    none was heard\n",
        None => text += "  heartbeat    only one was heard\n",
    }
    text += &format!("  lines        {} read, {} damaged\n", found.whole, found.broken);
    for example in &found.examples {
        text += &format!("               {}\n", escaped(example));
    }
    text
}

/// The section of the configuration, ready to be pasted.
fn section(found: &Found, speed: u32, port: &Path) -> String {
    let name = host::lasting_name(port);
    let path = name.as_deref().unwrap_or(port);
    let parity = match found.framing.parity {
        Parity::None => "none",
        Parity::Even => "even",
        Parity::Odd => "odd",
    };
    let data_bits = found.framing.data_bits;
    let mut text = format!(
        "[[line]]\nname = \"{protocol}-1\"\nprotocol = \"{protocol}\"\nserial = {{ path = {path:?}, speed = {speed}, \
         data-bits = {data_bits}, parity = \"{parity}\", stop-bits = 1 }}\n",
        protocol = found.protocol
    );
    if let Some(digits) = found.header_digits {
        let every = found.heartbeat_every().map(|every| every.as_secs_f64().ceil() as u64);
        let watch = every.map_or(LINK_WATCH_S, |every| (every * HEARTBEATS_TO_LOSE).clamp(10, 3_600));
        text += &format!("{} = {{ header-digits = {digits}, link-watch-s = {watch} }}\n", found.protocol);
    }
    text
}
