//! What units may have in common: an area, an exchange, a carrier, a range of accounts, a scheme.
//!
//! Many of one group at once have one cause: a power cut, a cut cable, a controller that has failed. Two groups of
//! two namespaces are never one, as two accounts of two namespaces are never one unit.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use telecare_protocol::Origin;
use telecare_protocol::report::UnknownName;

use crate::registry::{Identity, Unit, canonical_number};
use crate::unit::{join, shown};
use crate::{Registry, Signal};

/// Characters of an account that tell units of one range apart.
const ACCOUNT_TAIL_CHARS: usize = 3;
/// Letters and digits of the second half of a British postcode.
const INWARD_CHARS: usize = 3;

/// A kind of group, the widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupKind {
    /// The first half of the postcode at the end of the address.
    Area,
    /// The dialling code of the unit's first telephone number.
    Exchange,
    /// Who carries its calls.
    Carrier,
    /// Accounts alike but for their last three characters.
    Prefix,
    /// Its building.
    Scheme,
}

impl GroupKind {
    /// Every kind, the widest first.
    pub const ALL: [GroupKind; 5] =
        [GroupKind::Area, GroupKind::Exchange, GroupKind::Carrier, GroupKind::Prefix, GroupKind::Scheme];

    /// The name used in keys, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            GroupKind::Area => "area",
            GroupKind::Exchange => "exchange",
            GroupKind::Carrier => "carrier",
            GroupKind::Prefix => "prefix",
            GroupKind::Scheme => "scheme",
        }
    }
}

impl FromStr for GroupKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        GroupKind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// One group. Two of one kind are one when their names are, but for case and spaces.
#[derive(Clone, Debug)]
pub struct Group {
    kind: GroupKind,
    /// Where the name means this group: empty for what means it everywhere.
    place: Arc<str>,
    name: Arc<str>,
    words: Arc<str>,
}

impl Group {
    /// A group by its name; none without one.
    pub fn new(kind: GroupKind, name: &str) -> Option<Group> {
        Group::within(kind, "", name)
    }

    /// A group whose name counts within a place only.
    fn within(kind: GroupKind, place: &str, name: &str) -> Option<Group> {
        let words: Vec<&str> = name.split_whitespace().collect();
        let words = words.join(" ");
        (!words.is_empty()).then(|| Group {
            kind,
            place: Arc::from(place),
            name: Arc::from(words.to_lowercase()),
            words: Arc::from(words),
        })
    }

    /// What they have in common.
    pub fn kind(&self) -> GroupKind {
        self.kind
    }

    /// The unit key of the card of an incident of this group.
    pub fn key(&self) -> Arc<str> {
        match &*self.place {
            "" => join(&["incident", self.kind.as_str(), &self.name]),
            place => join(&["incident", self.kind.as_str(), place, &self.name]),
        }
    }

    /// The group in words: "area B97".
    pub fn words(&self) -> String {
        match self.kind {
            GroupKind::Prefix => format!("accounts {}...", shown(&self.words)),
            kind => format!("{} {}", kind.as_str(), shown(&self.words)),
        }
    }

    fn identity(&self) -> (GroupKind, &str, &str) {
        (self.kind, &self.place, &self.name)
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Group) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Group {}

impl Hash for Group {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl PartialOrd for Group {
    fn partial_cmp(&self, other: &Group) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Group {
    fn cmp(&self, other: &Group) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

/// What a registered unit has in common with others, the widest first.
pub fn of_unit(unit: &Unit) -> Vec<Group> {
    let area = area(&unit.address_line);
    let exchange = unit.phones.iter().find_map(|phone| exchange(phone));
    let named = [
        (GroupKind::Area, area.as_deref()),
        (GroupKind::Exchange, exchange.as_deref()),
        (GroupKind::Carrier, Some(unit.carrier.as_str())),
        (GroupKind::Scheme, Some(unit.scheme.as_str())),
    ];
    named.into_iter().filter_map(|(kind, name)| Group::new(kind, name?)).collect()
}

/// What the unit of a signal has in common with others, the widest first. What no unit said has nothing.
pub fn of_signal(signal: &Signal, registry: &Registry) -> Vec<Group> {
    if signal.report.origin != Origin::Unit {
        return Vec::new();
    }
    let unit = registry.id_of(&signal.unit).and_then(|id| registry.unit(id));
    let mut groups = unit.map_or_else(Vec::new, |unit| of_unit(unit));
    groups.extend(of_account(signal, unit.map(|unit| &**unit)));
    groups.sort_by_key(Group::kind);
    groups
}

/// A range of accounts, or the controller behind which the dwelling is.
fn of_account(signal: &Signal, unit: Option<&Unit>) -> Option<Group> {
    let account = signal.report.identity.as_deref()?;
    let known = unit.and_then(|unit| unit.identities.iter().find(|identity| identity.account == account).cloned());
    let place = match known.or_else(|| Identity::from_key(&signal.unit.key)) {
        Some(identity) => format!("{}:{}", identity.namespace, identity.protocol),
        None => format!("{}/{}", signal.receiver, signal.line),
    };
    if signal.report.local_unit.is_some() {
        return Group::within(GroupKind::Scheme, &place, account);
    }
    let length = account.chars().count().checked_sub(ACCOUNT_TAIL_CHARS).filter(|length| *length > 0)?;
    let prefix: String = account.chars().take(length).collect();
    Group::within(GroupKind::Prefix, &place, &prefix)
}

/// The first half of the British postcode that ends an address: "27 Mill Lane, Redditch B97 4QT" is in B97.
fn area(address: &str) -> Option<String> {
    let upper = address.to_uppercase();
    let mut words = upper.split(|c: char| c.is_whitespace() || c == ',' || c == '.').filter(|word| !word.is_empty());
    let last = words.next_back()?;
    let (outward, inward) = match last.chars().count() {
        INWARD_CHARS => (words.next_back()?, last),
        length => last.split_at_checked(length.checked_sub(INWARD_CHARS)?)?,
    };
    let mut chars = inward.chars();
    let ends = chars.next().is_some_and(|c| c.is_ascii_digit()) && chars.all(|c| c.is_ascii_uppercase());
    let begins = outward.starts_with(|c: char| c.is_ascii_uppercase()) && (2..=4).contains(&outward.len());
    let signs = outward.chars().all(|c| c.is_ascii_alphanumeric()) && outward.contains(|c: char| c.is_ascii_digit());
    (ends && begins && signs).then(|| outward.to_owned())
}

/// The dialling code of a British number of a place: 020, 0121, 01527. A mobile telephone has none.
fn exchange(phone: &str) -> Option<String> {
    let number = canonical_number(phone)?;
    let home = number.strip_prefix("44")?;
    let digits = match home.as_bytes() {
        [b'2', ..] => 2,
        [b'1', b'1', ..] | [b'1', _, b'1', ..] => 3,
        [b'1', ..] => 4,
        _ => return None,
    };
    home.get(..digits).map(|code| format!("0{code}"))
}

#[cfg(test)]
mod tests {
    use telecare_protocol::Trigger;
    use telecare_protocol::report::Status;
    use uuid::Uuid;

    use super::*;
    use crate::registry::UnitId;
    use crate::testing::signal;

    fn doris() -> Unit {
        let mut unit = Unit::blank(UnitId(Uuid::from_u128(7)));
        unit.label = "Doris Hill".to_owned();
        unit.scheme = "Beech  Court".to_owned();
        unit.address_line = "27 Mill Lane, Redditch, b97 4qt".to_owned();
        unit.phones = vec!["07700 900042".to_owned(), "01527 960042".to_owned()];
        unit.carrier = " BT ".to_owned();
        unit.identities = vec!["north:surgard:12345".parse().expect("an identity")];
        unit
    }

    fn words(groups: &[Group]) -> Vec<String> {
        groups.iter().map(Group::words).collect()
    }

    #[test]
    fn a_unit_has_what_its_record_says() {
        assert_eq!(words(&of_unit(&doris())), ["area B97", "exchange 01527", "carrier BT", "scheme Beech Court"]);
        assert!(of_unit(&Unit::blank(UnitId(Uuid::nil()))).is_empty());
        let same = Group::new(GroupKind::Scheme, "BEECH court");
        assert_eq!(of_unit(&doris()).last(), same.as_ref());
        assert_eq!(same.map(|group| group.key()).as_deref(), Some("incident/scheme/beech court"));
    }

    #[test]
    fn areas_and_exchanges_are_read_where_they_are() {
        let areas = [
            ("1 High St, London SW1A 1AA", Some("SW1A")),
            ("Flat 2 m11ae", Some("M1")),
            ("27 Mill Lane", None),
            ("B97", None),
            ("Unit 4 B97", None),
            ("", None),
            ("naïve 4QT", None),
        ];
        for (address, expected) in areas {
            assert_eq!(area(address).as_deref(), expected, "{address}");
        }
        let exchanges = [
            ("01527 960042", Some("01527")),
            ("+44 121 496 0042", Some("0121")),
            ("0113 496 0042", Some("0113")),
            ("020 7946 0042", Some("020")),
            ("07700 900042", None),
            ("999", None),
            ("+353 1 4960000", None),
        ];
        for (phone, expected) in exchanges {
            assert_eq!(exchange(phone).as_deref(), expected, "{phone}");
        }
    }

    #[test]
    fn accounts_of_two_namespaces_are_never_one_range() {
        let nobody = Registry::default();
        let mut mains = signal(1, 0, Trigger::Mains, Status::Active);
        mains.report.origin = Origin::Unit;
        mains.report.identity = Some("12345".to_owned());
        let north = of_signal(&mains, &nobody);
        assert_eq!(words(&north), ["accounts 12..."]);
        let mut south = mains.clone();
        south.unit.key = "unit/in/south/surgard/12345".into();
        assert_ne!(of_signal(&south, &nobody), north);
        let mut registered = mains.clone();
        let registry = Registry::new(1, [doris()]);
        registered.unit = registry.named(registered.unit.clone(), None);
        assert_eq!(of_signal(&registered, &registry).iter().find(|g| g.kind() == GroupKind::Prefix), north.first());
        mains.report.local_unit = Some("0027".to_owned());
        assert_eq!(words(&of_signal(&mains, &nobody)), ["scheme 12345"]);
        mains.report.origin = Origin::Line;
        assert!(of_signal(&mains, &nobody).is_empty());
    }
}
