//! The database: whether it is there, keeps what is committed to it, and fits this software.

use std::fs;
use std::time::Duration;

use telecare_queue::{DatabaseFacts, database_facts};

use super::config::Settings;
use super::{Area, Finding, State};

const AREA: Area = Area("database");
/// A server that does not answer within this is away.
const WITHIN: Duration = Duration::from_secs(5);
/// Oldest server (its version number).
const VERSION_MIN: i64 = 150_000;
/// Connections a receiver may have, and some for people.
const CONNECTIONS_SPARE: i64 = 10;
/// A clock further off than this puts alarms in the wrong order.
const CLOCK_OFF_MAX: time::Duration = time::Duration::SECOND;

pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    if settings.database.is_empty() {
        return vec![AREA.ok("none configured: this receiver stands alone")];
    }
    let password = match &settings.password_file {
        None => None,
        Some(path) => match fs::read_to_string(path) {
            Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => {
                let what = format!("{}: {error}", path.display());
                return vec![AREA.broken(what, "put the password there, readable by the receiver's user")];
            }
        },
    };
    let mut findings = Vec::new();
    let mut writable = 0;
    for (number, url) in (1..).zip(&settings.database) {
        let (found, is_writable) = match database_facts(url, password.as_deref(), WITHIN).await {
            Ok(facts) => (judge(&facts), !facts.standby && !facts.read_only),
            Err(why) => {
                let remedy = "is it running (pg_lsclusters), does pg_hba.conf let the receiver in?";
                (vec![AREA.broken(format!("not reachable: {why}"), remedy)], false)
            }
        };
        writable += u32::from(is_writable);
        // Which of several, by its place: a URL holds a password.
        let named = |mut finding: Finding| {
            finding.what = format!("server {number}: {}", finding.what);
            finding
        };
        findings.extend(found.into_iter().map(named));
    }
    if writable == 0 {
        findings.push(AREA.broken(
            "no server can be written: the receiver works on its own, with what it knows",
            "start one, or promote a standby; what was taken in meanwhile is handed on by itself",
        ));
    } else {
        // A standby in the list is there to be found away.
        for finding in findings.iter_mut().filter(|finding| finding.what.contains("not reachable")) {
            finding.state = State::Worry;
        }
    }
    findings
}

fn judge(facts: &DatabaseFacts) -> Vec<Finding> {
    let mut findings = vec![version(facts)];
    let mut must = |name: &str, value: &str, wanted: &str, state: State, why: &str| {
        if value != wanted {
            let remedy = format!("ALTER SYSTEM SET {name} = {wanted}; SELECT pg_reload_conf()");
            findings.push(Finding { area: AREA.0, state, what: format!("{name} is {value}: {why}"), remedy });
        }
    };
    must("fsync", &facts.fsync, "on", State::Broken, "a power cut loses what was committed; the receiver refuses it");
    must("full_page_writes", &facts.full_page_writes, "on", State::Broken, "a power cut can tear the tables");
    if facts.synchronous_commit == "off" {
        must(
            "synchronous_commit",
            "off",
            "on",
            State::Worry,
            "other programs lose what they committed last; the receiver's own sessions turn it on",
        );
    }
    if facts.wal_level == "minimal" {
        must(
            "wal_level",
            "minimal",
            "replica",
            State::Worry,
            "neither a standby nor a backup to a point in time is possible",
        );
    }
    if facts.standby {
        findings.push(AREA.ok("a standby: it waits for its turn"));
    } else if facts.read_only {
        let remedy = "ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()";
        findings.push(AREA.broken("its transactions are read-only by default", remedy));
    }
    let spare = facts.connections_max - facts.connections;
    if spare < CONNECTIONS_SPARE {
        let what = format!("{} of {} connections are taken", facts.connections, facts.connections_max);
        findings
            .push(AREA.worry(what, "raise max_connections, or look who takes them: SELECT * FROM pg_stat_activity"));
    }
    findings.extend(clock(facts));
    findings.push(schema(facts));
    if facts.quarantined > 0 {
        let what = format!("{} entries are in quarantine: the database would not take them", facts.quarantined);
        findings.push(
            AREA.worry(what, "SELECT * FROM quarantine ORDER BY 1; they are in the journal, too. Please report it"),
        );
    }
    findings
}

fn version(facts: &DatabaseFacts) -> Finding {
    let ms = facts.round_trip.as_secs_f64() * 1000.0;
    let words = format!("PostgreSQL {}, a round trip takes {ms:.1} ms", facts.version);
    if facts.version_number < VERSION_MIN {
        return AREA.broken(words, "the receiver needs 15 or later");
    }
    AREA.ok(words)
}

fn clock(facts: &DatabaseFacts) -> Option<Finding> {
    let off = facts.clock_ahead.abs() - time::Duration::try_from(facts.round_trip).unwrap_or_default();
    (off > CLOCK_OFF_MAX).then(|| {
        let what = format!("its clock is {:.1} s off ours", facts.clock_ahead.as_seconds_f64());
        AREA.worry(what, "have chrony keep both hosts' clocks")
    })
}

fn schema(facts: &DatabaseFacts) -> Finding {
    match facts.schema {
        None => AREA.ok("no telecare schema yet; the receiver makes it at its first start"),
        Some(schema) if schema > facts.schema_known => AREA.broken(
            format!("its schema ({schema}) is newer than this software knows ({})", facts.schema_known),
            "upgrade this receiver; until then it works on its own",
        ),
        Some(schema) if schema < facts.schema_known => {
            AREA.ok(format!("its schema ({schema}) is brought up to date when the receiver connects"))
        }
        Some(schema) => AREA.ok(format!("its schema ({schema}) is this software's")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> DatabaseFacts {
        DatabaseFacts {
            version_number: 150_004,
            version: "15.4".to_owned(),
            fsync: "on".to_owned(),
            synchronous_commit: "on".to_owned(),
            full_page_writes: "on".to_owned(),
            wal_level: "replica".to_owned(),
            standby: false,
            read_only: false,
            connections_max: 100,
            connections: 5,
            clock_ahead: time::Duration::ZERO,
            round_trip: Duration::from_millis(1),
            schema: Some(3),
            schema_known: 3,
            quarantined: 0,
        }
    }

    fn worst(facts: &DatabaseFacts) -> State {
        judge(facts).iter().map(|finding| finding.state).max().unwrap()
    }

    #[test]
    fn each_setting_is_judged_by_what_it_would_cost() {
        assert_eq!(worst(&facts()), State::Ok, "{:?}", judge(&facts()));
        let off = || "off".to_owned();
        let table = [
            (DatabaseFacts { fsync: off(), ..facts() }, State::Broken),
            (DatabaseFacts { full_page_writes: off(), ..facts() }, State::Broken),
            (DatabaseFacts { synchronous_commit: off(), ..facts() }, State::Worry),
            (DatabaseFacts { wal_level: "minimal".to_owned(), ..facts() }, State::Worry),
            (DatabaseFacts { version_number: 140_010, ..facts() }, State::Broken),
            (DatabaseFacts { standby: true, ..facts() }, State::Ok),
            (DatabaseFacts { read_only: true, ..facts() }, State::Broken),
            (DatabaseFacts { connections: 95, ..facts() }, State::Worry),
            (DatabaseFacts { clock_ahead: time::Duration::seconds(-3), ..facts() }, State::Worry),
            (DatabaseFacts { schema: Some(4), ..facts() }, State::Broken),
            (DatabaseFacts { schema: None, ..facts() }, State::Ok),
            (DatabaseFacts { quarantined: 2, ..facts() }, State::Worry),
        ];
        for (facts, state) in table {
            let findings = judge(&facts);
            assert_eq!(worst(&facts), state, "{findings:?}");
            assert!(findings.iter().all(|finding| (finding.state == State::Ok) == finding.remedy.is_empty()));
        }
    }
}
