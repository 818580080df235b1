//! Datagrams of digital units, handed to the hub one by one.
//!
//! What is too much for one address is dropped and counted; what is too much for all waits in the kernel, as much as fits.
//! Both are sent again by who has no answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use telecare_protocol::sip::{Flow, Transport};
use tokio::net::UdpSocket;
use tokio::sync::{Semaphore, mpsc, watch};

use super::{Cause, Heard, LineTask, Sources, UnderWay, What};
use crate::line::{stopped, udp};
use crate::pulse::TICK_EVERY;

/// Longest datagram there is.
const DATAGRAM_BYTES_MAX: usize = 64 * 1024;

/// Listens until the process stops or the hub ends. `told` always has the socket in use.
pub async fn listen(
    task: Arc<LineTask>,
    address: SocketAddr,
    hub: mpsc::Sender<Heard>,
    told: watch::Sender<Option<Arc<UdpSocket>>>,
) {
    udp::listen_with(&task, address, |socket| take(&task, socket, &hub, &told)).await;
}

async fn take(
    task: &LineTask,
    socket: Arc<UdpSocket>,
    hub: &mpsc::Sender<Heard>,
    told: &watch::Sender<Option<Arc<UdpSocket>>>,
) -> io::Result<()> {
    // Until then a first answer would find it not ready.
    socket.writable().await?;
    told.send_replace(Some(Arc::clone(&socket)));
    let sources = Sources::new(udp::DATAGRAMS_PER_SOURCE_MAX);
    let places = Arc::new(Semaphore::new(udp::DATAGRAMS_MAX));
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    let mut stop = task.stop.clone();
    loop {
        task.pulse.tick();
        let receiving = async {
            let room = Arc::clone(&places).acquire_owned().await;
            (room, socket.recv_from(&mut buffer).await)
        };
        let (room, received) = tokio::select! {
            biased;
            () = stopped(&mut stop) => return Ok(()),
            received = tokio::time::timeout(TICK_EVERY, receiving) => match received {
                Ok((Ok(room), received)) => (room, received),
                Ok((Err(_), _)) | Err(_) => continue,
            },
        };
        let (count, from) = match received {
            Ok(received) => received,
            // Somebody to whom an answer was sent is not there.
            Err(error) if Cause::of(&error) == Cause::Refused => continue,
            Err(error) => return Err(error),
        };
        let at = Instant::now();
        task.meters.byte_came();
        let Some(guest) = sources.admit(from.ip()) else {
            task.meters.turned_away.increment(1);
            continue;
        };
        let bytes = buffer.get(..count).unwrap_or(&buffer).to_vec();
        let flow = Flow { transport: Transport::Udp, remote: from, connection: 0 };
        let under_way = Arc::new(UnderWay { _room: room, _guest: Some(guest) });
        let heard = Heard { flow, at, what: What::Bytes(bytes, under_way) };
        if task.pulse.during(hub.send(heard)).await.is_err() {
            return Ok(());
        }
    }
}
