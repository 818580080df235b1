//! Digest authentication (RFC 2617, 7616, 8760): MD5 and SHA-256, with `qop=auth` and without.
//!
//! A nonce holds when it was given and a signature, so nothing is kept for it. It is good for [`NONCE_LIVES`]; within that
//! time an answer that was overheard can be used again, which counting would not prevent for units that do not count.
//! Whether the `uri` of the answer is that of the request is not looked at: proxies rewrite the latter.

use std::time::{Duration, Instant};

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::chance::{Chance, hex};
use super::headers::{parameters, split};
use super::{Accounts, Method};

/// How long a nonce is good.
pub(super) const NONCE_LIVES: Duration = Duration::from_secs(60);

/// Why credentials do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// There are none for our realm.
    Missing,
    /// They are right for a nonce that is too old, or not ours.
    Stale,
    /// They are wrong.
    Wrong,
}

/// A hash that digest knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    /// By its name; MD5 where none is named.
    fn of(name: Option<&str>) -> Option<Algorithm> {
        match name {
            None => Some(Algorithm::Md5),
            Some(name) if name.eq_ignore_ascii_case("MD5") => Some(Algorithm::Md5),
            Some(name) if name.eq_ignore_ascii_case("SHA-256") => Some(Algorithm::Sha256),
            Some(_) => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Algorithm::Md5 => hex(&Md5::digest(text.as_bytes())),
            Algorithm::Sha256 => hex(&Sha256::digest(text.as_bytes())),
        }
    }
}

/// What the two sides must agree on.
struct Proof<'a> {
    algorithm: Algorithm,
    user: &'a str,
    realm: &'a str,
    nonce: &'a str,
    method: &'a str,
    uri: &'a str,
    /// Count and chance of the client, with `qop=auth`.
    counted: Option<(&'a str, &'a str)>,
}

impl Proof<'_> {
    fn response(&self, password: &str) -> String {
        let hash = |text: String| self.algorithm.hash(&text);
        let secret = hash(format!("{}:{}:{password}", self.user, self.realm));
        let asked = hash(format!("{}:{}", self.method, self.uri));
        match self.counted {
            Some((count, chance)) => hash(format!("{secret}:{}:{count}:{chance}:auth:{asked}", self.nonce)),
            None => hash(format!("{secret}:{}:{asked}", self.nonce)),
        }
    }
}

/// Parameters of a challenge or of credentials.
struct Fields(Vec<(String, Option<String>)>);

impl Fields {
    /// None if it is not about digest.
    fn read(value: &str) -> Option<Fields> {
        let (scheme, rest) = value.trim().split_once(char::is_whitespace)?;
        scheme.eq_ignore_ascii_case("Digest").then(|| Fields(parameters(split(rest, ','))))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(its, _)| its == name)?.1.as_deref()
    }
}

/// The challenges of a 401, both with one nonce. MD5 comes first: a unit that looks at the first only, and knows nothing
/// else, would not be heard at all (SIPp 3.6 gives up its call); RFC 8760 would have the better one first.
pub(super) fn challenges(realm: &str, stale: bool, chance: &Chance, age: Duration) -> Vec<(&'static str, String)> {
    let nonce = nonce(chance, age);
    let challenge = |algorithm: Algorithm| {
        let stale = if stale { ", stale=true" } else { "" };
        let (realm, algorithm) = (quoted(realm), algorithm.as_str());
        let value = format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}");
        ("WWW-Authenticate", value)
    };
    vec![challenge(Algorithm::Md5), challenge(Algorithm::Sha256)]
}

/// Whose password the sender of these Authorization headers knows.
pub(super) fn proven<'a>(
    credentials: impl Iterator<Item = &'a str>,
    (method, realm, accounts): (&Method, &str, &Accounts),
    chance: &Chance,
    age: Duration,
) -> Result<String, Denied> {
    let mut ours = credentials.filter_map(Fields::read).filter(|fields| fields.value("realm") == Some(realm));
    let fields = ours.next().ok_or(Denied::Missing)?;
    let value = |name| fields.value(name).ok_or(Denied::Wrong);
    let (user, nonce, uri, response) = (value("username")?, value("nonce")?, value("uri")?, value("response")?);
    let counted = match fields.value("qop") {
        None => None,
        Some(qop) if qop.eq_ignore_ascii_case("auth") => Some((value("nc")?, value("cnonce")?)),
        Some(_) => return Err(Denied::Wrong),
    };
    let algorithm = Algorithm::of(fields.value("algorithm")).ok_or(Denied::Wrong)?;
    let proof = Proof { algorithm, user, realm, nonce, method: method.as_str(), uri, counted };
    // Who has no account is refused no sooner than who has one.
    let account = accounts.0.get(user);
    let expected = proof.response(account.map_or("", |account| &account.password));
    let is_right = same(&expected, &response.to_ascii_lowercase()) & account.is_some();
    match (is_right, is_fresh(nonce, chance, age)) {
        (false, _) => Err(Denied::Wrong),
        (true, false) => Err(Denied::Stale),
        (true, true) => Ok(user.to_owned()),
    }
}

/// The answer to a challenge, for Authorization; none if it asks for what is not known here. `cnonce` is the client's
/// chance.
pub fn answer(challenge: &str, user: &str, password: &str, method: &str, uri: &str, cnonce: &str) -> Option<String> {
    let fields = Fields::read(challenge)?;
    let (realm, nonce) = (fields.value("realm")?, fields.value("nonce")?);
    let algorithm = Algorithm::of(fields.value("algorithm"))?;
    let counted = match fields.value("qop") {
        None => None,
        Some(offered) if split(offered, ',').any(|qop| qop.eq_ignore_ascii_case("auth")) => Some(("00000001", cnonce)),
        Some(_) => return None,
    };
    let response = Proof { algorithm, user, realm, nonce, method, uri, counted }.response(password);
    let mut out = format!(
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\", algorithm={}",
        quoted(user),
        quoted(realm),
        quoted(nonce),
        quoted(uri),
        algorithm.as_str()
    );
    if let Some((count, chance)) = counted {
        out.push_str(&format!(", qop=auth, nc={count}, cnonce=\"{}\"", quoted(chance)));
    }
    if let Some(opaque) = fields.value("opaque") {
        out.push_str(&format!(", opaque=\"{}\"", quoted(opaque)));
    }
    Some(out)
}

fn nonce(chance: &Chance, age: Duration) -> String {
    let given = format!("{:012x}", age.as_millis());
    let signature = chance.signed("nonce", &[given.as_bytes()]);
    format!("{given}{}", hex(signature.get(..16).unwrap_or_default()))
}

fn is_fresh(nonce: &str, chance: &Chance, age: Duration) -> bool {
    let given = nonce.split_at_checked(12).and_then(|(given, _)| u64::from_str_radix(given, 16).ok());
    let Some(given) = given.map(Duration::from_millis) else { return false };
    let is_ours = same(&self::nonce(chance, given), nonce);
    is_ours && age.checked_sub(given).is_some_and(|age| age < NONCE_LIVES)
}

/// Compares in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    let differ = one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == other.len() && differ == 0
}

/// Fit to stand in quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// How old a clock is.
pub(super) fn age(start: Instant, now: Instant) -> Duration {
    now.saturating_duration_since(start)
}
