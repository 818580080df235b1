//! On test: a unit, a scheme or an identity not yet registered, for a while.
//!
//! A test is a card of its own, opened by a signal of this receiver, so that it is kept, seen by every receiver
//! and found again after a restart like any other. Its signals carry the card's id. Being on test changes where
//! a card is listed, never its lane, its rank or that it is kept.

mod record;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use telecare_protocol::{Report, Status, Trigger, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::registry::{Found, Identity, UnitId};
use crate::{Basis, Registry, Signal, UnitKey};

pub use record::{Attempt, attempts, summary};

/// What the key of a test's card begins with; its scope follows.
const KEY_PREFIX: &str = "test/";

/// A test.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Test {
    /// When it ends by itself.
    pub until: OffsetDateTime,
    /// Who is there and tests.
    pub engineer: String,
    /// Why.
    pub reason: String,
    /// What is on test.
    pub scope: Scope,
}

/// What is on test.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A registered unit.
    Unit(UnitId),
    /// Every registered unit of a scheme.
    Scheme(String),
    /// Whatever has this identity, registered or not.
    Identity(Identity),
}

/// Why a text is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope; write unit:ID, scheme:NAME or identity:NAMESPACE:PROTOCOL:ACCOUNT")]
pub struct NoScope(pub String);

impl fmt::Display for Scope {
    /// `unit:ID`, `scheme:NAME`, `identity:NAMESPACE:PROTOCOL:ACCOUNT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Unit(id) => write!(f, "unit:{id}"),
            Scope::Scheme(name) => write!(f, "scheme:{name}"),
            Scope::Identity(identity) => write!(f, "identity:{identity}"),
        }
    }
}

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Scope, NoScope> {
        let wrong = || NoScope(text.to_owned());
        match text.split_once(':') {
            Some(("unit", id)) => Uuid::try_parse(id).map(|id| Scope::Unit(UnitId(id))).map_err(|_| wrong()),
            Some(("scheme", name)) if !name.trim().is_empty() => Ok(Scope::Scheme(name.trim().to_owned())),
            Some(("identity", identity)) => identity.parse().map(Scope::Identity).map_err(|_| wrong()),
            Some(_) | None => Err(wrong()),
        }
    }
}

impl Test {
    /// What the receiver says when the test begins or is made longer.
    pub fn report(&self) -> Report {
        let mut report = Report::own(Trigger::UnderTest, Status::Active, "on-test");
        let until = self.until.format(&Rfc3339).unwrap_or_default();
        let texts = [
            ("scope", self.scope.to_string()),
            ("engineer", self.engineer.clone()),
            ("reason", self.reason.clone()),
            ("until", until),
        ];
        report.fields = texts.map(|(name, text)| (name.to_owned(), Value::Text(text))).into();
        report
    }

    /// The test that a report of this receiver begins.
    pub fn of(report: &Report) -> Option<Test> {
        let is_one = |event: &telecare_protocol::Event| event.trigger == Trigger::UnderTest && event.code == "on-test";
        report.events.first().filter(|event| is_one(event))?;
        let text = |name: &str| match report.fields.iter().find(|(known, _)| known == name) {
            Some((_, Value::Text(text))) => Some(text.as_str()),
            Some((_, Value::Number(_) | Value::List(_))) | None => None,
        };
        Some(Test {
            until: OffsetDateTime::parse(text("until")?, &Rfc3339).ok()?,
            engineer: text("engineer")?.to_owned(),
            reason: text("reason")?.to_owned(),
            scope: text("scope")?.parse().ok()?,
        })
    }

    /// The key and words of the test's card: one scope has one test.
    pub fn unit_key(&self, registry: &Registry) -> UnitKey {
        let words = match &self.scope {
            Scope::Unit(id) => registry.unit(*id).map_or_else(|| "unit".to_owned(), |unit| unit.label.clone()),
            Scope::Scheme(name) => format!("scheme {name}"),
            Scope::Identity(identity) => format!("unit {}", identity.account),
        };
        let key = format!("{KEY_PREFIX}{}", self.scope);
        UnitKey { key: Arc::from(key), basis: Basis::Test, words: Arc::from(crate::unit::shown(&words)) }
    }

    /// Whether a signal is of what is on test.
    pub fn covers(&self, signal: &Signal, registry: &Registry) -> bool {
        let unit = || match registry.found(&signal.unit, None) {
            Found::Unit(unit) => Some(unit),
            Found::ByNumber(_) | Found::Several(_) | Found::Nobody => None,
        };
        match &self.scope {
            Scope::Unit(id) => unit().is_some_and(|unit| unit.id == *id),
            Scope::Scheme(name) => unit().is_some_and(|unit| same(&unit.scheme, name)),
            Scope::Identity(identity) => {
                signal.unit.key == identity.key() || unit().is_some_and(|unit| unit.identities.contains(identity))
            }
        }
    }
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, signal};

    fn test(scope: &str) -> Test {
        let (engineer, reason) = ("Eve".to_owned(), "new pendant, battery changed".to_owned());
        Test { until: at(3_600), engineer, reason, scope: scope.parse().expect("a scope") }
    }

    #[test]
    fn a_test_comes_back_from_its_report() {
        let scopes = ["unit:00000000-0000-0000-0000-000000000001", "scheme:Beech Court", "identity:north:surgard:0042"];
        for scope in scopes {
            let test = test(scope);
            assert_eq!(test.scope.to_string(), scope);
            assert_eq!(Test::of(&test.report()), Some(test));
        }
        assert_eq!(Test::of(&Report::own(Trigger::UnderTest, Status::Active, "x")), None);
        for wrong in ["", "unit:1", "scheme: ", "identity:x", "flat:1"] {
            assert!(wrong.parse::<Scope>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn registering_an_identity_keeps_its_test() {
        let identity = test("identity:north:surgard:12345");
        let mut press = signal(1, 0, Trigger::Pendant, Status::Active);
        let nobody = Registry::default();
        assert!(identity.covers(&press, &nobody), "{:?}", press.unit);
        let mut unit = crate::registry::Unit::blank(UnitId(Uuid::from_u128(7)));
        unit.label = "Doris Hill".to_owned();
        unit.scheme = "Beech Court".to_owned();
        unit.identities = vec!["north:surgard:12345".parse().expect("an identity")];
        let registry = Registry::new(1, [unit]);
        press.unit = registry.named(press.unit.clone(), None);
        assert_eq!(press.unit.basis, Basis::Registered);
        assert!(identity.covers(&press, &registry) && test("scheme:beech court").covers(&press, &registry));
        assert!(test("unit:00000000-0000-0000-0000-000000000007").covers(&press, &registry));
        assert!(!test("unit:00000000-0000-0000-0000-000000000008").covers(&press, &registry));
        assert!(!test("scheme:Elm Court").covers(&press, &registry));
    }
}
