use std::path::{Path, PathBuf};
use std::time::Duration;

use telecare_protocol::{Protocol, dc03, espa};

use super::*;

const SMALLEST: &str = r#"[receiver]
name = "r-1"
[journal]
directory = "journal"
"#;

const LINE: &str = r#"[[line]]
name = "a"
protocol = "surgard"
serial = { path = "/dev/ttyUSB0", speed = 1200, data-bits = 7, parity = "even" }
"#;

fn load(text: &str) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    load_in(directory.path(), text)
}

fn load_in(directory: &Path, text: &str) -> Result<Config, ConfigError> {
    let path = directory.join("receiver.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path)
}

#[test]
fn the_smallest_file_gets_every_default() {
    let directory = tempfile::tempdir().unwrap();
    let config = load_in(directory.path(), &format!("{SMALLEST}{LINE}")).unwrap();
    assert_eq!(config.receiver.as_str(), "r-1");
    assert_eq!(config.site, "r-1");
    assert_eq!(config.journal.directory, directory.path().join("journal"));
    assert_eq!(config.journal.keep, Duration::from_secs(7 * 24 * 3600));
    assert_eq!(config.journal.bytes_max, 2 << 30);
    assert!(config.database.is_none());
    assert_eq!(config.ack_wait, Duration::from_millis(100));
    assert_eq!(config.api.listen.to_string(), "127.0.0.1:8460");
    assert_eq!(config.api.tokens, directory.path().join("tokens.toml"));
    assert_eq!(config.api.lease, Duration::from_secs(120));
    assert_eq!(config.metrics_listen.to_string(), "127.0.0.1:9460");
    let line = &config.lines[0];
    assert_eq!((line.name.as_str(), line.protocol, &line.namespace), ("a", Protocol::SurGard, &None));
    let serial = Serial {
        path: PathBuf::from("/dev/ttyUSB0"),
        speed: 1200,
        data_bits: DataBits::Seven,
        parity: Parity::Even,
        stop_bits: StopBits::One,
    };
    assert_eq!(line.transport, Transport::Serial(serial));
    let link_watch = Some(Duration::from_secs(90));
    let automation =
        Automation { header_digits: 3, first: None, last: 0x14, ack_wait: Duration::from_secs(4), link_watch };
    assert_eq!((line.automation, line.listen_only), (automation, false));
}

#[test]
fn a_line_of_the_second_protocol_and_one_that_only_listens() {
    let ademco = LINE.replace("surgard", "ademco-685");
    let link_watch = Some(Duration::from_secs(90));
    let usual =
        Automation { header_digits: 2, first: Some(10), last: 13, ack_wait: Duration::from_secs(4), link_watch };
    assert_eq!(load(&format!("{SMALLEST}{ademco}")).unwrap().lines[0].automation, usual);
    let set = "ademco-685 = { header-digits = 3, ack-wait-ms = 2000, link-watch-s = 0 }\nlisten-only = true\n";
    let line = load(&format!("{SMALLEST}{ademco}{set}")).unwrap().lines.remove(0);
    let set = Automation { header_digits: 3, ack_wait: Duration::from_secs(2), link_watch: None, ..usual };
    assert_eq!((line.protocol, line.automation, line.listen_only), (Protocol::Ademco685, set, true));
}

#[test]
fn ends_of_lines_that_are_set() {
    let with = |protocol: &str, settings: &str| {
        load(&format!("{SMALLEST}{}{protocol} = {{ {settings} }}\n", LINE.replace("surgard", protocol)))
    };
    let ends = |protocol: &str, settings: &str| {
        let line = with(protocol, settings).unwrap().lines.remove(0);
        (line.automation.first, line.automation.last, line.automation.link_watch.map(|watch| watch.as_secs()))
    };
    assert_eq!(ends("radionics-6500", ""), (None, 20, Some(180)));
    assert_eq!(ends("radionics-6500", "header-character = 32, trailer = 13"), (Some(32), 13, Some(180)));
    assert_eq!(ends("cp-220", ""), (Some(10), 13, Some(90)));
    assert_eq!(ends("cp-220", "first-character = 0, last-character = 65"), (None, 65, Some(90)));
    assert_eq!(ends("sia-dc07", "link-watch-s = 0"), (Some(10), 13, None));
    assert_eq!(ends("iti", ""), (Some(10), 13, Some(90)));
    for (protocol, settings, expected) in [
        ("cp-220", "last-character = 0", "a message has to end"),
        ("cp-220", "last-character = 48", "stands within messages"),
        ("radionics-6500", "trailer = 65", "stands within messages"),
        ("cp-220", "first-character = 32", "stands within messages"),
        ("cp-220", "last-character = 200", "200 is out"),
        ("iti", "last-character = 10", "has ends of its own"),
        ("radionics-6500", "header-digits = 3", "of one width"),
    ] {
        let error = with(protocol, settings).unwrap_err().to_string();
        assert!(error.contains(expected), "{protocol} {settings}: {error}");
    }
}

#[test]
fn a_telephone_line_on_a_voice_modem() {
    let text = "[[line]]\nname = \"v\"\nprotocol = \"bs8521\"\nvoice-modem = { path = \"/dev/m\" }\n";
    let line = load(&format!("{SMALLEST}{text}")).unwrap().lines.remove(0);
    let Transport::VoiceModem(modem) = &line.transport else { panic!("{line:?}") };
    assert_eq!((modem.serial.speed, modem.serial.data_bits), (115_200, DataBits::Eight));
    assert_eq!((&modem.modem, &modem.extension), (&telecare_protocol::voice_modem::Settings::default(), &None));
    assert_eq!(line.calls, CallSettings::of(line.protocol));
    let set = "voice-modem = { path = \"/dev/m\", speed = 9600, country = \"B4\", init = [\"AT+VGR=128\"], \
               answer = \"AT+VLS=15\", rings = 1, extension = \"201\", report-delay-ms = 90, command-chars-max = 60 }\n\
               bs8521 = { guard-wait-ms = 0, allow-control = true }\n";
    let text = format!("{SMALLEST}[[line]]\nname = \"v\"\nprotocol = \"bs8521\"\n{set}");
    let line = load(&text).unwrap().lines.remove(0);
    let Transport::VoiceModem(modem) = &line.transport else { panic!("{line:?}") };
    assert_eq!((modem.serial.speed, modem.extension.as_deref()), (9600, Some("201")));
    let ours = &modem.modem;
    assert_eq!((ours.country, ours.init.len(), ours.answer.as_str(), ours.rings), (Some(0xB4), 1, "AT+VLS=15", 1));
    assert_eq!((ours.slack, ours.command_chars_max), (Some(Duration::from_millis(90)), 60));
    let bs8521 = &line.calls.bs8521;
    assert!(bs8521.allow_control && bs8521.guard_wait.is_zero());
}

#[test]
fn a_telephone_line_that_finds_out() {
    let line = |protocol: &str, set: &str| {
        let text =
            format!("[[line]]\nname = \"v\"\nprotocol = \"{protocol}\"\nvoice-modem = {{ path = \"/dev/m\" }}\n{set}");
        load(&format!("{SMALLEST}{text}")).unwrap().lines.remove(0)
    };
    let usual = line("detect", "").calls;
    assert_eq!(usual.order, [Family::Bs8521, Family::Tunstall, Family::ContactId]);
    assert_eq!((usual.bs8521.requests, usual.contact_id.handshakes, usual.tunstall.probes.len()), (2, 2, 2));
    let set = "detect = { order = [\"contact-id\", \"bs8521\"] }\ntunstall = { ttold = true, accept-unverified = true }\n\
               contact-id = { fast-format = false, accept-key-d = true, always-speech = true }\n";
    let set = line("detect", set).calls;
    assert_eq!(set.order, [Family::ContactId, Family::Bs8521]);
    assert!(set.tunstall.accept_unverified && set.tunstall.probes.len() == 3);
    let contact_id = set.contact_id;
    assert!(!contact_id.takes_fast_format && contact_id.accepts_key_d && contact_id.always_speech);
    let ttnew = line("ttnew", "tunstall = { allow-control = true, guard-wait-ms = 100 }\n").calls.tunstall;
    assert!(ttnew.allow_control && ttnew.probes.len() == 1 && ttnew.guard_wait == Duration::from_millis(100));
    assert!(line("fast-format", "").calls.contact_id.prefers_fast_format);
}

#[test]
fn a_pager_line_as_a_station_and_in_control() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("flats.toml"), "[[call]]\ntext = \"FLAT {unit}\"\ntrigger = \"pendant\"\n")
        .unwrap();
    let line = |settings: &str| {
        let text = format!("{SMALLEST}{}{settings}", LINE.replace("surgard", "espa-444"));
        load_in(directory.path(), &text).map(|mut config| config.lines.remove(0))
    };
    let usual = line("").unwrap();
    assert_eq!((usual.protocol, &usual.espa), (Protocol::Espa444, &espa::Settings::default()));
    assert_eq!(usual.link_watch(), Some(Duration::from_secs(120)));
    let set = line(
        "espa-444 = { address = 3, polled = true, texts = \"flats.toml\", ack-wait-ms = 1000, link-watch-s = 0 }\n",
    );
    let set = set.unwrap();
    let role = espa::Role::Station { control: b'1', polled: true };
    assert_eq!((&set.espa.role, set.espa.address, set.link_watch()), (&role, b'3', None));
    assert_eq!(set.espa.timing.ack_wait, Duration::from_secs(1));
    assert!(*set.espa.texts != espa::Texts::default());
    let control = line("espa-444 = { role = \"control\", stations = [2, 3], poll-every-s = 10 }\n").unwrap().espa;
    assert_eq!((control.role, control.address), (espa::Role::Control { stations: b"23".to_vec() }, b'1'));
    let listening = line("listen-only = true\nespa-444 = { role = \"control\", stations = [2] }\n");
    assert!(listening.unwrap_err().to_string().contains("cannot be in control"));
    std::fs::write(directory.path().join("flats.toml"), "\n[[call]]\ntext = \"A\"\ntrigger = \"flames\"\n").unwrap();
    let wrong = line("espa-444 = { texts = \"flats.toml\" }\n").unwrap_err().to_string();
    assert!(wrong.contains("flats.toml") && wrong.contains("unknown trigger \"flames\""), "{wrong}");
}

#[test]
fn a_line_for_panels_of_osborne_hoffman() {
    let line = |settings: &str| {
        let listen = "tcp-listen = { address = \"127.0.0.1:1\", connections-max = 2000 }";
        let head = "[[line]]\nname = \"a\"\nprotocol = \"osborne-hoffman\"";
        load(&format!("{SMALLEST}{head}\n{listen}\n{settings}\n")).map(|mut config| config.lines.remove(0))
    };
    let usual = line("").unwrap();
    assert_eq!((usual.protocol, &usual.osborne_hoffman), (Protocol::OsborneHoffman, &OsborneHoffman::default()));
    assert_eq!(usual.link_watch(), Some(Duration::from_secs(300)));
    let set = line("osborne-hoffman = { ack-wait-ms = 2000, idle-s = 90000, link-watch-s = 0 }").unwrap();
    assert_eq!(set.link_watch(), None);
    assert_eq!(set.osborne_hoffman.session.ack_wait, Duration::from_secs(2));
    assert_eq!(set.osborne_hoffman.session.idle, Duration::from_secs(90_000));
}

#[test]
fn lines_of_alarm_panels_have_their_own_settings() {
    let line = |line: &str| load(&format!("{SMALLEST}{line}")).map(|mut config| config.lines.remove(0));
    let serial = LINE.replace("surgard", "sia-dc03").replace("data-bits = 7", "data-bits = 8");
    let usual = line(&serial).unwrap();
    assert_eq!((usual.protocol, usual.panels.dc03.clone()), (Protocol::SiaDc03, dc03::Settings::default()));
    assert_eq!(usual.link_watch(), Some(Duration::from_secs(90_000)));
    let set = line(&format!(
        "{serial}sia-dc03 = {{ ack-wait-ms = 3000, attempts = 3, block-gap-ms = 6000, link-watch-s = 0 }}\n"
    ));
    let (set, s) = (set.unwrap(), Duration::from_secs);
    assert_eq!((set.panels.dc03.timing.group(), set.link_watch()), (s(15), None));
    let seven = line(&LINE.replace("surgard", "sia-dc03")).unwrap_err().to_string();
    assert!(seven.contains("bytes of eight bits") && seven.contains("data-bits = 8"), "{seven}");
    let listen =
        "[[line]]\nname = \"panels\"\nprotocol = \"texecom\"\ntcp-listen = { address = \"127.0.0.1:10500\" }\n";
    let usual = line(listen).unwrap();
    assert_eq!((usual.panels.texecom.line.as_str(), usual.link_watch()), ("panels", Some(s(300))));
    let set =
        line(&format!("{listen}texecom = {{ poll-minutes = 5, ack-wait-ms = 9000, retry-window-s = 60 }}\n")).unwrap();
    assert_eq!((set.panels.texecom.poll_minutes, set.panels.texecom.ack_wait), (5, s(9)));
    let port = line(&LINE.replace("surgard", "texecom")).unwrap_err().to_string();
    assert!(port.contains("connect to their receiver") && port.contains("tcp-listen"), "{port}");
    let other = line(&format!("{listen}sia-dc03 = {{}}\n")).unwrap_err().to_string();
    assert!(other.contains("settings of sia-dc03 would do nothing"), "{other}");
}

/// Each faulty text with the line, words of the error and words of the remedy.
#[test]
fn errors_name_line_and_remedy() {
    let with = |more: &str| format!("{SMALLEST}{more}");
    let line = |rest: &str| with(&format!("[[line]]\nname = \"b\"\nprotocol = \"surgard\"\n{rest}\n"));
    let serial = |rest: &str| line(&format!("serial = {{ path = \"/dev/ttyS0\", speed = 1200{rest} }}"));
    let voice = |rest: &str| with(&format!("[[line]]\nname = \"v\"\n{rest}\nvoice-modem = {{ path = \"/dev/m\" }}\n"));
    let modem =
        |rest: &str| voice("protocol = \"bs8521\"").replace("path = \"/dev/m\"", &format!("path = \"/dev/m\", {rest}"));
    let oh = |more: &str| {
        let listen = "tcp-listen = { address = \"127.0.0.1:1\" }";
        with(&format!("[[line]]\nname = \"b\"\nprotocol = \"osborne-hoffman\"\n{listen}\n{more}\n"))
    };
    let espa = |role: &str, more: &str| {
        let more = if more.is_empty() { String::new() } else { format!(", {more}") };
        with(&format!("{}espa-444 = {{ role = {role:?}{more} }}\n", LINE.replace("surgard", "espa-444")))
    };
    for (text, at, what, remedy) in [
        ("receiver = [", Some(1), "unclosed array", "correct the value"),
        ("[receiver]\nnam = \"r\"\n", Some(2), "unknown field `nam`", "correct its spelling"),
        ("[receiver]\nname = \"r\"\n", Some(1), "missing field `journal`", "add the key"),
        ("[receiver]\nname = \"r 1\"\n[journal]\ndirectory = \"j\"\n", Some(2), "is no name", "letters, digits"),
        ("[receiver]\nname = \"\"\n[journal]\ndirectory = \"j\"\n", Some(2), "is no name", "letters, digits"),
        ("[receiver]\nname = \"r\"\n[journal]\ndirectory = \"/\"\n", Some(4), "root of the file", "of its own"),
        (
            "[receiver]\nname = \"r\"\n[journal]\ndirectory = \"receiver.toml\"\n",
            Some(4),
            "is not a directory",
            "of its own",
        ),
        (&with("keep-days = 0\n"), Some(5), "0 is out of bounds", "from 1 to 3650"),
        (&with("[database]\nurls = []\n"), Some(6), "urls is empty", "remove the [database]"),
        (&with("[database]\nurls = [\n\"mysql://x\"]\n"), Some(7), "no PostgreSQL URL", "postgres://"),
        (&with("[database]\nurls = [\"postgres://x\"]\nstall-ms = 5\n"), Some(7), "5 is out", "from 100"),
        (&with("[intake]\nack-wait-ms = 4000\n"), Some(6), "4000 is out", "from 0 to 1000"),
        (&with("[api]\nlisten = \"0.0.0.0:80\"\n"), Some(6), "not a loopback", "TLS proxy"),
        (&with("[api]\nlisten = \"here\"\n"), Some(6), "no address", "ADDRESS:PORT"),
        (&with("[metrics]\nlisten = \"127.0.0.1:8460\"\n"), Some(6), "the same", "port of its own"),
        (&with("[policy]\nfile = \"none.toml\"\n"), Some(6), "cannot be read", "create it"),
        (&with("[codes]\ndirectory = \"none\"\n"), Some(6), "cannot be read", "create it"),
        (&line(""), Some(5), "no transport", "add one of"),
        (
            &line("tcp-connect = { address = \"h:1\" }\ntcp-listen = { address = \"127.0.0.1:1\" }"),
            Some(5),
            "more than one transport",
            "keep one",
        ),
        (&line("tcp-connect = { address = \"h\" }"), Some(8), "no address to connect to", "HOST:PORT"),
        (&line("tcp-connect = { address = \"h:0\" }"), Some(8), "no address to connect to", "HOST:PORT"),
        (&line("tcp-listen = { address = \"h:1\" }"), Some(8), "no address to listen on", "ADDRESS:PORT"),
        (
            &line("tcp-listen = { address = \"127.0.0.1:1\", connections-max = 0 }"),
            Some(8),
            "0 is out",
            "from 1 to 4096",
        ),
        (&serial(", data-bits = 9"), Some(8), "9 data bits", "7 or 8"),
        (&serial(", data-bits = 7"), Some(8), "without a parity bit", "parity = \"even\""),
        (&serial(", parity = \"mark\""), Some(8), "unknown variant `mark`", "correct the value"),
        (&serial(", stop-bits = 3"), Some(8), "3 stop bits", "1 or 2"),
        (&serial(", speed = 1"), Some(8), "duplicate key", "correct the value"),
        (&line("serial = { path = \"/dev/ttyS0\", speed = 1 }"), Some(8), "1 is out", "from 50"),
        (&serial(" }\nsurgard = { header-digits = 2"), Some(9), "2 is out", "from 3 to 9"),
        (&serial(" }\nademco-685 = { header-digits = 2"), Some(9), "the line speaks surgard", "name them surgard"),
        (
            &with(&format!("{LINE}listen-only = true\nnamespace = \"north\"\n")),
            Some(10),
            "cannot share a namespace",
            "remove namespace",
        ),
        (
            &with(&format!("{}ademco-685 = {{ header-digits = 9 }}", LINE.replace("surgard", "ademco-685"))),
            Some(9),
            "9 is out",
            "from 2 to 5",
        ),
        (&voice("protocol = \"surgard\""), Some(7), "no unit speaks surgard in a call", "bs8521"),
        (&voice("protocol = \"bs8521\"\nlisten-only = true"), Some(7), "cannot only listen", "remove listen-only"),
        (&with(&LINE.replace("surgard", "bs8521")), Some(7), "spoken in telephone calls", "voice-modem"),
        (&serial(" }\nbs8521 = { allow-control = true"), Some(9), "the line speaks surgard", "remove them"),
        (&voice("protocol = \"tt92\"\nbs8521 = {}"), Some(8), "the settings of bs8521 would do nothing", "remove them"),
        (&voice("protocol = \"tt92\"\ndetect = { order = [] }"), Some(8), "of detect would do nothing", "remove them"),
        (&voice("protocol = \"detect\"\ndetect = { order = [] }"), Some(8), "nothing is asked for", "at least one"),
        (
            &voice("protocol = \"detect\"\ndetect = { order = [\"tunstall\", \"tunstall\"] }"),
            Some(8),
            "\"tunstall\" is unknown, or stands twice",
            "each once",
        ),
        (&modem("country = \"UK\""), Some(8), "no country code", "two hexadecimal digits"),
        (&modem("init = [\"AT\", \"ATX\\r\"]"), Some(8), "no modem command", "write AT"),
        (&modem("answer = \"+VLS=1\""), Some(8), "no modem command", "write AT"),
        (&modem("rings = 0"), Some(8), "0 is out", "from 1 to 10"),
        (&modem("extension = \" \""), Some(8), "no extension", "1 to 60"),
        (&modem("report-delay-ms = 501"), Some(8), "501 is out", "from 0 to 500"),
        (&modem("command-chars-max = 39"), Some(8), "39 is out", "from 40 to 250"),
        (&modem("baud = 1"), Some(8), "unknown field `baud`", "spelling"),
        (&espa("station", "stations = [3]"), Some(9), "a station polls nobody", "remove stations"),
        (&espa("control", ""), Some(9), "without stations to poll", "add stations"),
        (&espa("control", "stations = [3, 3]"), Some(9), "station 3 twice", "once"),
        (&espa("control", "stations = [1]"), Some(9), "address 1 is this receiver's and another's", "its own"),
        (&espa("control", "stations = [3], polled = true"), Some(9), "are of a station", "remove them"),
        (&espa("station", "address = 12"), Some(9), "12 is out", "from 0 to 9"),
        (&espa("station", "address = 1"), Some(9), "address 1 is this receiver's and another's", "its own"),
        (&espa("master", ""), Some(9), "unknown variant `master`", "correct the value"),
        (&espa("station", "texts = \"none.toml\""), Some(9), "cannot be read", "create it"),
        (&espa("station", "reply-wait-ms = 5"), Some(9), "5 is out", "from 100"),
        (
            &espa("control", "stations = [3] }\nlisten-only = true\nsurgard = {"),
            Some(11),
            "the line speaks espa-444",
            "name them espa-444",
        ),
        (&with(&LINE.replace("surgard", "osborne-hoffman")), Some(7), "connect to the receiver", "use tcp-listen"),
        (&oh("listen-only = true"), Some(7), "cannot only listen", "remove listen-only"),
        (&oh("osborne-hoffman = { idle-s = 9 }"), Some(9), "9 is out", "from 10"),
        (&oh("surgard = {}"), Some(9), "the line speaks osborne-hoffman", "remove them"),
        (&serial(" }\nosborne-hoffman = { idle-s = 9"), Some(9), "the line speaks surgard", "remove them"),
        (&with(&LINE.replace("surgard", "morse")), Some(7), "no line can speak \"morse\"", "surgard"),
        (&with(&LINE.replace("surgard", "own")), Some(7), "no line can speak \"own\"", "surgard"),
        (&with(&format!("{LINE}{LINE}")), Some(10), "name \"a\" is that of the line at 6", "its own"),
        (
            &with(&format!("{LINE}{}", LINE.replace("\"a\"", "\"b\""))),
            Some(10),
            "serial port /dev/ttyUSB0 is that of the line at 6",
            "its own",
        ),
    ] {
        let error = load(text).err().unwrap_or_else(|| panic!("accepted: {text}"));
        assert_eq!(error.line, at, "{error}\n{text}");
        assert!(error.what.contains(what), "{error}\n{text}");
        assert!(error.remedy.contains(remedy), "{error}\n{text}");
    }
}

#[test]
fn a_missing_file_is_an_error_in_words() {
    let error = Config::load(Path::new("/nowhere/receiver.toml")).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/receiver.toml: cannot be read"), "{error}");
    assert_eq!(error.line, None);
}

#[test]
fn a_password_is_in_no_text() {
    let url = "postgres://telecare:se:cr@et@127.0.0.1/telecare";
    let config = load(&format!("{SMALLEST}[database]\nurls = [\"{url}\"]\n")).unwrap();
    assert_eq!(config.queue("x").database.unwrap().urls, [url]);
    let shown = format!("{config:?}");
    assert!(!shown.contains("cr@et"), "{shown}");
    assert!(shown.contains("telecare:***@127.0.0.1"), "{shown}");
    for faulty in [
        format!("{SMALLEST}[database]\nurls = \"{url}\"\n"),
        format!("{SMALLEST}[database]\nurls = [\"{url}\"]\nstall = 1\n"),
        format!("{SMALLEST}[database]\nurls = [\"{url}\"\n"),
        format!("{SMALLEST}[database]\nurls = [\"my{url}\"]\n"),
    ] {
        let error = load(&faulty).unwrap_err().to_string();
        assert!(!error.contains("cr@et"), "{error}");
    }
}

#[test]
fn a_faulty_table_of_choices_is_refused_by_its_own_name_and_line() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("choices.toml"), "[[outcome]]\ncode = \"A B\"\nwords = \"x\"\n").unwrap();
    let error = load_in(directory.path(), &format!("{SMALLEST}[choices]\nfile = \"choices.toml\"\n")).unwrap_err();
    assert!(error.file.ends_with("choices.toml") && error.to_string().contains("is no code"), "{error}");
}

#[test]
fn a_faulty_policy_or_code_table_is_refused_by_its_own_name_and_line() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("policy.toml"), "[[rule]]\ntrigger = \"pendnt\"\n").unwrap();
    let error = load_in(directory.path(), &format!("{SMALLEST}[policy]\nfile = \"policy.toml\"\n")).unwrap_err();
    assert!(error.file.ends_with("policy.toml"), "{error}");
    assert!(error.line.is_some(), "{error}");

    let codes = directory.path().join("codes");
    std::fs::create_dir(&codes).unwrap();
    let text = format!("{SMALLEST}[codes]\ndirectory = \"codes\"\n");
    std::fs::write(codes.join("README"), "not a table").unwrap();
    load_in(directory.path(), &text).unwrap();
    std::fs::write(codes.join("contact-id.toml"), "[events]\n1 = { words = \"x\" }\n").unwrap();
    let error = load_in(directory.path(), &text).unwrap_err();
    assert!(error.file.ends_with("codes/contact-id.toml"), "{error}");
    assert!(error.what.contains("line 2"), "{error}");
}

/// Every sample that is a receiver's configuration; policy, choices and a line's texts are samples of another kind.
#[test]
fn every_sample_in_config_is_valid() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let mut checked = Vec::new();
    for entry in std::fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        if path.ends_with("choices.toml") {
            assert_eq!(telecare_alarm::Choices::parse(&text).unwrap(), telecare_alarm::Choices::builtin());
        } else if path.ends_with("policy.toml") {
            telecare_alarm::Policy::parse(&text).unwrap();
        } else if path.ends_with("espa-texts.toml") {
            assert!(espa::Texts::parse(&text).unwrap() != espa::Texts::default());
        } else {
            Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        }
        checked.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
    }
    checked.sort();
    assert_eq!(checked, ["choices.toml", "espa-texts.toml", "policy.toml", "receiver.toml", "standalone.toml"]);
}
