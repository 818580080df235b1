//! Where units say that they are reached (RFC 3261, 10.3), as far as calls back need it.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::headers::split;
use super::{Address, Flow, Reply, Request};
use crate::session::after;

/// How long a binding lives at least, whatever is asked.
const EXPIRES_MIN: u64 = 60;
/// And at most; also where nothing is asked.
const EXPIRES_MAX: u64 = 3_600;
/// Bindings in all, at most; one more is answered 503.
pub const BINDINGS_MAX: usize = 16_384;
/// Bindings of one user, at most; one more takes the place of the oldest.
pub const BINDINGS_OF_USER_MAX: usize = 4;
/// Bytes of a user or Contact, at most; a longer one is answered 400.
const NAME_BYTES_MAX: usize = 512;

#[derive(Debug)]
struct Binding {
    user: String,
    flow: Flow,
    contact: String,
    until: Instant,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Registrar {
    bindings: HashMap<u64, Binding>,
    of_user: HashMap<String, Vec<u64>>,
    of_flow: HashMap<Flow, BTreeSet<u64>>,
    due: BTreeSet<(Instant, u64)>,
    next: u64,
}

impl Registrar {
    /// Answers a REGISTER for a user: takes bindings, removes them, or lists them.
    pub(super) fn register(&mut self, user: &str, request: &Request, flow: Flow, now: Instant) -> Reply {
        let expires = request.headers.first("Expires").and_then(|value| value.trim().parse::<u64>().ok());
        let contacts: Vec<&str> = request.headers.all("Contact").flat_map(|value| split(value, ',')).collect();
        let read: Vec<Address> = contacts.iter().filter_map(|contact| Address::read(contact)).collect();
        let too_long = read.iter().any(|contact| contact.uri.len() > NAME_BYTES_MAX);
        if user.is_empty() || user.len() > NAME_BYTES_MAX || too_long || read.len() != contacts.len() {
            return Reply::of(400);
        }
        if let [all] = read.as_slice()
            && all.uri == "*"
        {
            if expires != Some(0) {
                return Reply::of(400);
            }
            for id in self.of_user.get(user).cloned().unwrap_or_default() {
                self.remove(id);
            }
            return Reply::of(200);
        }
        for contact in &read {
            let its = contact.parameter("expires").and_then(|value| value.parse().ok());
            let seconds = its.or(expires).unwrap_or(EXPIRES_MAX);
            self.remove_contact(user, &contact.uri);
            if seconds == 0 {
                continue;
            }
            if self.bindings.len() >= BINDINGS_MAX {
                return Reply::of(503).with("Retry-After", "60");
            }
            let until = after(now, Duration::from_secs(seconds.clamp(EXPIRES_MIN, EXPIRES_MAX)));
            self.add(Binding { user: user.to_owned(), flow, contact: contact.uri.clone(), until });
        }
        let mut reply = Reply::of(200);
        for id in self.of_user.get(user).map(Vec::as_slice).unwrap_or_default() {
            if let Some(binding) = self.bindings.get(id) {
                let left = binding.until.saturating_duration_since(now).as_secs();
                reply = reply.with("Contact", format!("<{}>;expires={left}", binding.contact));
            }
        }
        reply
    }

    /// How many bindings there are.
    pub(super) fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Where a user is reached: what it registered last.
    pub(super) fn find(&self, user: &str) -> Option<(Flow, &str)> {
        let binding = self.bindings.get(self.of_user.get(user)?.last()?)?;
        Some((binding.flow, &binding.contact))
    }

    /// A connection has ended, and with it what was reached by it.
    pub(super) fn close(&mut self, flow: &Flow) {
        for id in self.of_flow.remove(flow).unwrap_or_default() {
            self.remove(id);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, id)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.remove(id);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    fn add(&mut self, binding: Binding) {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let of_user = self.of_user.entry(binding.user.clone()).or_default();
        of_user.push(id);
        let oldest = of_user.first().copied().filter(|_| of_user.len() > BINDINGS_OF_USER_MAX);
        if binding.flow.transport.is_reliable() {
            self.of_flow.entry(binding.flow).or_default().insert(id);
        }
        self.due.insert((binding.until, id));
        self.bindings.insert(id, binding);
        if let Some(oldest) = oldest {
            self.remove(oldest);
        }
    }

    fn remove_contact(&mut self, user: &str, contact: &str) {
        let of_user = self.of_user.get(user).map(Vec::as_slice).unwrap_or_default();
        let is_it = |id: &&u64| self.bindings.get(*id).is_some_and(|binding| binding.contact == contact);
        if let Some(id) = of_user.iter().find(is_it).copied() {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: u64) {
        let Some(binding) = self.bindings.remove(&id) else { return };
        self.due.remove(&(binding.until, id));
        if let Some(of_user) = self.of_user.get_mut(&binding.user) {
            of_user.retain(|its| *its != id);
            if of_user.is_empty() {
                self.of_user.remove(&binding.user);
            }
        }
        if let Some(of_flow) = self.of_flow.get_mut(&binding.flow) {
            of_flow.remove(&id);
            if of_flow.is_empty() {
                self.of_flow.remove(&binding.flow);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Headers, Method, Transport};
    use super::*;

    #[test]
    fn one_binding_too_many_is_refused_and_all_end() {
        let (mut registrar, now) = (Registrar::default(), Instant::now());
        let flow = |connection| Flow { transport: Transport::Tcp, remote: ([192, 0, 2, 1], 5_060).into(), connection };
        let mut headers = Headers::new();
        headers.push("Contact", "<sip:1@192.0.2.1>");
        let request = Request { method: Method::Register, uri: String::new(), headers, body: Vec::new() };
        for user in 0..=BINDINGS_MAX {
            let status = if user < BINDINGS_MAX { 200 } else { 503 };
            let reply = registrar.register(&user.to_string(), &request, flow(u64::try_from(user).unwrap()), now);
            assert_eq!(reply.status, status, "{user}");
        }
        // Whoever is known may still say that it lives, by another way, too.
        assert_eq!(registrar.register("7", &request, flow(8), now).status, 200);
        registrar.close(&flow(7));
        assert_eq!(registrar.find("7"), Some((flow(8), "sip:1@192.0.2.1")));
        registrar.close(&flow(8));
        assert_eq!((registrar.find("7"), registrar.find("8"), registrar.len()), (None, None, BINDINGS_MAX - 2));
        registrar.handle_timeout(after(now, Duration::from_secs(EXPIRES_MAX)));
        assert!(registrar.len() == 0 && registrar.of_user.is_empty() && registrar.of_flow.is_empty());
    }
}
