//! The registry: who is behind the accounts and numbers that units send.
//!
//! One immutable snapshot, made anew when the registry changes; a signal is looked up in the snapshot of its
//! moment and keeps what it found.
//!
//! ```text
//! identity told  --by key-->  one unit            its own key: registered/UUID
//! nothing, or an unknown identity
//!     number told --by number--> one unit         a guess, and the words say so; the key stays the sender's
//!                            --> several          listed, none chosen
//! ```
//!
//! A number never gives a signal a registered unit's key: a whole scheme may share one telephone line, and two
//! cards for one person are better than one card for two.

mod field;
mod identity;
pub mod import;
mod number;
mod search;
mod unit;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use telecare_protocol::Report;
use uuid::Uuid;

pub use field::{Field, Wrong};
pub use identity::{Identity, Namespace, NoIdentity};
pub(crate) use number::canonical as canonical_number;
pub use search::{Page, Query};
pub use unit::{Flag, Risk, Stock, Unit, UnitId};

use crate::{Basis, SignalId, UnitKey, unit::Place};

/// Units of one registry. An import of more is refused.
pub const UNITS_MAX: usize = 250_000;

/// What the key of a registered unit begins with; its id follows.
const KEY_PREFIX: &str = "registered/";

/// Every unit as of one version.
#[derive(Debug, Default)]
pub struct Registry {
    version: i64,
    /// By label, scheme, id.
    units: Vec<Arc<Unit>>,
    /// What is searched, one text a unit, in the order of `units`.
    texts: Vec<Box<str>>,
    by_id: HashMap<UnitId, Arc<Unit>>,
    by_key: HashMap<Arc<str>, Vec<Arc<Unit>>>,
    by_number: HashMap<String, Vec<Arc<Unit>>>,
}

/// Who a sender is, as far as the registry knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The unit that is registered for the identity.
    Unit(Arc<Unit>),
    /// No identity that is known; the one unit that has the telephone number.
    ByNumber(Arc<Unit>),
    /// Several units have the telephone number: any of them, or none.
    Several(Vec<Arc<Unit>>),
    /// Nobody that is known.
    Nobody,
}

impl Registry {
    /// The snapshot of a version. The order of the units does not matter.
    pub fn new(version: i64, units: impl IntoIterator<Item = Unit>) -> Registry {
        let mut units: Vec<Arc<Unit>> = units.into_iter().map(Arc::new).collect();
        units.sort_by(|a, b| (&a.label, &a.scheme, a.id).cmp(&(&b.label, &b.scheme, b.id)));
        let mut registry =
            Registry { version, texts: units.iter().map(|unit| search::text(unit)).collect(), ..Registry::default() };
        for unit in &units {
            registry.by_id.insert(unit.id, unit.clone());
            for identity in &unit.identities {
                registry.by_key.entry(identity.key()).or_default().push(unit.clone());
            }
            for number in unit.phones.iter().filter_map(|phone| number::canonical(phone)) {
                let units = registry.by_number.entry(number).or_default();
                if units.last().is_none_or(|last| last.id != unit.id) {
                    units.push(unit.clone());
                }
            }
        }
        registry.units = units;
        registry
    }

    /// Its version: grows with every change.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Every unit, by label, scheme, id.
    pub fn units(&self) -> &[Arc<Unit>] {
        &self.units
    }

    /// A unit by its id.
    pub fn unit(&self, id: UnitId) -> Option<&Arc<Unit>> {
        self.by_id.get(&id)
    }

    /// Who reported.
    pub fn lookup(&self, report: &Report, place: &Place<'_>, signal: SignalId) -> Found {
        let caller = report.caller.as_ref().and_then(|caller| caller.number.as_deref());
        self.found(&UnitKey::told(report, place, signal), caller)
    }

    /// Who a sender is, by its key and the number it calls from. Of a sender that was registered after its
    /// card was opened this tells the unit, too.
    pub fn found(&self, sender: &UnitKey, caller: Option<&str>) -> Found {
        let known = match sender.basis {
            Basis::Line | Basis::Group | Basis::Test => return Found::Nobody,
            Basis::Registered => {
                let unit = registered(&sender.key).and_then(|id| self.unit(id));
                return unit.map_or(Found::Nobody, |unit| Found::Unit(unit.clone()));
            }
            Basis::Identity => self.by_key.get(&sender.key).map_or(&[][..], Vec::as_slice),
            Basis::CallerNumber | Basis::Alone => &[],
        };
        match known {
            [] => self.found_by_number(caller),
            [one] => Found::Unit(one.clone()),
            several => Found::Several(several.to_vec()),
        }
    }

    /// A unit in store or retired says little about whose telephone it once stood at: it counts only where
    /// no unit on loan has the number.
    fn found_by_number(&self, caller: Option<&str>) -> Found {
        let units = caller.and_then(number::canonical).and_then(|number| self.by_number.get(&number));
        let units = units.map_or(&[][..], Vec::as_slice);
        let on_loan: Vec<Arc<Unit>> = units.iter().filter(|unit| unit.stock == Stock::OnLoan).cloned().collect();
        match if on_loan.is_empty() { units } else { &on_loan } {
            [] => Found::Nobody,
            [one] => Found::ByNumber(one.clone()),
            several => Found::Several(several.to_vec()),
        }
    }

    /// A sender's key and words as a signal keeps them.
    pub(crate) fn named(&self, sender: UnitKey, caller: Option<&str>) -> UnitKey {
        match self.found(&sender, caller) {
            Found::Unit(unit) => registered_key(&unit),
            found => match guess(&found, &sender, caller) {
                Some(words) => UnitKey { words: Arc::from(words), ..sender },
                None => sender,
            },
        }
    }

    /// The key of a registered unit, as its signals have it.
    pub fn key_of(&self, id: UnitId) -> Option<UnitKey> {
        self.unit(id).map(|unit| registered_key(unit))
    }

    /// The registered unit that a key names.
    pub fn id_of(&self, key: &UnitKey) -> Option<UnitId> {
        registered(&key.key).filter(|_| key.basis == Basis::Registered)
    }

    /// A card's sender in words, with what came to be known of it since: a number told by a later signal, a
    /// unit registered later. None where its own words say it all.
    pub fn words_since(&self, sender: &UnitKey, caller: Option<&str>) -> Option<String> {
        match self.found(sender, caller) {
            Found::Unit(_) if sender.basis == Basis::Registered => None,
            Found::Unit(unit) => Some(words::since(&words::sender(sender, caller), &unit)),
            found => guess(&found, sender, caller),
        }
    }
}

/// The words of a sender with whom its number may mean.
fn guess(found: &Found, sender: &UnitKey, caller: Option<&str>) -> Option<String> {
    match found {
        Found::ByNumber(unit) => Some(words::perhaps(&words::sender(sender, caller), unit)),
        // Without a number several have its identity, which no import allows.
        Found::Several(units) => caller.map(|_| words::one_of(&words::sender(sender, caller), units.len())),
        Found::Unit(_) | Found::Nobody => None,
    }
}

fn registered_key(unit: &Unit) -> UnitKey {
    UnitKey {
        key: Arc::from(format!("{KEY_PREFIX}{}", unit.id)),
        basis: Basis::Registered,
        words: Arc::from(words::words(unit)),
    }
}

/// The id in the key of a registered unit.
fn registered(key: &str) -> Option<UnitId> {
    Uuid::try_parse(key.strip_prefix(KEY_PREFIX)?).ok().map(UnitId)
}

#[cfg(test)]
mod tests;
