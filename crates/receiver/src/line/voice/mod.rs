//! Telephone lines: a call is answered, its protocol spoken, and one record kept of it.
//!
//! ```text
//! serial port ── Modem ─┬─ rings, answered, hung up
//!                       └─ sounds, notes ── OpenCall ─┬─ Call, the protocol
//!                                                     ├─ SessionIntake, the queue
//!                                                     └─ LiveCalls, the consoles
//! ```
//!
//! Which protocol a line speaks is known in [`protocol`] alone.

pub(super) mod call;
mod lines;
pub(super) mod protocol;
pub(super) mod record;
mod talk;

use tokio_serial::{ClearBuffer, SerialPort};

use super::backoff::Backoff;
use super::link::Cause;
use super::{LineTask, config, serial};

pub use lines::{VoiceLines, watch_busy};

use lines::Standing;
use talk::Ended;

/// A line on a voice modem, opened again whenever its port or its modem goes away, until the process stops.
pub async fn run(task: &LineTask, modem: &config::VoiceModem) {
    let mut standing = task.shared.voice.line();
    let mut backoff = Backoff::new();
    while !task.is_stopping() {
        let settings = modem.serial.clone();
        // A driver may take its time, and no other line shall notice.
        let opening = tokio::task::spawn_blocking(move || serial::open(&settings));
        match task.pulse.during(opening).await {
            Ok(Ok(mut port)) => {
                task.link.opened();
                tracing::info!(line = %task.name(), port = %modem.serial.path.display(), "modem's port is open");
                let ended = talk::talk(&mut port, task, modem, &mut standing).await;
                standing.is(Standing::Away);
                // Closing waits for bytes that were not sent, up to half a minute when nobody takes them.
                let _ = port.clear(ClearBuffer::Output);
                match ended {
                    Ended::Stopped => return,
                    Ended::Lost { cause, was_ready } => {
                        if was_ready {
                            backoff.reset();
                        }
                        task.lost(cause, "modem went away");
                    }
                }
            }
            Ok(Err(error)) => {
                let error = std::io::Error::from(error);
                task.lost(Cause::of(&error), &format!("modem's port cannot be opened: {error}"));
            }
            Err(error) => task.lost(Cause::Failed, &format!("opening the modem's port broke off: {error}")),
        }
        task.pause(backoff.wait()).await;
    }
}
