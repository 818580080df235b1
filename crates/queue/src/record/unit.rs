//! A stored unit of the registry.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use telecare_alarm::registry::{Risk, Stock, Unit, UnitId};
use uuid::Uuid;

use super::clean;

/// A unit as the journal's state and the database's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitRecord {
    id: Uuid,
    reference: String,
    label: String,
    scheme: String,
    address_line: String,
    phones: Vec<String>,
    flags: Vec<String>,
    risk: String,
    stock: String,
    expected_interval_s: Option<u64>,
    record_link: String,
    customer: String,
    model: String,
    firmware: String,
    carrier: String,
    #[serde(default)]
    identities: Vec<String>,
}

impl UnitRecord {
    /// The stored form of a unit.
    pub fn of(unit: &Unit) -> UnitRecord {
        UnitRecord {
            id: unit.id.0,
            reference: clean(&unit.reference),
            label: clean(&unit.label),
            scheme: clean(&unit.scheme),
            address_line: clean(&unit.address_line),
            phones: unit.phones.iter().map(|phone| clean(phone)).collect(),
            flags: unit.flags.iter().map(|flag| flag.as_str().to_owned()).collect(),
            risk: unit.risk.as_str().to_owned(),
            stock: unit.stock.as_str().to_owned(),
            expected_interval_s: unit.expected_interval.map(|interval| interval.as_secs()),
            record_link: clean(&unit.record_link),
            customer: clean(&unit.customer),
            model: clean(&unit.model),
            firmware: clean(&unit.firmware),
            carrier: clean(&unit.carrier),
            identities: unit.identities.iter().map(ToString::to_string).collect(),
        }
    }

    /// The unit. What only a newer version knows is left out: a name is worth more than all of its fields.
    pub fn restore(self) -> Unit {
        Unit {
            id: UnitId(self.id),
            reference: self.reference,
            label: self.label,
            scheme: self.scheme,
            address_line: self.address_line,
            phones: self.phones,
            record_link: self.record_link,
            customer: self.customer,
            risk: self.risk.parse().unwrap_or(Risk::High),
            model: self.model,
            firmware: self.firmware,
            carrier: self.carrier,
            stock: self.stock.parse().unwrap_or(Stock::OnLoan),
            expected_interval: self.expected_interval_s.map(Duration::from_secs),
            flags: self.flags.iter().filter_map(|flag| flag.parse().ok()).collect(),
            identities: self.identities.iter().filter_map(|identity| identity.parse().ok()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use telecare_alarm::registry::Field;

    use super::*;

    #[test]
    fn a_unit_comes_back_as_it_was() {
        let mut unit = Unit::blank(UnitId(Uuid::from_u128(1)));
        let texts = [
            (Field::Reference, "000123"),
            (Field::Label, "Hill, Doris"),
            (Field::Scheme, "Beech Court"),
            (Field::AddressLine, "Flat 27"),
            (Field::Phones, "01527 123456"),
            (Field::Identities, "north:surgard:0042 | r-1/a:bs8521:44120077/0027"),
            (Field::Flags, "cannot-speak | key-safe"),
            (Field::Risk, "low"),
            (Field::Stock, "in-store"),
            (Field::ExpectedInterval, "30 d"),
            (Field::RecordLink, "https://crm.example/7"),
            (Field::Customer, "Council"),
            (Field::Model, "V2"),
            (Field::Firmware, "1.2"),
            (Field::Carrier, "BT"),
        ];
        assert_eq!(texts.map(|(field, _)| field).len(), Field::ALL.len());
        for (field, text) in texts {
            field.set(&mut unit, text).unwrap();
        }
        let text = serde_json::to_string(&UnitRecord::of(&unit)).unwrap();
        assert_eq!(serde_json::from_str::<UnitRecord>(&text).unwrap().restore(), unit);
    }

    #[test]
    fn what_a_newer_version_wrote_is_still_a_name() {
        let mut record = UnitRecord::of(&Unit { label: "x".to_owned(), ..Unit::blank(UnitId(Uuid::from_u128(1))) });
        record.risk = "extreme".to_owned();
        record.flags = vec!["key-safe".to_owned(), "dog".to_owned()];
        record.identities = vec!["n:newproto:1".to_owned(), "n:surgard:1".to_owned()];
        let unit = record.restore();
        assert_eq!((unit.risk, unit.flags.len(), unit.identities.len()), (Risk::High, 1, 1));
    }
}
