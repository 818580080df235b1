//! Units of the registry: on a card, in a list, one by one with their history.

use serde::Serialize;
use telecare_alarm::registry::{Flag, Found, Identity, Unit};
use telecare_alarm::{Alarm, Basis, Registry};
use telecare_queue::registry::UnitChange;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Timestamp, names};

/// Most units that may be the sender on one card.
pub const CANDIDATES_MAX: usize = 50;

/// The registered unit behind an alarm, as the registry is now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Registered)]
pub struct RegisteredShape {
    id: Uuid,
    #[schema(schema_with = names::matched_by)]
    matched_by: &'static str,
    #[schema(examples("Doris Hill"))]
    label: String,
    scheme: String,
    address_line: String,
    /// Telephone numbers as they were typed.
    phones: Vec<String>,
    #[schema(schema_with = names::risk)]
    risk: &'static str,
    /// What must be known before speaking: show them all.
    flags: Vec<FlagShape>,
    #[schema(schema_with = names::stock)]
    stock: &'static str,
    model: String,
    /// A web address; may be empty.
    record_link: String,
    /// Its id in the centre's own records; may be empty.
    reference: String,
}

/// What must be known before speaking.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Flag)]
pub struct FlagShape {
    #[schema(schema_with = names::flag)]
    flag: &'static str,
    #[schema(examples("cannot speak: send help"))]
    words: &'static str,
}

/// A unit that may be the sender: it has the telephone number. None of several is ever chosen.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Candidate)]
pub struct CandidateShape {
    id: Uuid,
    label: String,
    scheme: String,
    address_line: String,
    #[schema(schema_with = names::stock)]
    stock: &'static str,
}

/// A unit of the registry.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Unit)]
pub struct UnitShape {
    id: Uuid,
    /// Its id in the centre's own records; may be empty.
    reference: String,
    label: String,
    scheme: String,
    address_line: String,
    phones: Vec<String>,
    /// How it names itself on which lines.
    identities: Vec<IdentityShape>,
    flags: Vec<FlagShape>,
    #[schema(schema_with = names::risk)]
    risk: &'static str,
    #[schema(schema_with = names::stock)]
    stock: &'static str,
    /// How often it is to be heard from, seconds; null where that is not known.
    #[schema(required = true)]
    expected_interval_s: Option<u64>,
    /// A web address; may be empty.
    record_link: String,
    customer: String,
    model: String,
    firmware: String,
    carrier: String,
}

/// One name of a unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Identity)]
struct IdentityShape {
    /// All of it, as a CSV cell has it.
    #[schema(examples("north:surgard:0042"))]
    identity: String,
    /// The lines on which it counts: a namespace of the configuration, or RECEIVER/LINE.
    namespace: String,
    #[schema(schema_with = names::protocol)]
    protocol: &'static str,
    /// As sent: leading zeros matter.
    account: String,
    /// The dwelling behind a controller.
    #[schema(required = true)]
    local_unit: Option<String>,
}

/// A part of the registry.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UnitList)]
pub struct UnitsShape {
    now: Timestamp,
    /// The database is away: the units are as they were known last.
    degraded: bool,
    /// The registry's version; 0 where only this receiver's journal has told it.
    version: i64,
    /// By label.
    #[schema(max_items = 1_000)]
    units: Vec<UnitShape>,
    /// What `after` of the next request must be; null at the end.
    #[schema(required = true)]
    next: Option<Uuid>,
}

/// A unit and what was changed in it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UnitDetail)]
pub struct UnitDetailShape {
    now: Timestamp,
    /// The database is away: the unit is as it was known last.
    degraded: bool,
    unit: UnitShape,
    /// The latest changes, latest first; null while the database is away.
    #[schema(required = true, max_items = 200)]
    history: Option<Vec<UnitChangeShape>>,
}

/// One change of a unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UnitChange)]
struct UnitChangeShape {
    at: Timestamp,
    person: String,
    /// Where it was imported.
    receiver: String,
    /// The import it came with.
    import: Uuid,
    /// The registry's version it made.
    version: i64,
    /// Whether it made the unit.
    made: bool,
    fields: Vec<FieldChangeShape>,
}

/// A field before and after, as a CSV cell has it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FieldChange)]
pub struct FieldChangeShape {
    #[schema(schema_with = names::unit_field)]
    pub field: &'static str,
    pub old: String,
    pub new: String,
}

impl RegisteredShape {
    /// The unit behind a card, and who it may be where that is not sure.
    pub fn of(alarm: &Alarm, registry: &Registry) -> (Option<RegisteredShape>, Vec<CandidateShape>) {
        let caller = alarm.caller.as_ref().and_then(|caller| caller.number.as_deref());
        match registry.found(&alarm.unit, caller) {
            Found::Nobody => (None, Vec::new()),
            Found::Several(units) => {
                (None, units.iter().take(CANDIDATES_MAX).map(|unit| CandidateShape::of(unit)).collect())
            }
            Found::ByNumber(unit) => (Some(RegisteredShape::matched(&unit, "number")), Vec::new()),
            Found::Unit(unit) => {
                let by = if alarm.unit.basis == Basis::Registered { "identity" } else { "registered-later" };
                (Some(RegisteredShape::matched(&unit, by)), Vec::new())
            }
        }
    }

    fn matched(unit: &Unit, matched_by: &'static str) -> RegisteredShape {
        RegisteredShape {
            id: unit.id.0,
            matched_by,
            label: unit.label.clone(),
            scheme: unit.scheme.clone(),
            address_line: unit.address_line.clone(),
            phones: unit.phones.clone(),
            risk: unit.risk.as_str(),
            flags: unit.flags.iter().map(|flag| FlagShape::of(*flag)).collect(),
            stock: unit.stock.as_str(),
            model: unit.model.clone(),
            record_link: unit.record_link.clone(),
            reference: unit.reference.clone(),
        }
    }
}

impl FlagShape {
    fn of(flag: Flag) -> FlagShape {
        FlagShape { flag: flag.as_str(), words: flag.words() }
    }
}

impl CandidateShape {
    fn of(unit: &Unit) -> CandidateShape {
        CandidateShape {
            id: unit.id.0,
            label: unit.label.clone(),
            scheme: unit.scheme.clone(),
            address_line: unit.address_line.clone(),
            stock: unit.stock.as_str(),
        }
    }
}

impl IdentityShape {
    fn of(identity: &Identity) -> IdentityShape {
        IdentityShape {
            identity: identity.to_string(),
            namespace: identity.namespace.to_string(),
            protocol: identity.protocol.as_str(),
            account: identity.account.clone(),
            local_unit: identity.local_unit.clone(),
        }
    }
}

impl UnitShape {
    /// The unit as it is.
    pub fn of(unit: &Unit) -> UnitShape {
        UnitShape {
            id: unit.id.0,
            reference: unit.reference.clone(),
            label: unit.label.clone(),
            scheme: unit.scheme.clone(),
            address_line: unit.address_line.clone(),
            phones: unit.phones.clone(),
            identities: unit.identities.iter().map(IdentityShape::of).collect(),
            flags: unit.flags.iter().map(|flag| FlagShape::of(*flag)).collect(),
            risk: unit.risk.as_str(),
            stock: unit.stock.as_str(),
            expected_interval_s: unit.expected_interval.map(|interval| interval.as_secs()),
            record_link: unit.record_link.clone(),
            customer: unit.customer.clone(),
            model: unit.model.clone(),
            firmware: unit.firmware.clone(),
            carrier: unit.carrier.clone(),
        }
    }
}

impl UnitsShape {
    /// A page at an instant.
    pub fn of(page: &telecare_alarm::registry::Page, version: i64, degraded: bool, now: OffsetDateTime) -> UnitsShape {
        UnitsShape {
            now: Timestamp(now),
            degraded,
            version,
            units: page.units.iter().map(|unit| UnitShape::of(unit)).collect(),
            next: page.units.last().filter(|_| page.more).map(|unit| unit.id.0),
        }
    }
}

impl UnitDetailShape {
    /// A unit at an instant; no history where the database was not there to tell it.
    pub fn of(unit: &Unit, history: Option<&[UnitChange]>, degraded: bool, now: OffsetDateTime) -> UnitDetailShape {
        UnitDetailShape {
            now: Timestamp(now),
            degraded,
            unit: UnitShape::of(unit),
            history: history.map(|changes| changes.iter().map(UnitChangeShape::of).collect()),
        }
    }
}

impl UnitChangeShape {
    fn of(change: &UnitChange) -> UnitChangeShape {
        let field = |(field, old, new): &(telecare_alarm::registry::Field, String, String)| FieldChangeShape {
            field: field.as_str(),
            old: old.clone(),
            new: new.clone(),
        };
        UnitChangeShape {
            at: Timestamp(change.at),
            person: change.person.clone(),
            receiver: change.receiver.clone(),
            import: change.import,
            version: change.version,
            made: change.made,
            fields: change.fields.iter().map(field).collect(),
        }
    }
}
