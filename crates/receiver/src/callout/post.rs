//! One POST: signed, bounded in time and size, no redirects followed, no proxy from the environment.

use sha2::{Digest, Sha256};
use telecare_alarm::ReceiverId;
use telecare_api::shapes::{CalledOutShape, Timestamp, WebhookShape};
use time::OffsetDateTime;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::choose::Pending;
use super::sign::signature;
use crate::config::{self, Webhook};

/// Answers are not needed; so much is read to keep the connection (bytes).
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Try {
    /// The target has it.
    Ok,
    /// It answered otherwise.
    Refused(u16),
    /// It did not answer.
    Failed(String),
}

impl Try {
    /// The name used in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Try::Ok => "ok",
            Try::Refused(_) => "refused",
            Try::Failed(_) => "failed",
        }
    }
}

/// What sends to a webhook.
pub fn agent(webhook: &Webhook) -> Agent {
    let roots = match &webhook.ca {
        Some(pem) => RootCerts::new_with_certs(&config::certificates(pem)),
        None => RootCerts::WebPki,
    };
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(webhook.timeout))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .into()
}

/// The same for the same escalations, whenever they are sent.
pub fn batch_id(batch: &[Pending]) -> String {
    let mut hasher = Sha256::new();
    batch.iter().for_each(|pending| hasher.update(pending.id.as_bytes()));
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hasher.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Tells a target. Blocks.
pub fn post(agent: &Agent, webhook: &Webhook, receiver: &ReceiverId, batch: &[Pending]) -> Try {
    let now = OffsetDateTime::now_utc();
    let shape = WebhookShape {
        receiver: receiver.to_string(),
        sent_at: Timestamp(now),
        events: batch.iter().map(|pending| event(pending, now)).collect(),
    };
    let (id, timestamp) = (batch_id(batch), now.unix_timestamp());
    let Ok(body) = shape.to_bytes() else { return Try::Failed("the body cannot be written".to_owned()) };
    let Some(signature) = signature(webhook.secret.bytes(), &id, timestamp, &body) else {
        return Try::Failed("the body cannot be signed".to_owned());
    };
    let request = agent
        .post(&webhook.url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp.to_string())
        .header("webhook-signature", &signature);
    match request.send(&body[..]) {
        Ok(mut response) => {
            // What it says beside its status changes nothing.
            let _ = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
            let status = response.status();
            if status.is_success() { Try::Ok } else { Try::Refused(status.as_u16()) }
        }
        Err(error) => Try::Failed(error.to_string()),
    }
}

fn event(pending: &Pending, now: OffsetDateTime) -> CalledOutShape {
    let alarm = &pending.alarm;
    CalledOutShape {
        id: pending.id,
        alarm: alarm.id.0,
        rule: pending.rule.to_string(),
        level: pending.level,
        priority: alarm.priority.number(),
        class: alarm.class.as_str(),
        due: Timestamp(pending.due),
        opened_at: Timestamp(alarm.opened_at),
        age_s: (now - alarm.opened_at).whole_seconds().max(0),
        closed: alarm.closed.is_some(),
    }
}
