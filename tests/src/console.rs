//! An operator's console: the HTTP API as any client sees it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use ureq::Agent;
use uuid::Uuid;

use crate::wait;

/// Longer than the longest long-poll.
const ANSWER_BOUND: Duration = Duration::from_secs(40);

/// Largest answer that is read, bytes: the whole open list of the largest test.
const BODY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// One person at one desk.
#[derive(Clone, Debug)]
pub struct Console {
    agent: Agent,
    base: String,
    token: String,
    desk: String,
}

/// An answer of the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Reply {
    /// The alarm in the body, or the whole answer as an error when the status is not 200.
    pub fn alarm(self) -> Result<Value> {
        ensure!(self.status == 200, "{} {}", self.status, self.body);
        Ok(self.body["alarm"].clone())
    }

    /// The refusal's name in a problem.
    pub fn refusal(&self) -> &str {
        self.body["refusal"].as_str().unwrap_or_default()
    }
}

impl Console {
    /// A console with its token.
    pub fn new(port: u16, token: &str, desk: &str) -> Console {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(ANSWER_BOUND)).build();
        Console {
            agent: config.into(),
            base: format!("http://127.0.0.1:{port}/v1"),
            token: token.to_owned(),
            desk: desk.to_owned(),
        }
    }

    /// The open list, with what is aside.
    pub fn list(&self) -> Result<Value> {
        let reply = self.get("/alarms?listed=all")?;
        ensure!(reply.status == 200, "{} {}", reply.status, reply.body);
        Ok(reply.body)
    }

    /// The open list once it is another than the cursor's, or after some seconds.
    pub fn list_after(&self, cursor: &str, wait_s: u32) -> Result<Value> {
        let reply = self.get(&format!("/alarms?listed=all&cursor={cursor}&wait={wait_s}"))?;
        ensure!(reply.status == 200, "{} {}", reply.status, reply.body);
        Ok(reply.body)
    }

    /// The open alarms.
    pub fn alarms(&self) -> Result<Vec<Value>> {
        self.list()?["alarms"].as_array().cloned().context("a list of alarms")
    }

    /// What operators see without asking for more.
    pub fn shown(&self) -> Result<Value> {
        let reply = self.get("/alarms")?;
        ensure!(reply.status == 200, "{} {}", reply.status, reply.body);
        Ok(reply.body)
    }

    /// Health; needs no token.
    pub fn health(&self) -> Result<Reply> {
        self.get("/health")
    }

    /// An alarm with its signals and its log.
    pub fn detail(&self, alarm: &str) -> Result<Reply> {
        self.get(&format!("/alarms/{alarm}"))
    }

    /// Does something to an alarm.
    pub fn act(&self, alarm: &str, verb: &str, more: Value) -> Result<Reply> {
        self.act_as(&Uuid::new_v4(), alarm, verb, more)
    }

    /// As [`Console::act`], with the action's id.
    pub fn act_as(&self, action: &Uuid, alarm: &str, verb: &str, more: Value) -> Result<Reply> {
        let mut body = json!({ "action": action, "desk": self.desk });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let request = self.agent.post(format!("{}/alarms/{alarm}/{verb}", self.base));
        let response = request.header("Authorization", format!("Bearer {}", self.token)).send_json(body)?;
        read(response)
    }

    /// Waits until the open list satisfies a condition, and gives what the condition found.
    pub fn until<T>(&self, what: &str, mut found: impl FnMut(&Value) -> Option<T>) -> Result<T> {
        wait::until(what, || Ok(self.list().ok().and_then(|list| found(&list))))
    }

    /// Waits for the open alarm of a unit on a line.
    pub fn until_alarm(&self, line: &str, account: &str) -> Result<Value> {
        self.until(&format!("the alarm of {account} on {line}"), |list| {
            list["alarms"].as_array()?.iter().find(|alarm| is_of(alarm, line, account)).cloned()
        })
    }

    /// Waits until the receiver is in step with its database and has nothing left to forward.
    pub fn until_connected(&self) -> Result<()> {
        self.until("the receiver to be connected with no backlog", |list| {
            (list["link"] == "connected" && list["backlog"] == 0).then_some(())
        })
    }

    fn get(&self, path: &str) -> Result<Reply> {
        let request = self.agent.get(format!("{}{path}", self.base));
        read(request.header("Authorization", format!("Bearer {}", self.token)).call()?)
    }
}

/// Whether an alarm is of this account on this line.
pub fn is_of(alarm: &Value, line: &str, account: &str) -> bool {
    alarm["line"] == line && account_of(alarm) == account
}

/// The account in an alarm's unit: its words end with the number as sent.
pub fn account_of(alarm: &Value) -> &str {
    alarm["unit"].as_str().unwrap_or_default().rsplit(' ').next().unwrap_or_default()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Reply> {
    let status = response.status().as_u16();
    let text = response.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_string()?;
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).context(text)? };
    Ok(Reply { status, body })
}
