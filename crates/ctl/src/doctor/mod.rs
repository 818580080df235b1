//! Looking a host over: everything the receiver needs and nothing tells of until it is missed at 3 am. Each
//! finding says what is, and what to do when it should not be so. Nothing is changed; one small file is written
//! and removed to time the disk.

mod account;
mod clock;
pub mod config;
mod database;
mod disk;
mod files;
mod ports;
mod serial;
mod service;

use std::path::Path;

use config::Settings;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it belongs to.
    pub area: &'static str,
    /// How it is.
    pub state: State,
    /// In words.
    pub what: String,
    /// What to do, where something is to be done.
    pub remedy: String,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Ok,
    /// It works; somebody should look.
    Worry,
    /// It does not work, or what was acknowledged may be lost.
    Broken,
}

impl State {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Worry => "worry",
            State::Broken => "broken",
        }
    }
}

/// Makes the findings of one area.
#[derive(Clone, Copy, Debug)]
struct Area(&'static str);

impl Area {
    fn ok(self, what: impl Into<String>) -> Finding {
        Finding { area: self.0, state: State::Ok, what: what.into(), remedy: String::new() }
    }

    fn worry(self, what: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { area: self.0, state: State::Worry, what: what.into(), remedy: remedy.into() }
    }

    fn broken(self, what: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { area: self.0, state: State::Broken, what: what.into(), remedy: remedy.into() }
    }
}

/// Looks at everything a configuration names. The receiver's user is the service's, else `telecare` where there
/// is one, else whoever runs this; `user` overrides.
pub async fn look(file: &Path, user: Option<&str>) -> Vec<Finding> {
    let mut findings = service::look();
    findings.extend(clock::look());
    let settings = match Settings::read(file) {
        Ok(settings) => settings,
        Err(why) => {
            findings.push(Area("config").broken(why, "name the receiver's configuration with --config"));
            return findings;
        }
    };
    findings.push(config::check(file));
    let account = match account::of_receiver(user) {
        Ok(account) => account,
        Err(why) => {
            findings.push(Area("user").broken(why, "make the user, or name another with --user"));
            return findings;
        }
    };
    findings.extend(disk::look(&settings.journal, &account));
    findings.extend(files::look(&settings, &account));
    findings.extend(serial::look(&settings.serial_ports, &account));
    findings.extend(ports::look(&settings));
    findings.extend(database::look(&settings).await);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_state_is_the_greatest() {
        assert!(State::Broken > State::Worry && State::Worry > State::Ok);
    }

    #[tokio::test]
    async fn without_a_configuration_there_is_one_broken_finding_about_it() {
        let findings = look(Path::new("/nowhere/receiver.toml"), None).await;
        let of_config: Vec<_> = findings.iter().filter(|finding| finding.area == "config").collect();
        assert_eq!((of_config.len(), of_config[0].state), (1, State::Broken));
    }
}
