//! The receiver's HTTP API as any console sees it.

mod answers;
mod trust;

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use ureq::tls::TlsConfig;
use uuid::Uuid;

pub use answers::{Card, Choice, Choices, Holder, List, VoiceCall};
pub use trust::TrustArguments;

/// How often an action is offered while its outcome is unknown. Its id makes it happen once.
const TRIES: u32 = 3;
/// Pause between two tries.
const TRY_PAUSE: Duration = Duration::from_secs(1);
/// Longest wait of one poll, as the API allows.
pub const POLL_S: u64 = 30;
/// How long an answer may take beyond the wait that was asked for. An action may take two seconds.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long a file may take to be sent and worked through; the receiver gives up before.
const FILE_ANSWER_MAX: Duration = Duration::from_secs(200);
/// Largest answer that is read, bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where the API is, and who asks.
#[derive(clap::Args)]
pub struct ApiArguments {
    /// Address of the receiver's API.
    #[arg(long, env = "TELECARE_API", default_value = "http://127.0.0.1:8460", value_name = "URL")]
    api: String,
    /// Access token; better given in the environment, where other users do not see it.
    #[arg(long, env = "TELECARE_TOKEN", hide_env_values = true, hide_default_value = true)]
    token: Option<String>,
    #[command(flatten)]
    trust: TrustArguments,
}

impl ApiArguments {
    /// Whose certificates are believed.
    pub fn trust(&self) -> &TrustArguments {
        &self.trust
    }

    /// Whether there is a token to ask with.
    pub fn has_token(&self) -> bool {
        self.token.as_ref().is_some_and(|token| !token.is_empty())
    }
}

/// Where the person sits.
#[derive(clap::Args)]
pub struct DeskArguments {
    /// Name of the desk; the host's name by default.
    #[arg(long, env = "TELECARE_DESK")]
    desk: Option<String>,
    /// Who acts. Needed with a console's token; a person's token says so itself.
    #[arg(long, env = "TELECARE_OPERATOR", value_name = "PERSON")]
    operator: Option<String>,
}

impl DeskArguments {
    /// What every action says of who does it.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let operator = self.operator.clone().map(|operator| ("operator", operator));
        [("desk", self.name())].into_iter().chain(operator).collect()
    }

    /// The desk's name.
    pub fn name(&self) -> String {
        let host = || fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
        let name = self.desk.clone().or_else(host);
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| "telecare-ctl".to_owned())
    }
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

/// One receiver's API.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    api: String,
    token: String,
}

impl Client {
    /// A client; it connects with its first request.
    pub fn new(arguments: &ApiArguments) -> anyhow::Result<Client> {
        let Some(token) = arguments.token.clone().filter(|token| !token.is_empty()) else {
            bail!(crate::Usage("a token is needed: --token, or TELECARE_TOKEN in the environment".to_owned()));
        };
        Client::at(&arguments.api, token, &arguments.trust, Duration::from_secs(POLL_S) + ANSWER_MAX)
    }

    /// A client of an API with a token; every answer must come within a time.
    pub fn at(api: &str, token: String, trust: &TrustArguments, within: Duration) -> anyhow::Result<Client> {
        let mut config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(within));
        if api.starts_with("https:") {
            config = config.tls_config(TlsConfig::builder().root_certs(trust.roots()?).build());
        }
        let agent = config.build().into();
        Ok(Client { agent, api: api.trim_end_matches('/').to_owned(), token })
    }

    /// The open list as text, with what is aside or without: at once, or when it is no longer the one with this cursor.
    pub fn list_text(&self, newer_than: Option<&str>, all: bool) -> anyhow::Result<String> {
        let newer = newer_than.map(|cursor| format!("cursor={cursor}&wait={POLL_S}"));
        let query = all.then(|| "listed=all".to_owned()).into_iter().chain(newer).collect::<Vec<_>>().join("&");
        self.get(&if query.is_empty() { "/v1/alarms".to_owned() } else { format!("/v1/alarms?{query}") })
    }

    /// The open list, with what is aside.
    pub fn list(&self) -> anyhow::Result<List> {
        read(&self.list_text(None, true)?)
    }

    /// One alarm with its signals and log, as text.
    pub fn detail_text(&self, id: Uuid) -> anyhow::Result<String> {
        self.get(&format!("/v1/alarms/{id}"))
    }

    /// The card an id names: a whole id, or the end of one that only one alarm of the list has.
    pub fn find(&self, id: &str) -> anyhow::Result<Uuid> {
        if let Ok(id) = Uuid::try_parse(id) {
            return Ok(id);
        }
        let end = id.to_ascii_lowercase();
        let list = self.list()?;
        let mut matching =
            list.alarms.iter().chain(&list.just_closed).filter(|card| card.id.to_string().ends_with(&end));
        match (matching.next(), matching.next()) {
            (Some(card), None) => Ok(card.id),
            (Some(_), Some(_)) => bail!("more than one alarm ends in {id}; give more of it"),
            (None, _) => bail!("no open or just closed alarm ends in {id}"),
        }
    }

    /// The open list once it is no longer the one with this cursor, or after some seconds.
    pub fn list_after(&self, cursor: Option<&str>, wait_s: u64) -> anyhow::Result<List> {
        let query = cursor.map_or(String::new(), |cursor| format!("?cursor={cursor}&wait={wait_s}"));
        read(&self.get(&format!("/v1/alarms{query}"))?)
    }

    /// What operators choose from.
    pub fn choices(&self) -> anyhow::Result<Choices> {
        read(&self.get("/v1/choices")?)
    }

    /// Any answer of the API that is 200, as text.
    pub fn get_text(&self, path: &str) -> anyhow::Result<String> {
        self.get(path)
    }

    /// As [`Client::get_text`], with parameters in any characters.
    pub fn get_query(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<String> {
        let url = format!("{}{path}", self.api);
        let request = self.agent.get(&url).header("authorization", format!("Bearer {}", self.token));
        let request = query.iter().fold(request, |request, (name, value)| request.query(*name, value));
        let answer = answer(&url, request.call())?;
        if answer.status == 200 { Ok(answer.text) } else { bail!("{}", problem(&answer)) }
    }

    /// Sends a CSV file, which may take long to be worked through.
    pub fn send_csv(&self, path: &str, query: &[(&str, String)], bytes: &[u8]) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.api);
        let request = self.agent.post(&url).header("authorization", format!("Bearer {}", self.token));
        let request = query.iter().fold(request, |request, (name, value)| request.query(*name, value));
        let request = request.config().timeout_global(Some(FILE_ANSWER_MAX)).build();
        answer(&url, request.header("content-type", "text/csv").send(bytes))
    }

    /// Does something to an alarm. When the answer is lost or the receiver cannot store, the same action is
    /// offered again: it is done once.
    pub fn act(&self, alarm: Uuid, act: &str, body: Value) -> anyhow::Result<Answer> {
        self.act_as(Uuid::new_v4(), alarm, act, body, TRIES)
    }

    /// As [`Client::act`], with the action's id and how often it is offered.
    pub fn act_as(&self, action: Uuid, alarm: Uuid, act: &str, mut body: Value, tries: u32) -> anyhow::Result<Answer> {
        body["action"] = json!(action);
        self.offer(&format!("/v1/alarms/{alarm}/{act}"), &body, tries)
    }

    /// Does something that is not done to an alarm, as [`Client::act`] does.
    pub fn act_at(&self, path: &str, mut body: Value) -> anyhow::Result<Answer> {
        body["action"] = json!(Uuid::new_v4());
        self.offer(path, &body, TRIES)
    }

    fn offer(&self, path: &str, body: &Value, tries: u32) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.api);
        for _ in 1..tries {
            match self.post(&url, body) {
                Ok(answer) if answer.status != 503 => return Ok(answer),
                Ok(_) | Err(_) => thread::sleep(TRY_PAUSE),
            }
        }
        self.post(&url, body)
    }

    fn post(&self, url: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self.agent.post(url).header("authorization", format!("Bearer {}", self.token));
        let sent = request.header("content-type", "application/json").send(body.to_string());
        answer(url, sent)
    }

    fn get(&self, path: &str) -> anyhow::Result<String> {
        let url = format!("{}{path}", self.api);
        let request = self.agent.get(&url).header("authorization", format!("Bearer {}", self.token));
        let answer = answer(&url, request.call())?;
        if answer.status == 200 { Ok(answer.text) } else { bail!("{}", problem(&answer)) }
    }
}

fn answer(url: &str, got: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Answer> {
    let mut response = got.with_context(|| format!("no answer from {url}"))?;
    let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
    Ok(Answer { status: response.status().as_u16(), text: text.with_context(|| format!("answer of {url}"))? })
}

/// A refusal in words: what it is called, what was wrong, and who has the alarm.
pub fn problem(answer: &Answer) -> String {
    let Ok(json) = serde_json::from_str::<Value>(&answer.text) else {
        return format!("the answer was {} and is not one of this API's", answer.status);
    };
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    let mut words = format!("{} ({}): {}", text("title"), answer.status, text("detail"));
    if let Some(headline) = json["alarm"]["headline"].as_str() {
        words += &format!("\n  {headline}");
    }
    words
}

/// Reads an answer of the API.
pub fn read<T: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    serde_json::from_str(text).context("the answer is not one of this API's")
}
