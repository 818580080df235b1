//! A simulated modem and a unit behind it, at the other end of a pty.

use std::path::Path;
use std::time::Instant;

use telecare_protocol::call::UnitSettings;
use telecare_protocol::voice_modem::{Outcome, SimSettings, Simulator, TestCall, Told};
use tokio::sync::mpsc;

use crate::line::tests::pty::Cable;
use crate::rig::BOUND;

/// What a test may ask of it.
enum Ask {
    HangUp,
    Call(Box<UnitSettings>, Option<String>),
}

/// The far end of a telephone line. Dropping it unplugs the modem.
pub struct Far {
    ask: mpsc::UnboundedSender<Ask>,
    told: mpsc::UnboundedReceiver<(String, Option<Outcome>)>,
    seen: Vec<String>,
    task: tokio::task::JoinHandle<()>,
}

impl Far {
    /// Puts the modem at `path`; its unit telephones as soon as the receiver has prepared it.
    pub fn plug(path: &Path, sim: SimSettings, unit: UnitSettings, caller: Option<&str>) -> Far {
        let cable = Cable::plug(path);
        let test = TestCall::new(Simulator::new(sim), unit, caller.map(str::to_owned));
        let (ask, asked) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(cable, test, asked, tell));
        Far { ask, told, seen: Vec::new(), task }
    }

    /// The unit hangs up.
    pub fn hangs_up(&self) {
        let _ = self.ask.send(Ask::HangUp);
    }

    /// Another call.
    pub fn calls(&self, unit: UnitSettings, caller: Option<&str>) {
        let _ = self.ask.send(Ask::Call(Box::new(unit), caller.map(str::to_owned)));
    }

    /// Waits until something is told that contains these words, or the call is over.
    pub async fn until_or_over(&mut self, words: &str) -> Option<Outcome> {
        loop {
            let told = tokio::time::timeout(BOUND * 3, self.told.recv()).await;
            let (told, outcome) =
                told.unwrap_or_else(|_| panic!("no {words:?} in {:#?}", self.seen)).expect("it goes on");
            let is_it = told.contains(words);
            self.seen.push(told);
            if is_it || outcome.is_some() {
                return outcome;
            }
        }
    }

    /// Waits for these words, before the call is over.
    pub async fn until(&mut self, words: &str) {
        let outcome = self.until_or_over(words).await;
        assert!(outcome.is_none(), "no {words:?} in {:#?}", self.seen);
    }

    /// How the call ended.
    pub async fn over(&mut self) -> Outcome {
        loop {
            if let Some(outcome) = self.until_or_over("over").await {
                return outcome;
            }
        }
    }

    /// Everything told so far.
    pub fn heard(&mut self) -> Vec<String> {
        while let Ok((told, _)) = self.told.try_recv() {
            self.seen.push(told);
        }
        self.seen.clone()
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(
    cable: Cable,
    mut test: TestCall,
    mut asked: mpsc::UnboundedReceiver<Ask>,
    tell: mpsc::UnboundedSender<(String, Option<Outcome>)>,
) {
    loop {
        while let Some(told) = test.next_told() {
            match told {
                Told::Send(bytes) => cable.write(&bytes),
                Told::Over(outcome) => drop(tell.send(("over".to_owned(), Some(outcome)))),
                told => drop(tell.send((words(&told), None))),
            }
        }
        let now = Instant::now();
        let due = test.poll_timeout().unwrap_or(now + BOUND);
        tokio::select! {
            bytes = cable.read() => test.handle_bytes(&bytes, Instant::now()),
            Some(ask) = asked.recv() => match ask {
                Ask::HangUp => test.hang_up(Instant::now()),
                Ask::Call(unit, caller) => test.again(*unit, caller, Instant::now()),
            },
            () = tokio::time::sleep_until(due.into()) => test.handle_timeout(Instant::now()),
        }
    }
}

fn words(told: &Told) -> String {
    match told {
        Told::Plays(notes) => format!("plays {} sounds", notes.len()),
        Told::Hears(heard) => format!("hears {} {}", heard.sound, heard.lasted().unwrap_or_default().as_millis()),
        Told::Happened(event) => event.to_string(),
        other => format!("{other:?}"),
    }
}
