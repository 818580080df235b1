//! Whose certificates are believed when the API speaks TLS.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// Where Debian keeps the certificates that the system trusts, those that a site has added among them.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Whose certificates are believed.
#[derive(clap::Args, Clone, Default)]
pub struct TrustArguments {
    /// For an https API: file of the certificates (PEM) that may vouch for it; the system's by default.
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
}
