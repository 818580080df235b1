//! Where escalations go out to. What is told is ids and ages only, but still nothing goes over a network in clear,
//! unless the file says so, and no secret stands in the file or is ever shown.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::rules::Target;
use toml::Spanned;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, parse_pem};

use super::check::Check;
use super::{ConfigError, file};

/// Webhooks of one receiver; more is a mistake.
const WEBHOOKS_MAX: usize = 16;
/// Shortest secret, bytes: what the convention asks for.
const SECRET_BYTES_MIN: usize = 24;
/// The highest level that a card can reach.
const LEVEL_MAX: u8 = 20;

/// One place that is told of escalations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its name, unique in the file.
    pub name: Arc<str>,
    /// Where to POST to.
    pub url: String,
    /// What its requests are signed with.
    pub secret: Secret,
    /// The level from which on it is told.
    pub from_level: u8,
    /// Certificates (PEM) to believe instead of the web's.
    pub ca: Option<Arc<str>>,
    /// How long one try may take.
    pub timeout: Duration,
}

impl Webhook {
    /// What the policy knows of it.
    pub fn target(&self) -> Target {
        Target { name: self.name.clone(), from_level: self.from_level }
    }
}

/// A shared secret. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<[u8]>);

impl Secret {
    /// The secret itself, for signing.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    #[cfg(test)]
    /// One for a test.
    pub fn of(bytes: &[u8]) -> Secret {
        Secret(bytes.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Check<'_> {
    pub(super) fn webhooks(&self, webhooks: &[Spanned<file::Webhook>]) -> Result<Vec<Webhook>, ConfigError> {
        if let Some(surplus) = webhooks.get(WEBHOOKS_MAX) {
            let error = self.error("there are too many webhooks", format!("name {WEBHOOKS_MAX} at most"));
            return Err(self.at(error, surplus.span()));
        }
        let mut checked: Vec<Webhook> = Vec::with_capacity(webhooks.len());
        for written in webhooks {
            let webhook = self.webhook(written.as_ref())?;
            if checked.iter().any(|known| known.name == webhook.name) {
                let error = self.error(format!("two webhooks are named {:?}", webhook.name), "give each its own name");
                return Err(self.at(error, written.as_ref().name.span()));
            }
            checked.push(webhook);
        }
        Ok(checked)
    }

    fn webhook(&self, written: &file::Webhook) -> Result<Webhook, ConfigError> {
        let name = self.name(&written.name)?.into();
        self.url(&written.url, written.insecure)?;
        let file = &written.secret_file;
        let text = self.read_named(&self.secret_path(file.as_ref()), file.span())?;
        let secret = text.trim_end_matches(['\r', '\n']).as_bytes();
        if secret.len() < SECRET_BYTES_MIN {
            let what = format!("the secret has {} bytes, under {SECRET_BYTES_MIN}", secret.len());
            let error = self.error(what, "write a longer one into the file, for example of: openssl rand -base64 32");
            return Err(self.at(error, file.span()));
        }
        let from_level = self.within(&written.from_level, 1..=u64::from(LEVEL_MAX))?;
        Ok(Webhook {
            name,
            url: written.url.as_ref().clone(),
            secret: Secret(secret.into()),
            from_level: u8::try_from(from_level).unwrap_or(LEVEL_MAX),
            ca: written.ca.as_ref().map(|ca| self.certificates(ca)).transpose()?,
            timeout: Duration::from_millis(self.within(&written.timeout_ms, 100..=30_000)?),
        })
    }

    fn url(&self, url: &Spanned<String>, insecure: bool) -> Result<(), ConfigError> {
        let wrong = |what: &str, remedy: &str| Err(self.at(self.error(what, remedy), url.span()));
        let parsed: Option<Uri> = url.as_ref().parse().ok();
        let Some((parsed, host)) = parsed.as_ref().and_then(|parsed| Some((parsed, parsed.host()?))) else {
            return wrong("the webhook's url is no URL", "write https://HOST/PATH");
        };
        if parsed.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return wrong("the webhook's url holds credentials", "remove them; the signature says who sends");
        }
        let bare = host.trim_matches(['[', ']']);
        let loopback = host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        match parsed.scheme_str() {
            Some("https") => Ok(()),
            Some("http") if loopback || insecure => Ok(()),
            Some("http") => wrong(
                "the webhook's url is plain HTTP beyond this host",
                "use https, or say insecure = true on a network of its own",
            ),
            Some(_) | None => wrong("the webhook's url is neither https nor http", "write https://HOST/PATH"),
        }
    }

    fn certificates(&self, file: &Spanned<std::path::PathBuf>) -> Result<Arc<str>, ConfigError> {
        let pem = self.read_named(&self.resolve(file.as_ref()), file.span())?;
        if certificates(&pem).is_empty() {
            let error = self.error("the webhook's ca holds no certificate", "name a PEM file of certificates");
            return Err(self.at(error, file.span()));
        }
        Ok(pem.into())
    }
}

/// The certificates of a PEM text.
pub(crate) fn certificates(pem: &str) -> Vec<Certificate<'static>> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    parse_pem(pem.as_bytes()).filter_map(certificate).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn a_webhook_is_complete_or_refused_with_line_and_remedy_and_its_secret_is_never_shown() {
        let directory = tempfile::tempdir().unwrap();
        let secret = "0123456789-0123456789-0123456789";
        std::fs::write(directory.path().join("secret"), format!("{secret}\n")).unwrap();
        std::fs::write(directory.path().join("short"), "short").unwrap();
        let path = directory.path().join("receiver.toml");
        let load = |url: &str, file: &str, more: &str| {
            let hook = format!("[[webhook]]\nname = \"pager\"\nurl = \"{url}\"\nsecret-file = \"{file}\"\n{more}");
            std::fs::write(&path, format!("[receiver]\nname = \"r\"\n[journal]\ndirectory = \"j\"\n{hook}")).unwrap();
            Config::load(&path)
        };
        let config = load("https://pager.example/a?b=c", "secret", "from-level = 3\n").unwrap();
        assert_eq!(config.webhooks[0].secret.bytes(), secret.as_bytes());
        assert_eq!(config.policy.rules().targets, [config.webhooks[0].target()]);
        assert!(!format!("{config:?}").contains(secret));
        for url in ["http://127.0.0.1:1/x", "http://[::1]/x", "http://localhost/x", "https://h"] {
            load(url, "secret", "").unwrap();
        }
        load("http://pager.example/", "secret", "insecure = true\n").unwrap();
        let again = "[[webhook]]\nname = \"pager\"\nurl = \"https://h\"\nsecret-file = \"secret\"\n";
        let surplus = again.repeat(16);
        for (url, file, more, line, what) in [
            ("http://pager.example/", "secret", "", 7, "plain HTTP"),
            ("ftp://127.0.0.1/", "secret", "", 7, "neither https"),
            ("https://u:p@pager.example/", "secret", "", 7, "credentials"),
            ("nowhere", "secret", "", 7, "neither https"),
            ("https:// h", "secret", "", 7, "no URL"),
            ("https://h", "none", "", 8, "cannot be read"),
            ("https://h", "short", "", 8, "has 5 bytes"),
            ("https://h", "secret", "from-level = 0\n", 9, "0 is out"),
            ("https://h", "secret", "from-level = 21\n", 9, "21 is out"),
            ("https://h", "secret", "timeout-ms = 99\n", 9, "99 is out"),
            ("https://h", "secret", "ca = \"short\"\n", 9, "no certificate"),
            ("https://h", "secret", "colour = 1\n", 9, "unknown field"),
            ("https://h", "secret", again, 10, "two webhooks"),
            ("https://h", "secret", &surplus, 69, "too many"),
        ] {
            let error = load(url, file, more).unwrap_err();
            assert_eq!(error.line, Some(line), "{error}");
            assert!(error.what.contains(what) && !error.remedy.is_empty(), "{error}");
        }
    }
}
