//! Drives one modem over one open port, and the call on it. Knows neither the commands nor the protocol.
//!
//! Each turn, in this order:
//!
//! 1. run the modem's and the call's commands: write, play, deliver, count
//! 2. hand the call the store's word and what operators want
//! 3. when the process stops: answer no more, let an acknowledgement that is owed leave, hang up, end
//! 4. hand the modem the bytes that came
//! 5. hand both the time

use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_alarm::CallId;
use telecare_protocol::call::{Begun, Speech};
use telecare_protocol::voice_modem::{Event, Modem, ModemCommand, Trouble};
use telecare_queue::{LiveCall, Reach};
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::call::{OPERATES_MAX, OpenCall, Outside, Wanted, With};
use super::lines::{Standing, VoiceLine};
use super::protocol;
use super::record::{Record, Told};
use crate::intake::SessionIntake;
use crate::line::conversation::{DRAIN_MAX, TIMER_LATE_MAX, WRITE_WAIT_MAX};
use crate::line::link::{Cause, Present};
use crate::line::meters::WaitedFor;
use crate::line::{LineTask, stopped};
use crate::pulse::TICK_EVERY;
use crate::{config, metrics};
use uuid::Uuid;

/// How long the release of the line may take once the process stops, after what may be played before.
const RELEASE_MAX: Duration = Duration::from_millis(800);

/// Bytes taken at one read.
const READ_BYTES_MAX: usize = 1024;

/// How a modem's port ended.
pub enum Ended {
    /// The port or the modem went away.
    Lost {
        /// Why.
        cause: Cause,
        /// Whether the modem had been prepared for calls.
        was_ready: bool,
    },
    /// The process stops, and the line is released.
    Stopped,
}

struct Talk<'a, P> {
    port: &'a mut P,
    task: &'a LineTask,
    settings: &'a config::VoiceModem,
    standing: &'a mut VoiceLine,
    modem: Modem,
    call: Option<OpenCall>,
    present: Option<Present>,
    was_ready: bool,
    /// The last digit of what the next tones acknowledge, and what its store waited for.
    acknowledges: Option<(Instant, WaitedFor)>,
    /// Since when the process has been stopping.
    stopping: Option<Instant>,
    is_releasing: bool,
}

/// What happened in a turn.
enum Turn {
    Outside(Outside),
    Bytes(std::io::Result<usize>),
    Woken,
    Stop,
}

/// Takes calls until the port or the modem is gone, or the process stops.
pub async fn talk<P: AsyncRead + AsyncWrite + Unpin>(
    port: &mut P,
    task: &LineTask,
    settings: &config::VoiceModem,
    standing: &mut VoiceLine,
) -> Ended {
    let mut talk = Talk {
        port,
        task,
        settings,
        standing,
        modem: Modem::new(settings.modem.clone(), Instant::now()),
        call: None,
        present: None,
        was_ready: false,
        acknowledges: None,
        stopping: None,
        is_releasing: false,
    };
    match talk.run().await {
        Ok(()) => Ended::Stopped,
        Err(cause) => {
            talk.broke_off();
            Ended::Lost { cause, was_ready: talk.was_ready }
        }
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin> Talk<'_, P> {
    async fn run(&mut self) -> Result<(), Cause> {
        let mut buffer = [0; READ_BYTES_MAX];
        let mut stop = self.task.stop.clone();
        loop {
            self.run_commands().await?;
            self.task.pulse.tick();
            if self.stopping.is_some_and(|since| self.is_stopped(since)) {
                return Ok(());
            }
            let wake = self.next_wake();
            let stopping = self.stopping.is_some();
            let call = self.call.as_mut();
            let turn = tokio::select! {
                biased;
                outside = outside(call) => Turn::Outside(outside),
                () = stopped(&mut stop), if !stopping => Turn::Stop,
                read = self.port.read(&mut buffer) => Turn::Bytes(read),
                () = tokio::time::sleep_until(wake.into()) => Turn::Woken,
            };
            let now = Instant::now();
            match turn {
                Turn::Outside(outside) => {
                    if let Some(call) = &mut self.call {
                        call.take(outside, now);
                    }
                }
                Turn::Bytes(read) => self.bytes(&buffer, read, now)?,
                Turn::Woken => self.woken(now),
                Turn::Stop => self.stopping = Some(now),
            }
        }
    }

    /// Releases the line when nothing is owed any more; true when it is released, or has had its time.
    fn is_stopped(&mut self, since: Instant) -> bool {
        let now = Instant::now();
        let drained = now >= since + DRAIN_MAX;
        if let Some(call) = self.call.as_mut().filter(|call| drained || !call.is_busy())
            && !std::mem::replace(&mut self.is_releasing, true)
        {
            call.release(now);
        }
        let is_free = self.call.is_none() && self.modem.is_on_hook();
        is_free || now >= since + DRAIN_MAX + RELEASE_MAX
    }

    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let call = self.call.as_ref().and_then(OpenCall::poll_timeout);
        // A release that was just asked for is carried out at once.
        let releasing = (self.is_releasing && self.call.is_some()).then_some(now);
        let drained = self.stopping.map(|since| {
            let drained = since + DRAIN_MAX;
            if now < drained { drained } else { drained + RELEASE_MAX }
        });
        let own = [self.modem.poll_timeout(), call, drained, releasing];
        own.into_iter().flatten().fold(now + TICK_EVERY, Instant::min)
    }

    /// Runs the commands of both until neither has any.
    async fn run_commands(&mut self) -> Result<(), Cause> {
        loop {
            let now = Instant::now();
            if let Some(command) = self.modem.next_command() {
                match command {
                    ModemCommand::Send(bytes) => self.write(&bytes).await?,
                    ModemCommand::Happened(event) => self.happened(event, now)?,
                }
                continue;
            }
            let wanted = self.call.as_mut().map(|call| call.run(now)).unwrap_or_default();
            let is_nothing = wanted.is_empty();
            for one in wanted {
                match one {
                    Wanted::Play(notes) => self.modem.play(&notes, now),
                    Wanted::Acknowledges(last_byte, waited_for) => self.acknowledges = Some((last_byte, waited_for)),
                    Wanted::HangUp => self.modem.hang_up(now),
                }
            }
            if let Some(call) = self.call.take_if(|call| call.is_over()) {
                call.finish();
                self.acknowledges = None;
                self.modem.hang_up(now);
            } else if is_nothing {
                return Ok(());
            }
        }
    }

    fn happened(&mut self, event: Event, now: Instant) -> Result<(), Cause> {
        match event {
            Event::Ready => self.ready(),
            Event::Ringing => {
                if self.stopping.is_none() {
                    self.standing.is(Standing::InUse);
                    self.modem.answer(now);
                }
            }
            Event::RangOff => {
                self.standing.is(Standing::Free);
                self.record(&Told::default()).rang_off();
            }
            Event::Connected { caller, not_told } => self.connected(Told { caller, not_told }, now),
            Event::Heard(heard) => {
                if let Some(call) = &mut self.call {
                    call.heard(heard, now);
                }
            }
            Event::Played => {
                if let Some(call) = &mut self.call {
                    call.played(now);
                }
            }
            Event::HungUp => {
                if let Some(call) = &mut self.call {
                    call.hung_up(now);
                }
            }
            Event::Trouble(trouble) => {
                metrics::modem_troubles(trouble.as_str()).increment(1);
                tracing::warn!(line = %self.task.name(), trouble = trouble.as_str(), "modem trouble");
                match trouble {
                    Trouble::NoAnswer => return Err(Cause::TimedOut),
                    Trouble::Error => return Err(Cause::Refused),
                    Trouble::NoCallerNumber => {}
                }
            }
        }
        Ok(())
    }

    fn ready(&mut self) {
        self.was_ready = true;
        self.standing.is(Standing::Free);
        if self.present.is_none() {
            tracing::info!(line = %self.task.name(), "modem is ready for calls");
            self.present = Some(self.task.link.present());
        }
    }

    fn connected(&mut self, told: Told, now: Instant) {
        let task = self.task;
        let id = CallId(Uuid::now_v7());
        tracing::info!(line = %task.name(), call = %id, "call answered");
        let number = told.caller.as_ref().and_then(|caller| caller.number.clone());
        let reach = match (&self.settings.extension, &number) {
            (Some(extension), _) => Reach::Extension(extension.clone()),
            (None, Some(number)) => Reach::CallBack(number.clone()),
            (None, None) => Reach::Unknown,
        };
        let learnt = number.as_deref().and_then(|number| task.intake.queue().learnt(number));
        let begun = Begun { caller: told.caller.clone(), at: now, slack: self.modem.slack(), learnt };
        let call = protocol::begin(&task.line, &task.shared.codes, begun);
        let (operates, operator) = mpsc::channel(OPERATES_MAX);
        let live = LiveCall {
            id,
            line: task.name().clone(),
            caller: number.clone(),
            began: OffsetDateTime::now_utc(),
            reach,
            speech: Speech::None,
            supports: protocol::supports(&task.line, task.line.protocol),
            talker: None,
        };
        let live = task.intake.queue().live_calls().begin(live, operates);
        let with = With {
            line: Arc::clone(&task.line),
            number,
            intake: SessionIntake::of_call(task.intake.clone(), id),
            live,
            operator,
            meters: Arc::clone(&task.meters),
            record: self.record(&told),
        };
        self.call = Some(OpenCall::new(call, with));
    }

    fn record(&self, told: &Told) -> Record {
        Record::new(self.task.shared.calls.clone(), self.task.name(), self.task.line.protocol, told)
    }

    fn bytes(&mut self, buffer: &[u8], read: std::io::Result<usize>, now: Instant) -> Result<(), Cause> {
        let count = match read {
            // A port that is unplugged says 0 for ever.
            Ok(0) => return Err(Cause::Gone),
            Ok(count) => count,
            Err(error) => {
                tracing::debug!(%error, "reading failed");
                return Err(Cause::of(&error));
            }
        };
        self.task.meters.byte_came();
        self.modem.handle_bytes(buffer.get(..count).unwrap_or(buffer), now);
        let due = [self.modem.poll_timeout(), self.call.as_ref().and_then(OpenCall::poll_timeout)];
        if due.into_iter().flatten().any(|due| due + TIMER_LATE_MAX <= now) {
            self.woken(now);
        }
        Ok(())
    }

    fn woken(&mut self, now: Instant) {
        if self.modem.poll_timeout().is_some_and(|due| due <= now) {
            self.modem.handle_timeout(now);
        }
        if let Some(call) = &mut self.call {
            call.timeout(now);
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        match tokio::time::timeout(WRITE_WAIT_MAX, self.port.write_all(bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "writing failed");
                return Err(Cause::of(&error));
            }
            Err(_) => return Err(Cause::Stuck),
        }
        if let Some((last_byte, waited_for)) = self.acknowledges.take() {
            let took = last_byte.elapsed();
            self.task.meters.answered_after(took, waited_for);
            metrics::voice_acknowledgement_seconds().record(took.as_secs_f64());
        }
        Ok(())
    }

    /// The port or the modem is gone, and with it the call.
    fn broke_off(&mut self) {
        self.present = None;
        let Some(mut call) = self.call.take() else { return };
        let now = Instant::now();
        call.hung_up(now);
        // Nothing can be played any more; what is delivered is.
        drop(call.run(now));
        call.finish();
    }
}

/// What a call waits for; for ever if there is none.
async fn outside(call: Option<&mut OpenCall>) -> Outside {
    match call {
        Some(call) => call.outside().await,
        None => std::future::pending().await,
    }
}
