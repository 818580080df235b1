//! A line on a serial port: opened exclusively, and again whenever it goes away.

use tokio::net::unix::pipe::Receiver;
use tokio_serial::{ClearBuffer, DataBits, FlowControl, Parity, SerialPort, SerialStream, StopBits};

use super::backoff::Backoff;
use super::conversation::Ended;
use super::link::{Cause, Presence};
use super::listen_only::{self, ListenOnly};
use super::{LineTask, config};

/// Runs until the process stops.
pub async fn run(task: &LineTask, serial: &config::Serial) {
    let mut backoff = Backoff::new();
    while !task.is_stopping() {
        let opened = {
            let (serial, listen_only) = (serial.clone(), task.line.listen_only);
            // A driver may take its time, and no other line shall notice.
            task.pulse.during(tokio::task::spawn_blocking(move || Port::open(&serial, listen_only))).await
        };
        match opened {
            Ok(Ok(port)) => {
                task.link.opened();
                tracing::info!(line = %task.name(), port = %serial.path.display(), "serial port is open");
                match port.converse(task).await {
                    Ended::Stopped => return,
                    Ended::Lost { cause, heard } => {
                        if heard {
                            backoff.reset();
                        }
                        task.lost(cause, "serial port went away");
                    }
                }
            }
            Ok(Err(error)) => task.lost(Cause::of(&error), &format!("serial port cannot be opened: {error}")),
            Err(error) => task.lost(Cause::Failed, &format!("opening the serial port broke off: {error}")),
        }
        task.pause(backoff.wait()).await;
    }
}

/// An open port.
enum Port {
    /// Read and written.
    Both(SerialStream),
    /// Only read.
    Ear(Receiver),
}

impl Port {
    fn open(serial: &config::Serial, only_read: bool) -> std::io::Result<Port> {
        if only_read { listen_only::open(serial).map(Port::Ear) } else { Ok(Port::Both(open(serial)?)) }
    }

    async fn converse(self, task: &LineTask) -> Ended {
        match self {
            Port::Ear(ear) => task.converse(ListenOnly(ear), None, Presence::Open).await,
            Port::Both(mut port) => {
                let ended = task.converse(&mut port, None, Presence::Open).await;
                // Closing waits for bytes that were not sent, up to half a minute when nobody takes them.
                let _ = port.clear(ClearBuffer::Output);
                ended
            }
        }
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
