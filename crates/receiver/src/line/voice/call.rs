//! One call under way: its protocol, the intake of what it delivers, its consoles. No port: what is to be played goes
//! back to the line.

use std::sync::Arc;
use std::time::Instant;

use telecare_alarm::{Actor, Lane};
use telecare_protocol::call::{Call, Command, Ended, Operated, Operator, Request, RequestId, Speech};
use telecare_protocol::tones::{Heard, Note};
use telecare_protocol::{Answered, Delivery, Message, Outcome, Protocol, Token};
use telecare_queue::{Answer, CallHandle, Operate};
use tokio::sync::{mpsc, oneshot};

use super::protocol;
use super::record::Record;
use crate::config;
use crate::intake::SessionIntake;
use crate::line::meters::{LineMeters, WaitedFor};
use crate::metrics;

/// What the call wants of its line. Taken in order.
pub enum Wanted {
    /// Play these; what was acknowledged by them follows.
    Play(Vec<Note>),
    /// What is played is the acknowledgement of a frame with this last digit; its store waited for that.
    Acknowledges(Instant, WaitedFor),
    /// Release the line.
    HangUp,
}

/// What a call waits for besides its line.
pub enum Outside {
    /// The store's word.
    Answer(Token, Answer),
    /// An operator's wish.
    Operate(Operate),
}

/// What a call needs besides its protocol.
pub struct With {
    /// Its line.
    pub line: Arc<config::Line>,
    /// Who telephones, where the carrier tells.
    pub number: Option<String>,
    /// Where deliveries go.
    pub intake: SessionIntake,
    /// The call as consoles see it.
    pub live: CallHandle,
    /// What operators want.
    pub operator: mpsc::Receiver<Operate>,
    /// Its line's instruments.
    pub meters: Arc<LineMeters>,
    /// Its record.
    pub record: Record,
}

/// An operator's request without an answer.
struct Asked {
    id: RequestId,
    wanted: Operator,
    by: Actor,
    reply: oneshot::Sender<Operated>,
}

/// What became of a delivery.
struct Delivered {
    token: Token,
    last_byte: Instant,
    lane: Lane,
    owed: bool,
    waited_for: WaitedFor,
    acknowledged: bool,
}

/// A call under way.
pub struct OpenCall {
    call: Call,
    with: With,
    asked: Vec<Asked>,
    next_request: u64,
    deliveries: Vec<Delivered>,
    /// So many deliveries had the call when its line asked to clear it; the request, while it is not answered.
    cleared_at: usize,
    clearing: Option<RequestId>,
    is_playing: bool,
    /// What the unit speaks, once a frame of it was read.
    spoken: Option<Protocol>,
    ended: Option<Box<Ended>>,
}

impl OpenCall {
    pub fn new(call: Call, with: With) -> OpenCall {
        OpenCall {
            call,
            with,
            asked: Vec::new(),
            next_request: 0,
            deliveries: Vec::new(),
            cleared_at: 0,
            clearing: None,
            is_playing: false,
            spoken: None,
            ended: None,
        }
    }

    pub fn heard(&mut self, heard: Heard, now: Instant) {
        self.call.handle_sound(heard, now);
    }

    pub fn played(&mut self, now: Instant) {
        self.is_playing = false;
        self.call.handle_played(now);
    }

    pub fn hung_up(&mut self, now: Instant) {
        self.call.handle_hung_up(now);
    }

    pub fn timeout(&mut self, now: Instant) {
        if self.call.poll_timeout().is_some_and(|due| due <= now) {
            self.call.handle_timeout(now);
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.call.poll_timeout()
    }

    /// Whether an answer is owed, or an acknowledgement under way.
    pub fn is_busy(&self) -> bool {
        self.with.intake.owes() || self.is_playing
    }

    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Releases the line: the process stops.
    pub fn release(&mut self, now: Instant) {
        let id = self.request_id();
        self.call.handle_operator(Request { id, wanted: Operator::HangUp }, now);
    }

    /// The next thing from outside. Cancel safe.
    pub async fn outside(&mut self) -> Outside {
        tokio::select! {
            biased;
            (token, answer) = self.with.intake.answered(), if self.with.intake.owes() => Outside::Answer(token, answer),
            Some(operate) = self.with.operator.recv() => Outside::Operate(operate),
            else => std::future::pending().await,
        }
    }

    /// Takes it.
    pub fn take(&mut self, outside: Outside, now: Instant) {
        match outside {
            Outside::Answer(token, answer) => self.answer(token, answer, now),
            Outside::Operate(Operate { wanted, by, reply }) => {
                let id = self.request_id();
                self.asked.push(Asked { id, wanted: wanted.clone(), by, reply });
                self.call.handle_operator(Request { id, wanted }, now);
            }
        }
    }

    /// Runs the call's commands; gives what the line is to do.
    pub fn run(&mut self, now: Instant) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        loop {
            while let Some(command) = self.call.next_command() {
                self.command(command, &mut wanted);
            }
            if !self.clear_what_is_routine(now) {
                return wanted;
            }
        }
    }

    /// Writes the call down, once the store has spoken; that is waited for beside the line, which takes the next call
    /// meanwhile. Whoever still wants something of it is told that it is over.
    pub fn finish(mut self) {
        self.with.operator.close();
        while let Ok(Operate { reply, .. }) = self.with.operator.try_recv() {
            let _ = reply.send(Operated::Refused(OVER));
        }
        for Asked { reply, .. } in self.asked {
            let _ = reply.send(Operated::Refused(OVER));
        }
        let With { live, mut intake, mut record, .. } = self.with;
        if let Some(ended) = self.ended {
            live.end(ended.end);
        }
        if !intake.owes() {
            return record.write();
        }
        tokio::spawn(async move {
            while intake.owes() {
                let (token, answer) = intake.answered().await;
                record.stored(token, answer);
            }
            record.write();
        });
    }

    fn command(&mut self, command: Command, wanted: &mut Vec<Wanted>) {
        match command {
            Command::Play(notes) => {
                self.is_playing = true;
                wanted.push(Wanted::Play(notes));
            }
            Command::Deliver(delivery) => self.deliver(*delivery),
            Command::Left(token, answered) => {
                if let (Some(acknowledges), Answered::Positive) = (self.acknowledged(token), answered) {
                    wanted.push(acknowledges);
                }
            }
            Command::Speech(speech) => {
                self.with.live.speech(speech);
                if speech == Speech::None {
                    self.with.live.talker(None);
                }
            }
            Command::Operated(id, operated) => self.operated(id, operated, wanted),
            Command::Count(counted) => self.with.meters.counted(counted),
            Command::HangUp => wanted.push(Wanted::HangUp),
            Command::Ended(ended) => {
                metrics::voice_calls(ended.protocol, ended.end.as_str()).increment(1);
                self.with.record.ended(&ended);
                self.ended = Some(ended);
            }
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        self.with.meters.delivered(&delivery);
        self.understood(&delivery.message);
        let (token, last_byte, owed) = (delivery.token, delivery.last_byte, delivery.owed);
        // The record names the signal; what the intake takes is gone.
        let copy = delivery.clone();
        let taken = self.with.intake.take(delivery);
        self.with.record.delivered(&copy, taken.as_ref().map(|taken| taken.signal));
        if let Some(taken) = taken {
            let waited_for = WaitedFor::Nothing;
            let lane = taken.lane;
            self.deliveries.push(Delivered { token, last_byte, lane, owed, waited_for, acknowledged: false });
        }
    }

    /// The first frame that is read tells what the unit speaks: what can be asked of it, and what it is asked for first
    /// when it calls again.
    fn understood(&mut self, message: &Message) {
        let Message::Report(report) = message else { return };
        if report.outcome != Outcome::Decoded || self.spoken == Some(report.protocol) {
            return;
        }
        let spoken = report.protocol;
        self.spoken = Some(spoken);
        self.with.live.supports(protocol::supports(&self.with.line, spoken));
        if let Some(number) = self.with.number.clone() {
            let queue = self.with.intake.queue().clone();
            tokio::spawn(async move { queue.learn(&number, spoken).await });
        }
    }

    fn answer(&mut self, token: Token, answer: Answer, now: Instant) {
        self.with.record.stored(token, answer);
        match answer {
            Answer::Stored | Answer::Repeat => {
                if let Some(delivered) = self.deliveries.iter_mut().find(|delivered| delivered.token == token) {
                    let age = now.saturating_duration_since(delivered.last_byte);
                    delivered.waited_for = WaitedFor::of(self.with.intake.queue(), age);
                }
                self.call.handle_stored(token, now);
            }
            Answer::Refused => {
                self.with.meters.refused.increment(1);
                self.call.handle_refused(token, now);
            }
        }
    }

    fn acknowledged(&mut self, token: Token) -> Option<Wanted> {
        let delivered = self.deliveries.iter_mut().find(|delivered| delivered.token == token)?;
        delivered.acknowledged = true;
        Some(Wanted::Acknowledges(delivered.last_byte, delivered.waited_for))
    }

    fn operated(&mut self, id: RequestId, operated: Operated, wanted: &mut Vec<Wanted>) {
        if self.clearing.take_if(|clearing| *clearing == id).is_some() {
            // A unit that cannot be cleared keeps no line.
            if operated != Operated::Done && self.ended.is_none() {
                tracing::debug!(?operated, "a call with nothing but routine reports could not be cleared");
                wanted.push(Wanted::HangUp);
            }
            return;
        }
        let Some(at) = self.asked.iter().position(|asked| asked.id == id) else { return };
        let Asked { wanted, by, reply, .. } = self.asked.swap_remove(at);
        let speaks = matches!(wanted, Operator::Speak | Operator::Listen | Operator::Duplex | Operator::Simplex);
        if speaks && operated == Operated::Done {
            self.with.live.talker(Some(by));
        }
        // Whoever asked may have gone.
        let _ = reply.send(operated);
    }

    /// A call in which everything said is routine, stored and acknowledged is nobody's: it is cleared, and a scheme
    /// goes on to its next unit. True if that was asked for.
    fn clear_what_is_routine(&mut self, now: Instant) -> bool {
        let is_done =
            |delivered: &Delivered| delivered.lane == Lane::Routine && (delivered.acknowledged || !delivered.owed);
        let is_new = self.deliveries.len() > self.cleared_at;
        if !is_new || self.ended.is_some() || self.clearing.is_some() || !self.deliveries.iter().all(is_done) {
            return false;
        }
        self.cleared_at = self.deliveries.len();
        let id = self.request_id();
        self.clearing = Some(id);
        self.call.handle_operator(Request { id, wanted: Operator::Clear }, now);
        true
    }

    fn request_id(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request)
    }
}

const OVER: &str = "the call has ended";

/// Requests of operators that wait for a call; more are refused by whoever asks.
pub const OPERATES_MAX: usize = 8;
