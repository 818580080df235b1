//! The registry's part of the API where there is none: a receiver that stands alone. With a database it is proven
//! end to end.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod desk;

use std::time::Duration;

use desk::{Answer, Server};
use serde_json::json;

const FILE: &str = "reference,label\nP-1,Doris Hill\n";

fn problem(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.json["type"].as_str().unwrap_or_default())
}

#[test]
fn without_a_database_every_question_says_that_it_needs_one() {
    let server = Server::start(Duration::from_secs(600));
    let sue = server.desk("Sue", "supervisor");
    let unit = "/v1/units/0195ad00-0000-7000-8000-0000deadbeef";
    let gets = ["/v1/units", "/v1/units?query=hill&limit=5", unit, "/v1/units.csv", "/v1/orphans"];
    let answers = gets
        .map(|path| sue.get(path))
        .into_iter()
        .chain([sue.post("/v1/units/import", FILE), sue.post("/v1/units/import?dry_run=true", FILE)]);
    for answer in answers {
        assert_eq!(problem(&answer), (503, "urn:telecare:problem:needs-database"));
        assert_eq!(answer.header("retry-after"), "1");
    }
    server.press("1234");
    let alarm = sue.only_alarm();
    assert_eq!((&alarm["registered"], &alarm["candidates"]), (&json!(null), &json!([])));
}

#[test]
fn each_role_reaches_as_far_as_it_may() {
    let server = Server::start(Duration::from_secs(600));
    let table = [
        ("operator", [503, 503, 403, 403]),
        ("supervisor", [503, 503, 503, 503]),
        ("engineer", [503, 503, 503, 503]),
        ("auditor", [503, 503, 503, 403]),
        ("monitor", [403, 403, 403, 403]),
        ("source", [403, 403, 403, 403]),
    ];
    for (role, expected) in table {
        let desk = server.desk("Pat", role);
        let got = [
            desk.get("/v1/units").status,
            desk.get("/v1/orphans").status,
            desk.get("/v1/units.csv").status,
            desk.post("/v1/units/import", FILE).status,
        ];
        assert_eq!(got, expected, "{role}");
    }
    let nobody = server.desk_with("");
    assert_eq!((nobody.get("/v1/units").status, nobody.post("/v1/units/import", FILE).status), (401, 401));
}

#[test]
fn a_file_that_cannot_be_read_is_told_row_by_row() {
    let server = Server::start(Duration::from_secs(600));
    let sue = server.desk("Sue", "supervisor");
    let wrong = sue.post("/v1/units/import", "reference,colour\nP-1,red\n");
    assert_eq!(problem(&wrong), (422, "urn:telecare:problem:wrong-rows"));
    let row = &wrong.json["rows"][0];
    assert_eq!((&row["line"], &row["column"]), (&json!(1), &json!("colour")));
    assert!(row["remedy"].as_str().unwrap().contains("reference, label"), "{row}");
    assert_eq!(sue.post("/v1/units/import", "").status, 422);
    // Two hundred are told, all are counted.
    let many = format!("id,label\n{}", "7,x\n".repeat(300));
    let told = sue.post("/v1/units/import", &many);
    assert_eq!(told.json["rows"].as_array().map(Vec::len), Some(200));
    assert!(told.json["detail"].as_str().unwrap().starts_with("300 errors"), "{}", told.json["detail"]);
    let table = [
        ("/v1/units/import?dry_run=maybe", 400, Some("dry_run")),
        ("/v1/units/import?operator=%20", 400, Some("operator")),
        ("/v1/units/import?operator=Ann", 403, None),
    ];
    for (path, status, field) in table {
        let answer = sue.post(path, FILE);
        assert_eq!((answer.status, answer.json["field"].as_str()), (status, field), "{path}");
    }
    // A console's token imports for the person it names.
    let console = server.console("desk-2", "supervisor");
    assert_eq!(console.post("/v1/units/import", FILE).json["field"], "operator");
    assert_eq!(console.post("/v1/units/import?operator=Ann", FILE).status, 503);
}
