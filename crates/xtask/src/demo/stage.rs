//! What the players of the demo share: what was told, seen and said, and when to stop.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use serde_json::Value;
use telecare_tests::surgard::Told;

/// News kept for the screen; older ones are dropped.
const NEWS_MAX: usize = 6;

/// The shared state. Players hold a lock only to add or copy.
#[derive(Debug, Default)]
pub struct Stage {
    ended: AtomicBool,
    told: Mutex<Vec<Told>>,
    alarms: Mutex<BTreeSet<String>>,
    news: Mutex<VecDeque<String>>,
    failure: Mutex<Option<anyhow::Error>>,
}

impl Stage {
    /// Whether everyone may stop.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Has everyone stop.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// A line was acknowledged.
    pub fn add_told(&self, told: Told) {
        lock(&self.told).push(told);
    }

    /// Everything acknowledged so far.
    pub fn told(&self) -> Vec<Told> {
        lock(&self.told).clone()
    }

    /// A list was seen: its open alarms, and those that a person or a rule has closed lately.
    pub fn add_alarms(&self, list: &Value) {
        let listed = ["alarms", "closed"].iter().filter_map(|part| list[part].as_array()).flatten();
        lock(&self.alarms).extend(listed.filter_map(|alarm| alarm["id"].as_str().map(str::to_owned)));
    }

    /// Every alarm seen so far.
    pub fn alarms(&self) -> Vec<String> {
        lock(&self.alarms).iter().cloned().collect()
    }

    /// Something the screen is to show.
    pub fn say(&self, words: &str) {
        let mut news = lock(&self.news);
        if news.len() == NEWS_MAX {
            news.pop_front();
        }
        news.push_back(words.to_owned());
    }

    /// The latest news, oldest first.
    pub fn news(&self) -> Vec<String> {
        lock(&self.news).iter().cloned().collect()
    }

    /// Ends the play if something that must not fail did; the first failure counts.
    pub fn note_failure(&self, result: Result<()>) {
        if let Err(error) = result {
            lock(&self.failure).get_or_insert(error);
            self.end();
        }
    }

    /// The failure, if there was one.
    pub fn failure(&self) -> Result<()> {
        lock(&self.failure).take().map_or(Ok(()), Err)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no player panics with a lock held")
}
