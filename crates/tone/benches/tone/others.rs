//! What other decoders make of the same audio: libspandsp and multimon-ng, where they are installed.
//!
//! They cannot be told what was lost: they get silence there, as from a receiver without concealment.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use telecare_tone::level::to_linear;

/// Another decoder.
#[derive(Clone, Debug)]
pub enum Other {
    Spandsp(PathBuf),
    Multimon,
}

impl Other {
    /// Those that are there.
    pub fn all(scratch: &Path) -> Vec<Other> {
        let program = scratch.join("spandsp-dtmf");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/tone/spandsp.c");
        let built = Command::new("cc").args(["-O2", "-o"]).arg(&program).args([source, "-lspandsp"]).status();
        let mut found = Vec::new();
        if built.is_ok_and(|status| status.success()) {
            found.push(Other::Spandsp(program));
        } else {
            println!("*** without libspandsp (Debian: libspandsp-dev) ***");
        }
        let multimon = Command::new("multimon-ng").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if multimon.is_ok() {
            found.push(Other::Multimon);
        } else {
            println!("*** without multimon-ng ***");
        }
        found
    }

    pub fn name(&self) -> &'static str {
        match self {
            Other::Spandsp(_) => "spandsp",
            Other::Multimon => "multimon",
        }
    }

    /// The digits of each call.
    pub fn hear(&self, calls: &[Vec<f32>]) -> Vec<String> {
        match self {
            Other::Spandsp(program) => {
                let mut input = Vec::new();
                for call in calls {
                    input.extend(u32::try_from(call.len()).expect("a call is short").to_ne_bytes());
                    input.extend(to_linear(call).iter().flat_map(|sample| sample.to_ne_bytes()));
                }
                run(Command::new(program), input).lines().map(str::to_owned).collect()
            }
            Other::Multimon => calls.iter().map(|call| multimon(call)).collect(),
        }
    }
}

fn multimon(call: &[f32]) -> String {
    let fast = super::speech::resampled(call, 8000, 22_050);
    let input = to_linear(&fast).iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut command = Command::new("multimon-ng");
    command.args(["-q", "-c", "-a", "DTMF", "-t", "raw", "-"]);
    run(command, input).lines().filter_map(|line| line.strip_prefix("DTMF: ")).map(str::trim).collect()
}

fn run(mut command: Command, input: Vec<u8>) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it was there a moment ago");
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it runs");
    let _ = writer.join();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
