//! The conversations of every unit of a listener, without SIP.
//!
//! ```text
//!            document ──► known? ── no ──► Deliver ──► stored ──► A
//!                           └ stored: A    └► refused, late: nothing, the unit repeats
//!  invited ──► Progress ──► alarm stored, or 6 s ──► Route ──► routed ──► scheme: select ─ 5, 6, silence ─► list
//!                                                                            ▲                        │ another unit:
//!                                                                            └── A ── stored ◄── Deliver
//!  request ──► one command at a time ──► Operated          clear: next outstanding call, or clear down
//! ```
//!
//! * An acknowledgement names no alarm. So a user gets none, of a heartbeat neither, while one of its alarms is not
//!   stored; and none for "nothing outstanding".
//! * A call never waits for the store for longer than it waits for its alarm.
//! * Nothing here knows how a document travels: [`Calls::sent`] tells whether it arrived.

mod deliveries;
mod exchange;
mod hear;
mod operator;
mod output;
mod session;
mod table;
mod verdict;
mod voice;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

pub use output::{CallId, End, Output, SendId, Sent, Told};

use super::command::Program;
use super::document::{Document, Kind};
use super::read::Bad;
use super::settings::Settings;
use crate::call::{Request, RequestId};
use crate::sia_dc09::Clock;
use crate::{Codes, Counted, Token};
use deliveries::Deliveries;
use session::{Asked, Session, Wanted};
use table::Table;

/// See the module.
#[derive(Debug)]
pub struct Calls {
    settings: Settings,
    codes: Arc<Codes>,
    clock: Clock,
    table: Table,
    deliveries: Deliveries,
    next_send: u64,
    outputs: VecDeque<Output>,
}

impl Calls {
    /// Begins with nobody known.
    pub fn new(settings: Settings, codes: Arc<Codes>, clock: Clock) -> Calls {
        Calls {
            settings,
            codes,
            clock,
            table: Table::default(),
            deliveries: Deliveries::default(),
            next_send: 0,
            outputs: VecDeque::new(),
        }
    }

    /// The time of day, for what is written and for looking at units' clocks.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Takes a body that came from a user, as [`super::read`] has read it, and its bytes. SIP has answered it already.
    pub fn document(&mut self, user: &str, read: Result<Document, Bad>, raw: &[u8], now: Instant) {
        self.hear(user, read, raw, now);
    }

    /// A delivery is stored durably: the only way to an acknowledgement.
    pub fn stored(&mut self, token: Token, now: Instant) {
        self.handle_stored(token, now);
    }

    /// A delivery could not be stored. Nothing is sent: the unit repeats.
    pub fn refused(&mut self, token: Token, now: Instant) {
        self.handle_refused(token, now);
    }

    /// A user calls (INVITE).
    pub fn invited(&mut self, user: &str, call: CallId, now: Instant) {
        self.begin_call(user, call, now);
    }

    /// A call of [`Output::Route`] went to whoever has claimed the alarm.
    pub fn routed(&mut self, call: CallId, now: Instant) {
        self.handle_routed(call, now);
    }

    /// The caller gave its call up (CANCEL, or BYE).
    pub fn cancelled(&mut self, call: CallId, now: Instant) {
        self.handle_cancelled(call, now);
    }

    /// The call of a user is over, as whoever has it says.
    pub fn ended(&mut self, user: &str, now: Instant) {
        self.with(user, now, |calls, session| calls.end_call(session, End::HungUp, now));
    }

    /// What became of something that was to be sent. Only of commands anything depends on it.
    pub fn sent(&mut self, id: SendId, sent: Sent, now: Instant) {
        if sent == Sent::Failed
            && let Some(user) = self.table.user_of_send(id)
        {
            self.with(&user, now, |calls, session| calls.not_delivered(session, id, now));
        }
    }

    /// An operator wants something of a unit; [`Output::Operated`] answers each request once, at the latest when the call
    /// ends. Without a session there is nobody to ask, and it is refused.
    pub fn request(&mut self, user: &str, request: Request, now: Instant) {
        self.ask(user, Asked { id: request.id, wanted: Wanted::Operator(request.wanted) }, now);
    }

    /// The same for programming, where the site allows it.
    pub fn program(&mut self, user: &str, id: RequestId, program: Program, now: Instant) {
        self.ask(user, Asked { id, wanted: Wanted::Program(program) }, now);
    }

    /// Takes notice that time has passed; call it no earlier than [`Calls::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        for user in self.table.due(now) {
            self.with(&user, now, |calls, session| calls.wake(session, now));
        }
        for (user, again) in self.deliveries.take_again(now) {
            self.tell_again(&user, again, now);
        }
    }

    /// When [`Calls::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.table.first_deadline(), self.deliveries.next_again()].into_iter().flatten().min()
    }

    /// The next thing to do, until there is none.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Users remembered, and deliveries without a verdict: never more than the bounds.
    pub fn held(&self) -> (usize, usize) {
        (self.table.len(), self.deliveries.held())
    }

    fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn count(&mut self, name: &'static str) {
        self.push(Output::Count(Counted::BadFrame(name)));
    }

    /// Something for a known user; false if it is none. The session is out of the table meanwhile.
    fn with(&mut self, user: &str, now: Instant, act: impl FnOnce(&mut Calls, &mut Session)) -> bool {
        let Some(mut session) = self.table.take(user) else { return false };
        act(self, &mut session);
        self.keep(session, now);
        true
    }

    /// The same for a user that is remembered from here on, if there is room.
    fn with_new(&mut self, user: &Arc<str>, now: Instant, act: impl FnOnce(&mut Calls, Option<&mut Session>)) {
        let mut session = match self.table.take(user) {
            Some(session) => session,
            None if user.is_empty() || self.table.is_full() => return act(self, None),
            None => Session::new(Arc::clone(user), now),
        };
        session.last = now;
        act(self, Some(&mut session));
        self.keep(session, now);
    }

    /// Puts a session back, unless there is nothing more to wait for.
    fn keep(&mut self, session: Session, now: Instant) {
        match session.forget_at(&self.settings) {
            Some(forget) if now >= forget => self.forget(session, now),
            Some(_) | None => {
                let deadline = session.next_deadline(&self.settings);
                self.table.put(session, deadline);
            }
        }
    }

    fn forget(&mut self, mut session: Session, now: Instant) {
        self.end_call(&mut session, End::Quiet, now);
        self.leave_owed(&session);
    }

    /// A document of ours, on its way.
    fn send(&mut self, user: &Arc<str>, kind: Kind, data: &str, now: Instant) -> SendId {
        let id = SendId(self.next_send);
        self.next_send = self.next_send.saturating_add(1);
        let document = Document::new(kind, data, &self.settings.mac, self.clock.utc(now).time());
        self.push(Output::Send { id, user: Arc::clone(user), document: Box::new(document) });
        id
    }
}
