//! Our side of a modem, from the reset to the call and back.
//!
//! ```text
//! Preparing ─ every command OK ─► Idle ─ answer ─► Answering ─ OK ─► Talking ─ hang up ─► Clearing ─┐
//!     ▲                             rings are told                     sounds are told, notes played    │
//!     └────────────────────────────────────────────────────────────────────────────────────────────────┘
//! anywhere: no answer in time, or ERROR ─► Failed: told once, nothing follows; open the port again
//! ```
//!
//! One command at a time: a byte that comes while a modem works on a command may abort it (A). So tones that are
//! playing are played to their end before the line is released.

mod answers;
mod sounds;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::caller::{CallerLines, NotTold};
use super::play::{self, Line};
use super::stream::{Item, Stream};
use super::{Code, Settings};
use crate::Caller;
use crate::session::after;
use crate::tones::{Digit, Heard, Note};

/// What a modem asks its line to do, or tells it. Taken in order.
#[derive(Clone, Debug, PartialEq)]
pub enum ModemCommand {
    /// Write these bytes to the port.
    Send(Vec<u8>),
    /// Take notice.
    Happened(Event),
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The modem answers and is prepared: it can take a call.
    Ready,
    /// The bell has rung so often that the call may be answered; told at each ring from then on.
    Ringing,
    /// The caller hung up before that, or before the answer.
    RangOff,
    /// The call is answered.
    Connected {
        /// Who telephones, if that was told.
        caller: Option<Caller>,
        /// Why there is no number, if that was told.
        not_told: Option<NotTold>,
    },
    /// A sound on the line.
    Heard(Heard),
    /// All notes are out.
    Played,
    /// The far end has hung up.
    HungUp,
    /// Something is wrong with the modem. A fatal one is the last event.
    Trouble(Trouble),
}

/// What can be wrong with a modem. A closed set: metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It did not answer a command in time.
    NoAnswer,
    /// It said ERROR to a command that it must know.
    Error,
    /// It cannot tell who telephones.
    NoCallerNumber,
}

impl Trouble {
    /// Every trouble.
    pub const ALL: [Trouble; 3] = [Trouble::NoAnswer, Trouble::Error, Trouble::NoCallerNumber];

    /// The name used in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Trouble::NoAnswer => "no-answer",
            Trouble::Error => "error",
            Trouble::NoCallerNumber => "no-caller-number",
        }
    }

    /// Whether the modem has to be opened again.
    pub fn is_fatal(self) -> bool {
        match self {
            Trouble::NoAnswer | Trouble::Error => true,
            Trouble::NoCallerNumber => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preparing,
    Idle,
    Answering,
    Talking,
    Clearing,
    Failed,
}

/// A command to send.
#[derive(Clone, Debug)]
struct Step {
    text: String,
    within: Duration,
    on_error: OnError,
}

/// What it means that the modem does not know a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnError {
    /// It is of no use.
    Fail,
    /// Nothing.
    GoOn,
    /// Nobody will know who telephones.
    NoCallerNumber,
}

/// A command that waits for its answer.
#[derive(Clone, Debug)]
struct Pending {
    until: Instant,
    on_error: OnError,
    /// For a line of notes: when the last of it is out, whatever the modem says before.
    out_at: Option<Instant>,
}

/// A DTMF tone between its begin and its end, as the modem reports them.
#[derive(Clone, Copy, Debug)]
struct Shield {
    began: Instant,
    digit: Option<Digit>,
}

/// A modem on a port.
#[derive(Debug)]
pub struct Modem {
    settings: Settings,
    state: State,
    stream: Stream,
    commands: VecDeque<ModemCommand>,
    steps: VecDeque<Step>,
    pending: Option<Pending>,
    caller: CallerLines,
    rings: u32,
    last_ring: Option<Instant>,
    /// Until then the bell counts as ringing.
    ringing_until: Option<Instant>,
    next_check: Instant,
    /// Lines of notes still to be sent.
    lines: VecDeque<Line>,
    /// Something is playing, or about to; the last note sent is out then.
    playing: Option<Instant>,
    /// Nothing is played before: a digit may still be on.
    quiet_from: Instant,
    shield: Option<Shield>,
    last_digit: Option<(Digit, Instant)>,
    /// Busy or dial tone, told once so far.
    tone: Option<(Code, Instant)>,
    tells_both: bool,
}

impl Modem {
    /// A port that was just opened.
    pub fn new(settings: Settings, now: Instant) -> Modem {
        let mut modem = Modem {
            next_check: after(now, settings.check_every),
            settings,
            state: State::Preparing,
            stream: Stream::default(),
            commands: VecDeque::new(),
            steps: VecDeque::new(),
            pending: None,
            caller: CallerLines::default(),
            rings: 0,
            last_ring: None,
            ringing_until: None,
            lines: VecDeque::new(),
            playing: None,
            quiet_from: now,
            shield: None,
            last_digit: None,
            tone: None,
            tells_both: false,
        };
        let reset = Step { text: "ATZ".to_owned(), within: modem.settings.reset_within, on_error: OnError::Fail };
        modem.steps.push_back(reset);
        modem.prepare(now);
        modem
    }

    /// Takes what the modem sent; any split of the bytes tells the same.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        for byte in bytes {
            match self.stream.push(*byte) {
                _ if self.state == State::Failed => return,
                Some(Item::Line(line)) => self.line(&line, now),
                Some(Item::Code(code)) => self.code(Code::from(code), now),
                None => {}
            }
        }
        self.advance(now);
    }

    /// Takes notice that time has passed; call it no earlier than [`Modem::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.pending.as_ref().is_some_and(|pending| now >= pending.until) {
            return self.fail(Trouble::NoAnswer);
        }
        if self.ringing_until.is_some_and(|until| now >= until) {
            self.rang_off();
        }
        if self.is_check_due(now) {
            self.next_check = after(now, self.settings.check_every);
            self.steps.push_back(self.step("AT"));
        }
        self.advance(now);
    }

    /// Answers the call that rings; nothing if none can be taken.
    pub fn answer(&mut self, now: Instant) {
        if self.state == State::Idle {
            self.state = State::Answering;
            self.ringing_until = None;
            self.steps.push_back(self.step(&self.settings.answer.clone()));
            self.advance(now);
        }
    }

    /// Plays; [`Event::Played`] follows. The caller has made sure that nothing is playing.
    pub fn play(&mut self, notes: &[Note], now: Instant) {
        if self.state == State::Talking {
            self.lines.extend(play::lines(notes, self.settings.command_chars_max));
            self.playing = Some(now);
            self.advance(now);
        }
    }

    /// Releases the line, once what is playing is out. [`Event::Ready`] follows when another call can be taken.
    pub fn hang_up(&mut self, now: Instant) {
        if matches!(self.state, State::Talking | State::Answering) {
            self.clear(now);
        }
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<ModemCommand> {
        self.commands.pop_front()
    }

    /// When [`Modem::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.state == State::Failed {
            return None;
        }
        let check = (self.state == State::Idle && self.pending.is_none() && self.ringing_until.is_none())
            .then_some(self.next_check);
        let pending = self.pending.as_ref().map(|pending| pending.until);
        [pending, self.ringing_until, check, self.play_due()].into_iter().flatten().min()
    }

    /// How much later than its onset this modem may tell of a sound, for [`crate::call::Begun`].
    pub fn slack(&self) -> Duration {
        let seen = if self.tells_both { Settings::SLACK_OF_BOTH } else { Settings::SLACK_OF_ONE };
        self.settings.slack.unwrap_or(seen)
    }

    /// Whether no call is under way and the line is released.
    pub fn is_on_hook(&self) -> bool {
        matches!(self.state, State::Preparing | State::Idle | State::Failed)
    }

    fn step(&self, text: &str) -> Step {
        Step { text: text.to_owned(), within: self.settings.answer_within, on_error: OnError::Fail }
    }

    /// Brings the modem into the state in which it can take a call.
    fn prepare(&mut self, now: Instant) {
        self.state = State::Preparing;
        // Echo off, answers in words (A); no call is answered but by us (A).
        let mut steps = vec![self.step("ATE0V1"), self.step("ATS0=0")];
        if let Some(country) = self.settings.country {
            steps.push(self.step(&format!("AT+GCI={country:02X}")));
        }
        steps.push(self.step("AT+FCLASS=8"));
        // The caller's number in words (A). A modem left alone must not leave voice mode by itself (A: after 7 s).
        steps.push(Step { on_error: OnError::NoCallerNumber, ..self.step("AT+VCID=1") });
        steps.push(Step { on_error: OnError::GoOn, ..self.step("AT+VIT=0") });
        steps.extend(self.settings.init.iter().map(|text| self.step(text)));
        self.steps.extend(steps);
        self.advance(now);
    }

    fn clear(&mut self, now: Instant) {
        self.state = State::Clearing;
        self.steps.clear();
        self.lines.clear();
        self.playing = None;
        self.shield = None;
        self.last_digit = None;
        self.tone = None;
        self.caller = CallerLines::default();
        self.steps.push_back(self.step("ATH"));
        self.advance(now);
    }

    fn fail(&mut self, trouble: Trouble) {
        if self.state != State::Failed {
            self.state = State::Failed;
            self.steps.clear();
            self.lines.clear();
            self.pending = None;
            self.playing = None;
            self.ringing_until = None;
            self.happened(Event::Trouble(trouble));
        }
    }

    fn rang_off(&mut self) {
        let rang = std::mem::take(&mut self.rings) > 0;
        self.ringing_until = None;
        self.caller = CallerLines::default();
        if rang {
            self.happened(Event::RangOff);
        }
    }

    /// Sends what can be sent, and tells what is over.
    fn advance(&mut self, now: Instant) {
        if self.pending.is_some() || self.state == State::Failed {
            return;
        }
        if let Some(step) = self.steps.pop_front() {
            let until = after(now, step.within);
            self.pending = Some(Pending { until, on_error: step.on_error, out_at: None });
            return self.send(&step.text);
        }
        if self.play_due().is_none_or(|due| now < due) {
            return;
        }
        match self.lines.pop_front() {
            Some(line) => {
                let out_at = after(now, line.lasts);
                self.playing = Some(out_at);
                let until = after(out_at, self.settings.answer_within);
                self.pending = Some(Pending { until, on_error: OnError::Fail, out_at: Some(out_at) });
                self.send(&line.text);
            }
            None => {
                self.playing = None;
                self.happened(Event::Played);
            }
        }
    }

    /// When the next line of notes may go, or the last is out.
    fn play_due(&self) -> Option<Instant> {
        let playing = self.playing.filter(|_| self.pending.is_none() && self.state == State::Talking)?;
        Some(if self.lines.is_empty() { playing } else { playing.max(self.quiet_from) })
    }

    fn is_check_due(&self, now: Instant) -> bool {
        let is_quiet = self.pending.is_none() && self.ringing_until.is_none() && self.steps.is_empty();
        self.state == State::Idle && is_quiet && now >= self.next_check
    }

    fn send(&mut self, text: &str) {
        self.commands.push_back(ModemCommand::Send(format!("{text}\r").into_bytes()));
    }

    fn happened(&mut self, event: Event) {
        self.commands.push_back(ModemCommand::Happened(event));
    }
}
