//! Replays `corpus/<target>/*` and a few thousand seeded mutations of it, on stable Rust, in seconds.

use std::fs;
use std::path::{Path, PathBuf};

use telecare_fuzz::TARGETS;

/// Per target; the variable of the same name sets another number, for a long run.
const MUTATIONS: u32 = 6000;

#[test]
fn corpus_and_mutations() {
    let mutations = std::env::var("MUTATIONS").map_or(MUTATIONS, |n| n.parse().unwrap());
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "no corpus for {name}");
        for (_, bytes) in &corpus {
            target(bytes);
        }
        let mut random = Random(0x7E1E_CA5E);
        for _ in 0..mutations {
            let mut bytes = corpus[random.below(corpus.len())].1.clone();
            let other = &corpus[random.below(corpus.len())].1;
            for _ in 0..=random.below(4) {
                random.mutate(&mut bytes, other);
            }
            target(&bytes);
        }
    }
}

/// The seeds are the vectors; `UPDATE_CORPUS=1 cargo test` writes those that are missing.
#[test]
fn every_vector_is_a_seed() {
    let update = std::env::var_os("UPDATE_CORPUS").is_some();
    for (protocol, id, bytes) in vectors() {
        let targets: &[&str] = match protocol.as_str() {
            "bs8521" => &["bs8521", "bs8521_call", "detect_call"],
            "contact-id" => &["contact_id_frame", "contact_id_call"],
            "fast-format" => &["contact_id_frame", "contact_id_call"],
            "tunstall" => &["tunstall_frame", "tunstall_call"],
            "ademco-685" => &["ademco685", "ademco685_session"],
            "espa-444" => &["espa_block", "espa_session"],
            "osborne-hoffman" => &["osborne_hoffman_message", "osborne_hoffman_session"],
            "sia-dc03" => &["dc03_blocks", "dc03_session"],
            "texecom" => &["texecom_message", "texecom_session"],
            "sia-dc09" => &["sia_dc09_frame", "sia_dc09_content", "sia_dc09_session", "sia_frame"],
            "scaip" => &["scaip"],
            "nowip" => &["nowip_document"],
            "sia-dc07" => &["sia_frame", "outputs", "outputs_session"],
            "radionics-6500" | "cp-220" | "iti" => &["outputs", "outputs_session"],
            _ => &["surgard", "surgard_session"],
        };
        for target in targets {
            let prefix: &[u8] = match *target {
                "surgard" => &[3],
                "ademco685" => &[2],
                // Whose line it is; of a CP-220 with two characters of header.
                "outputs" => &[match protocol.as_str() {
                    "radionics-6500" => 0,
                    "cp-220" => 12,
                    "iti" => 3,
                    _ => 4,
                }],
                "outputs_session" => {
                    let make = match protocol.as_str() {
                        "radionics-6500" => 0,
                        "cp-220" => 1,
                        "iti" => 3,
                        _ => 4,
                    };
                    &[make, 0, u8::try_from(bytes.len()).unwrap()]
                }
                "surgard_session"
                | "ademco685_session"
                | "espa_session"
                | "dc03_session"
                | "texecom_session"
                | "sia_dc09_session"
                | "osborne_hoffman_session" => &[0, u8::try_from(bytes.len()).unwrap()],
                _ => &[],
            };
            // A session goes on: stored, four seconds, the line again, refused, an hour.
            let suffix: &[u8] = if target.ends_with("_session") { &[5, 0, 4, 4, 1, 1, 6, 0, 4, 255] } else { &[] };
            let text = if matches!(*target, "surgard" | "outputs") {
                bytes.strip_suffix(&[0x14]).unwrap_or(&bytes)
            } else {
                &bytes
            };
            let seed = match *target {
                "bs8521_call" | "detect_call" | "tunstall_call" => call(&bytes),
                "contact_id_call" => contact_id_call(&bytes),
                // What stands behind the bracket, without the end of the frame.
                "sia_dc09_content" => {
                    let behind = bytes.iter().position(|byte| *byte == b'[').map_or(0, |at| at + 1);
                    bytes[behind..].split(|byte| *byte == b'\r').next().unwrap_or_default().to_vec()
                }
                _ => [prefix, text, suffix].concat(),
            };
            let file = match (protocol.as_str(), *target) {
                ("fast-format", _) => format!("vector-fast-{id}"),
                (_, "outputs" | "outputs_session" | "sia_frame") => format!("vector-{protocol}-{id}"),
                _ => format!("vector-{id}"),
            };
            let path = folder().join(target).join(file);
            if update && fs::read(&path).ok().as_deref() != Some(&seed) {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &seed).unwrap();
            }
            assert_eq!(fs::read(&path).ok(), Some(seed), "{} is missing or old: UPDATE_CORPUS=1", path.display());
        }
    }
}

/// A call: asked at once, played, 80 ms, the digits; stored, played, two seconds, "clear down", "null" a minute
/// later, the frame again, refused.
fn call(digits: &[u8]) -> Vec<u8> {
    let place = |digit: &u8| b"0123456789*#ABCD".iter().position(|known| known == digit).unwrap_or(0);
    let digits = digits.iter().map(|digit| u8::try_from(place(digit)).unwrap() | 0x30);
    let mut steps = vec![4, 3, 0, 2, 0, 3, 8, 8, u8::try_from(digits.len()).unwrap()];
    steps.extend(digits);
    steps.extend([5, 0, 2, 0, 3, 200, 2, 0, 6, 6, 2, 0, 4, 60, 2, 0, 1, 0, 0x85, 0]);
    steps
}

/// A call: asked after 1250 ms, played, 300 ms, the digits, so much silence that they are told; stored, played, the
/// digits again, stored, played, two seconds, "clear down", "listen", the first frame, refused.
fn contact_id_call(digits: &[u8]) -> Vec<u8> {
    let keys = telecare_protocol::contact_id::keys(std::str::from_utf8(digits).unwrap());
    let place = |key: u8| b"0123456789*#ABCD".iter().position(|known| *known == key).unwrap_or(0);
    let places = keys.bytes().map(|key| u8::try_from(place(key)).unwrap() | 0x20);
    let digits: Vec<u8> = [8, u8::try_from(keys.len()).unwrap()].into_iter().chain(places).collect();
    let mut steps = vec![0, 3, 125, 2, 0, 3, 30];
    steps.extend_from_slice(&digits);
    steps.extend([3, 20, 5, 0, 3, 10, 2, 0, 3, 125]);
    steps.extend_from_slice(&digits);
    steps.extend([3, 20, 5, 0, 3, 10, 2, 0, 3, 200, 6, 1, 1, 0, 0x85, 0, 6, 6]);
    steps
}

fn vectors() -> Vec<(String, String, Vec<u8>)> {
    let mut all = Vec::new();
    for protocol in [
        "ademco-685",
        "bs8521",
        "contact-id",
        "cp-220",
        "espa-444",
        "fast-format",
        "iti",
        "nowip",
        "osborne-hoffman",
        "radionics-6500",
        "scaip",
        "sia-dc03",
        "sia-dc07",
        "sia-dc09",
        "surgard",
        "texecom",
        "tunstall",
    ] {
        let path = folder().join("../../protocols").join(protocol).join("vectors.toml");
        let file: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for vector in file["vector"].as_array().unwrap() {
            let bytes = match vector.get("hex") {
                Some(hex) => {
                    let pairs = hex.as_str().unwrap().split(' ');
                    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
                }
                None => vector["input"].as_str().unwrap().as_bytes().to_vec(),
            };
            all.push((protocol.to_owned(), vector["id"].as_str().unwrap().to_owned(), bytes));
        }
    }
    all
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder().join(target)).unwrap();
    let mut files: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.sort();
    files
}

/// The test's own generator, so that a failure comes again.
struct Random(u32);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(self.0 >> 8).unwrap() % bound.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        match self.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
            1 if !bytes.is_empty() => drop(bytes.remove(at)),
            2 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
            3 => bytes.truncate(at),
            4 if !bytes.is_empty() => bytes[at] = b"0123456789ABCDEF#*@[]|/ \x14\x06"[self.below(26)],
            _ => bytes.extend_from_slice(&other[self.below(other.len())..]),
        }
    }
}
