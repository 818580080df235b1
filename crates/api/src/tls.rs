//! TLS of the API: a certificate chain and its key, read at start and again when told. Files that have become bad
//! leave the ones in use as they are, so that a renewal gone wrong shuts nobody out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Largest file that is read, bytes; a chain and a key have a few thousand.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The certificate and key in use. Clones are the same.
#[derive(Clone, Debug)]
pub struct Tls {
    /// What is spoken inside, where the other side asks.
    inside: &'static [&'static [u8]],
    files: Arc<Files>,
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

/// Where they are read from.
#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// The authorities of those who connect; none where they need show no certificate.
    others: Option<PathBuf>,
}

/// Why a certificate or key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", .file.display())]
pub struct TlsError {
    /// The file at fault.
    pub file: PathBuf,
    /// What is wrong with it.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Tls {
    /// Reads a certificate chain, the server's own first, and its key, both PEM.
    pub fn load(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        Tls::load_with(certificate, key, None, &[b"http/1.1"])
    }

    /// The same for a line on which units speak their own protocol inside.
    pub fn load_for_line(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        Tls::load_with(certificate, key, None, &[])
    }

    /// The same for units that prove themselves: where `units` names the certificates of their authorities, PEM, one of
    /// those must have signed what a unit shows, or its handshake fails.
    pub fn load_for_units(certificate: &Path, key: &Path, units: Option<&Path>) -> Result<Tls, TlsError> {
        Tls::load_with(certificate, key, units, &[])
    }

    fn load_with(
        certificate: &Path,
        key: &Path,
        others: Option<&Path>,
        inside: &'static [&'static [u8]],
    ) -> Result<Tls, TlsError> {
        let others = others.map(Path::to_owned);
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned(), others };
        let current = Arc::new(RwLock::new(Arc::new(read(&files, inside)?)));
        Ok(Tls { inside, files: Arc::new(files), current })
    }

    /// Reads its files again. Bad ones leave those in use as they are and are said in the log; answers whether the
    /// new ones are in use, for connections from then on.
    pub fn reload(&self) -> bool {
        let certificate = &self.files.certificate;
        match read(&self.files, self.inside) {
            Ok(config) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!("certificate read from {}", certificate.display());
                true
            }
            Err(error) => {
                tracing::error!("certificate not read, the one in use stays: {error}; {}", error.remedy);
                false
            }
        }
    }

    /// For one connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn failed(file: &Path, what: String, remedy: &'static str) -> TlsError {
    TlsError { file: file.to_owned(), what, remedy }
}

fn certificates(file: &Path, remedy: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(&bytes(file)?)
        .collect::<Result<_, _>>()
        .map_err(|error| failed(file, error.to_string(), remedy))?;
    if all.is_empty() {
        return Err(failed(file, "there is no certificate in it".to_owned(), remedy));
    }
    Ok(all)
}

/// Who may connect, by the authorities in a file.
fn verifier(file: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let remedy = "give the certificates of the authorities that sign the units' certificates, in PEM";
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(file, remedy)? {
        authorities.add(certificate).map_err(|error| failed(file, error.to_string(), remedy))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::new(ring::default_provider()))
        .build()
        .map_err(|error| failed(file, error.to_string(), remedy))
}

fn read(files: &Files, inside: &[&[u8]]) -> Result<ServerConfig, TlsError> {
    let Files { certificate, key, others } = files;
    let chain = certificates(certificate, "give a certificate chain in PEM, the server's own certificate first")?;
    let verifier = others.as_deref().map(verifier).transpose()?;
    let secret = PrivateKeyDer::from_pem_slice(&bytes(key)?)
        .map_err(|error| failed(key, format!("no key can be read: {error}"), "give an unencrypted key in PEM"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            let config = match verifier {
                Some(verifier) => config.with_client_cert_verifier(verifier),
                None => config.with_no_client_auth(),
            };
            config.with_single_cert(chain, secret)
        });
    let remedy = "give the key that the certificate was made for";
    let mut config = config.map_err(|error| failed(key, error.to_string(), remedy))?;
    config.alpn_protocols = inside.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn bytes(file: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |what: String| TlsError {
        file: file.to_owned(),
        what,
        remedy: "name a PEM file that the receiver's user may read",
    };
    let size = fs::metadata(file).map_err(|error| failed(format!("cannot be read: {error}")))?.len();
    if size > FILE_BYTES_MAX {
        return Err(failed(format!("it has {size} bytes, over {FILE_BYTES_MAX}")));
    }
    fs::read(file).map_err(|error| failed(format!("cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn what_cannot_be_used_names_its_file_and_the_way_out() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
        let ((good, good_key), (_, other_key)) = (pair(), pair());
        let table = [
            (None, Some(&good_key), "chain.pem", "cannot be read"),
            (Some(&good), None, "key.pem", "cannot be read"),
            (Some(&good_key), Some(&good_key), "chain.pem", "no certificate"),
            (Some(&good), Some(&good), "key.pem", "no key"),
            (Some(&good), Some(&other_key), "key.pem", "key"),
        ];
        for (chain, secret, file, words) in table {
            for (path, text) in [(&certificate, chain), (&key, secret)] {
                let _ = fs::remove_file(path);
                text.into_iter().for_each(|text| fs::write(path, text).unwrap());
            }
            let error = Tls::load(&certificate, &key).unwrap_err();
            assert!(error.file.ends_with(file), "{error}");
            assert!(error.what.to_lowercase().contains(words), "{error}");
            assert!(!error.remedy.is_empty());
        }
    }

    #[test]
    fn a_bad_renewal_leaves_the_certificate_in_use() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
        let write = |(chain, secret): (String, String)| {
            fs::write(&certificate, chain).unwrap();
            fs::write(&key, secret).unwrap();
        };
        write(pair());
        let tls = Tls::load(&certificate, &key).unwrap();
        let in_use = || Arc::as_ptr(&tls.current.read().unwrap());
        let first = in_use();
        fs::write(&certificate, "half a certifi").unwrap();
        assert!(!tls.reload());
        assert_eq!(in_use(), first);
        write(pair());
        assert!(tls.reload());
        assert_ne!(in_use(), first);
    }
}
