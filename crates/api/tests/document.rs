//! The OpenAPI document: what is committed is what is served, nothing that was there has gone, and its examples are
//! what it says.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod desk;

use std::time::Duration;
use std::{env, fs};

use desk::Server;

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
