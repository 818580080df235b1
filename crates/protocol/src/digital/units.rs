//! Who was heard from where: the way back to a unit, and whose alarm a call of its is about.

use std::collections::{BTreeMap, HashMap};

use crate::Sender;
use crate::sip::Flow;

/// Units remembered. Beyond it whoever was heard from longest ago is forgotten: its next message makes it known again.
pub const UNITS_MAX: usize = 100_000;

/// What is known of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The way it was last heard from.
    pub flow: Flow,
    /// Where its requests are sent: its Contact, or its address.
    pub uri: String,
    /// What it calls us.
    pub our_user: String,
    /// Whom its alarms are of.
    pub sender: Option<Sender>,
}

/// Units by the user name of their SIP address.
#[derive(Debug, Default)]
pub struct Units {
    by_user: HashMap<String, (u64, Known)>,
    order: BTreeMap<u64, String>,
    next: u64,
}

impl Units {
    /// A unit was heard; whom its alarms are of stays known where this message does not say.
    pub fn heard(&mut self, user: &str, mut known: Known) {
        if let Some((order, before)) = self.by_user.remove(user) {
            self.order.remove(&order);
            known.sender = known.sender.or(before.sender);
        }
        self.next = self.next.saturating_add(1);
        self.order.insert(self.next, user.to_owned());
        self.by_user.insert(user.to_owned(), (self.next, known));
        if self.by_user.len() > UNITS_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.by_user.remove(&oldest);
        }
    }

    /// Whom the alarms of a unit are of.
    pub fn is_of(&mut self, user: &str, sender: Sender) {
        if let Some((_, known)) = self.by_user.get_mut(user) {
            known.sender = Some(sender);
        }
    }

    /// What is known of a unit.
    pub fn of(&self, user: &str) -> Option<&Known> {
        self.by_user.get(user).map(|(_, known)| known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;
    use crate::sip::Transport;

    fn known(connection: u64, identity: Option<&str>) -> Known {
        let flow = Flow { transport: Transport::Tcp, remote: ([192, 0, 2, 1], 5060).into(), connection };
        let sender = identity.map(|identity| Sender { protocol: Protocol::Scaip, identity: identity.to_owned() });
        Known { flow, uri: "sip:1@192.0.2.1".to_owned(), our_user: "arc".to_owned(), sender }
    }

    #[test]
    fn the_last_way_counts_and_the_name_stays() {
        let mut units = Units::default();
        units.heard("1", known(1, Some("90000001")));
        units.heard("1", known(2, None));
        assert_eq!(units.of("1"), Some(&known(2, Some("90000001"))));
        assert_eq!(units.order.len(), 1);
    }

    #[test]
    fn the_one_heard_longest_ago_is_forgotten() {
        let mut units = Units::default();
        for n in 0..=UNITS_MAX {
            units.heard(&n.to_string(), known(1, None));
            units.heard("0", known(1, None));
        }
        assert!(units.of("0").is_some() && units.of("1").is_none() && units.of("2").is_some());
        assert_eq!((units.by_user.len(), units.order.len()), (UNITS_MAX, UNITS_MAX));
    }
}
