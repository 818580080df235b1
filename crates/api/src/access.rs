//! Who asks, and whether their role may. The log says which token failed and why; the answer does not.

use axum::http::{HeaderMap, header};
use time::OffsetDateTime;

use crate::metrics;
use crate::problem::Problem;
use crate::tokens::{Denied, Permission, Token, TokenStore};

/// Longest token that is looked at, bytes; a longer one is none of ours.
const TOKEN_BYTES_MAX: usize = 256;

/// The token a request came with, if its role may do what the request needs.
pub fn admit(
    tokens: &TokenStore,
    headers: &HeaderMap,
    needed: Permission,
    now: OffsetDateTime,
) -> Result<Token, Problem> {
    let found = match bearer(headers) {
        Some(presented) => tokens.find(presented, now),
        None => Err(Denied::None),
    };
    let token = found.map_err(|denied| {
        metrics::count_denied(&denied);
        match denied {
            Denied::None => tracing::debug!("a request without a token was refused"),
            Denied::Unknown => tracing::warn!("a request with an unknown token was refused"),
            Denied::Expired { id } => tracing::warn!(token = id, "a request with an expired token was refused"),
        }
        Problem::unauthorised()
    })?;
    if token.role.may(needed) {
        return Ok(token);
    }
    tracing::warn!(token = token.id, role = %token.role, ?needed, "a request beyond its token's role was refused");
    Err(Problem::forbidden(format!("the role {} {}", token.role, beyond(needed))))
}

fn beyond(needed: Permission) -> &'static str {
    match needed {
        Permission::List => "does not read alarms",
        Permission::Detail => "does not read single alarms",
        Permission::Note => "does not write notes",
        Permission::Act => "does not work alarms",
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
