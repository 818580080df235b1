//! Every number Prometheus can read here: name, kind, unit, labels, what it means, when to worry. The one
//! truth: descriptions and zeros are made from it, and tests hold the running daemon, the alert rules, the
//! dashboard and the README against it.

mod table;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

pub use table::{CATALOGUE, CLASSES, STANDINGS};

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Only grows, but for a restart.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets, with these upper bounds (seconds, or a share).
    Histogram(&'static [f64]),
}

/// What a label's values can be. All sets are closed: never a unit, a caller or a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// These.
    Each(&'static [&'static str]),
    /// The names of the configured lines.
    Line,
    /// The names a protocol, a route or a version has; few, but not listed here.
    Own,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name; seconds, bytes and totals say so at its end.
    pub name: &'static str,
    /// What kind of number.
    pub kind: Kind,
    /// Its unit, where it has one.
    pub unit: Option<Unit>,
    /// Its labels.
    pub labels: &'static [(&'static str, Values)],
    /// What it means.
    pub help: &'static str,
    /// When somebody should look.
    pub worry: &'static str,
}

/// Tells the exporter what everything means and shows what can be known now at zero. Line, protocol and route
/// labels come with their owners.
pub fn describe() {
    for metric in CATALOGUE {
        let unit = metric.unit.unwrap_or(Unit::Count);
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, unit, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, unit, metric.help),
            Kind::Histogram(_) => describe_histogram!(metric.name, unit, metric.help),
        }
        for labels in metric.series() {
            match metric.kind {
                Kind::Counter => counter!(metric.name, &labels).increment(0),
                Kind::Gauge => gauge!(metric.name, &labels).set(0.0),
                Kind::Histogram(_) => drop(histogram!(metric.name, &labels)),
            }
        }
    }
}

impl Metric {
    /// The label sets that can be known without a configuration; none where a label has other values.
    pub fn series(&self) -> Vec<Vec<(&'static str, &'static str)>> {
        let mut series = vec![Vec::new()];
        for (label, values) in self.labels {
            let Values::Each(values) = values else { return Vec::new() };
            let with = |known: Vec<_>| values.iter().map(move |value| [known.clone(), vec![(*label, *value)]].concat());
            series = series.into_iter().flat_map(with).collect();
        }
        series
    }

    /// Its row in the README.
    pub fn row(&self) -> String {
        let labels: Vec<&str> = self.labels.iter().map(|(label, _)| *label).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(", ")) };
        format!("| `{}{labels}` | {} | {} |", self.name, self.help, self.worry)
    }
}

#[cfg(test)]
mod tests {
    use telecare_alarm::Class;
    use telecare_protocol::Protocol;
    use telecare_queue::Link;

    use telecare_protocol::call::End;
    use telecare_protocol::voice_modem::Trouble;

    use super::table::{CAUSES, ENDS, LINKS, MODEM_TROUBLES, SPOKEN};
    use super::*;
    use crate::line::Cause;

    #[test]
    fn units_stand_at_the_end_of_the_names() {
        for metric in CATALOGUE {
            let name = metric.name;
            assert!(name.starts_with("telecare_"), "{name}");
            assert_eq!(metric.kind == Kind::Counter, name.ends_with("_total"), "{name}");
            let unit = metric.unit.filter(|_| metric.kind != Kind::Counter);
            assert_eq!(unit == Some(Unit::Seconds), name.ends_with("_seconds"), "{name}");
            assert_eq!(unit == Some(Unit::Bytes), name.ends_with("_bytes"), "{name}");
            assert!(metric.help.ends_with('.') && !metric.worry.is_empty(), "{name}");
        }
        let mut names: Vec<&str> = CATALOGUE.iter().map(|metric| metric.name).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a name stands here twice");
    }

    #[test]
    fn the_closed_sets_are_complete() {
        assert_eq!(CLASSES, Class::ALL.map(Class::as_str));
        assert_eq!(CAUSES, Cause::ALL.map(Cause::as_str));
        let links = [Link::Standalone, Link::Connected, Link::CutOff, Link::CatchingUp];
        assert_eq!(LINKS, links.map(Link::as_str));
        assert_eq!(ENDS, End::ALL.map(End::as_str));
        assert_eq!(MODEM_TROUBLES, Trouble::ALL.map(Trouble::as_str));
        let spoken: Vec<&str> =
            Protocol::ALL.into_iter().filter(|protocol| protocol.is_in_tones()).map(Protocol::as_str).collect();
        assert_eq!(SPOKEN, spoken);
    }
}
