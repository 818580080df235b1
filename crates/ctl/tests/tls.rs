//! The tool against an API that speaks TLS, with the site's own authority; and what doctor says of certificates.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use telecare_tests::receiver::{Receiver, Setup, token};
use telecare_tests::scratch::Scratch;

/// Writes an authority, and a certificate of `localhost` by it that ends on a day.
fn certificates(directory: &Path, end: (i32, u8, u8)) -> PathBuf {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(end.0, end.1, end.2);
    let certificate = params.signed_by(&key, &Issuer::from_params(&ca, &ca_key)).unwrap();
    fs::write(directory.join("ca.pem"), ca_certificate.pem()).unwrap();
    fs::write(directory.join("chain.pem"), certificate.pem()).unwrap();
    fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
    fs::set_permissions(directory.join("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    directory.join("ca.pem")
}

/// A receiver whose API speaks TLS, not started.
fn receiver(end: (i32, u8, u8)) -> (Receiver, PathBuf) {
    let scratch = Scratch::new("tls").unwrap();
    let ca = certificates(scratch.path(), end);
    let receiver = Receiver::prepare_in(scratch, Setup::default()).unwrap();
    let config = receiver.directory().join("receiver.toml");
    let text = fs::read_to_string(&config).unwrap();
    let with_tls = text.replace("[api]\n", "[api]\ntls = { certificate = \"chain.pem\", key = \"key.pem\" }\n");
    assert_ne!(text, with_tls);
    fs::write(&config, with_tls).unwrap();
    (receiver, ca)
}

fn alarms(api: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(["alarms", "--api", api])
        .args(more)
        .env("TELECARE_TOKEN", token(0))
        .output()
        .unwrap()
}

#[test]
fn an_api_over_tls_is_asked_when_its_authority_is_trusted_and_only_then() {
    let (mut receiver, ca) = receiver((2999, 1, 1));
    receiver.launch().unwrap();
    let api = format!("https://localhost:{}", receiver.api_port());
    let listed = alarms(&api, &["--ca", ca.to_str().unwrap()]);
    assert_eq!(listed.status.code(), Some(0), "{listed:?}");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("test-1"), "{listed:?}");
    let distrusted = alarms(&api, &[]);
    assert_eq!(distrusted.status.code(), Some(1), "{distrusted:?}");
    let no_certificate = alarms(&api, &["--ca", receiver.directory().join("key.pem").to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&no_certificate.stderr).contains("no certificate"), "{no_certificate:?}");
}

#[test]
fn doctor_says_when_a_certificate_ends_and_who_can_read_its_key() {
    let find = |receiver: &Receiver, words: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
            .args(["doctor", "--json", "--config"])
            .arg(receiver.directory().join("receiver.toml"))
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = told["findings"].as_array().unwrap().clone();
        let found = findings.iter().find(|finding| finding["what"].as_str().unwrap().contains(words)).cloned();
        found.unwrap_or_else(|| panic!("{words:?} is not in {findings:#?}"))["state"].as_str().unwrap().to_owned()
    };
    let (good, _) = receiver((2049, 12, 31));
    assert_eq!(find(&good, "is good until 2049-12-31"), "ok");
    fs::set_permissions(good.directory().join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(find(&good, "the key, is open to everybody"), "broken");
    let (ended, _) = receiver((2021, 1, 1));
    assert_eq!(find(&ended, "the certificate ended on 2021-01-01"), "broken");
}
