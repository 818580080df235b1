//! Many consoles at work at once: all press together, or each polls once a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use telecare_tests::receiver::token;
use tokio::sync::{Barrier, Mutex};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::console::Console;
use super::floor::paced;
use telecare_tests::figures::Samples;

/// Consoles of one receiver.
#[derive(Debug)]
pub struct Desk(Vec<Console>);

/// What came of claims.
#[derive(Debug, Default)]
pub struct Claims {
    /// From the press to the answer, every try of a console counted.
    pub took: Samples,
    /// Alarms that two consoles were told they had.
    pub twice: usize,
    /// Alarms claimed though more urgent ones waited beyond what the round would take.
    pub out_of_order: usize,
}

impl Desk {
    /// Connects them. Operators share four tokens; desks are their own.
    pub async fn connect(port: u16, consoles: usize, people: usize) -> Result<Desk> {
        let mut made = Vec::new();
        for n in 0..consoles {
            made.push(Console::connect(port, &token(n % people), &format!("desk-{n}")).await?);
        }
        Ok(Desk(made))
    }

    /// All press together, round after round: each takes the most urgent waiting card it sees, and on a conflict the
    /// next. The first round is left out.
    pub async fn claim_together(&mut self, rounds: usize) -> Result<Claims> {
        let consoles = self.0.len();
        let barrier = Arc::new(Barrier::new(consoles));
        let mut claims = Claims::default();
        let mut all = Vec::new();
        for round in 0..=rounds {
            let list = self.0.first_mut().context("a console")?.list(None).await?;
            let waiting: Arc<Vec<Uuid>> =
                Arc::new(list.alarms.iter().filter(|card| card.standing == "waiting").map(|card| card.id).collect());
            ensure!(waiting.len() >= consoles, "{} cards for {consoles} consoles", waiting.len());
            let mut running = JoinSet::new();
            for (n, mut console) in std::mem::take(&mut self.0).into_iter().enumerate() {
                let (barrier, waiting) = (barrier.clone(), waiting.clone());
                running.spawn(async move {
                    barrier.wait().await;
                    let at = Instant::now();
                    // Front-ends offer the cards in order; so that not all want the first, each begins at its own.
                    for place in n..waiting.len() {
                        if console.act(waiting[place], "claim", json!({})).await? == 200 {
                            return anyhow::Ok((console, Some((place, waiting[place], at.elapsed()))));
                        }
                    }
                    Ok((console, None))
                });
            }
            let mut held: HashMap<Uuid, usize> = HashMap::new();
            while let Some(done) = running.join_next().await {
                let (console, claimed) = done??;
                self.0.push(console);
                let (place, id, took) = claimed.context("nothing was left to claim")?;
                *held.entry(id).or_default() += 1;
                claims.out_of_order += usize::from(place >= 2 * consoles);
                if round > 0 {
                    all.push(took);
                }
            }
            claims.twice += held.values().filter(|count| **count > 1).count();
        }
        claims.took = Samples::of(all);
        Ok(claims)
    }

    /// Claims and gives back, each console its own card, for so many claims in all. Gives how long each claim took.
    pub async fn churn(&mut self, cards: &[Uuid], claims: usize) -> Result<Samples> {
        let consoles = self.0.len();
        let mut running = JoinSet::new();
        for (n, mut console) in std::mem::take(&mut self.0).into_iter().enumerate() {
            let mine: Vec<Uuid> = cards.iter().skip(n).step_by(consoles).copied().collect();
            running.spawn(async move {
                let mut took = Vec::new();
                for id in mine.iter().cycle().take(claims / consoles) {
                    let at = Instant::now();
                    let status = console.act(*id, "claim", json!({})).await?;
                    ensure!(status == 200, "{status} to a claim");
                    took.push(at.elapsed());
                    let status = console.act(*id, "release", json!({})).await?;
                    ensure!(status == 200, "{status} to a release");
                }
                Ok((console, took))
            });
        }
        let mut all = Vec::new();
        while let Some(done) = running.join_next().await {
            let (console, took) = done??;
            self.0.push(console);
            all.extend(took);
        }
        Ok(Samples::of(all))
    }

    /// Each polls once a second, spread evenly, for a time. Gives how long each poll took from its time on.
    pub async fn poll_every_second(&mut self, seconds: u32) -> Result<Samples> {
        let consoles = u32::try_from(self.0.len())?;
        // A timer of the runtime's is late by up to a millisecond: the polls' times come as the floor's do.
        let mut told = paced(f64::from(consoles), f64::from(seconds));
        let desks: Vec<_> =
            std::mem::take(&mut self.0).into_iter().map(|one| Arc::new(Mutex::new((one, None)))).collect();
        let mut running = JoinSet::new();
        let mut turns = desks.iter().cycle();
        while let Some(due) = told.recv().await {
            let desk = turns.next().context("a console")?.clone();
            running.spawn(async move {
                let (console, etag) = &mut *desk.lock().await;
                console.poll(etag).await?;
                anyhow::Ok(due.elapsed())
            });
        }
        let mut all = Vec::new();
        while let Some(took) = running.join_next().await {
            all.push(took??);
        }
        self.0.extend(desks.into_iter().filter_map(Arc::into_inner).map(|desk| desk.into_inner().0));
        Ok(Samples::of(all))
    }
}
