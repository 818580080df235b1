//! Telephone lines with a simulated modem at the other end of a pty, in real time.

mod far;
mod open_call;

use telecare_alarm::Alarm;
use telecare_api::calls::{Call, CallAnswer, CallOutcome};
use telecare_protocol::bs8521::{self, Answer as Record, UnitFaults};
use telecare_protocol::call::{Speech, UnitSettings};
use telecare_protocol::voice_modem::{self, HangUpTold, Outcome, Reports, SimFaults, SimSettings};

use telecare_queue::Reach;
use telecare_queue::live_calls::Command;

use super::*;
use crate::config::{CallSettings, DataBits, Parity, Serial, StopBits, VoiceModem};
use crate::rig::until;
use far::Far;

const CALLER: &str = "01527960042";

/// A dispersed unit's pendant press; its last digits are the unit.
fn press(unit: u32) -> bs8521::UnitSettings {
    quick(&frame("0100", unit, "019", "00"))
}

/// A modem whose bell is in a hurry.
fn sim() -> SimSettings {
    SimSettings { ring_every: Duration::from_millis(1_100), ..SimSettings::default() }
}

fn frame(head: &str, unit: u32, event: &str, status: &str) -> String {
    let frame = bs8521::Frame {
        category: head[0..1].to_owned(),
        speech: head[1..2].to_owned(),
        conformance: head[2..4].to_owned(),
        controller: format!("{unit:08}"),
        local_unit: "0000".to_owned(),
        event: event.to_owned(),
        location: "00".to_owned(),
        priority: "0".to_owned(),
        status: status.to_owned(),
    };
    frame.encode().unwrap()
}

fn quick(frame: &str) -> bs8521::UnitSettings {
    bs8521::UnitSettings { guards: 0, ..bs8521::UnitSettings::new(frame.to_owned()) }
}

fn line(name: &str, path: &std::path::Path) -> Line {
    let serial = Serial {
        path: path.to_owned(),
        speed: 115_200,
        data_bits: DataBits::Eight,
        parity: Parity::None,
        stop_bits: StopBits::One,
    };
    let modem = voice_modem::Settings::default();
    // In a hurry where the protocol allows it.
    let settle = Duration::from_millis(300);
    let bs8521 = bs8521::Settings { guard_wait: Duration::ZERO, settle, ..bs8521::Settings::default() };
    Line {
        name: LineId::new(name),
        protocol: Protocol::Bs8521,
        transport: Transport::VoiceModem(Box::new(VoiceModem { serial, modem, extension: None })),
        calls: CallSettings { bs8521, ..CallSettings::of(Protocol::Bs8521) },
        ..surgard(Transport::TcpConnect { address: String::new() })
    }
}

/// A line, and whoever telephones to it.
struct Bench {
    rig: Arc<Rig>,
    far: Far,
    task: JoinHandle<()>,
    _ports: tempfile::TempDir,
}

impl Bench {
    async fn new(sim: SimSettings, unit: bs8521::UnitSettings) -> Bench {
        Bench::on(Arc::new(Rig::new().await), "v", sim, unit)
    }

    fn on(rig: Arc<Rig>, name: &str, sim: SimSettings, unit: bs8521::UnitSettings) -> Bench {
        let ports = tempfile::tempdir().unwrap();
        let path = ports.path().join("modem");
        let far = Far::plug(&path, sim, UnitSettings::Bs8521(unit), Some(CALLER));
        let task = rig.run(line(name, &path));
        Bench { rig, far, task, _ports: ports }
    }

    /// The calls written down so far, the oldest first, once there are so many.
    async fn calls(&self, wanted: usize) -> Vec<Arc<Call>> {
        let all = || self.rig.shared.calls.latest(|_| true, usize::MAX);
        until(|| all().len() >= wanted).await;
        let mut calls = all();
        calls.reverse();
        assert_eq!(calls.len(), wanted, "{calls:#?}");
        calls
    }
}

fn told(call: &Call) -> (CallOutcome, Option<CallAnswer>, Option<&str>, usize) {
    (call.outcome, call.answered, call.caller.as_deref(), call.signals.len())
}

const ACKNOWLEDGED: Option<CallAnswer> = Some(CallAnswer::Positive);

#[tokio::test]
async fn a_call_is_one_alarm_and_one_record_and_the_next_one_is_taken() {
    let mut bench = Bench::new(sim(), press(12_345)).await;
    bench.far.until("was acknowledged").await;
    let alarm = bench.rig.alarm("12345", 1).await;
    assert_eq!((alarm.line.as_str(), alarm.presses), ("v", 1));
    assert_eq!(alarm.caller.as_ref().unwrap().number.as_deref(), Some(CALLER));
    // An operator's call: it goes on until the unit hangs up.
    assert!(bench.rig.shared.calls.latest(|_| true, 1).is_empty());
    let board = bench.rig.base.board(|board| board.calls.values().any(|call| call.speech == Speech::Duplex)).await;
    let live = board.calls.values().next().unwrap();
    assert_eq!((live.line.as_str(), &live.reach), ("v", &Reach::CallBack(CALLER.to_owned())));
    assert!(live.supports.has(Command::ClearDown) && !live.supports.has(Command::Door));
    assert_eq!(alarm.calls[0].id, live.id);
    bench.far.hangs_up();
    assert_eq!(bench.far.over().await, Outcome::Acknowledged);
    let call = bench.calls(1).await.remove(0);
    assert_eq!(told(&call), (CallOutcome::Stored, ACKNOWLEDGED, Some(CALLER), 1));
    assert_eq!((call.bytes, call.bad_frames), (28, 0), "{call:#?}");
    assert!(call.detail.contains("remote-hangup, hung up there"), "{}", call.detail);
    assert!(call.began < call.last_byte.unwrap() && call.last_byte.unwrap() < call.ended);
    bench.rig.base.board(|board| board.calls.is_empty()).await;
    let detail = bench.rig.base.queue.detail(alarm.id).await.unwrap();
    assert_eq!(detail.signals[0].signal.call, Some(live.id));
    assert_eq!(detail.signals[0].signal.raw, press(12_345).frame.as_bytes());

    bench.far.calls(UnitSettings::Bs8521(press(777)), None);
    bench.far.until("was acknowledged").await;
    bench.rig.alarm("777", 1).await;
    // The process stops in the middle of the call: the line is released.
    bench.rig.stop.send_replace(true);
    bounded(&mut bench.task).await.unwrap();
    bench.far.until("HungUp").await;
    let call = bench.calls(2).await.remove(1);
    assert_eq!(told(&call), (CallOutcome::Stored, ACKNOWLEDGED, None, 1));
    assert!(call.detail.contains("released, hung up here"), "{}", call.detail);
}

/// Nothing urgent was said, so nobody has to end the call.
#[tokio::test]
async fn a_scheme_with_five_routine_calls_is_worked_through_in_one() {
    let routine = ["002705301000", "010405301000", "020105301000", "030105301000", "040105301000"];
    let outstanding: Vec<Record> = routine.iter().map(|digits| Record::decode(digits.as_bytes()).unwrap()).collect();
    let opening = read(&frame("1200", 44_120_077, "053", "00"));
    let first = bs8521::Frame { local_unit: "0027".to_owned(), location: "01".to_owned(), ..opening };
    let pace = Duration::from_millis(50);
    let scheme = quick(&first.encode().unwrap());
    let unit = bs8521::UnitSettings { outstanding, digit_on: pace, digit_off: pace, ..scheme };
    let mut bench = Bench::new(sim(), unit).await;
    assert_eq!(bench.far.over().await, Outcome::Acknowledged);
    let call = bench.calls(1).await.remove(0);
    assert_eq!(told(&call), (CallOutcome::Stored, ACKNOWLEDGED, Some(CALLER), 5), "{}", call.detail);
    assert!(call.detail.contains("cleared-down"), "{}", call.detail);
    let alarms = bench.rig.base.queue.board().borrow().open.len();
    assert_eq!(alarms, 5);
}

fn read(frame: &str) -> bs8521::Frame {
    bs8521::Frame::decode_body(frame.trim_matches(['A', '#']).as_bytes()).unwrap()
}

#[tokio::test]
async fn who_hangs_up_in_a_frame_or_says_nothing_is_one_report_with_the_number() {
    let cut = UnitFaults { hangs_up_after: Some(9), ..UnitFaults::default() };
    let deaf = UnitFaults { deaf_after: Some(Duration::ZERO), ..UnitFaults::default() };
    for (faults, outcome, end) in
        [(cut, CallOutcome::Unreadable, "remote-hangup"), (deaf, CallOutcome::Silent, "no-data")]
    {
        let mut bench = Bench::new(sim(), bs8521::UnitSettings { faults, ..press(12_345) }).await;
        assert_eq!(bench.far.over().await, Outcome::NotAcknowledged);
        let call = bench.calls(1).await.remove(0);
        assert_eq!(told(&call), (outcome, None, Some(CALLER), 1), "{}", call.detail);
        assert!(call.detail.contains(end), "{}", call.detail);
        let board = bench.rig.base.board(|board| board.open.len() == 1).await;
        let alarm: &Alarm = board.open.nth(0).unwrap();
        assert_eq!((alarm.signals, alarm.caller.as_ref().unwrap().number.as_deref()), (1, Some(CALLER)));
    }
}

/// Nothing can be stored: the unit is not acknowledged, and tries elsewhere.
#[tokio::test]
async fn what_nothing_can_store_is_not_acknowledged() {
    let mut bench = Bench::new(sim(), press(12_345)).await;
    bench.rig.base.queue.close().await;
    assert_eq!(bench.far.over().await, Outcome::NotAcknowledged);
    let call = bench.calls(1).await.remove(0);
    assert_eq!(told(&call), (CallOutcome::Refused, Some(CallAnswer::Withheld), Some(CALLER), 0), "{}", call.detail);
    assert!(bench.far.heard().iter().all(|heard| !heard.starts_with("hears B 80")), "{:?}", bench.far.heard());
}

#[tokio::test]
async fn a_modem_that_is_unplugged_in_a_call_is_told_and_taken_up_again() {
    let Bench { rig, mut far, task: _task, _ports } = Bench::new(sim(), press(12_345)).await;
    far.until("plays 28").await;
    drop(far);
    let path = _ports.path().join("modem");
    let mut far = Far::plug(&path, sim(), UnitSettings::Bs8521(press(777)), Some(CALLER));
    far.until("was acknowledged").await;
    rig.alarm("777", 1).await;
    let cut = rig.shared.calls.latest(|_| true, 9).remove(0);
    // The plug may have been pulled before the first digit was told.
    assert!(matches!(cut.outcome, CallOutcome::Unreadable | CallOutcome::Silent), "{}", cut.detail);
    assert_eq!((cut.caller.as_deref(), cut.signals.len()), (Some(CALLER), 1), "{}", cut.detail);
}

/// A modem that does not answer is no line: that is told, and it is opened again and again.
#[tokio::test]
async fn a_modem_that_does_not_answer_is_a_line_that_is_down() {
    let faults = SimFaults { deaf: true, ..SimFaults::default() };
    let bench = Bench::new(SimSettings { faults, ..sim() }, press(1)).await;
    let alarm = bench.rig.alarm("line v", 1).await;
    let is_down =
        |alarm: &Alarm| alarm.triggers.iter().any(|(key, state)| key.trigger == Trigger::LineDown && state.is_raised());
    assert!(is_down(&alarm));
    drop(bench.far);
    let path = bench._ports.path().join("modem");
    let _far = Far::plug(&path, sim(), UnitSettings::Bs8521(press(777)), None);
    let alarm = bench.rig.alarm("line v", 2).await;
    assert!(!is_down(&alarm));
}

/// Twenty calls with faults of their own, on ten lines at once: each is one record and one alarm, or a report of the
/// call itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_with_faults_end_each_in_one_right_record() {
    let rig = Arc::new(Rig::new().await);
    let mut random = Random(0x7E1E_CA5E);
    let mut lines = tokio::task::JoinSet::new();
    for number in 0..10 {
        let plans = [random.plan(), random.plan()];
        let rig = Arc::clone(&rig);
        lines.spawn(async move {
            let name = format!("v{number}");
            for (at, plan) in plans.into_iter().enumerate() {
                call_with_faults(&rig, &format!("{name}-{at}"), 5_000 + number * 10 + u32::try_from(at).unwrap(), plan)
                    .await;
            }
        });
    }
    while let Some(done) = bounded_call(lines.join_next()).await {
        done.unwrap();
    }
    let calls = rig.shared.calls.latest(|_| true, usize::MAX);
    assert_eq!(calls.len(), 20, "{calls:#?}");
    let signals: usize = calls.iter().map(|call| call.signals.len()).sum();
    assert_eq!(signals, 20, "one alarm for each call: {calls:#?}");
}

/// The longest call here: four sends that nobody acknowledges.
async fn bounded_call<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(90), wait).await.expect("a call takes no longer")
}

struct Plan {
    sim: SimSettings,
    faults: UnitFaults,
}

async fn call_with_faults(rig: &Arc<Rig>, name: &str, unit: u32, Plan { sim, faults }: Plan) {
    let words = format!("{name}: {faults:?} {sim:?}");
    let settings = bs8521::UnitSettings { faults, ..press(unit) };
    let mut bench = Bench::on(Arc::clone(rig), name, sim, settings);
    let outcome = match bench.far.until_or_over("was acknowledged").await {
        Some(outcome) => outcome,
        None => {
            bench.far.hangs_up();
            bench.far.over().await
        }
    };
    let mine = |call: &Call| call.line.as_str() == name;
    let calls = || rig.shared.calls.latest(mine, 9);
    until(|| !calls().is_empty()).await;
    bench.task.abort();
    let call = calls().remove(0);
    let expected = match outcome {
        Outcome::Acknowledged => (CallOutcome::Stored, ACKNOWLEDGED, Some(CALLER), 1),
        Outcome::NotAcknowledged if call.outcome == CallOutcome::Stored => {
            (CallOutcome::Stored, call.answered, Some(CALLER), 1)
        }
        Outcome::NotAcknowledged => (CallOutcome::Unreadable, None, Some(CALLER), 1),
        Outcome::NotAnswered => panic!("{words}"),
    };
    assert_eq!(told(&call), expected, "{words}\n{:?}\n{}", bench.far.heard(), call.detail);
}

/// The test's own generator, so that a failure comes again.
struct Random(u32);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % bound
    }

    fn plan(&mut self) -> Plan {
        let mut faults = UnitFaults { sends: Some(self.below(3)), ..UnitFaults::default() };
        let digit = usize::try_from(self.below(28)).unwrap();
        match self.below(7) {
            0 => faults.wrong_checksum = true,
            1 => faults.dropped = Some(digit),
            2 => faults.long_gap = Some((digit.min(26), Duration::from_millis(400))),
            3 => faults.missing_end = true,
            4 => faults.late_start = Duration::from_millis(300),
            5 => faults.ignores_first_ack = true,
            _ => faults.hangs_up_after = Some(digit.max(3)),
        }
        let sim = SimSettings {
            reports: if self.below(2) == 0 { Reports::Both } else { Reports::Once },
            hang_up_told: if self.below(4) == 0 { HangUpTold::Busy } else { HangUpTold::LoopBreak },
            faults: SimFaults {
                misses: (self.below(4) == 0).then_some(9),
                is_early: self.below(4) == 0,
                ..SimFaults::default()
            },
            ..sim()
        };
        Plan { sim, faults }
    }
}
