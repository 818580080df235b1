//! Walks `protocols/scaip/vectors.toml` for what the front door does not tell: what kind of thing is said, what is
//! answered, what is still known of a broken document, and that a stored report gives its key again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::fs;
use std::path::Path;

use telecare_protocol::digital::Targets;
use telecare_protocol::scaip::{Bad, Class, Dialects, Read, Request, Response, read};
use telecare_protocol::{Codes, Outcome, Trigger};

struct Vector {
    id: String,
    table: toml::Table,
}

impl Vector {
    fn text(&self, name: &str) -> Option<&str> {
        self.table.get(name).and_then(toml::Value::as_str)
    }

    fn read(&self) -> Read {
        read(self.text("input").unwrap().as_bytes(), Dialects::default())
    }
}

fn vectors() -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols/scaip/vectors.toml");
    let file: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let vector = |table: &toml::Value| {
        let table = table.as_table().unwrap().clone();
        Vector { id: table["id"].as_str().unwrap().to_owned(), table }
    };
    file["vector"].as_array().unwrap().iter().map(vector).collect()
}

fn targets() -> Targets {
    let target = |target: &str| Some(target.to_owned());
    Targets {
        sip: target("sip:desk@arc.example.org"),
        tel: target("tel:+441632960001"),
        gsm: target("gsm:+441632960001"),
    }
}

fn name(class: Class) -> String {
    format!("{class:?}")
}

fn recovered(bad: &Bad) -> toml::Table {
    let code = |code: Option<u16>| code.map(|code| format!("{code:04}"));
    let known = [
        ("ref", bad.reference.clone()),
        ("cid", bad.identity.clone()),
        ("dty", code(bad.device_type)),
        ("stc", code(bad.status_code)),
    ];
    known.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect()
}

#[test]
fn every_vector_is_answered_as_it_should_be() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 34);
    for vector in vectors {
        let expected = (vector.text("class"), vector.text("reply"), vector.table.get("recovered"));
        let (class, reply, still) = match vector.read() {
            Read::Request(request) => {
                (Some(name(request.class())), Some(Response::accepted(&request, &targets()).write()), None)
            }
            Read::Bad(bad) => (None, Some(bad.response().write()), Some(toml::Value::Table(recovered(&bad)))),
            Read::Answer(_) => (None, None, None),
        };
        assert_eq!((class.as_deref(), reply.as_deref(), still.as_ref()), expected, "{}", vector.id);
        if let Some(reply) = reply {
            assert_eq!(Response::read(reply.as_bytes()).unwrap().write(), reply, "{}", vector.id);
        }
    }
}

/// Of a fresh request and of its report, and of it written and read again: one key.
#[test]
fn a_stored_report_gives_its_key_again() {
    let codes = Codes::builtin();
    let requests: Vec<(String, Request)> = vectors()
        .into_iter()
        .filter_map(|vector| match vector.read() {
            Read::Request(request) => Some((vector.id, *request)),
            Read::Bad(_) | Read::Answer(_) => None,
        })
        .collect();
    assert_eq!(requests.len(), 23);
    for (id, request) in &requests {
        let report = request.report(&codes);
        assert_eq!(report.repeat_key(), Some(request.repeat_key()), "{id}");
        assert_eq!(report.identity.as_ref(), Some(&request.sender().identity), "{id}");
        for (other, another) in &requests {
            let repeats = id == other || matches!((id.as_str(), other.as_str()), ("V01", "V13") | ("V13", "V01"));
            assert_eq!(request.repeat_key() == another.repeat_key(), repeats, "{id} and {other}");
        }
    }
}

/// What nobody could read is shown, with what was recovered, and proves no repetition.
#[test]
fn a_broken_document_is_a_report_of_its_own() {
    let codes = Codes::builtin();
    let mut seen = 0;
    for vector in vectors() {
        let Read::Bad(bad) = vector.read() else { continue };
        seen += 1;
        let report = bad.report(&codes);
        assert_eq!(report.outcome, Outcome::Unreadable(bad.fault.clone()), "{}", vector.id);
        assert_eq!(report.events[0].trigger, Trigger::Unreadable);
        assert_eq!(report.identity, bad.identity);
        for (field, said) in recovered(&bad) {
            let kept = report.fields.iter().find(|(name, _)| *name == field);
            assert_eq!(
                kept.map(|(_, value)| value.clone()),
                Some(telecare_protocol::Value::Text(said.as_str().unwrap().to_owned())),
                "{} {field}",
                vector.id
            );
        }
        assert_eq!(report.repeat_key(), None);
    }
    assert_eq!(seen, 10);
}

/// A site without a target of one kind asks for the next that the unit can; without any, for none.
#[test]
fn voice_goes_where_the_site_has_a_target() {
    let two = vectors().into_iter().find(|vector| vector.id == "V19").unwrap();
    let Read::Request(request) = two.read() else { panic!("V19 is a request") };
    let number = |targets: &Targets| Response::accepted(&request, targets).voice.and_then(|voice| voice.number);
    assert_eq!(number(&targets()), targets().sip);
    assert_eq!(number(&Targets { sip: None, ..targets() }), targets().gsm);
    assert_eq!(number(&Targets { sip: None, gsm: None, ..targets() }), None);
}
