//! Settings of a hardware receiver's automation output.

use std::time::Duration;

use telecare_protocol::automation::{Dialect, Timing};
use telecare_protocol::{Protocol, ademco685, cp220, iti, radionics, sia_dc07, surgard};
use toml::Spanned;

use super::check::Check;
use super::{ConfigError, file};

/// Settings of a hardware receiver's automation output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Automation {
    /// Receiver and line digits at the head of a message: 3 for RRL and 5 for RRLLL with Sur-Gard, 2 with Ademco 685.
    pub header_digits: u8,
    /// The byte before a message; none where the receiver writes none. Set with CP-220 and Radionics, else its make's.
    pub first: Option<u8>,
    /// The byte after a message; likewise.
    pub last: u8,
    /// How long the hardware receiver waits for an answer before it repeats.
    pub ack_wait: Duration,
    /// How long the line may be silent before its link counts as lost; none to never tell.
    pub link_watch: Option<Duration>,
}

/// Every automation output.
pub const AUTOMATION: [Protocol; 6] = [
    Protocol::SurGard,
    Protocol::Ademco685,
    Protocol::Radionics6500,
    Protocol::SiaDc07,
    Protocol::Cp220,
    Protocol::Iti,
];

impl file::Line {
    /// The tables of the automation outputs that are written.
    fn outputs(&self) -> impl Iterator<Item = (Protocol, &Spanned<file::Automation>)> {
        let tables = [
            (Protocol::SurGard, &self.surgard),
            (Protocol::Ademco685, &self.ademco685),
            (Protocol::Radionics6500, &self.radionics6500),
            (Protocol::SiaDc07, &self.sia_dc07),
            (Protocol::Cp220, &self.cp220),
            (Protocol::Iti, &self.iti),
        ];
        tables.into_iter().filter_map(|(of, table)| Some((of, table.as_ref()?)))
    }
}

impl Check<'_> {
    pub(super) fn automation(&self, line: &file::Line, protocol: Protocol) -> Result<Automation, ConfigError> {
        let espa = line.espa444.as_ref().map(|table| (Protocol::Espa444, table.span()));
        let osborne = line.osborne_hoffman.as_ref().map(|table| (Protocol::OsborneHoffman, table.span()));
        let dc03 = line.sia_dc03.as_ref().map(|table| (Protocol::SiaDc03, table.span()));
        let texecom = line.texecom.as_ref().map(|table| (Protocol::Texecom, table.span()));
        let dc09 = line.sia_dc09.as_ref().map(|table| (Protocol::SiaDc09, table.span()));
        let written = line.outputs().map(|(of, table)| (of, table.span()));
        let sip = line.sip.as_ref().map(|table| (Protocol::Sip, table.span()));
        let mut others = written.chain(espa).chain(osborne).chain(dc03).chain(texecom).chain(dc09).chain(sip);
        if let Some((of, at)) = others.find(|(of, _)| *of != protocol) {
            let what = format!("the line speaks {protocol}, so the settings of {of} would do nothing");
            return Err(self.at(self.error(what, format!("name them {protocol}, or remove them")), at));
        }
        let unset = file::Automation::default();
        let set = line.outputs().next().map_or(&unset, |(_, table)| table.as_ref());
        let (usual, digits) = usual(protocol);
        let or = |value: &Option<Spanned<u64>>, bounds, usual: u64| match value {
            Some(value) => self.within(value, bounds),
            None => Ok(usual),
        };
        if let Some(key) = set.header_digits.as_ref().filter(|_| digits.is_none()) {
            let what = format!("the head of {protocol} is of one width");
            return Err(self.at(self.error(what, "remove header-digits"), key.span()));
        }
        let digits = digits.unwrap_or(0..=0);
        let link_watch = or(&set.link_watch_s, 0..=3_600, usual.timing.link_watch.as_secs())?;
        let ack_wait =
            or(&set.ack_wait_ms, 500..=30_000, u64::try_from(usual.timing.ack_wait.as_millis()).unwrap_or(u64::MAX))?;
        let first = self.end(set.first.as_ref(), protocol)?;
        let last = self.end(set.last.as_ref(), protocol)?;
        if let (Some(0), Some(at)) = (last, &set.last) {
            return Err(self.at(self.error("a message has to end", "write the code of a character"), at.span()));
        }
        Ok(Automation {
            header_digits: u8::try_from(or(&set.header_digits, digits, usual.header_digits)?).unwrap_or(u8::MAX),
            first: first.map_or(usual.first, |first| (first > 0).then_some(first)),
            last: last.unwrap_or(usual.last),
            ack_wait: Duration::from_millis(ack_wait),
            link_watch: (link_watch > 0).then(|| Duration::from_secs(link_watch)),
        })
    }

    /// The code of a character at one end of a message. One that stands within messages would cut them; CAPS ends them by
    /// an A all the same, and VisorALARM begins them by a space, which is taken off and cuts nothing.
    fn end(&self, set: Option<&Spanned<u64>>, protocol: Protocol) -> Result<Option<u8>, ConfigError> {
        let Some(set) = set else { return Ok(None) };
        if !matches!(protocol, Protocol::Cp220 | Protocol::Radionics6500) {
            let what = format!("{protocol} has ends of its own");
            return Err(self.at(self.error(what, "remove it, or see whether the line speaks cp-220"), set.span()));
        }
        let code = u8::try_from(self.within(set, 0..=126)?).unwrap_or_default();
        let caps = code == b'A' && protocol == Protocol::Cp220;
        let space = code == b' ' && protocol == Protocol::Radionics6500;
        let within = code.is_ascii_alphanumeric() || matches!(code, b' ' | b'@' | b'[' | b']' | b'#' | b'|' | b'/');
        if within && !caps && !space {
            let what = format!("{:?} stands within messages", char::from(code));
            return Err(
                self.at(self.error(what, "use a control character, 10 for LF, 13 for CR, 20 for DC4"), set.span())
            );
        }
        Ok(Some(code))
    }
}

/// What a protocol's settings are when nothing is written.
struct Usual {
    header_digits: u64,
    first: Option<u8>,
    last: u8,
    timing: Timing,
}

/// The usual settings of a protocol, and how wide its header may be where that is set.
fn usual(protocol: Protocol) -> (Usual, Option<std::ops::RangeInclusive<u64>>) {
    let wide = |range: &std::ops::RangeInclusive<usize>| Some(number(*range.start())..=number(*range.end()));
    match protocol {
        Protocol::Ademco685 => {
            let settings = ademco685::Settings::default();
            (of(&settings, settings.header_digits), wide(&ademco685::HEADER_DIGITS))
        }
        Protocol::Cp220 => {
            let settings = cp220::Settings::default();
            (of(&settings, settings.header_digits), wide(&ademco685::HEADER_DIGITS))
        }
        Protocol::Radionics6500 => {
            let settings = radionics::Settings::default();
            (Usual { first: settings.header, ..of(&settings, radionics::HEADER_DIGITS) }, None)
        }
        Protocol::SiaDc07 => (of(&sia_dc07::Settings::default(), 0), None),
        Protocol::Iti => (of(&iti::Settings::default(), 0), None),
        // The others are no output of a hardware receiver.
        _ => {
            let settings = surgard::Settings::default();
            (of(&settings, settings.header_digits), wide(&surgard::HEADER_DIGITS))
        }
    }
}

fn of(dialect: &impl Dialect, header_digits: usize) -> Usual {
    let framing = dialect.framing();
    let timing = dialect.timing().clone();
    Usual { header_digits: number(header_digits), first: framing.start, last: framing.end, timing }
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
