//! Whose certificates are believed when the API speaks TLS.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// Where Debian keeps the certificates that the system trusts, those that a site has added among them.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Whose certificates are believed.
#[derive(clap::Args, Clone, Default)]
pub struct TrustArguments {
    /// For an https API, and for tls: lines: file of the certificates (PEM) that may vouch for it; the system's by default.
    #[arg(long, env = "TELECARE_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl TrustArguments {
    /// The certificates to believe.
    pub fn roots(&self) -> anyhow::Result<RootCerts> {
        let system = Path::new(SYSTEM_CERTIFICATES);
        let file = match &self.ca {
            Some(file) => file,
            None if system.exists() => system,
            None => return Ok(RootCerts::WebPki),
        };
        let pem = fs::read(file).with_context(|| file.display().to_string())?;
        let certificate = |item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        };
        let found: Vec<Certificate<'static>> = parse_pem(&pem).filter_map(certificate).collect();
        if found.is_empty() {
            bail!("{} holds no certificate (PEM)", file.display());
        }
        Ok(RootCerts::new_with_certs(&found))
    }

    /// The same for a connection of our own.
    pub fn store(&self) -> anyhow::Result<RootCertStore> {
        let file = self.ca.as_deref().unwrap_or(Path::new(SYSTEM_CERTIFICATES));
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(file).with_context(|| file.display().to_string())? {
            store.add(certificate.with_context(|| file.display().to_string())?)?;
        }
        if store.is_empty() {
            bail!("{} holds no certificate (PEM)", file.display());
        }
        Ok(store)
    }
}
