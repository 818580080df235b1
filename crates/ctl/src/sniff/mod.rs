//! Finding out what speaks on a serial port by listening to it.
//!
//! A speed is judged by what is heard at it: each time something was said that made no sense, the next speed
//! is tried, and after all of them the frames that have nine bits. Waiting costs nothing but time: a hardware
//! receiver whose lines nobody answers still says its heartbeat.

pub mod judge;
mod port;

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use judge::{Found, Framing, Heard, Judgement, judge};
pub use port::Port;

/// Speeds that hardware receivers are set to, likeliest first (bits per second).
pub const SPEEDS: [u32; 10] = [1200, 9600, 2400, 4800, 300, 600, 19_200, 38_400, 57_600, 115_200];
/// Silence that ends something said.
const QUIET: Duration = Duration::from_millis(400);
/// What is said without a pause is judged after so many bytes, or after this long.
const BURST_BYTES_MAX: usize = 2_048;
const BURST_MAX: Duration = Duration::from_secs(5);
/// How long text in no protocol is listened to before another speed is tried.
const TEXT_BURSTS_MAX: usize = 3;
/// Bytes kept of one setting; older ones are forgotten.
const HEARD_BYTES_MAX: usize = 64 * 1024;
/// How long a second heartbeat is waited for once the protocol is known: two of a minute, and some.
pub const HEARTBEAT_WAIT: Duration = Duration::from_secs(130);

/// How a port was set when something was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Bits per second.
    pub speed: u32,
    /// How the port was set to listen.
    pub view: Framing,
}

/// What listening told.
#[derive(Debug)]
pub struct Outcome {
    /// What was recognised, and at which speed.
    pub found: Option<(u32, Found)>,
    /// The most sensible text otherwise.
    pub text: Option<(u32, Framing, Vec<u8>)>,
    /// Bytes heard at all settings together.
    pub bytes: usize,
    /// Settings at which something was heard and made no sense.
    pub tried: Vec<Setting>,
}

/// Listens until a protocol and its heartbeat are known, or for so long. `told` is what a person may follow.
pub fn sniff(path: &Path, longest: Duration, wants_heartbeat: bool, mut told: impl FnMut(&str)) -> io::Result<Outcome> {
    let begun = Instant::now();
    let end = begun + longest;
    let mut port = Port::open(path, begun)?;
    let mut outcome = Outcome { found: None, text: None, bytes: 0, tried: Vec::new() };
    let views = Framing::VIEWS.into_iter();
    let mut settings = views.flat_map(|view| SPEEDS.map(|speed| Setting { speed, view })).cycle();
    while let Some(setting) = settings.next().filter(|_| Instant::now() < end) {
        port.set(setting.speed, setting.view)?;
        told(&format!("listening at {} {}", setting.speed, setting.view.name()));
        match at_one(&mut port, setting, end, wants_heartbeat, &mut outcome, &mut told)? {
            Judgement::Known(found) => {
                outcome.found = Some((setting.speed, *found));
                break;
            }
            Judgement::Text { framing, text } => {
                told("this is text, but no protocol we know");
                outcome.text = Some((setting.speed, framing, text));
            }
            Judgement::Garbage { bytes } => {
                told(&format!("{bytes} bytes that make no sense at this speed"));
                outcome.tried.push(setting);
            }
            Judgement::Nothing => {}
        }
    }
    Ok(outcome)
}

/// Listens at one setting until what is said there is judged.
fn at_one(
    port: &mut Port,
    setting: Setting,
    end: Instant,
    wants_heartbeat: bool,
    outcome: &mut Outcome,
    told: &mut impl FnMut(&str),
) -> io::Result<Judgement> {
    let mut all: Vec<Heard> = Vec::new();
    let mut known_at: Option<Instant> = None;
    for bursts in 1.. {
        let until = known_at.map_or(end, |at| end.min(at + HEARTBEAT_WAIT));
        let burst = burst(port, until)?;
        outcome.bytes += burst.len();
        let is_silent = burst.is_empty();
        all.extend(burst);
        all.drain(..all.len().saturating_sub(HEARD_BYTES_MAX));
        match judge(&all, setting.view) {
            Judgement::Known(found) => {
                if known_at.is_none() {
                    known_at = Some(Instant::now());
                    let frame = found.framing.name();
                    told(&format!("{} at {} {frame}", found.protocol, setting.speed));
                }
                let has_heartbeat = found.heartbeat_every().is_some();
                if is_silent || has_heartbeat || !wants_heartbeat {
                    return Ok(Judgement::Known(found));
                }
            }
            Judgement::Text { .. } if !is_silent && bursts < TEXT_BURSTS_MAX => {}
            other => return Ok(other),
        }
    }
    Ok(Judgement::Nothing)
}

/// Something said: from its first byte to the silence after it. Empty when the time is up.
fn burst(port: &mut Port, until: Instant) -> io::Result<Vec<Heard>> {
    let mut heard: Vec<Heard> = Vec::new();
    let mut begun: Option<Instant> = None;
    loop {
        let now = Instant::now();
        let left = until.saturating_duration_since(now);
        let wait = if heard.is_empty() { left } else { QUIET.min(left) };
        let more = port.listen(wait)?;
        let is_over = match begun {
            None => Instant::now() >= until,
            Some(begun) => more.is_empty() || begun.elapsed() >= BURST_MAX || heard.len() >= BURST_BYTES_MAX,
        };
        if !more.is_empty() {
            begun.get_or_insert_with(Instant::now);
        }
        heard.extend(more);
        if is_over {
            return Ok(heard);
        }
    }
}

/// What captured bytes are that came through a port set to 8 data bits without parity.
pub fn replay(bytes: &[u8]) -> Judgement {
    let heard: Vec<Heard> = bytes.iter().map(|byte| Heard { at: Duration::ZERO, byte: *byte, is_bad: false }).collect();
    judge(&heard, Framing::VIEWS[0])
}
