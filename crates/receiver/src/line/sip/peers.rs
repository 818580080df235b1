//! Who is at the other ends of a line of digital units: the book of each one's calls, and a connection's way out.
//!
//! Of a datagram's sender nothing is kept once everything it said is written down; what is never written down is given
//! up after [`SILENCE_MAX`].

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use telecare_protocol::Token;
use telecare_protocol::sip::{Flow, Transport};
use tokio::sync::{mpsc, oneshot};

use super::{Cause, Guest, Outgoing, UnderWay};
use crate::line::SILENCE_MAX;
use crate::line::calls::{CallBook, LineCalls};
use crate::line::link::{Link, Present};

/// The hub's end of a connection. Without it, the connection ends once what was sent before has left.
pub struct Door {
    pub out: mpsc::Sender<Outgoing>,
    /// Ends it at once.
    pub cut: oneshot::Sender<Cause>,
}

/// The other end of a flow.
struct Peer {
    book: CallBook,
    /// Of a connection that is open.
    door: Option<Door>,
    since: Instant,
    /// Whether anything it said was of use.
    is_useful: bool,
    _present: Option<Present>,
    /// What it said that may still be spoken about.
    tokens: Vec<Token>,
    /// How many of these the store has not answered.
    under_way: usize,
}

/// A delivery, until everything about it is written down.
struct Owing {
    flow: Flow,
    /// Until the store has answered: what it came in, and its address's place at the gate.
    under_way: Option<(Option<Arc<UnderWay>>, Option<Guest>)>,
}

/// All of them.
pub struct Peers {
    calls: LineCalls,
    link: Link,
    all: HashMap<Flow, Peer>,
    tokens: HashMap<Token, Owing>,
    /// Whom to look at again, and since when: connections, and senders of datagrams of whom something is left.
    due: VecDeque<(Instant, Flow)>,
    /// Since datagrams came that were of use.
    datagrams: Option<Present>,
}

impl Peers {
    /// Nobody.
    pub fn new(calls: LineCalls, link: Link) -> Peers {
        Peers { calls, link, all: HashMap::new(), tokens: HashMap::new(), due: VecDeque::new(), datagrams: None }
    }

    /// A connection came about.
    pub fn opened(&mut self, flow: Flow, door: Door, now: Instant) {
        self.peer(flow, now).door = Some(door);
        self.due.push_back((now, flow));
    }

    /// Bytes came.
    pub fn heard(&mut self, flow: Flow, count: usize, now: Instant) {
        self.peer(flow, now).book.heard(count);
    }

    /// Something of use was said: the book it belongs into.
    pub fn delivered(
        &mut self,
        flow: Flow,
        token: Token,
        came_in: Option<Arc<UnderWay>>,
        guest: Option<Guest>,
        now: Instant,
    ) -> &mut CallBook {
        let link = self.link.clone();
        if flow.transport == Transport::Udp && self.datagrams.is_none() {
            self.datagrams = Some(link.present());
        }
        self.tokens.insert(token, Owing { flow, under_way: Some((came_in, guest)) });
        let peer = self.peer(flow, now);
        if !peer.is_useful && flow.transport.is_reliable() {
            peer._present = Some(link.present());
        }
        peer.is_useful = true;
        peer.tokens.push(token);
        peer.under_way += 1;
        &mut peer.book
    }

    /// The store has answered: whose message it was, and their book.
    pub fn stored(&mut self, token: Token) -> Option<(Flow, &mut CallBook)> {
        let owing = self.tokens.get_mut(&token)?;
        owing.under_way.take()?;
        let flow = owing.flow;
        let peer = self.all.get_mut(&flow)?;
        peer.under_way = peer.under_way.saturating_sub(1);
        Some((flow, &mut peer.book))
    }

    /// The book of a message.
    pub fn book_of(&mut self, token: Token) -> Option<(Flow, &mut CallBook)> {
        let flow = self.tokens.get(&token)?.flow;
        Some((flow, &mut self.all.get_mut(&flow)?.book))
    }

    /// The book of a flow.
    pub fn book(&mut self, flow: Flow) -> Option<&mut CallBook> {
        self.all.get_mut(&flow).map(|peer| &mut peer.book)
    }

    /// Hands something to a connection. False where that has no room for it, or is gone: it is cut off.
    pub fn send(&mut self, flow: Flow, out: Outgoing) -> bool {
        let Some(peer) = self.all.get_mut(&flow) else { return false };
        let sent = peer.door.as_ref().is_some_and(|door| door.out.try_send(out).is_ok());
        if !sent {
            peer.cut(Cause::Stuck);
        }
        sent
    }

    /// Ends a connection once what was sent before has left.
    pub fn close(&mut self, flow: Flow) {
        if let Some(peer) = self.all.get_mut(&flow) {
            peer.door = None;
        }
    }

    /// Writes down and forgets whoever is done with.
    pub fn tidy(&mut self, flow: Flow) {
        let Some(peer) = self.all.get_mut(&flow) else { return };
        if peer.under_way > 0 {
            return;
        }
        let is_settled = peer.book.is_settled();
        if is_settled {
            for token in peer.tokens.drain(..) {
                self.tokens.remove(&token);
            }
        }
        let is_open = peer.door.as_ref().is_some_and(|door| !door.out.is_closed());
        match flow.transport {
            Transport::Udp if !is_settled => self.due.push_back((peer.since, flow)),
            Transport::Udp => self.end(flow),
            Transport::Tcp | Transport::Tls if !is_open => self.end(flow),
            Transport::Tcp | Transport::Tls => {}
        }
    }

    /// When somebody is to be looked at again.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.front().map(|(since, _)| *since + SILENCE_MAX)
    }

    /// Cuts off who connected and never said anything of use, and gives up what was never written down.
    pub fn sweep(&mut self, now: Instant) {
        while self.next_due().is_some_and(|due| due <= now) {
            let Some((_, flow)) = self.due.pop_front() else { return };
            let Some(peer) = self.all.get_mut(&flow) else { continue };
            match flow.transport {
                Transport::Udp if peer.under_way == 0 && peer.since + SILENCE_MAX <= now => self.end(flow),
                Transport::Udp => self.due.push_back((now, flow)),
                Transport::Tcp | Transport::Tls if !peer.is_useful => peer.cut(Cause::TimedOut),
                Transport::Tcp | Transport::Tls => {}
            }
        }
    }

    fn peer(&mut self, flow: Flow, now: Instant) -> &mut Peer {
        let calls = &self.calls;
        self.all.entry(flow).or_insert_with(|| Peer {
            book: calls.book(Some(flow.remote.to_string())),
            door: None,
            since: now,
            is_useful: false,
            _present: None,
            tokens: Vec::new(),
            under_way: 0,
        })
    }

    fn end(&mut self, flow: Flow) {
        let Some(mut peer) = self.all.remove(&flow) else { return };
        for token in &peer.tokens {
            self.tokens.remove(token);
        }
        // A datagram that held nothing is no call.
        if peer.is_useful || flow.transport.is_reliable() {
            peer.book.end();
        }
    }
}

impl Peer {
    fn cut(&mut self, cause: Cause) {
        if let Some(door) = self.door.take() {
            // One that has ended hears nothing.
            let _ = door.cut.send(cause);
        }
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        for flow in self.all.keys().copied().collect::<Vec<_>>() {
            self.end(flow);
        }
    }
}
