//! Code tables: data in `protocols/<name>/codes.toml`, embedded, checked when loaded, overridable per site.
//!
//! A row maps a protocol's code to words, to the neutral [`Trigger`] and, where the code itself tells, to a
//! [`Status`]. A code that no table knows is never an error: it becomes [`Trigger::Unknown`] with words that
//! say so. A site's override adds or replaces single rows and cannot remove one.

mod load;

use std::collections::BTreeMap;
use std::fmt;

use crate::{Event, Location, Status, Trigger};

pub use load::CodesError;

/// One table of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the protocol and the table of its codes.toml")]
pub enum Table {
    Bs8521Events,
    Bs8521Locations,
    Bs8521Statuses,
    Bs8521Categories,
    Bs8521Speech,
    ContactIdEvents,
    SiaEvents,
    SiaEnvironment,
    SiaFunctions,
    HighSpeedChannels,
    HighSpeedAuxiliary,
    FastFormatChannels,
    Ademco685Pulse,
    Ademco685Pairs,
    Ademco685Own,
    EspaHeaders,
    EspaTypes,
    EspaPriorities,
    EspaCallStatus,
    EspaSystemStatus,
    RadionicsForms,
    RadionicsStatus,
    ScaipStatusCodes,
    ScaipDeviceTypes,
    ScaipComponents,
    ScaipLocations,
    ScaipConfigurations,
    SurGardForms,
    SurGardLetters,
    SurGardTelenot,
    SurGardCesa,
    SurGardBfsk,
    SurGardFsk2,
    SurGardOwn,
    SurGardMainProcessor,
    TexecomFlags,
    TunstallDispersed,
    TunstallGrouped,
    TunstallBursts,
    TunstallLocations,
    TunstallRecords,
}

/// What a code means.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// Words for operators.
    pub words: String,
    /// What the number beside the code is: `zone`, `user`, `area` and others; none when it is nothing.
    pub address: Option<String>,
    /// The neutral trigger; none in tables that only give words.
    pub trigger: Option<Trigger>,
    /// The status the code itself tells.
    pub status: Option<Status>,
    /// The trigger that replaces `trigger` when the sender's qualifier says "restored or closing".
    pub restored_trigger: Option<Trigger>,
}

/// The tables of every protocol.
#[derive(Clone, PartialEq)]
pub struct Codes {
    tables: BTreeMap<Table, BTreeMap<String, Code>>,
}

impl fmt::Debug for Codes {
    /// Not the thousands of them: every session holds all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codes").field("tables", &self.tables.len()).finish_non_exhaustive()
    }
}

/// The embedded tables by the name of their protocol folder.
const BUILTIN: &[(&str, &str)] = &[
    ("ademco-685", include_str!("../../../../protocols/ademco-685/codes.toml")),
    ("bs8521", include_str!("../../../../protocols/bs8521/codes.toml")),
    ("contact-id", include_str!("../../../../protocols/contact-id/codes.toml")),
    ("fast-format", include_str!("../../../../protocols/fast-format/codes.toml")),
    ("espa-444", include_str!("../../../../protocols/espa-444/codes.toml")),
    ("high-speed", include_str!("../../../../protocols/high-speed/codes.toml")),
    ("radionics-6500", include_str!("../../../../protocols/radionics-6500/codes.toml")),
    ("scaip", include_str!("../../../../protocols/scaip/codes.toml")),
    ("sia-dc03", include_str!("../../../../protocols/sia-dc03/codes.toml")),
    ("surgard", include_str!("../../../../protocols/surgard/codes.toml")),
    ("texecom", include_str!("../../../../protocols/texecom/codes.toml")),
    ("tunstall", include_str!("../../../../protocols/tunstall/codes.toml")),
];

impl Codes {
    /// The embedded tables. A test proves that they load; were they broken, every code would be unknown,
    /// which ranks high, and nothing would be lost.
    pub fn builtin() -> Codes {
        Codes::load_builtin().unwrap_or(Codes { tables: BTreeMap::new() })
    }

    /// The embedded tables with a site's rows laid over them; keys are names of protocol folders
    /// (`bs8521`, `contact-id`, `surgard` and the like), values are TOML texts in the same layout.
    pub fn with_overrides(texts: &BTreeMap<String, String>) -> Result<Codes, CodesError> {
        let mut codes = Codes::load_builtin()?;
        for (protocol, text) in texts {
            load::add(&mut codes.tables, protocol, text)?;
        }
        Ok(codes)
    }

    /// The row of a code, if the table knows it.
    pub fn find(&self, table: Table, code: &str) -> Option<&Code> {
        self.tables.get(&table)?.get(code)
    }

    /// The rows of one table in the order of their codes.
    pub fn rows(&self, table: Table) -> impl Iterator<Item = (&str, &Code)> {
        self.tables.get(&table).into_iter().flatten().map(|(code, row)| (code.as_str(), row))
    }

    /// The words of a code, or words that say it is unknown.
    pub fn words(&self, table: Table, code: &str) -> String {
        self.find(table, code).map_or_else(|| unknown_words(table, code), |row| row.words.clone())
    }

    /// The event a code raises, at the address beside it; an unknown code is [`Trigger::Unknown`].
    pub fn event(&self, table: Table, code: &str, address: &str) -> Event {
        let row = self.find(table, code);
        let kind = row.map_or(Some("number"), |row| row.address.as_deref());
        let location = (!address.is_empty())
            .then(|| Location { code: address.to_owned(), words: format!("{} {address}", kind.unwrap_or("number")) });
        Event {
            trigger: row.and_then(|row| row.trigger).unwrap_or(Trigger::Unknown),
            status: row.map_or(Status::Unknown, |row| row.status.unwrap_or(Status::Active)),
            code: code.to_owned(),
            words: self.words(table, code),
            location,
        }
    }

    fn load_builtin() -> Result<Codes, CodesError> {
        let mut tables = BTreeMap::new();
        for (protocol, text) in BUILTIN {
            load::add(&mut tables, protocol, text)?;
        }
        Ok(Codes { tables })
    }
}

fn unknown_words(table: Table, code: &str) -> String {
    format!("unknown {} {code:?}", table.noun())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(protocol: &str, text: &str) -> Result<Codes, CodesError> {
        Codes::with_overrides(&BTreeMap::from([(protocol.to_owned(), text.to_owned())]))
    }

    #[test]
    fn builtin_tables_load_in_full() {
        Codes::load_builtin().unwrap();
        let codes = Codes::builtin();
        let count = |table| codes.rows(table).count();
        assert_eq!(count(Table::Bs8521Events), 61);
        assert_eq!(count(Table::Bs8521Locations), 58);
        assert_eq!(count(Table::Bs8521Statuses), 10);
        assert_eq!(count(Table::ContactIdEvents), 325, "282 of the table, 40 user-assigned, 3 telecare");
        assert_eq!(count(Table::SiaEvents), 305 + 20);
        assert_eq!(count(Table::ScaipStatusCodes), 128);
        assert_eq!(count(Table::ScaipDeviceTypes), 51, "0000 to 0051 without 0042, which nobody knows");
        assert_eq!(count(Table::ScaipComponents), 30);
        assert_eq!(count(Table::ScaipLocations), 53);
        assert_eq!(count(Table::ScaipConfigurations), 4);
    }

    #[test]
    fn life_codes_mean_what_they_should() {
        let codes = Codes::builtin();
        for (table, code, trigger, status) in [
            (Table::Bs8521Events, "019", Trigger::Pendant, Status::Active),
            (Table::Bs8521Events, "016", Trigger::Smoke, Status::Active),
            (Table::ContactIdEvents, "101", Trigger::Emergency, Status::Active),
            (Table::ContactIdEvents, "103", Trigger::Fall, Status::Active),
            (Table::ContactIdEvents, "606", Trigger::SpeechRequest, Status::Active),
            (Table::SiaEvents, "MA", Trigger::Medical, Status::Active),
            (Table::SiaEvents, "MH", Trigger::Medical, Status::Restored),
            (Table::SiaEvents, "MT", Trigger::System, Status::Fault),
            (Table::SiaEvents, "GA", Trigger::Gas, Status::Active),
            (Table::SurGardOwn, "T40", Trigger::FaultyCall, Status::Active),
        ] {
            let event = codes.event(table, code, "");
            assert_eq!((event.trigger, event.status), (trigger, status), "{table:?} {code}");
        }
        let unknown = codes.event(Table::ContactIdEvents, "199", "004");
        assert_eq!(unknown.trigger, Trigger::Unknown);
        assert_eq!(unknown.words, "unknown Contact ID code \"199\"");
        assert_eq!(unknown.location.unwrap().words, "number 004");
    }

    #[test]
    fn override_adds_and_replaces_single_rows() {
        let text = "[events]\n199 = { words = \"panic cord\", trigger = \"panic\", address = \"zone\" }\n\
                    100 = { words = \"wrist button\", trigger = \"pendant\" }\n";
        let codes = over("contact-id", text).unwrap();
        assert_eq!(codes.event(Table::ContactIdEvents, "199", "").trigger, Trigger::Panic);
        assert_eq!(codes.event(Table::ContactIdEvents, "100", "").words, "wrist button");
        assert_eq!(codes.event(Table::ContactIdEvents, "101", "").trigger, Trigger::Emergency);
    }

    /// The list that a site may copy is one that would be taken.
    #[test]
    fn the_express_list_is_a_table() {
        let codes = over("ademco-685", include_str!("../../../../protocols/ademco-685/express.toml")).unwrap();
        assert_eq!(codes.event(Table::Ademco685Pairs, "11", "").trigger, Trigger::Emergency);
        assert_eq!(Codes::builtin().event(Table::Ademco685Pairs, "11", "").trigger, Trigger::Unknown);
    }

    #[test]
    fn errors_name_table_code_and_line() {
        let row = |row: &str| format!("[events]\n100 = {{ words = \"a\", trigger = \"panic\" }}\n{row}\n");
        let check = |protocol: &str, text: &str, message: &str| {
            assert_eq!(over(protocol, text).unwrap_err().to_string(), message);
        };
        check(
            "contact-id",
            &row("101 = { words = \"b\", trigger = \"medcal\" }"),
            "code table contact-id/events, code \"101\", line 3: unknown trigger \"medcal\"",
        );
        check(
            "contact-id",
            &row("1010 = { words = \"b\", trigger = \"panic\" }"),
            "code table contact-id/events, code \"1010\", line 3: 4 characters, must be 3",
        );
        check(
            "contact-id",
            &row("101 = { words = \"b\" }"),
            "code table contact-id/events, code \"101\", line 3: no trigger",
        );
        check("bs8521", "[events]\n\n[event]\n", "code table bs8521/event: no such table");
        check("bs8522", "", "code table bs8522: no such protocol");
        let duplicate =
            over("contact-id", &row("100 = { words = \"b\", trigger = \"panic\" }")).unwrap_err().to_string();
        assert_eq!(duplicate, "code table contact-id, line 3: duplicate key");
    }
}
