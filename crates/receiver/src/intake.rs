//! From what a line heard to a stored signal: unit key, rank, stamps, id, then the queue.
//!
//! Facts are fixed here once and never change: a registry or policy edited later ranks later signals only.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use telecare_alarm::registry::UnitId;
use telecare_alarm::unit::Place;
use telecare_alarm::{CallId, Lane, LineId, Marks, ReceiverId, Signal, SignalId, Stamps, UnitKey};
use telecare_protocol::{Delivery, Message, RepeatProof, Report, Sender, Token};
use telecare_queue::{Answer, Incoming, Queue};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::stamps::{Anchor, clock_state};
use crate::stored;

/// What every line's intake shares. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    /// Where signals go.
    pub queue: Queue,
    /// This receiver.
    pub receiver: ReceiverId,
    /// Version of the software, kept with each signal.
    pub software: Arc<str>,
}

/// The intake of one line. Cheap to clone.
#[derive(Clone)]
pub struct LineIntake {
    intake: Intake,
    line: LineId,
    namespace: Option<Arc<str>>,
    /// Whether one sender speaks for many units on this line and waits for each answer, so that holding
    /// back one answer would hold back everyone.
    stop_and_wait: bool,
    /// Whether the line only listens beside another platform.
    shadow: bool,
}

/// Bytes heard and when.
struct Heard {
    raw: Vec<u8>,
    first_byte: Instant,
    last_byte: Instant,
}

impl Intake {
    /// The intake of a line.
    pub fn line(&self, line: &LineId, namespace: Option<&str>, stop_and_wait: bool) -> LineIntake {
        let namespace = namespace.map(Arc::from);
        LineIntake { intake: self.clone(), line: line.clone(), namespace, stop_and_wait, shadow: false }
    }
}

impl LineIntake {
    /// Of a line that only listens: its signals are marked, its units are nobody else's, and no sender waits for
    /// it, so a full lane may refuse what it hears.
    pub fn shadowing(self) -> LineIntake {
        let namespace = telecare_alarm::unit::shadow_namespace(self.receiver(), &self.line);
        LineIntake { namespace: Some(Arc::from(namespace)), stop_and_wait: false, shadow: true, ..self }
    }

    /// The line.
    pub fn line(&self) -> &LineId {
        &self.line
    }

    /// The receiver.
    pub fn receiver(&self) -> &ReceiverId {
        &self.intake.receiver
    }

    /// Stores a report of this receiver about the line itself.
    pub async fn own(&self, report: Report) -> Answer {
        let now = Instant::now();
        let signal = self.signal(report, Heard { raw: Vec::new(), first_byte: now, last_byte: now }, None);
        stored::store(&self.intake.queue, Incoming { signal, repeat: RepeatProof::None, reserved: false }).await
    }

    /// The queue.
    pub fn queue(&self) -> &Queue {
        &self.intake.queue
    }

    /// The registered unit whose sign of life it is.
    fn registered(&self, sender: &Sender) -> Option<UnitId> {
        self.intake.queue.registry().id_of(&self.unit_of(sender)?)
    }

    /// The unit that speaks; none where it says no name.
    pub fn unit_of(&self, sender: &Sender) -> Option<UnitKey> {
        UnitKey::of_sender(sender, &self.place(), &self.intake.queue.registry())
    }

    fn place(&self) -> Place<'_> {
        Place { receiver: &self.intake.receiver, line: &self.line, namespace: self.namespace.as_deref() }
    }

    fn signal(&self, report: Report, heard: Heard, unit: Option<UnitKey>) -> Signal {
        let anchor = Anchor::now();
        let last_byte = anchor.wall(heard.last_byte);
        let id = signal_id(last_byte);
        let unit = unit.unwrap_or_else(|| UnitKey::of(&report, &self.place(), id, &self.intake.queue.registry()));
        Signal {
            id,
            receiver: self.intake.receiver.clone(),
            line: self.line.clone(),
            call: None,
            unit,
            stamps: Stamps {
                first_byte: anchor.wall(heard.first_byte),
                last_byte,
                decoded: anchor.wall(Instant::now()),
            },
            ranking: self.intake.queue.policy().triage(&report),
            raw: heard.raw,
            report,
            repeat_of: None,
            shadow: self.shadow,
            marks: Marks::default(),
            software: self.intake.software.clone(),
            clock: clock_state(),
        }
    }
}

/// A UUID v7 of a signal's last byte: the millisecond, then the fraction of it in 12 bits (RFC 9562 section
/// 6.2, method 3), then 62 random bits. Ids sort by arrival to a quarter of a microsecond, a clock that is
/// set back changes nothing for later ids, and a burst cannot make two alike.
fn signal_id(last_byte: OffsetDateTime) -> SignalId {
    let nanos = last_byte.unix_timestamp_nanos().max(0).unsigned_abs();
    let (millis, rest) = (nanos / 1_000_000, nanos % 1_000_000);
    let mut random = [0; 10];
    random.copy_from_slice(&Uuid::new_v4().as_bytes()[6..]);
    // The version and variant bits of the random source fall on the bits overwritten here and by the builder.
    let fraction = u16::try_from(rest * 4096 / 1_000_000).unwrap_or(0xfff);
    random[..2].copy_from_slice(&fraction.to_be_bytes());
    let millis = u64::try_from(millis).unwrap_or(u64::MAX);
    SignalId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// What a delivery becomes.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The signal.
    pub signal: SignalId,
    /// Where it was ranked.
    pub lane: Lane,
}

/// Deliveries of one session that a later one may speak about.
const REMEMBERED_MAX: usize = 256;

/// The intake of one session: takes deliveries in, gives answers back by token without ever making the
/// line wait. Deliveries taken are stored even if the session ends first.
///
/// Bound: a session owes at most eight answers and a call delivers at most 64 times, so no more are under way here. A line
/// of digital units has one session for all: there its datagrams and reads under way are the bound, and what `about` refers
/// to may be forgotten. One that only listens owes none; there the queue's lane is the bound, which refuses at once when it
/// is full.
pub struct SessionIntake {
    line: LineIntake,
    call: Option<CallId>,
    under_way: JoinSet<(Token, Answer)>,
    ready: VecDeque<(Token, Answer)>,
    /// What signals pass one by one, where their sender shares it with others of its address.
    gate: Option<Arc<Semaphore>>,
    units: VecDeque<(Token, UnitKey)>,
}

impl SessionIntake {
    /// The intake of a new session.
    pub fn new(line: LineIntake) -> SessionIntake {
        SessionIntake {
            line,
            call: None,
            under_way: JoinSet::new(),
            ready: VecDeque::new(),
            gate: None,
            units: VecDeque::new(),
        }
    }

    /// With a gate before the store: so many signals of all who share it are on their way at once, the others wait.
    pub fn through(mut self, gate: Arc<Semaphore>) -> SessionIntake {
        self.gate = Some(gate);
        self
    }

    /// The intake of a telephone call.
    pub fn of_call(line: LineIntake, call: CallId) -> SessionIntake {
        let mut intake = SessionIntake::new(line);
        intake.call = Some(call);
        intake
    }

    /// Takes a delivery; gives what becomes of it, none for a sign of life. Its answer comes from
    /// [`SessionIntake::answered`]; a sign of life is stored when anything could be, so that units try elsewhere
    /// while nothing can.
    pub fn take(&mut self, delivery: Delivery) -> Option<Taken> {
        let gate = self.gate.clone();
        self.take_through(delivery, gate)
    }

    /// The same through a gate of this delivery's own sender, where many speak in one session.
    pub fn take_through(&mut self, delivery: Delivery, gate: Option<Arc<Semaphore>>) -> Option<Taken> {
        let token = delivery.token;
        let report = match delivery.message {
            Message::Report(report) => report,
            Message::SignOfLife(sender) => {
                let queue = self.line.queue();
                let answer = if queue.can_store() { Answer::Stored } else { Answer::Refused };
                match sender.and_then(|sender| self.line.registered(&sender)) {
                    Some(unit) => {
                        let (queue, at) = (queue.clone(), Anchor::now().wall(delivery.last_byte));
                        self.under_way.spawn(async move {
                            queue.heard(unit, at).await;
                            (token, answer)
                        });
                    }
                    None => self.ready.push_back((token, answer)),
                }
                return None;
            }
        };
        let unit = delivery.about.and_then(|about| self.unit_of(about));
        let heard = Heard { raw: delivery.raw, first_byte: delivery.first_byte, last_byte: delivery.last_byte };
        let signal = Signal { call: self.call, ..self.line.signal(report, heard, unit) };
        self.remember(token, signal.unit.clone());
        let taken = Taken { signal: signal.id, lane: signal.ranking.lane };
        let incoming = Incoming { signal, repeat: delivery.repeat, reserved: self.line.stop_and_wait };
        let queue = self.line.intake.queue.clone();
        self.under_way.spawn(async move {
            // The gate is never closed.
            let _turn = match gate {
                Some(gate) => gate.acquire_owned().await.ok(),
                None => None,
            };
            (token, stored::store(&queue, incoming).await)
        });
        Some(taken)
    }

    /// The queue.
    pub fn queue(&self) -> &Queue {
        self.line.queue()
    }

    /// Whether answers are under way.
    pub fn owes(&self) -> bool {
        !self.ready.is_empty() || !self.under_way.is_empty()
    }

    /// The next answer. Waits for ever when none is under way. Cancel safe.
    pub async fn answered(&mut self) -> (Token, Answer) {
        if let Some(answered) = self.ready.pop_front() {
            return answered;
        }
        loop {
            match self.under_way.join_next().await {
                Some(Ok(answered)) => return answered,
                // No answer: the sender hears nothing and repeats.
                Some(Err(error)) => tracing::error!(%error, "a signal's way into the queue broke off"),
                None => std::future::pending().await,
            }
        }
    }

    fn unit_of(&self, token: Token) -> Option<UnitKey> {
        self.units.iter().find(|(known, _)| *known == token).map(|(_, unit)| unit.clone())
    }

    fn remember(&mut self, token: Token, unit: UnitKey) {
        if self.units.len() == REMEMBERED_MAX {
            self.units.pop_front();
        }
        self.units.push_back((token, unit));
    }
}

impl Drop for SessionIntake {
    fn drop(&mut self) {
        self.under_way.detach_all();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use telecare_protocol::report::{Caller, Origin};
    use telecare_protocol::{Protocol, Status, Trigger};

    use super::*;
    use crate::rig::{Rig, bounded};

    #[test]
    fn ids_carry_their_time_and_sort_by_it() {
        let start = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let ids: Vec<SignalId> = (0..2_000).map(|n| signal_id(start + time::Duration::microseconds(n))).collect();
        assert!(ids.is_sorted());
        for id in [ids[0], ids[1_999]] {
            assert_eq!(id.0.get_version_num(), 7);
            assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        }
        let (seconds, nanos) = ids[1_999].0.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (1_800_000_000, 1_000_000));
    }

    #[test]
    fn a_burst_in_one_instant_has_ids_of_its_own() {
        let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let ids: HashSet<SignalId> = (0..10_000).map(|_| signal_id(at)).collect();
        assert_eq!(ids.len(), 10_000);
    }

    fn delivery(token: u64, message: Message, about: Option<u64>) -> Delivery {
        let now = Instant::now();
        Delivery {
            token: Token(token),
            message,
            raw: vec![0x31],
            first_byte: now,
            last_byte: now,
            repeat: RepeatProof::None,
            owed: true,
            about: about.map(Token),
        }
    }

    fn report(identity: Option<&str>, caller: Option<&str>) -> Message {
        let mut report = Report::own(Trigger::Pendant, Status::Active, "101");
        report.protocol = Protocol::SurGard;
        report.origin = Origin::Unit;
        report.identity = identity.map(ToOwned::to_owned);
        report.caller = caller.map(|number| Caller { number: Some(number.to_owned()), name: None });
        Message::Report(report)
    }

    #[tokio::test]
    async fn a_report_about_another_joins_its_unit() {
        let rig = Rig::new().await;
        let mut intake = SessionIntake::new(rig.intake.line(&LineId::new("a"), None, true));
        intake.take(delivery(1, report(Some("1234"), None), None));
        intake.take(delivery(2, report(Some("5678"), None), None));
        intake.take(delivery(3, report(None, Some("01527 1")), Some(1)));
        for _ in 0..3 {
            let (_, answer) = bounded(intake.answered()).await;
            assert_eq!(answer, Answer::Stored);
        }
        assert!(!intake.owes());
        let alarm = rig.alarm("1234", 2).await;
        assert_eq!(alarm.caller.as_ref().unwrap().number.as_deref(), Some("01527 1"));
    }

    #[tokio::test]
    async fn what_was_taken_is_stored_although_its_session_ended() {
        let rig = Rig::new().await;
        let mut intake = SessionIntake::new(rig.intake.line(&LineId::new("a"), None, true));
        intake.take(delivery(1, report(Some("1234"), None), None));
        drop(intake);
        rig.alarm("1234", 1).await;
    }

    #[tokio::test]
    async fn a_sign_of_life_is_answered_but_not_stored() {
        let rig = Rig::new().await;
        let mut intake = SessionIntake::new(rig.intake.line(&LineId::new("a"), None, true));
        intake.take(delivery(1, Message::SignOfLife(None), None));
        assert!(intake.owes());
        assert_eq!(bounded(intake.answered()).await, (Token(1), Answer::Stored));
        assert!(rig.queue.board().borrow().open.is_empty());
    }

    #[tokio::test]
    async fn accounts_meet_only_in_a_shared_namespace() {
        let rig = Rig::new().await;
        for (line, namespace) in [("a", None), ("b", None), ("c", Some("north")), ("d", Some("north"))] {
            let mut intake = SessionIntake::new(rig.intake.line(&LineId::new(line), namespace, true));
            intake.take(delivery(1, report(Some("1234"), None), None));
            bounded(intake.answered()).await;
        }
        let board = rig.board(|board| board.open.len() == 3).await;
        let mut signals: Vec<(&str, u32)> =
            board.open.iter().map(|alarm| (alarm.line.as_str(), alarm.signals)).collect();
        signals.sort();
        assert_eq!(signals, [("a", 1), ("b", 1), ("c", 2)]);
    }
}
