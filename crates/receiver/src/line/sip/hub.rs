//! The task that has the session. A turn: what the session wants done, then answers of the store, bytes, time.

use std::sync::Arc;
use std::time::Instant;

use telecare_protocol::digital::{Accounts, Command, Session};
use telecare_protocol::sip::{Flow, Transport};
use telecare_protocol::{Delivery, Token};
use telecare_queue::Answer;
use time::OffsetDateTime;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};

use super::peers::Peers;
use super::{Heard, LineTask, Outgoing, Sources, UnderWay, What, operator};
use crate::intake::SessionIntake;
use crate::line::conversation::TIMER_LATE_MAX;
use crate::line::ledger::{Answering, Ledger};
use crate::line::world::chance;
use crate::line::{DRAIN_MAX, stopped};
use crate::pulse::{Pulse, TICK_EVERY};

/// See the module.
pub struct Hub {
    task: Arc<LineTask>,
    session: Session,
    ledger: Ledger,
    peers: Peers,
    /// One gate for each address, whatever it speaks over.
    gates: Arc<Sources>,
    heard: mpsc::Receiver<Heard>,
    socket: watch::Receiver<Option<Arc<UdpSocket>>>,
    accounts: watch::Receiver<Arc<Accounts>>,
    pulse: Pulse,
    /// Whose turn it is, and what their bytes came in.
    turn: Option<(Flow, Option<Arc<UnderWay>>)>,
    stopping: Option<Instant>,
}

/// What happened in a turn.
enum Turn {
    Answer(Token, Answer),
    Stop,
    Accounts,
    Heard(Heard),
    Woken,
}

impl Hub {
    /// A session that has heard nothing.
    pub fn new(
        task: Arc<LineTask>,
        heard: mpsc::Receiver<Heard>,
        socket: watch::Receiver<Option<Arc<UdpSocket>>>,
    ) -> Hub {
        let mut accounts = task.world.accounts();
        let in_force = Arc::clone(&accounts.borrow_and_update());
        let (settings, codes) = (task.line.sip.settings.clone(), Arc::clone(&task.shared.codes));
        Hub {
            session: Session::new(settings, in_force, codes, chance(), task.world.now().clock),
            ledger: Ledger::new(SessionIntake::new(task.intake.clone()), Arc::clone(&task.meters)),
            peers: Peers::new(task.calls.clone(), task.link.clone()),
            gates: Sources::new(usize::MAX),
            heard,
            socket,
            accounts,
            pulse: task.connection_pulse(),
            turn: None,
            stopping: None,
            task,
        }
    }

    /// Until the process stops and what is owed has left, or had its time.
    pub async fn run(mut self) {
        let mut stop = self.task.stop.clone();
        loop {
            self.run_commands();
            self.pulse.tick();
            let stopping = self.stopping.is_some();
            let drained = !self.ledger.owes() || self.stopping.is_some_and(|since| since.elapsed() >= DRAIN_MAX);
            if stopping && drained {
                return;
            }
            let wake = self.next_wake();
            let turn = tokio::select! {
                biased;
                (token, answer) = self.ledger.answered(), if self.ledger.owes() => Turn::Answer(token, answer),
                () = stopped(&mut stop), if !stopping => Turn::Stop,
                Ok(()) = self.accounts.changed() => Turn::Accounts,
                Some(heard) = self.heard.recv(), if !stopping => Turn::Heard(heard),
                () = tokio::time::sleep_until(wake.into()) => Turn::Woken,
            };
            match turn {
                Turn::Answer(token, answer) => self.answer(token, answer),
                Turn::Stop => self.stopping = Some(Instant::now()),
                Turn::Accounts => {
                    let accounts = Arc::clone(&self.accounts.borrow_and_update());
                    self.session.set_accounts(accounts);
                }
                Turn::Heard(heard) => self.heard(heard),
                Turn::Woken => self.woken(),
            }
        }
    }

    fn next_wake(&self) -> Instant {
        let drained = self.stopping.map(|since| since + DRAIN_MAX);
        let own = [self.session.poll_timeout(), self.peers.next_due(), drained];
        own.into_iter().flatten().fold(Instant::now() + TICK_EVERY, Instant::min)
    }

    fn heard(&mut self, heard: Heard) {
        let Heard { flow, at, what } = heard;
        self.session.set_clock(self.task.world.now().clock);
        match what {
            What::Opened(door) => self.peers.opened(flow, door, at),
            What::Bytes(bytes, came_in) => {
                self.peers.heard(flow, bytes.len(), at);
                self.turn = Some((flow, Some(came_in)));
                match flow.transport {
                    Transport::Udp => self.session.handle_datagram(flow, &bytes, at),
                    Transport::Tcp | Transport::Tls => self.session.handle_bytes(flow, &bytes, at),
                }
            }
            What::Closed => {
                self.turn = Some((flow, None));
                self.session.handle_closed(flow, at);
                self.peers.close(flow);
            }
        }
        let now = Instant::now();
        if self.session.poll_timeout().is_some_and(|due| due + TIMER_LATE_MAX <= now) {
            self.session.handle_timeout(now);
        }
    }

    fn woken(&mut self) {
        let now = Instant::now();
        if self.session.poll_timeout().is_some_and(|due| due <= now) {
            self.session.handle_timeout(now);
        }
        self.peers.sweep(now);
    }

    fn answer(&mut self, token: Token, answer: Answer) {
        let now = Instant::now();
        let found = self.peers.stored(token);
        self.turn = found.as_ref().map(|(flow, _)| (*flow, None));
        if self.ledger.answer(token, answer, now, found.map(|(_, book)| book)) {
            self.session.handle_stored(token, now);
        } else {
            self.session.handle_refused(token, now);
        }
    }

    fn run_commands(&mut self) {
        let mut answering = self.ledger.take_answering();
        let turn = self.turn.take();
        let flow = turn.as_ref().map(|(flow, _)| *flow);
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(to, bytes) => {
                    // Of what leaves after an answer of the store, the first to its unit is what the unit waits for.
                    let answering = if flow == Some(to) { answering.take() } else { None };
                    self.send(to, bytes, answering);
                }
                Command::Deliver(from, delivery) => {
                    let came_in =
                        turn.as_ref().filter(|(flow, _)| *flow == from).and_then(|(_, came_in)| came_in.clone());
                    self.deliver(from, *delivery, came_in);
                }
                Command::Left(token, answered) => {
                    if let Some((flow, book)) = self.peers.book_of(token) {
                        book.left(token, answered);
                        self.peers.tidy(flow);
                    }
                }
                Command::Count(counted) => {
                    self.task.meters.counted(counted);
                    if let Some(book) = flow.and_then(|flow| self.peers.book(flow)) {
                        book.counted(counted);
                    }
                }
                Command::Route(call, caller) => {
                    let (intake, sip) = (&self.task.intake, &self.task.line.sip);
                    let operator = operator::of_call(intake, sip, &caller, OffsetDateTime::now_utc());
                    self.session.handle_route(call, operator, Instant::now());
                }
                Command::Close(flow) => self.peers.close(flow),
            }
        }
        if let Some(flow) = flow {
            self.peers.tidy(flow);
        }
    }

    fn deliver(&mut self, from: Flow, delivery: Delivery, came_in: Option<Arc<UnderWay>>) {
        let guest = self.gates.admit(from.remote.ip());
        let gate = guest.as_ref().map(|guest| guest.gate());
        let book = self.peers.delivered(from, delivery.token, came_in, guest, Instant::now());
        self.ledger.deliver_through(delivery, gate, book);
    }

    /// Sends what can leave at once; what cannot is counted, and its unit asks again.
    fn send(&mut self, to: Flow, bytes: Vec<u8>, answering: Option<Answering>) {
        let sent = match to.transport {
            Transport::Udp => {
                let socket = self.socket.borrow();
                let sent = socket.as_ref().is_some_and(|socket| socket.try_send_to(&bytes, to.remote).is_ok());
                if let (true, Some((last_byte, waited_for))) = (sent, answering) {
                    self.task.meters.answered_after(last_byte.elapsed(), waited_for);
                }
                sent
            }
            Transport::Tcp | Transport::Tls => self.peers.send(to, Outgoing { bytes, answering }),
        };
        if !sent {
            self.task.meters.unsent.increment(1);
        }
    }
}
