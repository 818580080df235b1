//! Who asks, and whether their role may. The log says which token failed and why; the answer does not.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use telecare_alarm::Actor;
use telecare_queue::Heard;
use time::OffsetDateTime;

use crate::handlers::Api;
use crate::metrics;
use crate::problem::Problem;
use crate::tokens::{Carrier, Denied, Permission, Role, Token};

/// Longest token that is looked at, bytes; a longer one is none of ours.
const TOKEN_BYTES_MAX: usize = 256;

/// Whoever presented a token that works.
#[derive(Clone, Debug)]
pub struct Asker(Token);

/// Who asked, if their role may do what the request needs. That they asked keeps their claims.
pub fn admit(api: &Api, headers: &HeaderMap, needed: Permission) -> Result<Asker, Problem> {
    let now = OffsetDateTime::now_utc();
    let found = match bearer(headers) {
        Some(presented) => api.settings.tokens.find(presented, now),
        None => Err(Denied::None),
    };
    let token = found.map_err(|denied| {
        metrics::count_denied(&denied);
        match denied {
            Denied::None => tracing::debug!("a request without a token was refused"),
            Denied::Unknown => tracing::warn!("a request with an unknown token was refused"),
            Denied::Expired { id } => tracing::warn!(token = id, "a request with an expired token was refused"),
            Denied::Revoked { id } => tracing::warn!(token = id, "a request with a revoked token was refused"),
        }
        Problem::unauthorised()
    })?;
    let asker = Asker(token);
    let (person, desk) = match &asker.0.carrier {
        Carrier::Person(person) => (Some(&**person), None),
        Carrier::Console(desk) => (None, Some(&**desk)),
    };
    api.queue.console_heard(Heard { person, desk, operator: asker.works_alarms() }, api.settings.lease);
    let Token { id, role, .. } = &asker.0;
    if role.may(needed) {
        return Ok(asker);
    }
    tracing::warn!(token = id, %role, ?needed, "a request beyond its token's role was refused");
    Err(Problem::forbidden(format!("the role {role} {}", beyond(needed))))
}

impl Asker {
    /// Whether this is somebody who works the queue: what they are shown counts as served.
    pub fn works_alarms(&self) -> bool {
        matches!(self.0.role, Role::Operator | Role::Supervisor)
    }

    /// The token's id, for the log.
    pub fn token(&self) -> &str {
        &self.0.id
    }

    /// Whether this is a supervisor.
    pub fn supervises(&self) -> bool {
        self.0.role == Role::Supervisor
    }

    /// Who looks at something: a person's desk or a console's operator is not known then.
    pub fn viewer(&self) -> Actor {
        match &self.0.carrier {
            Carrier::Person(person) => Actor { person: person.clone(), desk: Arc::from("") },
            Carrier::Console(console) => Actor { person: Arc::from(""), desk: console.clone() },
        }
    }

    /// Who acts. A person's token acts for that person and nobody else, at the desk the request names; a
    /// console's token acts at its own desk for the operator the request names.
    pub fn actor(&self, operator: Option<&str>, desk: Option<&str>) -> Result<Actor, Problem> {
        match (&self.0.carrier, operator, desk) {
            (Carrier::Person(person), Some(other), _) if *other != **person => {
                tracing::warn!(token = self.0.id, "a person's token was used in another person's name");
                Err(Problem::forbidden("a person's token acts for that person only; leave `operator` out"))
            }
            (Carrier::Person(person), _, Some(desk)) => Ok(Actor { person: person.clone(), desk: Arc::from(desk) }),
            (Carrier::Person(_), _, None) => Err(Problem::missing("desk", "with a person's token, name the `desk`")),
            (Carrier::Console(console), Some(operator), _) => {
                Ok(Actor { person: Arc::from(operator), desk: console.clone() })
            }
            (Carrier::Console(_), None, _) => {
                Err(Problem::missing("operator", "with a console's token, name the `operator` who acts"))
            }
        }
    }
}

fn beyond(needed: Permission) -> &'static str {
    match needed {
        Permission::List => "does not read alarms",
        Permission::Detail => "does not read single alarms",
        Permission::Calls => "does not read calls",
        Permission::Note => "does not write notes",
        Permission::Act => "does not work alarms",
        Permission::Test => "does not test units",
        Permission::Overrule => "does not end what somebody else has",
        Permission::Export => "does not take the registry away",
        Permission::Register => "does not change the registry",
    }
}

/// The scheme's name is case-insensitive (RFC 9110 section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let fits = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= TOKEN_BYTES_MAX;
    fits.then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_a_token() {
        let long = format!("Bearer {}", "x".repeat(TOKEN_BYTES_MAX + 1));
        let table = [
            ("Bearer tc_abc", Some("tc_abc")),
            ("bearer  tc_abc ", Some("tc_abc")),
            ("Basic dXNlcg==", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("tc_abc", None),
            (&long, None),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            assert_eq!(bearer(&headers), expected, "{value}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
