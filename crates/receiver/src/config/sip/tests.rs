use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::super::Config;
use super::*;

/// A directory with certificates and accounts in it.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let write = |name: &str, text: &str, rights: u32| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(rights)).unwrap();
    };
    write("line.pem", &made.cert.pem(), 0o644);
    write("units.pem", &made.cert.pem(), 0o644);
    write("line.key", &made.signing_key.serialize_pem(), 0o600);
    write("accounts.toml", "[[account]]\nuser = \"unit-1\"\npassword = \"s3cret\"\n", 0o600);
    write("open.toml", "", 0o644);
    directory
}

const TLS: &str = "tls = \"127.0.0.1:5061\"\ncertificate = \"line.pem\"\nkey = \"line.key\"\n";

/// The line with these keys, on line 5 and on; `sip` begins after a line of its own.
fn load(directory: &TempDir, head: &str, listen: &str, sip: &str) -> Result<super::super::Line, ConfigError> {
    let path = directory.path().join("receiver.toml");
    let sip = if sip.is_empty() { String::new() } else { format!("[line.sip]\n{sip}\n") };
    let listen = if listen == "-" { String::new() } else { format!("[line.sip-listen]\n{listen}") };
    let text = format!(
        "[receiver]\nname = \"r-1\"\n[journal]\ndirectory = \"journal\"\n[[line]]\nname = \"digital\"\n{head}{listen}{sip}"
    );
    std::fs::write(&path, text).unwrap();
    Config::load(&path).map(|mut config| config.lines.remove(0))
}

const HEAD: &str = "protocol = \"sip\"\n";

#[test]
fn a_line_with_everything_set() {
    let directory = directory();
    let listen = format!(
        "udp = \"127.0.0.1:5060\"\ntcp = \"127.0.0.1:5060\"\n{TLS}client-certificates = \"units.pem\"\n\
         connections-max = 12\nconnections-per-source-max = 3\n"
    );
    let sip = "authentication = \"digest\"\naccounts-file = \"accounts.toml\"\nrealm = \"alarms.example\"\n\
               operators = { sip = \"sip:desk@pbx.example\", tel = \"tel:+442079460000\", gsm = \"gsm:+447700900000\" }\n\
               operator-address = \"sip:{extension}@pbx.example\"\ncall-within-s = 30\n\
               embedded-reply = [\"90000009\"]\nmac = \"00:11:22:33:44:55\"";
    let line = load(&directory, HEAD, &listen, sip).unwrap();
    let at = |address: &str| Some(address.parse().unwrap());
    let (udp, tls) = (at("127.0.0.1:5060"), at("127.0.0.1:5061"));
    assert_eq!(line.transport, Transport::SipListen(SipListen { udp, tcp: udp, tls, connections_max: 12 }));
    assert_eq!((line.protocol, line.per_source_max, line.tls.is_some()), (Protocol::Sip, 3, true));
    let settings = Settings {
        authentication: Authentication::Digest,
        realm: "alarms.example".to_owned(),
        targets: Targets {
            sip: Some("sip:desk@pbx.example".to_owned()),
            tel: Some("tel:+442079460000".to_owned()),
            gsm: Some("gsm:+447700900000".to_owned()),
        },
        call_within: Some(Duration::from_secs(30)),
        nowip: nowip::Settings {
            call_within: Some(Duration::from_secs(30)),
            mac: "00:11:22:33:44:55".to_owned(),
            ..nowip::Settings::default()
        },
        embedded_reply: ["90000009".to_owned()].into(),
    };
    assert_eq!(line.sip.settings, settings);
    assert_eq!(line.sip.operator_address.as_deref(), Some("sip:{extension}@pbx.example"));
    assert_eq!(line.sip.accounts.0["unit-1"].password, "s3cret");
    assert!(!format!("{line:?}").contains("s3cret"));
}

#[test]
fn the_smallest_line_gets_every_default() {
    let line = load(&directory(), HEAD, "udp = \"127.0.0.1:5060\"\n", "").unwrap();
    let none_told = line.link_watch();
    assert_eq!((line.sip.settings, line.per_source_max, line.tls.is_some()), (Settings::default(), 256, false));
    let Transport::SipListen(listen) = line.transport else { panic!("{:?}", line.transport) };
    assert_eq!((listen.connections_max, listen.tcp, listen.tls), (4_096, None, None));
    assert_eq!((none_told, line.protocol), (None, Protocol::Sip), "units come in their own time");
    let dc09 =
        load(&directory(), "protocol = \"sia-dc09\"\nudp-listen = { address = \"127.0.0.1:1\" }\n", "-", "").unwrap();
    assert_eq!(dc09.link_watch(), None, "DC09");
    let none = load(&directory(), HEAD, "udp = \"127.0.0.1:5060\"\n", "call-within-s = 0").unwrap();
    assert_eq!((none.sip.settings.call_within, none.sip.settings.nowip.call_within), (None, None));
}

#[test]
fn each_mistake_is_told_with_its_place_and_a_remedy() {
    let directory = directory();
    let udp = "udp = \"127.0.0.1:5060\"\n";
    let certificates = format!("{TLS}client-certificates = \"units.pem\"\n");
    let both = format!("{udp}{certificates}");
    let table = [
        (HEAD, "", "", 8, "no address"),
        (HEAD, "udp = \"localhost\"\n", "", 9, "no address to listen on"),
        (HEAD, "tls = \"127.0.0.1:5061\"\nkey = \"line.key\"\n", "", 9, "certificate and its key"),
        (HEAD, "udp = \"127.0.0.1:5060\"\nkey = \"line.key\"\n", "", 10, "would do nothing"),
        (HEAD, &TLS.replace("tls = ", "tcp = \"127.0.0.1:5061\"\ntls = "), "", 10, "same address"),
        (HEAD, "udp = \"127.0.0.1:5060\"\nconnections-max = 0\n", "", 10, "out of bounds"),
        (HEAD, udp, "authentication = \"digest\"", 11, "password"),
        (HEAD, udp, "authentication = \"certificate\"", 11, "TLS alone"),
        (HEAD, TLS, "authentication = \"certificate\"", 13, "nobody's certificate"),
        (HEAD, &both, "authentication = \"certificate\"", 15, "none would be heard"),
        (HEAD, udp, "authentication = \"basic\"", 11, "basic"),
        (HEAD, udp, "accounts-file = \"open.toml\"", 11, "rights 644"),
        (HEAD, udp, "accounts-file = \"none.toml\"", 11, "cannot be read"),
        (HEAD, udp, "realm = \"a \\\"b\"", 11, "no realm"),
        (HEAD, udp, "operators = { sip = \"desk@pbx.example\" }", 11, "no address to call"),
        (HEAD, udp, "operators = { sip = \"sip:@pbx.example\" }", 11, "no address to call"),
        (HEAD, udp, "operators = { sip = \"sip:desk@pbx>\" }", 11, "no address to call"),
        (HEAD, udp, "operators = { tel = \"tel:0800\" }", 11, "no address to call"),
        (HEAD, udp, "operators = { gsm = \"tel:+44\" }", 11, "no address to call"),
        (HEAD, udp, "operator-address = \"sip:desk@pbx.example\"", 11, "no address of a desk"),
        (HEAD, udp, "operator-address = \"{extension}@pbx.example\"", 11, "no address of a desk"),
        (HEAD, udp, "operator-address = \"sip:{extension}-{extension}@pbx.example\"", 11, "no address of a desk"),
        (HEAD, udp, "call-within-s = 4000", 11, "out of bounds"),
        ("protocol = \"sip\"\nlisten-only = true\n", udp, "", 7, "only listen"),
        ("protocol = \"scaip\"\n", udp, "", 7, "protocol = \"sip\""),
        ("protocol = \"surgard\"\n", udp, "", 7, "over SIP"),
        ("protocol = \"sip\"\ntcp-listen = { address = \"127.0.0.1:5060\" }\n", "-", "", 7, "sip-listen"),
        ("protocol = \"sip\"\nudp-listen = { address = \"127.0.0.1:5060\" }\n", "-", "", 7, "sip-listen"),
        ("protocol = \"sip\"\ntcp-listen = { address = \"127.0.0.1:5060\" }\n", udp, "", 5, "more than one transport"),
        ("protocol = \"surgard\"\ntcp-listen = { address = \"127.0.0.1:1\" }\n", "-", "realm = \"x\"", 9, "do nothing"),
    ];
    for (head, listen, sip, line, words) in table {
        let error = load(&directory, head, listen, sip).expect_err(words);
        let told = error.to_string();
        assert!(told.contains(words), "{told}");
        assert_eq!(error.line, Some(line), "{told}");
        assert!(!error.remedy.is_empty(), "{told}");
    }
    assert!(load(&directory, HEAD, &certificates, "authentication = \"certificate\"").is_ok());
    // What is wrong in a certificate's file is told with that file's name.
    std::fs::write(directory.path().join("units.pem"), "nothing").unwrap();
    let error = load(&directory, HEAD, &certificates, "").unwrap_err();
    assert!(error.file.ends_with("units.pem") && !error.remedy.is_empty(), "{error}");
}

#[test]
fn two_lines_share_no_address() {
    let directory = directory();
    let more = "udp = \"127.0.0.1:5060\"\n[[line]]\nname = \"b\"\nprotocol = \"sip\"\n[line.sip-listen]\ntcp = \"127.0.0.1:7\"\n";
    assert!(load(&directory, HEAD, more, "").is_ok());
    let clash = format!("{more}udp = \"127.0.0.1:5060\"\n");
    assert!(load(&directory, HEAD, &clash, "").unwrap_err().to_string().contains("UDP address 127.0.0.1:5060"));
}

#[test]
fn a_mistake_in_the_accounts_is_told_with_its_line_and_without_the_password() {
    const SECRET: &str = "hunter2-hunter2";
    let of = |text: &str| accounts(Path::new("accounts.toml"), text).map_err(|error| error.to_string());
    let one = format!("[[account]]\nuser = \"u\"\npassword = \"{SECRET}\"\n");
    let good = of(&format!("{one}identities = [\"1\", \"2\"]\n")).unwrap();
    assert_eq!(good.0["u"].identities, ["1", "2"]);
    assert!(of("").unwrap().0.is_empty());
    let table = [
        (one.repeat(2), "two accounts"),
        (one.replace("\"u\"", "\"\""), "no user name"),
        (one.replace("hunter2-hunter2", ""), "password of u"),
        (one.replace("hunter2-", "a\\n"), "password of u"),
        (format!("{one}identities = [\"\"]\n"), "no identity"),
        (format!("{one}kind = \"sip\"\n"), "no file of accounts"),
        (format!("[[account]]\nuser = \"u\"\npassword = {SECRET}\n"), "no file of accounts"),
        ("[[account]]\nuser = \"u\"\n".to_owned(), "no file of accounts"),
    ];
    for (text, words) in table {
        let error = of(&text).unwrap_err();
        assert!(error.contains(words) && error.contains("accounts.toml:"), "{error}");
        assert!(!error.contains(SECRET) && !error.contains("hunter2"), "{error}");
    }
}
