//! What Prometheus reads of a receiver, as text and as numbers.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::receiver::Receiver;
use crate::wait;

/// One reading of the metrics page.
#[derive(Clone, Debug)]
pub struct Reading {
    text: String,
}

/// One series of a reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name, with `_bucket`, `_sum` or `_count` for a histogram.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Value.
    pub value: f64,
}

impl Reading {
    /// Reads a receiver's page.
    pub fn of(receiver: &Receiver) -> Result<Reading> {
        let address = format!("http://127.0.0.1:{}/metrics", receiver.metrics_port());
        Ok(Reading { text: ureq::get(address).call()?.body_mut().read_to_string()? })
    }

    /// Reads until a series has a value that will do.
    pub fn until(
        receiver: &Receiver,
        name: &str,
        labels: &[(&str, &str)],
        will_do: impl Fn(f64) -> bool,
    ) -> Result<f64> {
        wait::until(&format!("{name}{labels:?} to change"), || {
            Ok(Reading::of(receiver)?.value(name, labels).filter(|value| will_do(*value)))
        })
    }

    /// The page.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The word after `# TYPE name` or `# HELP name`.
    pub fn comment(&self, kind: &str, name: &str) -> Option<&str> {
        let head = format!("# {kind} {name} ");
        self.text.lines().find_map(|line| line.strip_prefix(&head))
    }

    /// Every name that has a type.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
    }

    /// Every series.
    pub fn samples(&self) -> Result<Vec<Sample>> {
        let lines = self.text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| parse(line).with_context(|| format!("no series: {line}"))).collect()
    }

    /// The sum over the series that have these labels, whatever others they have; none when there is no such.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |sample: &&Sample| {
            let pair = |(label, value): &(&str, &str)| sample.labels.get(*label).is_some_and(|found| found == value);
            sample.name == name && labels.iter().all(pair)
        };
        let samples = self.samples().ok()?;
        samples.iter().filter(has).map(|sample| sample.value).reduce(|sum, value| sum + value)
    }
}

fn parse(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}')?),
        None => (series, ""),
    };
    // No label of ours holds a comma or a quotation mark.
    let pairs = labels.split(',').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (label, value) = pair.split_once('=')?;
        Some((label.to_owned(), value.trim_matches('"').to_owned()))
    };
    let labels = pairs.map(pair).collect::<Option<_>>()?;
    Some(Sample { name: name.to_owned(), labels, value: value.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_read_and_added_up() {
        let reading = Reading { text: "# TYPE a gauge\na{x=\"1\",y=\"2\"} 3\na{x=\"2\"} 4.5\nb +Inf\n".to_owned() };
        assert_eq!(reading.value("a", &[]), Some(7.5));
        assert_eq!(reading.value("a", &[("y", "2")]), Some(3.0));
        assert_eq!(reading.value("a", &[("y", "3")]), None);
        assert_eq!(reading.value("b", &[]), Some(f64::INFINITY));
        assert_eq!(reading.names().collect::<Vec<_>>(), ["a"]);
    }
}
