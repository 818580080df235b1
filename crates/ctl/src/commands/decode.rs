//! `decode`: frames from the command line or from standard input, one a line; or a call's sounds with their times.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use telecare_protocol::osborne_hoffman::{KEY_BYTES, Key};
use telecare_protocol::{Codes, DecodeOptions, Decoded, Mode, Protocol, What, ademco685, decode, surgard};

use crate::decoded::{DecodedShape, in_words};
use crate::premises::KeyArguments;
use crate::text::unescaped;
use crate::{Usage, Verdict, timed};

/// Longest line of standard input, bytes; a longer one is refused.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

#[derive(clap::Args)]
pub struct Arguments {
    /// What is spoken; with --timed by a unit that telephones, or detect. scaip and nowip are documents alone, sip one in
    /// its message, too.
    #[arg(long, value_parser = document_or_protocol)]
    protocol: Protocol,
    /// Run a call on virtual time: the words are what the unit does, in milliseconds, from the answer on.
    /// `A01*#@80/70` digits, each 80 on and 70 off; `1850Hz@200` a single tone; `+500` a pause; `?` wait until the
    /// receiver has played; `!` hang up.
    #[arg(long, conflicts_with_all = ["strict", "header_digits"])]
    timed: bool,
    /// With --timed: how long the store takes.
    #[arg(long, value_name = "MS", default_value_t = 20, requires = "timed", value_parser = clap::value_parser!(u64).range(..=600_000))]
    stored_after_ms: u64,
    /// Print one JSON object per frame found.
    #[arg(long)]
    json: bool,
    /// Make an error of every deviation from the layout.
    #[arg(long)]
    strict: bool,
    /// The code of the byte that ends a line, where it is set otherwise than as delivered [radionics-6500, cp-220].
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u8).range(1..=126))]
    end: Option<u8>,
    /// Digits of receiver and line together at the head of a line: surgard 3 to 9, ademco-685 and cp-220 2 to 5.
    #[arg(long, value_name = "N")]
    header_digits: Option<usize>,
    /// The key of an Osborne-Hoffman connection, 48 hex digits: the frames are cipher text.
    #[arg(long, value_parser = key)]
    key: Option<Key>,
    #[command(flatten)]
    keys: KeyArguments,
    /// Frames; bytes that cannot be typed as \xNN, framing bytes may be left out. Without any, lines of
    /// standard input.
    frames: Vec<String>,
}

/// A protocol that a line can speak.
pub fn protocol(name: &str) -> Result<Protocol, String> {
    let known = Protocol::spoken().find(|protocol| protocol.as_str() == name);
    known.ok_or_else(|| format!("one of {}", Protocol::names(Protocol::spoken())))
}

/// The same, and the documents of digital units.
pub fn document_or_protocol(name: &str) -> Result<Protocol, String> {
    let known = || Protocol::spoken().chain([Protocol::Scaip, Protocol::NowIp]);
    known().find(|protocol| protocol.as_str() == name).ok_or_else(|| format!("one of {}", Protocol::names(known())))
}

/// A key as hex digits.
pub fn key(text: &str) -> Result<Key, String> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    let key = bytes.and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
    key.map(Key::new).ok_or_else(|| "48 hex digits".to_owned())
}

/// Decodes every frame; fails if any could not be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    if arguments.timed {
        return run_timed(arguments);
    }
    let mut options = DecodeOptions::default();
    if let Some(digits) = arguments.header_digits {
        let widths = match arguments.protocol {
            Protocol::Ademco685 | Protocol::Cp220 => ademco685::HEADER_DIGITS,
            protocol @ (Protocol::Espa444
            | Protocol::SiaDc03
            | Protocol::Texecom
            | Protocol::OsborneHoffman
            | Protocol::SiaDc09
            | Protocol::Radionics6500
            | Protocol::SiaDc07
            | Protocol::Iti) => {
                return Err(Usage(format!("{protocol} has no header of digits")).into());
            }
            _ => surgard::HEADER_DIGITS,
        };
        if !widths.contains(&digits) {
            let (least, most) = (widths.start(), widths.end());
            return Err(Usage(format!("--header-digits must be {least} to {most} for {}", arguments.protocol)).into());
        }
        options.header_digits = Some(digits);
    }
    if arguments.key.is_some() && arguments.protocol != Protocol::OsborneHoffman {
        return Err(Usage(format!("{} has no key", arguments.protocol)).into());
    }
    if arguments.end.is_some() && !matches!(arguments.protocol, Protocol::Radionics6500 | Protocol::Cp220) {
        return Err(Usage(format!("{} has ends of its own", arguments.protocol)).into());
    }
    (options.key, options.end) = (arguments.key, arguments.end);
    let keys = arguments.keys.keys(&arguments.frames)?;
    options.keys = keys.as_ref();
    let mode = if arguments.strict { Mode::Strict } else { Mode::Tolerant };
    let codes = Codes::builtin();
    let mut verdict = Verdict::Done;
    let mut each = |frame: &[u8]| -> anyhow::Result<()> {
        for decoded in decode(arguments.protocol, &unescaped(frame), mode, &codes, &options) {
            if matches!(decoded.what, What::Error(_)) {
                verdict = Verdict::Failed;
            }
            print(arguments, &decoded)?;
        }
        Ok(())
    };
    if arguments.frames.is_empty() {
        from_input(&mut io::stdin().lock(), &mut each)?;
    } else {
        arguments.frames.iter().try_for_each(|frame| each(frame.as_bytes()))?;
    }
    Ok(verdict)
}

/// Runs a call; fails if it delivered nothing that could be read.
fn run_timed(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let mut text = arguments.frames.join(" ");
    if arguments.frames.is_empty() {
        io::stdin().lock().take(LINE_BYTES_MAX).read_to_string(&mut text).context("standard input")?;
    }
    let script: timed::Script = text.parse().map_err(Usage)?;
    let stored_after = Duration::from_millis(arguments.stored_after_ms);
    let Some(call) = timed::run(&script, arguments.protocol, Arc::new(Codes::builtin()), stored_after) else {
        return Err(Usage(format!("{} has no calls: name a protocol that telephones", arguments.protocol)).into());
    };
    let mut out = io::stdout().lock();
    for done in &call.done {
        if arguments.json {
            writeln!(out, "{}", serde_json::to_string(done)?)?;
        } else {
            writeln!(out, "{}", done.in_words())?;
        }
    }
    out.flush()?;
    Ok(if call.delivered { Verdict::Done } else { Verdict::Failed })
}

/// Line by line as they come, so that it can stand at the end of a pipe. No input at all is one empty frame.
fn from_input(input: &mut impl BufRead, each: &mut impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut line = Vec::new();
    let mut lines = 0_u64;
    loop {
        line.clear();
        let read = input.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line).context("standard input")?;
        if line.len() as u64 > LINE_BYTES_MAX {
            return Err(Usage(format!("a line of standard input is longer than {LINE_BYTES_MAX} bytes")).into());
        }
        if read == 0 && lines > 0 {
            return Ok(());
        }
        lines += 1;
        let frame = line.strip_suffix(b"\n").unwrap_or(&line);
        each(frame.strip_suffix(b"\r").unwrap_or(frame))?;
        if read == 0 {
            return Ok(());
        }
    }
}

fn print(arguments: &Arguments, decoded: &Decoded) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&DecodedShape::of(arguments.protocol, decoded))?)?;
    } else {
        write!(out, "{}", in_words(decoded))?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_split_at_line_ends_only() {
        let table: [(&[u8], &[&[u8]]); 5] = [
            (b"", &[b""]),
            (b"a\nb", &[b"a", b"b"]),
            (b"a\r\n\nb\n", &[b"a", b"", b"b"]),
            (b"a\x14b\n", &[b"a\x14b"]),
            (b"\n", &[b""]),
        ];
        for (input, expected) in table {
            let mut frames: Vec<Vec<u8>> = Vec::new();
            from_input(&mut &*input, &mut |frame| {
                frames.push(frame.to_vec());
                Ok(())
            })
            .unwrap();
            assert_eq!(frames, expected, "{input:?}");
        }
    }
}
