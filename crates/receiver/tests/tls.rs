//! The API over TLS as the daemon serves it: renewed certificates and tokens come with a reload, bad ones change
//! nothing, and a daemon that cannot use its certificate does not start.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use telecare_tests::receiver::{Receiver, Setup, binary, token, write_tokens};
use telecare_tests::wait;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

#[test]
fn certificates_and_tokens_are_renewed_by_a_reload_and_bad_ones_change_nothing() -> Result<()> {
    let mut receiver = Receiver::prepare(Setup::default())?;
    let directory = receiver.directory().path().to_owned();
    let config = directory.join("receiver.toml");
    let tls = "[api]\ntls = { certificate = \"chain.pem\", key = \"key.pem\" }\n";
    fs::write(&config, fs::read_to_string(&config)?.replace("[api]\n", tls))?;
    let first = issue(&directory)?;
    receiver.launch()?;
    let port = receiver.api_port();
    let newcomer = token(Setup::default().people);
    assert_eq!(status(port, &first, &token(0))?, 200);
    assert_eq!(status(port, &first, &newcomer)?, 401);

    write_tokens(&directory.join("tokens.toml"), Setup::default().people + 1)?;
    let second = issue(&directory)?;
    receiver.reload()?;
    wait::until("the renewed certificate", || {
        Ok(status(port, &second, &newcomer).ok().filter(|status| *status == 200))
    })?;
    ensure!(status(port, &first, &newcomer).is_err(), "the first certificate is still shown");

    fs::write(directory.join("chain.pem"), "half a certificate")?;
    fs::write(directory.join("tokens.toml"), "half a file")?;
    receiver.reload()?;
    wait::until("the refusal in the log", || Ok(receiver.log().contains("certificate not read").then_some(())))?;
    assert_eq!(status(port, &second, &newcomer)?, 200);

    receiver.terminate()?;
    let output = Command::new(binary("telecare-receiver")?).arg("--config").arg(&config).output()?;
    let told = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(78), "{told}");
    ensure!(told.contains("chain.pem: ") && told.contains("remedy: "), "{told}");
    Ok(())
}

/// Writes a new self-signed certificate and its key; gives the certificate.
fn issue(directory: &Path) -> Result<CertificateDer<'static>> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    fs::write(directory.join("chain.pem"), made.cert.pem())?;
    fs::write(directory.join("key.pem"), made.signing_key.serialize_pem())?;
    Ok(CertificateDer::from_pem_slice(made.cert.pem().as_bytes())?)
}

/// The status of the list for a token, as a client reads it that trusts one certificate.
fn status(port: u16, trusted: &CertificateDer<'static>, token: &str) -> Result<u16> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone())?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost")?)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", port))?);
    let request =
        format!("GET /v1/alarms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    // The other side may end without a word once it has said everything.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer)?;
    answer.split(' ').nth(1).context("a status")?.parse().with_context(|| answer.clone())
}
