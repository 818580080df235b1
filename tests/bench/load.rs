//! Units that call: many connections to a receiver, each one message at a time as hardware receivers have it, sent
//! at the times of a plan whatever becomes of those before (open loop).
//!
//! One thread sends and hears. A message that cannot go out yet, because the one before is unanswered, waits on its
//! connection; its time runs from the plan.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::event::{Timespec, epoll};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime};
use telecare_tests::pty::Pty;

const ACK: u8 = 0x06;
/// A message without an answer goes out again after this.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How often a connection that is refused is tried again.
const CONNECT_EVERY: Duration = Duration::from_millis(5);
/// How often what went unanswered is looked for.
const SWEEP_EVERY: Duration = Duration::from_millis(5);
const EVENTS_MAX: usize = 512;
/// What the clock's events are known by.
const CLOCK: u64 = u64::MAX;

/// A message of a plan.
#[derive(Clone, Debug)]
pub struct Shot {
    /// When, from the beginning.
    pub due: Duration,
    /// On which connection.
    pub on: usize,
    /// What.
    pub frame: Vec<u8>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    /// When it was to go out.
    pub due: Instant,
    /// When its acknowledgement came.
    pub acknowledged: Instant,
    /// How often it was sent.
    pub copies: u32,
}

impl Fate {
    /// From the plan's time to the acknowledgement.
    pub fn took(&self) -> Duration {
        self.acknowledged.saturating_duration_since(self.due)
    }
}

/// One end of a line.
#[derive(Debug)]
enum End {
    Tcp(SocketAddr, Option<TcpStream>),
    Serial(Pty),
}

#[derive(Debug)]
struct Connection {
    end: End,
    under_way: Option<(usize, Instant)>,
    waiting: VecDeque<usize>,
    connect_at: Instant,
}

/// The connections.
#[derive(Debug)]
pub struct Units {
    connections: Vec<Connection>,
    epoll: std::os::fd::OwnedFd,
    /// Wakes to the microsecond: a wait of `epoll` by itself is whole milliseconds, and a message would leave half a
    /// millisecond after its time.
    clock: std::os::fd::OwnedFd,
}

impl Units {
    /// So many TCP connections to each address, and these ports.
    pub fn connect(addresses: &[SocketAddr], each: usize, ports: Vec<Pty>) -> Result<Units> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let clock = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        epoll::add(&epoll, &clock, epoll::EventData::new_u64(CLOCK), epoll::EventFlags::IN)?;
        let mut units = Units { connections: Vec::new(), epoll, clock };
        for address in addresses {
            for _ in 0..each {
                units.add(End::Tcp(*address, None))?;
            }
        }
        for port in ports {
            units.add(End::Serial(port))?;
        }
        Ok(units)
    }

    /// How many connections.
    pub fn count(&self) -> usize {
        self.connections.len()
    }

    /// Carries a plan out, in the order of its times; ends when every message is acknowledged.
    pub fn run(&mut self, plan: &[Shot], patience: Duration) -> Result<Vec<Fate>> {
        self.run_with(plan, patience, |_| Ok(()))
    }

    /// As [`Units::run`]; tells how many messages have gone out after each of them.
    pub fn run_with(
        &mut self,
        plan: &[Shot],
        patience: Duration,
        mut sent: impl FnMut(usize) -> Result<()>,
    ) -> Result<Vec<Fate>> {
        let begun = Instant::now();
        let mut fates: Vec<Option<Fate>> = vec![None; plan.len()];
        let mut copies = vec![0_u32; plan.len()];
        let (mut next, mut done, mut sweep_at) = (0, 0, begun);
        let mut events = Vec::with_capacity(EVENTS_MAX);
        while done < plan.len() {
            let now = Instant::now();
            while let Some(shot) = plan.get(next).filter(|shot| begun + shot.due <= now) {
                self.connections.get_mut(shot.on).context("a connection")?.waiting.push_back(next);
                self.send_next(shot.on, plan, &mut copies)?;
                next += 1;
                sent(next)?;
            }
            if now >= sweep_at {
                sweep_at = now + SWEEP_EVERY;
                self.sweep(plan, &mut copies)?;
                let last = plan.last().map_or(begun, |shot| begun + shot.due);
                ensure!(now < last + patience, "{} of {} messages are not acknowledged", plan.len() - done, plan.len());
            }
            let until = plan.get(next).map_or(sweep_at, |shot| sweep_at.min(begun + shot.due));
            // A clock set anew has not rung; one set to nothing never would.
            let wait = until.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
            let wait = Timespec { tv_sec: wait.as_secs().try_into()?, tv_nsec: wait.subsec_nanos().into() };
            let once = Itimerspec { it_interval: Timespec::default(), it_value: wait };
            timerfd_settime(&self.clock, TimerfdTimerFlags::empty(), &once)?;
            events.clear();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).context("wait for answers"),
            }
            for event in events.iter().filter(|event| event.data.u64() != CLOCK) {
                let on = usize::try_from(event.data.u64())?;
                for at in self.hear(on)? {
                    let Some((shot, _)) = self.connections[on].under_way.take() else { continue };
                    let due = begun + plan[shot].due;
                    fates[shot] = Some(Fate { due, acknowledged: at, copies: copies[shot] });
                    done += 1;
                    self.send_next(on, plan, &mut copies)?;
                }
            }
        }
        fates.into_iter().map(|fate| fate.context("a message's fate")).collect()
    }

    fn add(&mut self, end: End) -> Result<()> {
        let at = self.connections.len();
        self.connections.push(Connection {
            end,
            under_way: None,
            waiting: VecDeque::new(),
            connect_at: Instant::now(),
        });
        self.connections[at].open();
        self.register(at)
    }

    fn register(&self, on: usize) -> Result<()> {
        if let Some(fd) = self.connections[on].fd() {
            let data = epoll::EventData::new_u64(on.try_into()?);
            epoll::add(&self.epoll, fd, data, epoll::EventFlags::IN).context("watch a connection")?;
        }
        Ok(())
    }

    /// Sends what waits on a connection, when nothing is under way there.
    fn send_next(&mut self, on: usize, plan: &[Shot], copies: &mut [u32]) -> Result<()> {
        let connection = &mut self.connections[on];
        if connection.under_way.is_some() {
            return Ok(());
        }
        let Some(shot) = connection.waiting.pop_front() else { return Ok(()) };
        connection.under_way = Some((shot, Instant::now()));
        copies[shot] += 1;
        connection.write(&plan[shot].frame)
    }

    /// Sends again what was not answered in time, over a new connection where the old one has ended.
    fn sweep(&mut self, plan: &[Shot], copies: &mut [u32]) -> Result<()> {
        let now = Instant::now();
        for on in 0..self.connections.len() {
            let connection = &mut self.connections[on];
            let lost = connection.fd().is_none();
            if lost {
                if now < connection.connect_at || !connection.open() {
                    continue;
                }
                self.register(on)?;
            }
            let connection = &mut self.connections[on];
            if let Some((shot, since)) = connection.under_way
                && (lost || now >= since + ANSWER_WITHIN)
            {
                connection.under_way = Some((shot, now));
                copies[shot] += 1;
                connection.write(&plan[shot].frame)?;
            }
        }
        Ok(())
    }

    /// When the acknowledgements that have come on a connection came.
    fn hear(&mut self, on: usize) -> Result<Vec<Instant>> {
        let mut buffer = [0; 256];
        let connection = &mut self.connections[on];
        let read = match &mut connection.end {
            End::Tcp(_, Some(stream)) => stream.read(&mut buffer),
            End::Tcp(_, None) => return Ok(Vec::new()),
            End::Serial(pty) => rustix::io::read(pty.master(), &mut buffer).map_err(std::io::Error::from),
        };
        let now = Instant::now();
        match read {
            Ok(count) if count > 0 => {
                let acks = buffer.iter().take(count).filter(|byte| **byte == ACK).count();
                Ok(vec![now; acks])
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Vec::new()),
            Ok(_) | Err(_) => {
                connection.lose(now);
                Ok(Vec::new())
            }
        }
    }
}

impl Connection {
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.end {
            End::Tcp(_, stream) => stream.as_ref().map(AsFd::as_fd),
            End::Serial(pty) => Some(pty.master().as_fd()),
        }
    }

    fn open(&mut self) -> bool {
        let End::Tcp(address, stream) = &mut self.end else { return true };
        let opened = TcpStream::connect(*address).and_then(|made| {
            made.set_nodelay(true)?;
            made.set_nonblocking(true)?;
            Ok(made)
        });
        *stream = opened.ok();
        self.connect_at = Instant::now() + CONNECT_EVERY;
        stream.is_some()
    }

    /// What is small fits the socket's buffer at once; what does not is lost and sent again.
    fn write(&mut self, frame: &[u8]) -> Result<()> {
        let written = match &mut self.end {
            End::Tcp(_, Some(stream)) => stream.write(frame),
            End::Tcp(_, None) => return Ok(()),
            End::Serial(pty) => rustix::io::write(pty.master(), frame).map_err(std::io::Error::from),
        };
        if written.is_err() {
            self.lose(Instant::now());
        }
        Ok(())
    }

    fn lose(&mut self, now: Instant) {
        if let End::Tcp(_, stream) = &mut self.end {
            *stream = None;
            self.connect_at = now + CONNECT_EVERY;
        }
    }
}
