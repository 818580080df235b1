//! What goes over the wire besides JSON: pages of other origins, TLS and its renewal, methods, floods of rubbish.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod desk;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use desk::Server;
use serde_json::json;
use telecare_api::cors::Origin;
use telecare_api::tls::Tls;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(600);
const CONSOLE: &str = "https://console.example";

/// One request by hand; its whole answer as text.
fn ask(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{head}\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.to_lowercase()
}

#[test]
fn a_page_of_a_named_origin_may_read_answers_and_no_other_page() {
    let server = Server::start_with(LONG, |settings| settings.origins = vec![Origin::parse(CONSOLE).unwrap()]);
    let preflight = |origin: &str| {
        let asks = "access-control-request-method: POST\r\naccess-control-request-headers: authorization";
        ask(server.address(), &format!("OPTIONS /v1/alarms/x/claim HTTP/1.1\r\norigin: {origin}\r\n{asks}"))
    };
    let allowed = preflight(CONSOLE);
    assert!(allowed.starts_with("http/1.1 204"), "{allowed}");
    assert!(allowed.contains(&format!("access-control-allow-origin: {CONSOLE}\r\n")), "{allowed}");
    assert!(allowed.contains("access-control-allow-methods: get, post"), "{allowed}");
    assert!(allowed.contains("authorization") && allowed.contains("if-none-match"), "{allowed}");
    assert!(allowed.contains("vary: origin"), "{allowed}");
    for origin in ["https://console.example.evil", "http://console.example", "https://console.example:8443", "null"] {
        let refused = preflight(origin);
        assert!(!refused.contains("access-control-allow"), "{origin}: {refused}");
    }
    let get = |origin: &str| ask(server.address(), &format!("GET /v1/alarms HTTP/1.1\r\norigin: {origin}"));
    let answer = get(CONSOLE);
    assert!(answer.starts_with("http/1.1 401"), "{answer}");
    assert!(answer.contains(&format!("access-control-allow-origin: {CONSOLE}\r\n")), "also a refusal can be read");
    assert!(answer.contains("access-control-expose-headers: etag"), "{answer}");
    assert!(!answer.contains("allow-credentials") && !answer.contains("allow-origin: *"), "{answer}");
    assert!(!get("https://other.example").contains("access-control-allow"), "another origin's page");
}

#[test]
fn without_named_origins_there_is_no_word_of_them_and_options_is_no_method() {
    let server = Server::start(LONG);
    let head = format!("OPTIONS /v1/alarms HTTP/1.1\r\norigin: {CONSOLE}\r\naccess-control-request-method: GET");
    assert!(!ask(server.address(), &head).contains("access-control"), "no wildcard by default");
    let plain = ask(server.address(), "OPTIONS /v1/alarms HTTP/1.1");
    assert!(plain.starts_with("http/1.1 405") && plain.contains("allow: get"), "{plain}");
    assert!(ask(server.address(), "TRACE /v1/alarms HTTP/1.1").starts_with("http/1.1 405"));
    assert!(ask(server.address(), "HEAD /v1/health HTTP/1.1").starts_with("http/1.1 200"));
}

#[test]
fn consoles_speak_tls_and_a_renewed_certificate_is_used_from_then_on() {
    let directory = tempfile::tempdir().unwrap();
    let first = issue(directory.path());
    let (chain, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
    let tls = Tls::load(&chain, &key).unwrap();
    let server = Server::start_with(LONG, |settings| settings.tls = Some(tls.clone()));
    assert!(health(server.address(), &first).unwrap().starts_with("http/1.1 200"));

    // What does not speak TLS hurts nobody.
    let mut plain = TcpStream::connect(server.address()).unwrap();
    plain.write_all(b"GET /v1/health HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "plain HTTP on a TLS port");
    let _idle = TcpStream::connect(server.address()).unwrap();

    fs::write(&chain, "half a certificate").unwrap();
    assert!(!tls.reload());
    assert!(health(server.address(), &first).unwrap().starts_with("http/1.1 200"), "the one in use stays");

    let second = issue(directory.path());
    assert!(tls.reload());
    assert!(health(server.address(), &second).unwrap().starts_with("http/1.1 200"));
    assert!(health(server.address(), &first).is_err(), "the first certificate is not shown any more");
}

#[test]
fn a_list_of_many_frames_goes_over_tls_as_over_tcp() {
    let directory = tempfile::tempdir().unwrap();
    let trusted = issue(directory.path());
    let tls = Tls::load(&directory.path().join("chain.pem"), &directory.path().join("key.pem")).unwrap();
    let server = Server::start_with(LONG, |settings| settings.tls = Some(tls));
    for n in 0..100 {
        server.says(&format!("{n:04}"), |signal| signal.unit.words = "unit of many words ".repeat(500).into());
    }
    let head = format!("GET /v1/alarms HTTP/1.1\r\nauthorization: Bearer {}", server.desk("Ann", "operator").token());
    let answer = ask_trusting(server.address(), &trusted, &head).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    assert_eq!(body.matches("\"age_s\":").count(), 100);
    serde_json::from_str::<serde_json::Value>(body).unwrap();
}

/// Writes a new self-signed certificate and its key; gives the certificate.
fn issue(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(directory.join("chain.pem"), made.cert.pem()).unwrap();
    fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap()
}

/// Health as a client that trusts one certificate reads it.
fn health(address: SocketAddr, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    ask_trusting(address, trusted, "GET /v1/health HTTP/1.1")
}

/// As [`ask`], over TLS.
fn ask_trusting(address: SocketAddr, trusted: &CertificateDer<'static>, head: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.write_all(format!("{head}\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => return Err(error),
        // The other side may end without a word once it has said everything.
        Ok(_) | Err(_) => {}
    }
    Ok(String::from_utf8(answer).unwrap().to_lowercase())
}

#[test]
fn rubbish_is_refused_and_the_next_request_is_answered() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    let long_head = format!("GET /v1/alarms HTTP/1.1\r\nx: {}", "y".repeat(100_000));
    let large = format!("POST /v1/alarms/{}/claim HTTP/1.1\r\ncontent-length: 99999999999", Uuid::nil());
    let chunks = "POST /v1/alarms/x/claim HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 5";
    for head in [&long_head, &large, chunks, "NONSENSE", "GET /v1/alarms/%ff%fe HTTP/1.1", "GET /v1/alarms?%00 HTTP/9"]
    {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let _ = stream.write_all(format!("{head}\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
    }
    let pressed = server.press("1234");
    assert_eq!(ann.act(pressed, "claim", json!({})).status, 200);
}
