//! The token file and the certificate: readable by the receiver, by nobody else, and not about to end.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use telecare_api::tls::Tls;
use telecare_api::tokens::TokenFile;
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::account::Account;
use super::config::Settings;
use super::{Area, Finding};
use crate::validity;

/// Something that ends within this time is told.
const ENDS_SOON: Duration = Duration::days(21);

pub(super) fn look(settings: &Settings, account: &Account) -> Vec<Finding> {
    let now = OffsetDateTime::now_utc();
    let mut findings = tokens(&settings.tokens, account, now);
    match &settings.tls {
        Some((certificate, key)) => findings.extend(tls(certificate, key, account, now)),
        None => findings.push(Area("tls").ok("the API speaks plain HTTP")),
    }
    findings
}

fn tokens(path: &Path, account: &Account, now: OffsetDateTime) -> Vec<Finding> {
    let area = Area("tokens");
    let shown = path.display();
    let make = format!("telecare-ctl token add --file {shown} --person NAME --role operator");
    let Ok(metadata) = fs::metadata(path) else {
        return vec![area.worry(format!("{shown} is missing: every request is refused"), make)];
    };
    let mut findings = Vec::new();
    if !account.may(&metadata, 4) {
        let remedy = format!("chgrp {} {shown}; chmod 640 {shown}", account.name);
        findings.push(area.broken(format!("{} cannot read {shown}", account.name), remedy));
    }
    if metadata.mode() & 0o022 != 0 {
        findings.push(area.broken(format!("{shown} can be written by others"), format!("chmod go-w {shown}")));
    } else if metadata.mode() & 0o004 != 0 {
        findings.push(area.worry(format!("{shown} can be read by everybody"), format!("chmod o-r {shown}")));
    }
    let file = match TokenFile::read(path) {
        Ok(file) => file,
        Err(error) => {
            findings.push(
                area.broken(error.to_string(), "correct it, or put a copy back; the receiver keeps the last good one"),
            );
            return findings;
        }
    };
    let valid: Vec<_> = file.tokens.iter().filter(|token| !token.is_expired(now)).collect();
    if valid.is_empty() {
        findings.push(area.worry(format!("{shown} holds no token that works"), make));
        return findings;
    }
    let soon: Vec<&str> = valid
        .iter()
        .filter(|token| token.expires.is_some_and(|end| end < now + ENDS_SOON))
        .map(|token| token.id.as_str())
        .collect();
    if soon.is_empty() {
        findings.push(area.ok(format!("{shown}: {} tokens work", valid.len())));
    } else {
        let what = format!("{shown}: {} tokens work, of which {} end soon", valid.len(), soon.join(", "));
        findings.push(area.worry(what, "make new ones with telecare-ctl token add"));
    }
    findings
}

fn tls(certificate: &Path, key: &Path, account: &Account, now: OffsetDateTime) -> Vec<Finding> {
    let area = Area("tls");
    let mut findings = Vec::new();
    for path in [certificate, key] {
        let readable = fs::metadata(path).is_ok_and(|metadata| account.may(&metadata, 4));
        if path.exists() && !readable {
            let remedy = format!("chgrp {} {1}; chmod 640 {1}", account.name, path.display());
            findings.push(area.broken(format!("{} cannot read {}", account.name, path.display()), remedy));
        }
    }
    if fs::metadata(key).is_ok_and(|metadata| metadata.mode() & 0o007 != 0) {
        let shown = key.display();
        findings.push(
            area.broken(
                format!("{shown}, the key, is open to everybody"),
                format!("chmod o-rwx {shown}; use a new key"),
            ),
        );
    }
    if let Err(error) = Tls::load(certificate, key) {
        findings.push(area.broken(error.to_string(), "put a certificate chain and its key there, both PEM"));
        return findings;
    }
    let end = CertificateDer::from_pem_file(certificate).ok().and_then(|der| validity::not_after(&der));
    findings.push(judge_end(end, now));
    findings
}

fn judge_end(end: Option<OffsetDateTime>, now: OffsetDateTime) -> Finding {
    let area = Area("tls");
    let renew = "renew it, put the new files in place, and systemctl reload telecare-receiver";
    match end {
        None => area.worry("the end of the certificate cannot be read", renew),
        Some(end) if end <= now => area.broken(format!("the certificate ended on {}", end.date()), renew),
        Some(end) if end < now + ENDS_SOON => area.worry(format!("the certificate ends on {}", end.date()), renew),
        Some(end) => area.ok(format!("the certificate is good until {}", end.date())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_certificate_that_ends_is_told_before_and_after() {
        let now = datetime!(2026-03-01 8:00 UTC);
        let table = [
            (Some(now + Duration::days(90)), State::Ok),
            (Some(now + Duration::days(3)), State::Worry),
            (Some(now - Duration::days(1)), State::Broken),
            (None, State::Worry),
        ];
        for (end, state) in table {
            assert_eq!(judge_end(end, now).state, state, "{end:?}");
        }
    }
}
