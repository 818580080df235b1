//! The SIP of a listener.

use std::sync::Arc;
use std::time::Instant;

use super::{Accounts, Authentication, Command, Event, Flow, Outgoing, Reply, RequestId, SendId};

/// What a site sets of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What a unit has to prove.
    pub authentication: Authentication,
    /// The realm of the challenge, and the host of our own addresses.
    pub realm: String,
}

/// See the module.
#[derive(Debug)]
pub struct Edge {}

impl Edge {
    /// One that has heard nothing. `chance` is sixteen random bytes, from which it draws tags, branches and nonces.
    pub fn new(settings: Settings, accounts: Arc<Accounts>, chance: [u8; 16], now: Instant) -> Edge {
        let _ = (settings, accounts, chance, now);
        Edge {}
    }

    /// Other accounts count from here on.
    pub fn set_accounts(&mut self, accounts: Arc<Accounts>) {
        let _ = accounts;
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

    /// Answers a request.
    pub fn respond(&mut self, id: RequestId, reply: Reply, now: Instant) {
        let _ = (id, reply, now);
    }

    /// Sends a MESSAGE of ours.
    pub fn send(&mut self, flow: Flow, message: Outgoing, now: Instant) -> SendId {
        let _ = (flow, message, now);
        SendId(0)
    }

    /// Takes notice that time has passed; call it no earlier than [`Edge::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// When [`Edge::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next thing for those above, until there is none.
    pub fn next_event(&mut self) -> Option<Event> {
        None
    }

    /// The next thing to do, until there is none.
    pub fn next_command(&mut self) -> Option<Command> {
        None
    }
}
