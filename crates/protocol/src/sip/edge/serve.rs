//! What becomes of a request.

use std::time::Instant;

use super::super::answer::{ACCEPT, ALLOW, Echo};
use super::super::chance::hex;
use super::super::digest::{Denied, age, challenges, proven};
use super::super::headers::Headers;
use super::super::transactions::{Begun, Key, Seen};
use super::super::{Authentication, CSeq, Command, Event, Flow, Inbound, Method, Reply, Request, Transport};
use super::Edge;
use crate::Counted;

/// What a request is known by.
struct Names {
    /// The transaction.
    key: Key,
    /// The same for everything that belongs to one INVITE: itself, its CANCEL, its ACK.
    invite: Key,
    /// The To tag of our answers: the same for each repetition.
    tag: String,
}

impl Edge {
    /// Takes a whole request, with its bytes and when the first of them came.
    pub(super) fn request(&mut self, flow: Flow, request: Request, raw: (Vec<u8>, Instant), now: Instant) {
        let names = self.names(flow, &request);
        if request.method == Method::Ack {
            // One that matches nothing belongs to a refusal of which nothing is kept.
            return self.transactions.acknowledge(&names.invite, now);
        }
        if let Some(name) = unusable(&request) {
            return self.unusable(flow, &request, name, 400);
        }
        match self.transactions.seen(&names.key) {
            Seen::Never => {}
            Seen::Waiting(so_far) => {
                return self.commands.extend(so_far.map(|bytes| Command::Send(flow, bytes)));
            }
            Seen::Answered(bytes) => return self.commands.push_back(Command::Send(flow, bytes)),
        }
        let echo = Echo::of(&request, flow, &names.tag);
        if self.settings.authentication == Authentication::Certificate && flow.transport != Transport::Tls {
            return self.answer(flow, &echo, &Reply::of(403));
        }
        match request.method {
            Method::Message | Method::Invite => self.go_up(flow, request, raw, (names, echo), now),
            Method::Options => {
                self.answer(flow, &echo, &Reply::of(200).with("Allow", ALLOW).with("Accept", ACCEPT));
            }
            Method::Register => self.register(flow, &request, &echo, now),
            Method::Cancel => self.cancel(flow, &names, &echo, now),
            Method::Bye => self.bye(flow, &request, (names, echo), now),
            Method::Ack | Method::Other(_) => self.answer(flow, &echo, &Reply::of(405).with("Allow", ALLOW)),
        }
    }

    /// Answers what cannot be used, if its sender can know what is answered; else counts it only.
    pub(super) fn unusable(&mut self, flow: Flow, request: &Request, name: &'static str, status: u16) {
        self.count(Counted::BadFrame(name));
        let headers = &request.headers;
        let routable = headers.via().is_some() || (headers.call_id().is_some() && headers.cseq().is_some());
        if routable && request.method != Method::Ack {
            let tag = self.names(flow, request).tag;
            let echo = Echo::of(request, flow, &tag);
            self.answer(flow, &echo, &Reply::of(status));
        }
    }

    fn go_up(
        &mut self,
        flow: Flow,
        request: Request,
        (raw, first_byte): (Vec<u8>, Instant),
        (names, echo): (Names, Echo),
        now: Instant,
    ) {
        let user = match self.authenticate(&request, now) {
            Ok(user) => user,
            Err(reply) => return self.answer(flow, &echo, &reply),
        };
        if !self.transactions.has_room(&flow) {
            self.count(Counted::BadFrame("TooManyWaiting"));
            return self.answer(flow, &echo, &Reply::of(503).with("Retry-After", "1"));
        }
        let is_invite = request.method == Method::Invite;
        let trying = is_invite.then(|| echo.answer(&Reply::of(100)));
        let call = self.call(&request.headers, (sender_tag(&request.headers), &self.our_tag(&request.headers, &names)));
        let invite = is_invite.then_some((names.invite, call));
        let id = self.transactions.begin(Begun { key: names.key, invite, flow, echo }, now);
        if let Some(trying) = trying {
            self.transactions.progress(id, &trying);
            self.commands.push_back(Command::Send(flow, trying));
            self.calls.begin(call, id);
        }
        let inbound = Inbound { id, flow, request, user, raw, first_byte, last_byte: now };
        self.events.push_back(Event::Request(Box::new(inbound)));
    }

    /// Who it is, or what it is answered.
    fn authenticate(&mut self, request: &Request, now: Instant) -> Result<Option<String>, Reply> {
        if self.settings.authentication != Authentication::Digest {
            return Ok(None);
        }
        let (realm, age) = (self.settings.realm.as_str(), age(self.start, now));
        let credentials = request.headers.all("Authorization");
        let denied = match proven(credentials, (&request.method, realm, &self.accounts), &self.chance, age) {
            Ok(user) => return Ok(Some(user)),
            Err(denied) => denied,
        };
        let headers = challenges(realm, denied == Denied::Stale, &self.chance, age);
        if denied == Denied::Wrong {
            self.count(Counted::BadFrame("WrongCredentials"));
        }
        Err(Reply { status: 401, headers, ..Reply::default() })
    }

    fn register(&mut self, flow: Flow, request: &Request, echo: &Echo, now: Instant) {
        let proven = match self.authenticate(request, now) {
            Ok(user) => user,
            Err(reply) => return self.answer(flow, echo, &reply),
        };
        let user = request.headers.to().and_then(|to| to.user()).unwrap_or_default();
        let may = proven.is_none_or(|proven| {
            let identities = self.accounts.0.get(&proven).map(|account| account.identities.as_slice());
            proven == user || identities.is_some_and(|identities| identities.contains(&user))
        });
        let reply = if may { self.registrar.register(&user, request, flow, now) } else { Reply::of(403) };
        self.answer(flow, echo, &reply);
    }

    fn cancel(&mut self, flow: Flow, names: &Names, echo: &Echo, now: Instant) {
        let Some(id) = self.transactions.invite(&names.invite) else {
            return self.answer(flow, echo, &Reply::of(481));
        };
        self.answer(flow, echo, &Reply::of(200));
        if self.transactions.waiting(id).is_some() {
            self.give_up(id, Reply::of(487), now);
        }
    }

    fn bye(&mut self, flow: Flow, request: &Request, (names, echo): (Names, Echo), now: Instant) {
        let headers = &request.headers;
        let ours = headers.to().and_then(|to| to.tag().map(str::to_owned)).unwrap_or_default();
        let call = self.call(headers, (sender_tag(headers), &ours));
        let Some(invite) = self.calls.end(&call) else {
            return self.answer(flow, &echo, &Reply::of(481));
        };
        let (call_id, user) = (headers.call_id().unwrap_or_default().to_owned(), user_of(headers));
        // Kept like any other answer: its repetition would find no call any more.
        if self.transactions.has_room(&flow) {
            let id = self.transactions.begin(Begun { key: names.key, invite: None, flow, echo }, now);
            self.respond(id, Reply::of(200), now);
        } else {
            self.answer(flow, &echo, &Reply::of(200));
        }
        if self.transactions.waiting(invite).is_some() {
            self.give_up(invite, Reply::of(487), now);
        } else {
            self.events.push_back(Event::Bye { call_id, user });
        }
    }

    /// An answer that nothing is kept of: the same request gets the same again.
    fn answer(&mut self, flow: Flow, echo: &Echo, reply: &Reply) {
        self.commands.push_back(Command::Send(flow, echo.answer(reply)));
    }

    fn names(&self, flow: Flow, request: &Request) -> Names {
        let headers = &request.headers;
        let remote = flow.remote.to_string();
        let number = headers.cseq().map_or(0, |cseq| cseq.number).to_be_bytes();
        let from = headers.from();
        let (uri, tag) = from.as_ref().map_or(("", None), |from| (from.uri.as_str(), from.tag()));
        let connection = flow.connection.to_be_bytes();
        let common: [&[u8]; 7] = [
            flow.transport.as_str().as_bytes(),
            remote.as_bytes(),
            &connection,
            headers.call_id().unwrap_or_default().as_bytes(),
            &number,
            uri.as_bytes(),
            tag.unwrap_or_default().as_bytes(),
        ];
        let invite = Key(self.chance.signed("invite", &common));
        let via = headers.via();
        let branch = via.as_ref().and_then(|via| via.branch()).unwrap_or_default();
        // Some units repeat even the number in another alarm, so what is said counts as well.
        let own = [&invite.0[..], request.method.as_str().as_bytes(), branch.as_bytes(), &request.body];
        let key = Key(self.chance.signed("transaction", &own));
        let tag = self.chance.signed("tag", &[&key.0]);
        Names { key, invite, tag: hex(tag.get(..8).unwrap_or_default()) }
    }

    /// What a call is known by, on whatever way its BYE comes: its name, the caller's tag and ours.
    fn call(&self, headers: &Headers, (theirs, ours): (Option<String>, &str)) -> Key {
        let call_id = headers.call_id().unwrap_or_default();
        let theirs = theirs.unwrap_or_default();
        Key(self.chance.signed("call", &[call_id.as_bytes(), theirs.as_bytes(), ours.as_bytes()]))
    }

    /// Our tag in a call: what the request says already, or what our answers say.
    fn our_tag(&self, headers: &Headers, names: &Names) -> String {
        headers.to().and_then(|to| to.tag().map(str::to_owned)).unwrap_or_else(|| names.tag.clone())
    }
}

/// What is missing.
fn unusable(request: &Request) -> Option<&'static str> {
    let headers = &request.headers;
    match headers.cseq() {
        None => return Some("NoCSeq"),
        Some(CSeq { method, .. }) if method != request.method => return Some("OtherCSeq"),
        Some(_) => {}
    }
    match (headers.call_id(), headers.first("Via")) {
        (None, _) => Some("NoCallId"),
        (_, None) => Some("NoVia"),
        (Some(_), Some(_)) => None,
    }
}

fn sender_tag(headers: &Headers) -> Option<String> {
    headers.from().and_then(|from| from.tag().map(str::to_owned))
}

fn user_of(headers: &Headers) -> String {
    headers.from().and_then(|from| from.user()).unwrap_or_default()
}
