//! The hardware receivers of the demo.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use telecare_tests::surgard::HardwareReceiver;

use super::script;
use super::stage::Stage;

/// The line on the pty.
pub const SERIAL: &str = "north-serial";
/// The line on TCP.
pub const TCP: &str = "south-tcp";

/// From one call to the next on a line.
const PACE: Duration = Duration::from_millis(700);

/// Sends line after line until the play ends. A line begun is told to its end.
pub fn speak(stage: &Stage, name: &str, hardware: &mut HardwareReceiver) -> Result<()> {
    for n in 0.. {
        if stage.has_ended() {
            break;
        }
        let line = if name == SERIAL { script::contact_id(n) } else { script::sia(n) };
        stage.add_told(hardware.tell(&line)?);
        thread::sleep(PACE);
    }
    Ok(())
}
