//! TLS to a receiver's line: whom a test call believes, and what it shows of itself.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::client::TrustArguments;

/// What a unit shows of itself where a line asks for certificates.
#[derive(clap::Args, Default)]
pub struct TlsArguments {
    /// The certificate of the unit and those above it, a PEM file [tls:].
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its key, a PEM file [tls:].
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
}

/// Whom a connection believes, and what it shows.
#[derive(Clone)]
pub struct Tls(TlsConnector);

impl Tls {
    /// From what was told on the command line.
    pub fn new(trust: &TrustArguments, own: &TlsArguments) -> anyhow::Result<Tls> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(trust.store()?);
        let config = match (&own.certificate, &own.key) {
            (Some(certificate), Some(key)) => {
                let named = || certificate.display().to_string();
                let chain = CertificateDer::pem_file_iter(certificate).with_context(named)?;
                let chain = chain.collect::<Result<Vec<_>, _>>().with_context(named)?;
                let key = PrivateKeyDer::from_pem_file(key).with_context(|| key.display().to_string())?;
                config.with_client_auth_cert(chain, key)?
            }
            _ => config.with_no_client_auth(),
        };
        Ok(Tls(TlsConnector::from(Arc::new(config))))
    }

    /// Shakes hands over a new connection. The certificate must name the host of the address.
    pub async fn shake(&self, address: &str, stream: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).with_context(|| address.to_owned())?;
        self.0.connect(name, stream).await.with_context(|| format!("TLS with {address}"))
    }
}
