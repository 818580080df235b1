//! Where and to whom the HTTP API answers. What leaves this host is TLS, unless the file says otherwise in so
//! many words: tokens and alarms in clear are nobody's default.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use telecare_api::cors::Origin;
use telecare_api::tls::Tls;
use toml::Spanned;

use super::check::Check;
use super::{ConfigError, file};

/// Front-ends beside each other; more is a mistake.
const ORIGINS_MAX: usize = 32;

/// Settings of the HTTP API.
#[derive(Clone, Debug)]
pub struct Api {
    /// Where consoles connect. Loopback, unless there is TLS or the file says `insecure`.
    pub listen: SocketAddr,
    /// Certificate and key, read and found to fit.
    pub tls: Option<Tls>,
    /// Front-ends whose pages may ask from a browser.
    pub origins: Vec<Origin>,
    /// The token file; it may be missing, then every request is refused.
    pub tokens: PathBuf,
    /// How long a claim holds without a sign from its console.
    pub lease: Duration,
}

impl Check<'_> {
    pub(super) fn api(&self, api: &file::Api) -> Result<Api, ConfigError> {
        let tls = api.tls.as_ref().map(|tls| self.tls(tls)).transpose()?;
        let listen = self.address(&api.listen)?;
        if !listen.ip().is_loopback() && tls.is_none() && !api.insecure {
            let what =
                format!("{listen} is not a loopback address, and without TLS tokens and alarms would go in clear");
            let remedy =
                "set api.tls, listen on 127.0.0.1 behind a TLS proxy, or say insecure = true on a network of its own";
            return Err(self.at(self.error(what, remedy), api.listen.span()));
        }
        Ok(Api {
            listen,
            tls,
            origins: self.origins(&api.origins)?,
            tokens: self.resolve(&api.tokens),
            lease: Duration::from_secs(self.within(&api.lease_s, 5..=3_600)?),
        })
    }

    /// Read here, so that a bad certificate or key is told before anything is opened.
    fn tls(&self, tls: &file::Tls) -> Result<Tls, ConfigError> {
        Tls::load(&self.secret_path(&tls.certificate), &self.secret_path(&tls.key))
            .map_err(|error| ConfigError::new(&error.file, error.what, error.remedy))
    }

    /// The same for a line.
    pub(super) fn line_tls(&self, tls: &file::Tls) -> Result<Tls, ConfigError> {
        Tls::load_for_line(&self.secret_path(&tls.certificate), &self.secret_path(&tls.key))
            .map_err(|error| ConfigError::new(&error.file, error.what, error.remedy))
    }

    fn origins(&self, origins: &[Spanned<String>]) -> Result<Vec<Origin>, ConfigError> {
        if let Some(surplus) = origins.get(ORIGINS_MAX) {
            let error = self.error("api.origins has too many entries", format!("name {ORIGINS_MAX} at most"));
            return Err(self.at(error, surplus.span()));
        }
        let origin = |origin: &Spanned<String>| {
            Origin::parse(origin.as_ref()).map_err(|error| {
                let what = format!("{:?} in api.origins is no origin", origin.as_ref());
                self.at(self.error(what, error.to_string()), origin.span())
            })
        };
        origins.iter().map(origin).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    fn load(directory: &Path, api: &str) -> Result<Config, ConfigError> {
        let path = directory.join("receiver.toml");
        let text = format!("[receiver]\nname = \"r-1\"\n[journal]\ndirectory = \"journal\"\n[api]\n{api}");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    #[test]
    fn what_leaves_the_host_is_tls_or_said_to_be_insecure() {
        let directory = tempfile::tempdir().unwrap();
        let load = |api: &str| load(directory.path(), api);
        let refused = load("listen = \"0.0.0.0:8460\"\n").unwrap_err();
        assert_eq!(refused.line, Some(6));
        assert!(refused.remedy.contains("api.tls"), "{refused}");
        assert!(load("listen = \"0.0.0.0:8460\"\ninsecure = true\n").is_ok());

        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(directory.path().join("chain.pem"), made.cert.pem()).unwrap();
        std::fs::write(directory.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let tls = "listen = \"0.0.0.0:8460\"\ntls = { certificate = \"chain.pem\", key = \"key.pem\" }\n";
        assert!(load(tls).unwrap().api.tls.is_some());
        std::fs::write(directory.path().join("key.pem"), "nothing").unwrap();
        let refused = load(tls).unwrap_err();
        assert!(refused.file.ends_with("key.pem") && !refused.remedy.is_empty(), "{refused}");
    }

    #[test]
    fn origins_are_exact() {
        let directory = tempfile::tempdir().unwrap();
        let load = |api: &str| load(directory.path(), api);
        let config = load("origins = [\"https://console.example\", \"http://localhost:5173\"]\n").unwrap();
        assert_eq!(config.api.origins[0].to_string(), "https://console.example");
        for wrong in ["*", "https://*.example", "https://console.example/", "console.example"] {
            let refused = load(&format!("origins = [\n\"{wrong}\"]\n")).unwrap_err();
            assert_eq!(refused.line, Some(7), "{refused}");
            assert!(refused.remedy.contains("https://HOST"), "{refused}");
        }
        let many = vec!["\"https://console.example\""; ORIGINS_MAX + 1].join(", ");
        assert!(load(&format!("origins = [{many}]\n")).is_err());
    }
}
