//! The OpenAPI document: what is committed is what is served, nothing that was there has gone, and its examples are
//! what it says.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod desk;
mod growth;

use std::time::Duration;
use std::{env, fs};

use desk::Server;
use desk::schema::Document;
use serde_json::{Value, json};
use uuid::Uuid;

/// The committed document, which front-end developers read.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

/// With `TELECARE_OPENAPI=write` the committed document is written instead of compared.
#[test]
fn the_committed_document_is_the_served_one_to_the_byte() {
    let server = Server::start(Duration::from_secs(60));
    let served = server.desk_with("").get_text("/v1/openapi.json");
    if env::var("TELECARE_OPENAPI").is_ok_and(|mode| mode == "write") {
        fs::write(COMMITTED, &served).unwrap();
    }
    let committed = fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(served == committed, "openapi.json is not what is served; write it with TELECARE_OPENAPI=write");
}

/// What clients were built against. It may be replaced by a later document that lacks nothing of it, with
/// `TELECARE_OPENAPI=release`; until there is one, nothing was released.
const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi-released.json");

#[test]
fn nothing_of_the_released_document_has_gone() {
    let served = Server::start(Duration::from_secs(60)).desk_with("").get_text("/v1/openapi.json");
    let released: Value = serde_json::from_str(&fs::read_to_string(RELEASED).unwrap()).unwrap();
    let mut lost = Vec::new();
    growth::compare(&released, &serde_json::from_str(&served).unwrap(), "", &mut lost);
    assert!(lost.is_empty(), "clients rely on what has gone or changed: {lost:#?}");
    if env::var("TELECARE_OPENAPI").is_ok_and(|mode| mode == "release") {
        fs::write(RELEASED, &served).unwrap();
    }
}

#[test]
fn a_loss_is_found_and_a_growth_is_none() {
    let released = Document::committed().0;
    let lost = |change: &dyn Fn(&mut Value)| {
        let mut later = released.clone();
        change(&mut later);
        let mut lost = Vec::new();
        growth::compare(&released, &later, "", &mut lost);
        lost.len()
    };
    let at = |pointer: &'static str| {
        move |document: &mut Value| {
            *document.pointer_mut(pointer).unwrap() = Value::Null;
        }
    };
    assert_eq!(lost(&|_| {}), 0);
    assert_eq!(lost(&|document| document["paths"]["/v1/new"] = json!({"get": {}})), 0);
    let more = |document: &mut Value| {
        document["components"]["schemas"]["Alarm"]["properties"]["new"] = json!({"type": "string"});
        document["components"]["schemas"]["Alarm"]["required"].as_array_mut().unwrap().push(json!("new"));
        document["components"]["schemas"]["Alarm"]["description"] = json!("other words");
    };
    assert_eq!(lost(&more), 0);
    for pointer in [
        "/paths/~1v1~1alarms",
        "/paths/~1v1~1alarms/get/responses/200",
        "/components/schemas/Alarm/properties/headline",
        "/components/schemas/Alarm/properties/standing/enum/0",
        "/components/schemas/Alarm/required/0",
        "/components/schemas/CloseRequest/properties/text/type",
        "/components/schemas/CloseRequest/properties/text/maxLength",
    ] {
        assert!(lost(&at(pointer)) > 0, "{pointer}");
    }
    let demands = |document: &mut Value| {
        document["components"]["schemas"]["CloseRequest"]["required"].as_array_mut().unwrap().push(json!("text"));
    };
    assert!(lost(&demands) > 0, "an older client does not send it");
}

/// Every body that the document forbids is refused with the field's name, and the one it describes is not.
#[test]
fn a_body_is_refused_where_the_document_forbids_it() {
    let server = Server::start(Duration::from_secs(60));
    // Whoever may do everything.
    let ann = server.desk("Ann", "supervisor");
    let alarm = server.press("1234");
    let document = Document::committed();
    let mut acts = 0;
    for (path, item) in document.0["paths"].as_object().unwrap() {
        let Some(act) = path.strip_prefix("/v1/alarms/{id}/").filter(|_| item.get("post").is_some()) else { continue };
        let schema = document.resolve(&item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]);
        let good = example(schema, alarm);
        let send = |body: &Value| ann.post(&format!("/v1/alarms/{alarm}/{act}"), &body.to_string());
        let answer = send(&good);
        assert!(matches!(answer.status, 200 | 409 | 422), "{act} {good}: {}", answer.json);
        for (field, rule) in schema["properties"].as_object().unwrap() {
            for (wrong, why) in forbidden(schema, field, rule) {
                let mut body = good.clone();
                match wrong {
                    Some(wrong) => body[field] = wrong,
                    None => drop(body.as_object_mut().unwrap().remove(field)),
                }
                let answer = send(&body);
                let refused = answer.status == 400 || (answer.status == 422 && why == "missing or empty");
                assert!(refused, "{act} without a good {field} ({why}): {} {}", answer.status, answer.json);
                assert_eq!(answer.json["field"], json!(field), "{act} {why}");
            }
        }
        acts += 1;
    }
    assert!(acts >= 10, "{acts} acts in the document");
    assert_eq!(ann.until_list(|_| true)["alarms"].as_array().unwrap().len(), 1, "the alarm is still there");
}

/// A body as the document describes it, with the examples of the document.
fn example(schema: &Value, alarm: Uuid) -> Value {
    let mut body = json!({});
    for (field, rule) in schema["properties"].as_object().unwrap() {
        body[field] = match (field.as_str(), &rule["examples"][0]) {
            ("action", _) => json!(Uuid::new_v4()),
            ("shown", _) => json!(alarm),
            ("operator", _) => json!("Ann"),
            // The example is a day of the past, which the rules refuse.
            (_, example) if example.is_string() => example.clone(),
            _ => json!("x"),
        };
    }
    body
}

/// What the document forbids a field to be; none stands for leaving it out.
fn forbidden(schema: &Value, field: &str, rule: &Value) -> Vec<(Option<Value>, &'static str)> {
    let mut wrong = vec![(Some(json!(7)), "a number"), (Some(json!(["x"])), "a list")];
    if schema["required"].as_array().unwrap().contains(&json!(field)) {
        wrong.push((None, "missing or empty"));
    }
    if rule["minLength"].is_u64() {
        wrong.push((Some(json!("")), "missing or empty"));
        wrong.push((Some(json!(" ")), "missing or empty"));
    }
    if let Some(most) = rule["maxLength"].as_u64() {
        wrong.push((Some(json!("x".repeat(usize::try_from(most).unwrap() + 1))), "too long"));
    }
    if rule["pattern"].is_string() {
        wrong.push((Some(json!("a\u{0}b")), "a character that cannot be kept"));
    }
    if rule["format"].is_string() {
        wrong.push((Some(json!("soon")), "of another format"));
    }
    wrong
}

#[test]
fn the_roles_that_the_document_names_are_let_in_and_no_others() {
    let server = Server::start(Duration::from_secs(60));
    let alarm = server.press("1234");
    let document = Document::committed();
    for role in ["operator", "supervisor", "engineer", "auditor", "monitor", "source"] {
        let desk = server.desk("Pat", role);
        for (path, item) in document.0["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Some(roles) = operation["x-roles"].as_array() else {
                    assert_eq!(operation["security"], json!([{}]), "{path} needs a token and names no role");
                    continue;
                };
                let path = path.replace("{id}", &alarm.to_string());
                let answer = if method == "get" { desk.get(&path) } else { desk.send(method, &path, "{}") };
                assert_eq!(answer.status != 403, roles.contains(&json!(role)), "{role} {method} {path}");
            }
        }
    }
}
