//! Finding units by what people know of them.

use std::sync::Arc;

use super::{Field, Registry, Unit, UnitId, number};

/// What is asked for. Every part that is there must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words that all stand somewhere in the unit's label, scheme, address, reference, customer, numbers or
    /// identities; case does not matter.
    pub text: String,
    /// An account or local unit of one of its identities, as sent.
    pub account: Option<String>,
    /// One of its telephone numbers, in any spelling.
    pub number: Option<String>,
}

/// A part of what was found, by label, scheme, id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The units.
    pub units: Vec<Arc<Unit>>,
    /// Whether there are more after them.
    pub more: bool,
}

/// What is searched of a unit.
pub(super) fn text(unit: &Unit) -> Box<str> {
    let fields = [
        Field::Label,
        Field::Scheme,
        Field::AddressLine,
        Field::Reference,
        Field::Customer,
        Field::Phones,
        Field::Identities,
    ];
    fields.map(|field| field.get(unit)).join("\n").to_lowercase().into_boxed_str()
}

impl Registry {
    /// Units that match, after one of an earlier page. None when there is no such unit to go on after.
    pub fn search(&self, query: &Query, after: Option<UnitId>, limit: usize) -> Option<Page> {
        let start = match after {
            None => 0,
            Some(id) => {
                let last = self.unit(id)?;
                self.units.partition_point(|unit| {
                    (&unit.label, &unit.scheme, unit.id) <= (&last.label, &last.scheme, last.id)
                })
            }
        };
        let words: Vec<String> = query.text.split_whitespace().map(str::to_lowercase).collect();
        let wanted = query.number.as_deref().map(number::canonical);
        let matches = |unit: &Unit, text: &str| {
            let account = query.account.as_deref();
            let has_account = |account| {
                unit.identities.iter().any(|one| one.account == account || one.local_unit.as_deref() == Some(account))
            };
            let has_number = |number: &Option<String>| {
                number.is_some() && unit.phones.iter().any(|phone| number::canonical(phone) == *number)
            };
            words.iter().all(|word| text.contains(word.as_str()))
                && account.is_none_or(has_account)
                && wanted.as_ref().is_none_or(has_number)
        };
        let rest = self.units.iter().zip(&self.texts).skip(start);
        let mut found = rest.filter(|(unit, text)| matches(unit, text)).map(|(unit, _)| unit.clone());
        let units: Vec<Arc<Unit>> = found.by_ref().take(limit).collect();
        Some(Page { units, more: found.next().is_some() })
    }
}
