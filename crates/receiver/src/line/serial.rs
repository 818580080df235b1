//! A line on a serial port: opened exclusively, and again whenever it goes away.

use tokio_serial::{ClearBuffer, DataBits, FlowControl, Parity, SerialPort, SerialStream, StopBits};

use super::backoff::Backoff;
use super::conversation::Ended;
use super::link::{Cause, Presence};
use super::{LineTask, config};

/// Runs until the process stops.
pub async fn run(task: &LineTask, serial: &config::Serial) {
    let mut backoff = Backoff::new();
    while !task.is_stopping() {
        let opened = {
            let serial = serial.clone();
            // A driver may take its time, and no other line shall notice.
            task.pulse.during(tokio::task::spawn_blocking(move || open(&serial))).await
        };
        match opened {
            Ok(Ok(mut port)) => {
                task.link.opened();
                tracing::info!(line = %task.name(), port = %serial.path.display(), "serial port is open");
                match task.converse(&mut port, Presence::Open).await {
                    Ended::Stopped => return,
                    Ended::Lost { cause, heard } => {
                        if heard {
                            backoff.reset();
                        }
                        task.lost(cause, "serial port went away");
                    }
                }
                // Closing waits for bytes that were not sent, up to half a minute when nobody takes them.
                let _ = port.clear(ClearBuffer::Output);
            }
            Ok(Err(error)) => {
                let error = std::io::Error::from(error);
                task.lost(Cause::of(&error), &format!("serial port cannot be opened: {error}"));
            }
            Err(error) => task.lost(Cause::Failed, &format!("opening the serial port broke off: {error}")),
        }
        task.pause(backoff.wait()).await;
    }
}

/// Opens a port so that nobody else can: `TIOCEXCL` keeps other users out, a lock on the file keeps out
/// processes with the same privileges that ask for one, as a second receiver does.
///
/// With a parity bit, a damaged character reads as NUL: Sur-Gard has no checksum, so parity is its only one.
pub(super) fn open(serial: &config::Serial) -> tokio_serial::Result<SerialStream> {
    let data_bits = match serial.data_bits {
        config::DataBits::Seven => DataBits::Seven,
        config::DataBits::Eight => DataBits::Eight,
    };
    let parity = match serial.parity {
        config::Parity::None => Parity::None,
        config::Parity::Odd => Parity::Odd,
        config::Parity::Even => Parity::Even,
    };
    let stop_bits = match serial.stop_bits {
        config::StopBits::One => StopBits::One,
        config::StopBits::Two => StopBits::Two,
    };
    let builder = tokio_serial::new(serial.path.to_string_lossy(), serial.speed)
        .data_bits(data_bits)
        .parity(parity)
        .stop_bits(stop_bits)
        .flow_control(FlowControl::None);
    SerialStream::open(&builder)
}
