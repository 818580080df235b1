//! A receiver of SIA DC-09 that acknowledges and stores nothing: what the same answers cost without durability.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::Result;
use telecare_tests::sia_dc09::frame;

/// The receiver, until it is dropped.
#[derive(Debug)]
pub struct Naive {
    /// Where it listens.
    pub address: SocketAddr,
    ended: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Naive {
    /// Listens on a port of its own.
    pub fn start() -> Result<Naive> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, ended) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&ended);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if told.load(Ordering::Relaxed) {
                    return;
                }
                thread::spawn(move || answer(stream));
            }
        });
        Ok(Naive { address, ended, accepting: Some(accepting) })
    }
}

impl Drop for Naive {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // The one it waits for.
        drop(TcpStream::connect(self.address));
        self.accepting.take().map(JoinHandle::join);
    }
}

/// Repeats the head of each frame in an ACK. Checks nothing.
fn answer(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let (mut held, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        held.extend_from_slice(&buffer[..count]);
        while let Some(end) = held.iter().position(|byte| *byte == b'\r') {
            let rest = held.split_off(end + 1);
            let text = String::from_utf8_lossy(&std::mem::replace(&mut held, rest)).into_owned();
            let head = text.splitn(3, '"').nth(2).and_then(|behind| behind.split('[').next());
            let Some(head) = head else { continue };
            if stream.write_all(&frame(&format!("\"ACK\"{head}[]"))).is_err() {
                return;
            }
        }
    }
}
