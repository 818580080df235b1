//! How many telephone lines there are, how many are in a call, and the trouble when none can take the next one.
//!
//! A unit that hears busy tone dials again or elsewhere, and its person waits meanwhile: operations are told when
//! every line has been busy for [`BUSY_MAX`]. A site with a single line would be told of each call, and is not. Lines that
//! are away have an alarm of their own.

use std::sync::Arc;
use std::time::Duration;

use telecare_queue::Trouble;
use tokio::sync::{mpsc, watch};

use crate::metrics;

/// How long all lines may be busy at once before operations are told.
pub const BUSY_MAX: Duration = Duration::from_secs(10);

/// The name of the trouble.
const TROUBLE: &str = "voice-lines-busy";

/// What a line is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its modem does not answer, or is not there.
    Away,
    /// It can take a call.
    Free,
    /// It is in a call, or between two.
    InUse,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    away: usize,
    free: usize,
    in_use: usize,
}

/// All telephone lines of this receiver. Cheap to clone.
#[derive(Clone)]
pub struct VoiceLines(Arc<watch::Sender<Counts>>);

/// One of them. Gone from the counts when it is dropped.
pub struct VoiceLine {
    lines: VoiceLines,
    standing: Standing,
}

impl VoiceLines {
    /// None yet.
    pub fn new() -> VoiceLines {
        VoiceLines(Arc::new(watch::channel(Counts::default()).0))
    }

    /// One more, which is away.
    pub fn line(&self) -> VoiceLine {
        self.change(|counts| counts.away += 1);
        VoiceLine { lines: self.clone(), standing: Standing::Away }
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        self.0.send_modify(change);
        let counts = *self.0.borrow();
        for (standing, number) in [("away", counts.away), ("free", counts.free), ("in-use", counts.in_use)] {
            metrics::voice_lines(standing).set(metrics::count(number));
        }
    }
}

impl Default for VoiceLines {
    fn default() -> Self {
        VoiceLines::new()
    }
}

impl VoiceLine {
    /// It is at something else.
    pub fn is(&mut self, standing: Standing) {
        let before = std::mem::replace(&mut self.standing, standing);
        if before != standing {
            self.lines.change(|counts| {
                *counts.of(before) -= 1;
                *counts.of(standing) += 1;
            });
        }
    }
}

impl Drop for VoiceLine {
    fn drop(&mut self) {
        let standing = self.standing;
        self.lines.change(|counts| *counts.of(standing) -= 1);
    }
}

impl Counts {
    fn of(&mut self, standing: Standing) -> &mut usize {
        match standing {
            Standing::Away => &mut self.away,
            Standing::Free => &mut self.free,
            Standing::InUse => &mut self.in_use,
        }
    }

    /// Whether the next caller hears busy tone.
    fn is_full(&self) -> bool {
        self.free == 0 && self.in_use > 0 && self.away + self.in_use > 1
    }
}

/// Tells of the trouble and of its end. Never ends by itself.
pub async fn watch_busy(lines: VoiceLines, troubles: mpsc::UnboundedSender<Trouble>) {
    let mut counts = lines.0.subscribe();
    loop {
        until(&mut counts, true).await;
        if tokio::time::timeout(BUSY_MAX, until(&mut counts, false)).await.is_ok() {
            continue;
        }
        let why = {
            let Counts { away, in_use, .. } = *counts.borrow();
            format!("{in_use} in calls, {away} away, none free")
        };
        // Nobody listens only when the process ends.
        let _ = troubles.send(Trouble { what: TROUBLE, active: true, why });
        until(&mut counts, false).await;
        let _ = troubles.send(Trouble { what: TROUBLE, active: false, why: String::new() });
    }
}

async fn until(counts: &mut watch::Receiver<Counts>, full: bool) {
    if counts.wait_for(|counts| counts.is_full() == full).await.is_err() {
        // The sender lives in the lines this task holds.
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(troubles: &mut mpsc::UnboundedReceiver<Trouble>) -> Option<bool> {
        troubles.try_recv().ok().map(|trouble| {
            assert_eq!(trouble.what, TROUBLE);
            trouble.active
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_on_the_only_line_is_no_trouble() {
        let lines = VoiceLines::new();
        let mut only = lines.line();
        let (tell, mut troubles) = mpsc::unbounded_channel();
        tokio::spawn(watch_busy(lines.clone(), tell));
        only.is(Standing::InUse);
        tokio::time::sleep(BUSY_MAX * 2).await;
        assert_eq!(told(&mut troubles), None);
    }

    #[tokio::test(start_paused = true)]
    async fn all_lines_busy_for_ten_seconds_is_a_trouble_until_one_is_free() {
        let lines = VoiceLines::new();
        let (mut first, mut second) = (lines.line(), lines.line());
        let (tell, mut troubles) = mpsc::unbounded_channel();
        tokio::spawn(watch_busy(lines.clone(), tell));
        let wait = |time: Duration| tokio::time::sleep(time);
        wait(BUSY_MAX * 2).await;
        assert_eq!(told(&mut troubles), None, "away is not busy");
        first.is(Standing::InUse);
        second.is(Standing::Free);
        wait(BUSY_MAX * 2).await;
        assert_eq!(told(&mut troubles), None, "one is free");
        second.is(Standing::InUse);
        wait(BUSY_MAX - Duration::from_millis(10)).await;
        first.is(Standing::Free);
        tokio::task::yield_now().await;
        first.is(Standing::InUse);
        wait(Duration::from_secs(1)).await;
        assert_eq!(told(&mut troubles), None, "one was free meanwhile");
        wait(BUSY_MAX).await;
        assert_eq!(told(&mut troubles), Some(true));
        second.is(Standing::Away);
        wait(BUSY_MAX).await;
        assert_eq!(told(&mut troubles), None, "the other is still busy, and there is no third");
        drop(first);
        wait(Duration::from_secs(1)).await;
        assert_eq!(told(&mut troubles), Some(false));
    }
}
