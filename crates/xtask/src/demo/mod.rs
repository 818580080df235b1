//! `cargo xtask demo`: the receiver at work, end to end, in a minute.
//!
//! ```text
//! unit calls --> 2 simulated hardware receivers --pty, TCP--> telecare-receiver --> private PostgreSQL
//!                                                                  |
//!                        2 simulated operators, the screen <-- HTTP API
//! ```
//! Half way the receiver is killed with -9 and started again. At the end everything that was acknowledged
//! is looked up. Exit code 1 when anything is missing.

mod lines;
mod operator;
mod proof;
mod screen;
mod script;
mod stage;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use telecare_tests::link::Link;
use telecare_tests::postgres::Postgres;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport, token};
use telecare_tests::scratch::Scratch;
use telecare_tests::surgard::HardwareReceiver;

use crate::packages::{self, Package};
use crate::step::cargo;
use stage::Stage;

/// Operators at work.
const OPERATORS: usize = 2;
/// The person whose token is printed: nobody of the play.
const VISITOR: usize = OPERATORS;
/// How long a hardware receiver waits for its answer: the manuals' 4 s.
const ACK_WAIT: Duration = Duration::from_secs(4);

/// Options of the demo.
#[derive(Args)]
pub struct Options {
    /// Run the receiver without PostgreSQL, standing alone.
    #[arg(long)]
    no_database: bool,
    /// Leave everything running until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// How long alarms come in.
    #[arg(long, default_value_t = 40)]
    seconds: u64,
}

/// Runs the demo.
pub fn run(options: &Options) -> Result<()> {
    println!("==> building the receiver (the first time takes minutes)");
    let built = cargo(&["build", "--quiet", "--workspace", "--bins"]).status().context("run cargo build")?;
    ensure!(built.success(), "the build failed");
    let postgres = if options.no_database { None } else { database() };
    let (mut receiver, hardware) = start(postgres.as_ref())?;
    let stage = Stage::default();
    play(options, &stage, &mut receiver, hardware)?;
    proof::show(&stage, &receiver, postgres.as_ref())?;
    if options.keep {
        keep(&receiver, postgres.as_ref());
    }
    Ok(())
}

/// A private PostgreSQL, or a word why there is none.
fn database() -> Option<(Postgres, String)> {
    println!("==> starting a private PostgreSQL");
    let start = || {
        packages::ensure_installed(&[Package::PostgreSql])?;
        let postgres = Postgres::start()?;
        let database = postgres.create_database()?;
        Ok((postgres, database))
    };
    start()
        .inspect_err(|error: &anyhow::Error| {
            println!("    no PostgreSQL: {error:#}\n    going on as with --no-database: the receiver stands alone");
        })
        .ok()
}

type Hardware = [(&'static str, HardwareReceiver); 2];

fn start(postgres: Option<&(Postgres, String)>) -> Result<(Receiver, Hardware)> {
    let scratch = Scratch::new("demo")?;
    let pty = Pty::new(&scratch.join("ttyDEMO"))?;
    let (listening, address) = Link::listen()?;
    let lines = [
        Line::new(lines::SERIAL, Transport::Serial(pty.port().clone())),
        Line::new(lines::TCP, Transport::Connect(address)),
    ];
    let setup = Setup {
        name: "demo".to_owned(),
        lines: lines.to_vec(),
        ack_wait: ACK_WAIT,
        database: postgres.iter().map(|(postgres, database)| postgres.url(database)).collect(),
        people: OPERATORS + 1,
        prints_log: false,
        ..Setup::default()
    };
    println!("==> starting the receiver: a serial line (pty) and a TCP line, both Sur-Gard");
    let mut receiver = Receiver::prepare_in(scratch, setup)?;
    receiver.launch()?;
    println!("    API http://127.0.0.1:{}/v1/alarms", receiver.api_port());
    let hardware = [
        (lines::SERIAL, HardwareReceiver::new(Link::Port(pty), ACK_WAIT)),
        (lines::TCP, HardwareReceiver::new(listening, ACK_WAIT)),
    ];
    Ok((receiver, hardware))
}

/// Lets alarms come in, operators work, and the receiver die once.
fn play(options: &Options, stage: &Stage, receiver: &mut Receiver, hardware: Hardware) -> Result<()> {
    let ends = Instant::now() + Duration::from_secs(options.seconds);
    let killed_at = Instant::now() + Duration::from_secs(options.seconds) / 2;
    thread::scope(|scope| {
        for (name, mut end) in hardware {
            scope.spawn(move || stage.note_failure(lines::speak(stage, name, &mut end)));
        }
        for person in 0..OPERATORS {
            let console = receiver.console(person);
            scope.spawn(move || operator::work(stage, person, &console));
        }
        let console = receiver.console(VISITOR);
        scope.spawn(move || screen::show(stage, &console));
        let mut kill = || {
            thread::sleep(killed_at.saturating_duration_since(Instant::now()));
            stage.say("*** kill -9 of the receiver ***");
            receiver.kill_9()?;
            let down = Instant::now();
            receiver.launch()?;
            stage.say(&format!("*** the receiver is ready again after {} ms ***", down.elapsed().as_millis()));
            thread::sleep(ends.saturating_duration_since(Instant::now()));
            Ok(())
        };
        stage.note_failure(kill());
        stage.end();
    });
    stage.failure()
}

fn keep(receiver: &Receiver, postgres: Option<&(Postgres, String)>) {
    let (port, token) = (receiver.api_port(), token(VISITOR));
    println!("\nstill running; Ctrl-C ends everything");
    println!("  alarms    curl -H 'Authorization: Bearer {token}' http://127.0.0.1:{port}/v1/alarms");
    println!("  health    curl http://127.0.0.1:{port}/v1/health");
    println!(
        "  ctl       TELECARE_API=http://127.0.0.1:{port} TELECARE_TOKEN={token} target/debug/telecare-ctl alarms"
    );
    println!("  metrics   curl http://127.0.0.1:{}/metrics", receiver.metrics_port());
    if let Some((postgres, database)) = postgres {
        println!("  database  psql {}", postgres.url(database));
    }
    println!("  files     {}", receiver.directory().path().display());
    loop {
        thread::park();
    }
}
