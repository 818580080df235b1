//! Whether a later document still has everything of an earlier one.

use serde_json::Value;

/// Keys whose values are for people.
const PROSE: [&str; 6] = ["description", "summary", "title", "example", "examples", "info"];

/// Notes what the later document lacks or says otherwise. Lists are sets: they may grow, but what a request must
/// have may not.
pub fn compare(earlier: &Value, later: &Value, at: &str, lost: &mut Vec<String>) {
    match (earlier, later) {
        (Value::Object(earlier), Value::Object(later)) => {
            for (key, value) in earlier.iter().filter(|(key, _)| !is_prose(at, key)) {
                match later.get(key) {
                    Some(later) => compare(value, later, &format!("{at}/{key}"), lost),
                    None => lost.push(format!("{at}/{key} has gone")),
                }
            }
            let demands = later.get("required").filter(|_| at.ends_with("Request") || at.contains("/parameters/"));
            for new in demands.and_then(Value::as_array).into_iter().flatten() {
                if !earlier.get("required").and_then(Value::as_array).is_some_and(|old| old.contains(new)) {
                    lost.push(format!("{at} now demands {new}"));
                }
            }
        }
        (Value::Array(earlier), Value::Array(later)) => {
            for (place, value) in earlier.iter().enumerate() {
                let still = later.iter().any(|later| {
                    let mut lost = Vec::new();
                    compare(value, later, at, &mut lost);
                    lost.is_empty()
                });
                if !still {
                    lost.push(format!("{at}/{place} has gone: {value}"));
                }
            }
        }
        (earlier, later) if earlier == later => {}
        (earlier, later) => lost.push(format!("{at} was {earlier} and is {later}")),
    }
}

/// A property may be named like a keyword of prose.
fn is_prose(at: &str, key: &str) -> bool {
    PROSE.contains(&key) && !at.ends_with("/properties")
}
