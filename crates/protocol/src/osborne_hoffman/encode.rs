//! Writing messages, as panels write them.

use super::read::LENGTH_EXTRA;
use super::{Event, Heartbeat, Message};

impl Message {
    /// The text, its closing zero included; not yet under a key.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Message::Event(event) => event.encode(),
            Message::Heartbeat(heartbeat) => heartbeat.encode(),
        }
    }
}

impl Event {
    fn encode(&self) -> Vec<u8> {
        let account = self.account.as_ref().map_or(String::new(), |account| format!("#{account}"));
        let (token, sequence) = (&self.token, &self.sequence);
        let mut body = format!("\"{token}\"{sequence}R{}L{}[{account}|{}]", self.receiver, self.line, self.data);
        body.push_str(self.panel_id.as_deref().unwrap_or_default());
        if let Some(account) = &self.system_account {
            body.push_str("|#");
            body.push_str(account);
        }
        if let Some(time) = &self.time {
            body.push('T');
            body.push_str(time);
        }
        body.push_str(&self.rest);
        // Latin 1: one byte for each character.
        let body: Vec<u8> = body.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
        let length = body.len().saturating_add(LENGTH_EXTRA);
        [format!("\n0101{length:04X}").as_bytes(), &body, b"\r\0"].concat()
    }
}

impl Heartbeat {
    fn encode(&self) -> Vec<u8> {
        let mut text = format!("SR{}L{}    {}XX    \0", self.receiver, self.line, self.account);
        if let Some(id) = &self.panel_id {
            text.push_str("[ID");
            text.push_str(id);
            text.push(']');
        }
        if let Some(time) = &self.time {
            text.push('T');
            text.push_str(time);
        }
        if self.panel_id.is_some() || self.time.is_some() {
            text.push('\0');
        }
        text.into_bytes()
    }
}
