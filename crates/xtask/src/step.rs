//! Steps: commands of a run, each announced, timed and remembered for the summary.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// What has been run so far.
#[derive(Debug, Default)]
pub struct Steps {
    done: Vec<Step>,
    counted: Counts,
}

#[derive(Debug)]
struct Step {
    title: String,
    took: Duration,
    passed: bool,
}

/// Tests counted in the output of test programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
}

impl Steps {
    /// Runs a command to its end. A failure is remembered, not fatal, so that one run shows all of them.
    pub fn run(&mut self, title: &str, command: &mut Command) -> Result<bool> {
        self.timed(title, command, |command| Ok(command.status()?.success()))
    }

    /// As [`Steps::run`], and counts the tests in what it prints.
    pub fn run_tests(&mut self, title: &str, command: &mut Command) -> Result<bool> {
        let mut counted = Counts::default();
        let passed = self.timed(title, command, |command| {
            let mut child = command.stdout(Stdio::piped()).spawn()?;
            let output = child.stdout.take().context("the output of a test run")?;
            for line in BufReader::new(output).lines() {
                let line = line?;
                counted.add(&line);
                println!("{line}");
            }
            Ok(child.wait()?.success())
        })?;
        self.counted.passed += counted.passed;
        self.counted.failed += counted.failed;
        Ok(passed)
    }

    /// As [`Steps::run`], of something that is no command.
    pub fn check(&mut self, title: &str, check: impl FnOnce() -> Result<()>) -> Result<bool> {
        println!("\n==> {title}");
        let start = Instant::now();
        let outcome = check();
        if let Err(error) = &outcome {
            println!("{error:#}");
        }
        self.done.push(Step { title: title.to_owned(), took: start.elapsed(), passed: outcome.is_ok() });
        Ok(outcome.is_ok())
    }

    /// Prints every step with its time, last the counted tests, and fails if any step did.
    pub fn finish(self) -> Result<()> {
        println!();
        for step in &self.done {
            let word = if step.passed { "ok" } else { "FAILED" };
            println!("{word:>8} {:>7.1} s  {}", step.took.as_secs_f64(), step.title);
        }
        let total: Duration = self.done.iter().map(|step| step.took).sum();
        println!("{:>8} {:>7.1} s", "total", total.as_secs_f64());
        let broken = self.done.iter().filter(|step| !step.passed).count();
        let Counts { passed, failed } = self.counted;
        println!("{passed} passed, {failed} failed");
        ensure!(broken == 0, "{broken} of {} steps failed", self.done.len());
        Ok(())
    }

    fn timed(
        &mut self,
        title: &str,
        command: &mut Command,
        run: impl FnOnce(&mut Command) -> Result<bool>,
    ) -> Result<bool> {
        println!("\n==> {title}");
        let start = Instant::now();
        let program = command.get_program().to_owned();
        let passed = run(command).with_context(|| format!("run {}", program.display()))?;
        self.done.push(Step { title: title.to_owned(), took: start.elapsed(), passed });
        Ok(passed)
    }
}

impl Counts {
    /// Adds a line such as `test result: ok. 8 passed; 0 failed; 0 ignored; ...`.
    fn add(&mut self, line: &str) {
        let Some((_, result)) = line.split_once("test result: ") else { return };
        let words: Vec<&str> = result.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            match (pair[0].parse::<u64>(), pair[1]) {
                (Ok(count), "passed") => self.passed += count,
                (Ok(count), "failed") => self.failed += count,
                _ => {}
            }
        }
    }
}

/// cargo, at the root of the workspace.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut counts = Counts::default();
        counts.add("test result: ok. 8 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 2.57s");
        counts.add("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add("test a::passed_and_failed ... ok");
        assert_eq!(counts, Counts { passed: 9, failed: 2 });
    }
}
