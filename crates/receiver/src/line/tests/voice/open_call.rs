//! A call without a modem: what operators want of it, on times of the test's own.

use std::time::Instant;

use telecare_alarm::{Actor, CallId};
use telecare_protocol::call::{Begun, Operated, Operator};
use telecare_protocol::tones::{Digit, Heard, Length, Sound, playing_time};
use telecare_queue::{LiveCall, Operate, Supports};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::*;
use crate::line::voice::call::{OpenCall, Wanted, With};
use crate::line::voice::protocol;
use crate::line::voice::record::{Record as CallRecord, Told};

struct Bench {
    rig: Rig,
    call: OpenCall,
    operator: mpsc::Sender<Operate>,
    now: Instant,
    /// Everything it wanted to play: the number of sounds.
    played: Vec<usize>,
    acknowledged: usize,
    hung_up: bool,
}

impl Bench {
    async fn new() -> Bench {
        let rig = Rig::new().await;
        let line = line("v", std::path::Path::new("/dev/null"));
        let now = Instant::now();
        let id = CallId(Uuid::now_v7());
        let begun = Begun { caller: None, at: now, slack: Duration::ZERO, learnt: None };
        let (operator, operates) = mpsc::channel(8);
        let live = LiveCall {
            id,
            line: line.name.clone(),
            caller: None,
            began: time::OffsetDateTime::now_utc(),
            reach: Reach::Unknown,
            speech: Speech::None,
            supports: Supports::default(),
            talker: None,
        };
        let with = With {
            line: Arc::new(line.clone()),
            number: None,
            intake: SessionIntake::of_call(rig.shared.intake.line(&line.name, None, false), id),
            live: rig.base.queue.live_calls().begin(live, operator.clone()),
            operator: operates,
            meters: Arc::new(LineMeters::new("v", line.protocol)),
            record: CallRecord::new(rig.shared.calls.clone(), &line.name, line.protocol, &Told::default()),
        };
        let call = OpenCall::new(protocol::begin(&line, &rig.shared.codes, begun), with);
        let mut bench = Bench { rig, call, operator, now, played: Vec::new(), acknowledged: 0, hung_up: false };
        bench.run();
        bench
    }

    /// Carries out what the call wants; what it plays is out at once, as far as it knows.
    fn run(&mut self) {
        loop {
            let wanted = self.call.run(self.now);
            if wanted.is_empty() {
                return;
            }
            for one in wanted {
                match one {
                    Wanted::Play(notes) => {
                        self.played.push(notes.len());
                        self.now += playing_time(&notes);
                        self.call.played(self.now);
                    }
                    Wanted::Acknowledges(..) => self.acknowledged += 1,
                    Wanted::HangUp => self.hung_up = true,
                }
            }
        }
    }

    fn hears(&mut self, digits: &str) {
        for digit in digits.chars().filter_map(Digit::from_char) {
            let (began, on) = (self.now, Duration::from_millis(80));
            self.now += on;
            self.call.heard(Heard::new(Sound::Digit(digit), began, Length::Measured(on)), self.now);
            self.run();
            self.now += on;
        }
    }

    fn waits(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.call.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.call.timeout(self.now);
            self.run();
        }
        self.now = self.now.max(until);
    }

    /// The frame of a press, stored and acknowledged.
    async fn pressed(&mut self, frame: &str) {
        self.hears(frame);
        let outside = bounded(self.call.outside()).await;
        self.call.take(outside, self.now);
        self.run();
        assert_eq!(self.acknowledged, 1);
    }

    async fn wants(&mut self, wanted: Operator) -> oneshot::Receiver<Operated> {
        let (reply, answer) = oneshot::channel();
        let by = Actor { person: Arc::from("Ann"), desk: Arc::from("desk-1") };
        self.operator.send(Operate { wanted, by, reply }).await.unwrap();
        let outside = bounded(self.call.outside()).await;
        self.call.take(outside, self.now);
        self.run();
        answer
    }
}

#[tokio::test]
async fn an_operator_is_answered_when_the_unit_has_confirmed_and_has_the_speech_path() {
    let mut bench = Bench::new().await;
    bench.pressed(&press(12_345).frame).await;
    bench.waits(Duration::from_secs(2));
    let mut answer = bench.wants(Operator::Listen).await;
    assert!(answer.try_recv().is_err(), "the unit has not confirmed");
    bench.now += Duration::from_millis(200);
    bench.hears("B");
    bench.waits(Duration::from_secs(1));
    assert_eq!(answer.try_recv(), Ok(Operated::Done));
    let is_hers = |call: &LiveCall| call.talker.as_ref().is_some_and(|talker| &*talker.actor.person == "Ann");
    bench.rig.base.board(|board| board.calls.values().any(is_hers)).await;
    assert!(!bench.hung_up, "nobody else ends an urgent call");
}

#[tokio::test]
async fn the_end_of_a_call_answers_every_request_once() {
    let mut bench = Bench::new().await;
    bench.pressed(&press(12_345).frame).await;
    let mut waits = bench.wants(Operator::Listen).await;
    let mut released = bench.wants(Operator::HangUp).await;
    assert_eq!(released.try_recv(), Ok(Operated::Done));
    assert!(matches!(waits.try_recv(), Ok(Operated::Refused(_))));
    assert!(bench.hung_up && bench.call.is_over());
    let (reply, mut late) = oneshot::channel();
    let by = Actor { person: Arc::from("Ann"), desk: Arc::from("desk-1") };
    bench.operator.send(Operate { wanted: Operator::Speak, by, reply }).await.unwrap();
    bench.call.finish();
    assert!(matches!(late.try_recv(), Ok(Operated::Refused(_))));
    bench.rig.base.board(|board| board.calls.is_empty()).await;
    until(|| !bench.rig.shared.calls.latest(|_| true, 9).is_empty()).await;
    assert_eq!(bench.rig.shared.calls.latest(|_| true, 9).len(), 1);
}

#[tokio::test]
async fn a_call_with_nothing_but_routine_is_cleared_by_the_line() {
    let mut bench = Bench::new().await;
    bench.pressed(&frame("0100", 12_345, "058", "00")).await;
    let before = bench.played.len();
    bench.waits(Duration::from_millis(600));
    assert_eq!(bench.played[before..], [2], "the long A and D");
    bench.hears("B");
    bench.call.hung_up(bench.now);
    bench.run();
    assert!(bench.call.is_over());
}
