//! Whether an answer is what the document says: every field known, every needed one there, every name listed.
//!
//! Stricter than JSON Schema: a field that the document does not name is a fault. Keywords that this does not know
//! are a fault, too, so that the document cannot say more than is checked.

use serde_json::Value;
use uuid::Uuid;

/// The committed document.
#[derive(Clone, Debug)]
pub struct Document(pub Value);

impl Document {
    pub fn committed() -> Document {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap();
        Document(serde_json::from_str(&text).unwrap())
    }

    /// The path of the document that a request's path is of.
    pub fn path_of(&self, path: &str) -> Option<String> {
        let path = path.split('?').next().unwrap();
        let is_of = |template: &str| {
            let (a, b): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || a.starts_with('{'))
        };
        let paths = self.0["paths"].as_object().unwrap();
        paths.keys().find(|template| is_of(template)).cloned()
    }

    /// What is wrong with an answer, by the document.
    pub fn check(&self, method: &str, path: &str, answer: (u16, &str, &Value)) -> Result<(), String> {
        let (status, kind, body) = answer;
        let operation = self.path_of(path).map(|path| &self.0["paths"][path][method]).filter(|o| o.is_object());
        let Some(operation) = operation else {
            if !matches!(status, 404 | 405) {
                return Err(format!("{method} {path}: {status} and not in the document"));
            }
            return self.fits(&self.0["components"]["schemas"]["Problem"], body, path);
        };
        let response = &operation["responses"][status.to_string()];
        if !response.is_object() {
            return Err(format!("{method} {path}: the document knows no {status}"));
        }
        match response["content"].as_object() {
            None if kind.is_empty() && body.is_null() => Ok(()),
            None => Err(format!("{method} {path}: {status} has a body")),
            Some(content) => match content.get(kind) {
                Some(content) => self.fits(&content["schema"], body, &format!("{method} {path} {status}")),
                None => Err(format!("{method} {path}: {status} is {kind:?}")),
            },
        }
    }

    /// Whether a value is what a schema says; the fault names its place.
    pub fn fits(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let mut outcome = Ok(());
        for (keyword, rule) in schema.as_object().into_iter().flatten() {
            let fits = match keyword.as_str() {
                "$ref" => self.fits(self.resolve(rule), value, at),
                "oneOf" => self.one_of(rule, value, at),
                "type" => says(is_of_type(rule, value), at, &format!("is not {rule}"), value),
                "enum" => says(rule.as_array().unwrap().contains(value), at, "is none of the names", value),
                "properties" | "required" | "additionalProperties" => self.object(schema, value, at),
                "items" => value.as_array().into_iter().flatten().try_for_each(|one| self.fits(rule, one, at)),
                "minimum" => says(value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()), at, "too small", value),
                "maximum" => says(value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap()), at, "too large", value),
                "minLength" | "minItems" => says(length(value) >= rule.as_u64(), at, "too short", value),
                "maxLength" | "maxItems" => says(length(value) <= rule.as_u64().or(Some(0)), at, "too long", value),
                "format" => says(is_of_format(rule.as_str().unwrap(), value), at, &format!("is no {rule}"), value),
                "description" | "examples" | "pattern" => Ok(()),
                unknown => Err(format!("{at}: the checker does not know {unknown}")),
            };
            outcome = outcome.and(fits);
        }
        outcome
    }

    pub fn resolve(&self, reference: &Value) -> &Value {
        self.0.pointer(reference.as_str().unwrap().trim_start_matches('#')).unwrap()
    }

    fn one_of(&self, choices: &Value, value: &Value, at: &str) -> Result<(), String> {
        let tried: Vec<_> = choices.as_array().unwrap().iter().map(|choice| self.fits(choice, value, at)).collect();
        match tried.iter().filter(|tried| tried.is_ok()).count() {
            1 => Ok(()),
            _ => Err(format!("{at}: {tried:?}")),
        }
    }

    fn object(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let Some(object) = value.as_object() else { return Ok(()) };
        for needed in schema["required"].as_array().into_iter().flatten() {
            says(object.contains_key(needed.as_str().unwrap()), at, &format!("has no {needed}"), value)?;
        }
        for (name, value) in object {
            let at = format!("{at}.{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (rule, _) if rule.is_object() => self.fits(rule, value, &at)?,
                (_, Value::Bool(true)) => {}
                (_, rule) if rule.is_object() => self.fits(rule, value, &at)?,
                _ => return Err(format!("{at}: the document does not know it")),
            }
        }
        Ok(())
    }
}

fn says(fits: bool, at: &str, words: &str, value: &Value) -> Result<(), String> {
    if fits { Ok(()) } else { Err(format!("{at}: {words}: {value}")) }
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => false,
    };
    rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is))
}

fn length(value: &Value) -> Option<u64> {
    let length = value.as_str().map(|text| text.chars().count()).or_else(|| value.as_array().map(Vec::len));
    length.map(|length| length as u64)
}

fn is_of_format(format: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    match format {
        "uuid" => Uuid::try_parse(text).is_ok(),
        "date-time" => time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).is_ok(),
        "uri" => text.contains(':'),
        _ => false,
    }
}
