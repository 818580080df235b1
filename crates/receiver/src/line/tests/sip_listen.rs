//! Where digital units come in: places, TLS with and without their certificates, the end of the process.

use std::net::SocketAddr;
use std::path::Path;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use telecare_api::tls::Tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::tcp::{connect, free_address, hear};
use super::*;
use crate::config::SipListen;

/// A line of digital units at these addresses.
pub(super) fn sip(udp: Option<SocketAddr>, tcp: Option<SocketAddr>, tls: Option<SocketAddr>) -> Line {
    let listen = SipListen { udp, tcp, tls, connections_max: 8 };
    Line { protocol: Protocol::Sip, ..surgard(Transport::SipListen(listen)) }
}

fn with_places(mut line: Line, most: usize, per_source_max: usize) -> Line {
    let Transport::SipListen(listen) = &mut line.transport else { panic!("it listens") };
    listen.connections_max = most;
    Line { per_source_max, ..line }
}

async fn from(host: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{host}:0").parse().unwrap()).unwrap();
    socket.connect(address).await.unwrap()
}

/// Nobody hears anything there: it is open and silent.
async fn is_open(stream: &mut TcpStream) -> bool {
    let mut one = [0];
    tokio::time::timeout(Duration::from_millis(50), stream.read(&mut one)).await.is_err()
}

#[tokio::test]
async fn beyond_the_places_of_all_or_of_an_address_the_newest_is_turned_away() {
    let rig = Rig::new().await;
    let address = free_address().await;
    rig.run(with_places(sip(None, Some(address), None), 3, 2));
    let mut first = connect(address).await;
    let mut second = from("127.0.0.1", address).await;
    let mut third = from("127.0.0.1", address).await;
    assert_eq!(hear(&mut third).await, b"", "its address has two");
    let mut other = from("127.0.0.2", address).await;
    assert!(is_open(&mut other).await);
    let mut fourth = from("127.0.0.3", address).await;
    assert_eq!(hear(&mut fourth).await, b"", "all three are taken");
    assert!(is_open(&mut first).await && is_open(&mut second).await);
    // A place that becomes free is given again.
    drop(first);
    bounded(async {
        loop {
            let mut again = from("127.0.0.1", address).await;
            if is_open(&mut again).await {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_port_that_is_taken_does_not_take_the_others_with_it() {
    let rig = Rig::new().await;
    let (taken, address) = (tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), free_address().await);
    let supervisor = Supervisor::new(sip(Some(address), Some(taken.local_addr().unwrap()), None), rig.shared.clone());
    let link = supervisor.link();
    tokio::spawn(supervisor.run());
    bounded(link.tried()).await;
    // Another cannot have the port, so it is bound.
    bounded(async {
        while UdpSocket::bind(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let address = taken.local_addr().unwrap();
    drop(taken);
    connect(address).await;
}

/// What signs certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Authority { certificate, issuer: Issuer::new(params, key) }
    }

    fn sign(&self, name: &str) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// The files of a line with TLS whose units show certificates of an authority, if one is given.
fn line_tls(directory: &Path, server: &Authority, units: Option<&Authority>) -> Tls {
    let (certificate, key) = server.sign("localhost");
    std::fs::write(directory.join("line.pem"), certificate.pem()).unwrap();
    std::fs::write(directory.join("line.key"), key.serialize_pem()).unwrap();
    let file = directory.join("units.pem");
    if let Some(units) = units {
        std::fs::write(&file, units.certificate.pem()).unwrap();
    }
    let units = units.map(|_| file.as_path());
    Tls::load_for_units(&directory.join("line.pem"), &directory.join("line.key"), units).unwrap()
}

/// A unit's connection; with a certificate if it has one.
async fn secured(
    address: SocketAddr,
    server: &Authority,
    shows: Option<&(Certificate, KeyPair)>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(server.certificate.der().clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots);
    let client = match shows {
        Some((certificate, key)) => {
            let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
            client.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
        }
        None => client.with_no_client_auth(),
    };
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connect(address).await;
    bounded(TlsConnector::from(Arc::new(client)).connect(name, stream)).await
}

/// Whether the line keeps a connection: with one place in all, the next is turned away meanwhile.
async fn is_kept(address: SocketAddr, stream: std::io::Result<TlsStream<TcpStream>>) -> bool {
    let Ok(mut stream) = stream else { return false };
    let mut one = [0];
    // A handshake that fails for the certificate fails behind the client's back: its first read says so.
    let told = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut one)).await;
    let open = told.is_err() && stream.write_all(b"\r\n\r\n").await.is_ok();
    // Nothing but the end comes from a line that turns away; one that has a place waits for us.
    let mut next = connect(address).await;
    open && !is_open(&mut next).await
}

/// Whether the line refuses what a unit shows: it says so just after the handshake, behind the client's back. A unit that
/// is turned away for want of a place gets no handshake at all, and tries again.
async fn is_refused(address: SocketAddr, server: &Authority, shows: Option<&(Certificate, KeyPair)>) -> bool {
    bounded(async {
        loop {
            if let Ok(mut stream) = secured(address, server, shows).await {
                return stream.read(&mut [0]).await.is_err();
            }
        }
    })
    .await
}

#[tokio::test]
async fn units_show_a_certificate_of_their_authority_or_are_not_heard() {
    let rig = Rig::new().await;
    let (server, units, others) = (Authority::new(), Authority::new(), Authority::new());
    let directory = tempfile::tempdir().unwrap();
    let address = free_address().await;
    let tls = line_tls(directory.path(), &server, Some(&units));
    let line = Line { tls: Some(tls.clone()), ..with_places(sip(None, None, Some(address)), 1, 8) };
    rig.run(line);
    let (ours, theirs) = (units.sign("unit-1"), others.sign("unit-1"));
    assert!(is_refused(address, &server, None).await, "no certificate");
    assert!(is_refused(address, &server, Some(&theirs)).await, "of another authority");
    bounded(async { while !is_kept(address, secured(address, &server, Some(&ours)).await).await {} }).await;
    // Another authority counts from the next connection on; a file that is none changes nothing.
    std::fs::write(directory.path().join("units.pem"), "half a certifi").unwrap();
    assert!(!tls.reload());
    bounded(async { while !is_kept(address, secured(address, &server, Some(&ours)).await).await {} }).await;
    std::fs::write(directory.path().join("units.pem"), others.certificate.pem()).unwrap();
    assert!(tls.reload());
    bounded(async { while !is_kept(address, secured(address, &server, Some(&theirs)).await).await {} }).await;
    assert!(is_refused(address, &server, Some(&ours)).await);
}

#[tokio::test]
async fn tls_without_client_certificates_and_a_port_in_clear_share_their_places() {
    let rig = Rig::new().await;
    let server = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let (clear, secure) = (free_address().await, free_address().await);
    let tls = line_tls(directory.path(), &server, None);
    rig.run(Line { tls: Some(tls), ..with_places(sip(None, Some(clear), Some(secure)), 2, 8) });
    let mut first = connect(clear).await;
    let _second = secured(secure, &server, None).await.unwrap();
    assert!(is_open(&mut first).await);
    assert_eq!(hear(&mut connect(clear).await).await, b"", "both places are taken");
    assert_eq!(hear(&mut connect(secure).await).await, b"");
}

#[tokio::test]
async fn who_speaks_in_clear_on_the_secure_port_is_not_heard() {
    let rig = Rig::new().await;
    let server = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let address = free_address().await;
    let tls = line_tls(directory.path(), &server, None);
    rig.run(Line { tls: Some(tls), ..sip(None, None, Some(address)) });
    let mut clear = connect(address).await;
    clear.write_all(b"OPTIONS sip:desk@localhost SIP/2.0\r\n\r\n").await.unwrap();
    // An alert, and the end.
    let mut heard = Vec::new();
    let _ = bounded(clear.read_to_end(&mut heard)).await;
    assert!(!heard.starts_with(b"SIP/2.0"));
}

#[tokio::test]
async fn a_stopping_process_ends_its_connections() {
    let rig = Rig::new().await;
    let (udp, tcp) = (free_address().await, free_address().await);
    let line = rig.run(sip(Some(udp), Some(tcp), None));
    let mut unit = connect(tcp).await;
    unit.write_all(b"\r\n\r\n").await.unwrap();
    let mut kept_alive = [0; 2];
    bounded(unit.read_exact(&mut kept_alive)).await.unwrap();
    assert_eq!(&kept_alive, b"\r\n");
    assert!(is_open(&mut unit).await);
    rig.stop.send_replace(true);
    bounded(line).await.unwrap();
    assert_eq!(hear(&mut unit).await, b"");
    assert!(UdpSocket::bind(udp).await.is_ok(), "nobody has the port any more");
}

#[tokio::test]
async fn a_socket_that_systemd_holds_is_the_one_in_clear() {
    let rig = Rig::new().await;
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let line = sip(None, Some(free_address().await), None);
    tokio::spawn(Supervisor::new(line, rig.shared.clone()).on(Some(held)).run());
    let mut unit = connect(address).await;
    assert!(is_open(&mut unit).await);
    rig.stop.send_replace(true);
    assert_eq!(hear(&mut unit).await, b"");
}
