//! The session of a whole listener.

use std::sync::Arc;
use std::time::Instant;

use super::{Accounts, Settings};
use crate::sip::Flow;
use crate::{Answered, Codes, Counted, Delivery, Sender, Token};

/// What the session asks its line to do. Taken in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Send these bytes this way: one datagram, or onto the connection. What cannot leave is dropped.
    Send(Flow, Vec<u8>),
    /// Hand this to the intake and come back with `handle_stored` or `handle_refused`.
    Deliver(Flow, Box<Delivery>),
    /// What became of the answer that a delivery was owed.
    Left(Token, Answered),
    /// Add to a counter.
    Count(Counted),
    /// Somebody calls: come back with `handle_route` and where the call belongs. With the unit it comes from.
    Route(u64, Sender),
    /// End a connection, once what was sent before has left.
    Close(Flow),
}

/// See the module.
#[derive(Debug)]
pub struct Session {}

impl Session {
    /// A session that has heard nothing. `chance` is sixteen random bytes, from which it draws tags and nonces.
    pub fn new(settings: Settings, accounts: Arc<Accounts>, codes: Arc<Codes>, chance: [u8; 16], now: Instant) -> Self {
        let _ = (settings, accounts, codes, chance, now);
        Session {}
    }

    /// Takes one datagram.
    pub fn handle_datagram(&mut self, flow: Flow, bytes: &[u8], now: Instant) {
        let _ = (flow, bytes, now);
    }

    /// Takes bytes of a connection; any split of them gives the same.
    pub fn handle_bytes(&mut self, flow: Flow, bytes: &[u8], now: Instant) {
        let _ = (flow, bytes, now);
    }

    /// A connection has ended.
    pub fn handle_closed(&mut self, flow: Flow, now: Instant) {
        let _ = (flow, now);
    }

    /// Other accounts count from here on.
    pub fn set_accounts(&mut self, accounts: Arc<Accounts>) {
        let _ = accounts;
    }

    /// A delivery is stored durably: the only way to a positive answer.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        let _ = (token, now);
    }

    /// A delivery could not be stored.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        let _ = (token, now);
    }

    /// Where the call of a [`Command::Route`] belongs: the SIP URI of whoever has claimed the unit's alarm; none when
    /// nobody has.
    pub fn handle_route(&mut self, call: u64, operator: Option<String>, now: Instant) {
        let _ = (call, operator, now);
    }

    /// Takes notice that time has passed; call it no earlier than [`Session::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// When [`Session::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next thing to do, until there is none.
    pub fn next_command(&mut self) -> Option<Command> {
        None
    }
}
