//! `simulate`: a hardware receiver, a warden-call controller or a panel that is not there, so that an installation can be
//! rehearsed before the equipment comes.

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use telecare_protocol::Protocol;

use crate::link::Target;
use crate::simulate::{self, Fault, Plan};
use crate::{Verdict, device};

/// Be a hardware receiver, controller or panel: calls, heartbeats, repeats, and what goes wrong on a wire.
///
/// Calls are test codes of accounts from 9999 downwards, which are nobody's. While nobody answers, calls are held as
/// the device holds them, and sent in a burst once somebody does. With --for it ends by itself: the wire is good
/// then, and what is left gets two minutes. Exit code 1 when a call was not acknowledged.
#[derive(clap::Args)]
pub struct Arguments {
    /// What the device speaks.
    #[arg(value_parser = device::protocol)]
    protocol: Protocol,
    /// serial:PATH[,SPEED,7E1], tcp:HOST:PORT, or listen:HOST:PORT for a line that connects to its receiver.
    #[arg(long)]
    to: Target,
    /// How long calls are placed, seconds. Without it, until it is stopped.
    #[arg(long = "for", value_name = "S", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    longest: Option<u64>,
    /// Calls a minute on average.
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=6_000))]
    calls_per_minute: u64,
    /// How many units call in turn.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    units: u32,
    /// What goes wrong, once in N messages: damage, lose, cut, noise, deaf (an answer is lost), hang-up. Several
    /// between commas, like damage=20,deaf=30.
    #[arg(long, value_name = "NAME=N", value_delimiter = ',')]
    fault: Vec<Fault>,
    /// Makes two runs alike; printed at the beginning.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs it, telling what happens.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = arguments.seed.unwrap_or(u64::from(since_epoch.subsec_nanos()));
    println(&format!("simulating {}, seed {seed}", arguments.protocol))?;
    let plan = Plan {
        protocol: arguments.protocol,
        to: arguments.to.clone(),
        longest: arguments.longest.map(Duration::from_secs),
        call_every: Duration::from_secs(60) / u32::try_from(arguments.calls_per_minute).unwrap_or(u32::MAX),
        units: arguments.units,
        faults: arguments.fault.clone(),
        seed,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Who follows may have read enough; the rehearsal goes on.
    let outcome = runtime.block_on(simulate::run(plan, |text| drop(println(text))))?;
    println(&format!(
        "{} calls, {} acknowledged, {} of them after repeats, {} refused; nobody answered {} times; {} connections",
        outcome.placed, outcome.acknowledged, outcome.repeated, outcome.refused, outcome.failures, outcome.connections
    ))?;
    Ok(if outcome.acknowledged == outcome.placed { Verdict::Done } else { Verdict::Failed })
}

fn println(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}
