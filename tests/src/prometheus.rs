//! A real Prometheus that reads a receiver, and promtool: the only ones who know whether a rule or a query is
//! one. From Debian's package, unpacked by `cargo xtask test` into `target/tools`, else from PATH.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::port;
use crate::receiver::Receiver;
use crate::scratch::Scratch;
use crate::wait;

/// Where the package is unpacked.
pub fn unpacked() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).join("target/tools/prometheus")
}

/// The directory that holds `prometheus` and `promtool`.
pub fn binaries() -> Result<PathBuf> {
    let on_path = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let mut places = [unpacked().join("usr/bin")].into_iter().chain(on_path);
    let found = places.find(|place| place.join("prometheus").is_file() && place.join("promtool").is_file());
    found.context("prometheus and promtool are missing; cargo xtask test unpacks Debian's package into target/tools")
}

/// promtool, ready for its arguments.
pub fn promtool() -> Result<Command> {
    Ok(Command::new(binaries()?.join("promtool")))
}

/// A running Prometheus. Reads its receiver every second.
#[derive(Debug)]
pub struct Prometheus {
    scratch: Scratch,
    process: Child,
    port: u16,
}

impl Prometheus {
    /// Starts one that reads a receiver and judges a file of rules, and waits until it answers.
    pub fn start(receiver: &Receiver, rules: &Path) -> Result<Prometheus> {
        let (scratch, port) = (Scratch::new("prometheus")?, port::free()?);
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{rules:?}]\nscrape_configs:\n\
             - {{ job_name: telecare, static_configs: [{{ targets: [\"127.0.0.1:{}\"] }}] }}\n",
            receiver.metrics_port()
        );
        fs::write(scratch.join("prometheus.yml"), config)?;
        let log = fs::File::create(scratch.join("log"))?;
        let process = Command::new(binaries()?.join("prometheus"))
            .arg(format!("--config.file={}", scratch.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", scratch.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .current_dir(scratch.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("start Prometheus")?;
        scratch.watch(process.id())?;
        let prometheus = Prometheus { scratch, process, port };
        wait::until("Prometheus to answer", || Ok(prometheus.get("query?query=vector(1)").ok()))
            .with_context(|| prometheus.log())?;
        Ok(prometheus)
    }

    /// The series a query gives now: each one's value.
    pub fn query(&self, query: &str) -> Result<Vec<f64>> {
        let answer = self.get(&format!("query?query={}", escaped(query)))?;
        let series = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        let value = |series: &Value| series["value"][1].as_str()?.parse().ok();
        Ok(series.iter().filter_map(value).collect())
    }

    /// The rules as it judges them.
    pub fn rules(&self) -> Result<Vec<Value>> {
        let answer = self.get("rules")?;
        let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
        Ok(groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()).collect())
    }

    fn get(&self, what: &str) -> Result<Value> {
        let answer = ureq::get(format!("http://127.0.0.1:{}/api/v1/{what}", self.port)).call();
        let text = answer.with_context(|| what.to_owned())?.body_mut().read_to_string()?;
        Ok(serde_json::from_str(&text)?)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.scratch.join("log")).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// As a URL takes it.
fn escaped(query: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    query.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
