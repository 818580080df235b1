//! A call over our side of a modem, a simulated modem, and a unit behind it, on virtual time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]
#![allow(dead_code, unreachable_pub, clippy::missing_docs_in_private_items, reason = "each test uses a part of it")]

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::bs8521::{self, Settings};
use telecare_protocol::call::{Begun, Call, Command, Ended, Operator, Request, RequestId, UnitSettings};
use telecare_protocol::tones::Heard;
use telecare_protocol::voice_modem::{
    self, Event, Modem, ModemCommand, NotTold, Outcome, SimSettings, Simulator, TestCall, Told,
};
use telecare_protocol::{Caller, Codes, Delivery};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

pub struct Rig {
    pub modem: Modem,
    pub test: TestCall,
    pub call: Option<Call>,
    pub start: Instant,
    pub now: Instant,
    pub settings: Settings,
    /// The operator ends a call so long after its first delivery was acknowledged.
    pub clears_after: Option<Duration>,
    clear_at: Option<Instant>,
    pub log: Vec<String>,
    pub heard: Vec<Heard>,
    pub deliveries: Vec<Delivery>,
    pub ended: Vec<Ended>,
    pub callers: Vec<(Option<Caller>, Option<NotTold>)>,
    pub outcomes: Vec<Outcome>,
    /// Commands written, without their ends.
    pub sent: Vec<String>,
}

impl Rig {
    pub fn new(ours: voice_modem::Settings, sim: SimSettings, unit: UnitSettings, caller: Option<&str>) -> Rig {
        let start = Instant::now();
        let test = TestCall::new(Simulator::new(sim), unit, caller.map(str::to_owned));
        Rig {
            modem: Modem::new(ours, start),
            test,
            call: None,
            start,
            now: start,
            settings: Settings { guard_wait: Duration::ZERO, ..Settings::default() },
            clears_after: Some(Duration::ZERO),
            clear_at: None,
            log: Vec::new(),
            heard: Vec::new(),
            deliveries: Vec::new(),
            ended: Vec::new(),
            callers: Vec::new(),
            outcomes: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Runs until so long after the start, or until nothing can happen any more.
    pub fn run(&mut self, until: Duration) {
        let until = self.start + until;
        self.drain();
        for _ in 0..200_000 {
            let call = self.call.as_ref().and_then(Call::poll_timeout);
            let due = [self.modem.poll_timeout(), self.test.poll_timeout(), call, self.clear_at];
            let Some(due) = due.into_iter().flatten().min().filter(|due| *due <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(due);
            let now = self.now;
            if self.test.poll_timeout().is_some_and(|at| at <= now) {
                self.test.handle_timeout(now);
            } else if self.modem.poll_timeout().is_some_and(|at| at <= now) {
                self.modem.handle_timeout(now);
                assert!(self.modem.poll_timeout().is_none_or(|at| at > now), "a timeout that does not move");
            } else if self.clear_at.take_if(|at| *at <= now).is_some() {
                self.ask(Operator::ClearDown);
            } else if let Some(call) = &mut self.call {
                call.handle_timeout(now);
            }
            self.drain();
        }
        panic!("never comes to rest: {:?}", self.log.iter().rev().take(20).collect::<Vec<_>>());
    }

    pub fn ask(&mut self, wanted: Operator) {
        if let Some(call) = &mut self.call {
            call.handle_operator(Request { id: RequestId(1), wanted }, self.now);
        }
    }

    fn drain(&mut self) {
        loop {
            if let Some(told) = self.test.next_told() {
                self.told(told);
            } else if let Some(command) = self.modem.next_command() {
                match command {
                    ModemCommand::Send(bytes) => {
                        self.sent.push(String::from_utf8(bytes.clone()).unwrap().trim_end().to_owned());
                        self.test.handle_bytes(&bytes, self.now);
                    }
                    ModemCommand::Happened(event) => self.event(event),
                }
            } else if let Some(command) = self.call.as_mut().and_then(Call::next_command) {
                self.command(command);
            } else {
                return;
            }
        }
    }

    fn told(&mut self, told: Told) {
        let words = match told {
            Told::Send(bytes) => return self.modem.handle_bytes(&bytes, self.now),
            Told::Plays(notes) => format!("unit plays {} sounds", notes.len()),
            Told::Hears(heard) => format!("unit hears {} {}", heard.sound, heard.lasted().unwrap().as_millis()),
            Told::Happened(event) => format!("unit {event}"),
            Told::Over(outcome) => {
                self.outcomes.push(outcome);
                format!("over: {outcome:?}")
            }
            Told::Rings | Told::Answered | Told::HangsUp | Told::HungUp => format!("{told:?}"),
        };
        self.say(&words);
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Ready => self.say("ready"),
            Event::Ringing => {
                self.say("ringing");
                self.modem.answer(self.now);
            }
            Event::RangOff => self.say("rang off"),
            Event::Connected { caller, not_told } => {
                self.say("connected");
                self.callers.push((caller.clone(), not_told));
                let begun = Begun { caller, at: self.now, slack: self.modem.slack(), learnt: None };
                self.call = Some(bs8521::Call::new(self.settings.clone(), Arc::clone(&CODES), begun).into());
            }
            Event::Heard(heard) => {
                self.heard.push(heard);
                if let Some(call) = &mut self.call {
                    call.handle_sound(heard, self.now);
                }
            }
            Event::Played => {
                if let Some(call) = &mut self.call {
                    call.handle_played(self.now);
                }
            }
            Event::HungUp => {
                self.say("hung up");
                if let Some(call) = &mut self.call {
                    call.handle_hung_up(self.now);
                }
            }
            Event::Trouble(trouble) => {
                self.say(&format!("trouble: {}", trouble.as_str()));
                if let Some(call) = self.call.as_mut().filter(|_| trouble.is_fatal()) {
                    call.handle_hung_up(self.now);
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Play(notes) => {
                self.say(&format!("plays {} sounds", notes.len()));
                self.modem.play(&notes, self.now);
            }
            Command::Deliver(delivery) => {
                self.say("delivered");
                if let Some(call) = &mut self.call {
                    call.handle_stored(delivery.token, self.now);
                }
                self.deliveries.push(*delivery);
            }
            Command::Left(..) => {
                if let (Some(after), true) = (self.clears_after, self.ended.is_empty()) {
                    self.clear_at = Some(self.now + after);
                }
            }
            Command::HangUp => self.modem.hang_up(self.now),
            Command::Ended(ended) => {
                self.say(&format!("end {}", ended.end.as_str()));
                self.ended.push(*ended);
                self.call = None;
                self.clear_at = None;
                self.modem.hang_up(self.now);
            }
            Command::Speech(_) | Command::Operated(..) | Command::Count(_) => {}
        }
    }

    fn say(&mut self, words: &str) {
        let at = (self.now - self.start).as_secs_f64();
        self.log.push(format!("{at:.3} {words}"));
    }
}
