//! The rows of the table. Other work on the machine comes and goes, so each row is measured in three
//! rounds, each beside a round of the yardstick, and medians are shown.

use std::time::Duration;

use crate::load::{Fixed, Measured, Target, WARM_UP, Work, drive};
use crate::process::Running;

/// How often each row is measured.
const ROUNDS: usize = 3;

/// A server and the way to it.
pub struct Server<'a> {
    pub process: &'a Running,
    pub target: &'a Target,
}

/// The yardstick, with the same request every time.
pub struct Yardstick<'a> {
    pub server: Server<'a>,
    pub work: Vec<Fixed>,
    /// What it reached, in every round.
    pub reached: Vec<f64>,
}

/// One round.
struct Round {
    measured: Measured,
    ratio: f64,
    cpu: f64,
}

/// Prints the head of the table.
pub fn head() {
    println!("| request | requests/s | of bare axum | server CPU, µs | p50, ms | p99, ms | failed |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
}

impl Yardstick<'_> {
    /// Measures a row and prints it.
    pub async fn row<W: Work>(&mut self, name: &str, server: &Server<'_>, mut work: Vec<W>, seconds: f64) {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let (bare, own) = drive(self.server.target, std::mem::take(&mut self.work), seconds / 2.0).await;
            self.work = own;
            self.reached.push(bare.per_second);
            let before = server.process.cpu();
            let (measured, rest) = drive(server.target, work, seconds).await;
            work = rest;
            let spent = server.process.cpu().saturating_sub(before);
            // The CPU time is that of the warm-up too.
            let requests = measured.per_second * (seconds + WARM_UP.as_secs_f64());
            let cpu = us(spent) / requests.max(1.0);
            rounds.push(Round { ratio: measured.per_second / bare.per_second, cpu, measured });
        }
        let shown = |of: fn(&Round) -> f64| median(rounds.iter().map(of).collect());
        println!(
            "| {name} | {:.0} | {:.2} | {:.0} | {:.2} | {:.2} | {} |",
            shown(|r| r.measured.per_second),
            shown(|r| r.ratio),
            shown(|r| r.cpu),
            shown(|r| ms(r.measured.p50)),
            shown(|r| ms(r.measured.p99)),
            rounds.iter().map(|r| r.measured.failed).sum::<u64>(),
        );
    }

    /// Prints what the yardstick itself did during the run.
    pub fn print(&self) {
        let lowest = self.reached.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = self.reached.iter().copied().fold(0.0, f64::max);
        let middle = median(self.reached.clone());
        println!(
            "\nbare axum: median {middle:.0}/s, from {lowest:.0} to {highest:.0} over {} rounds",
            self.reached.len()
        );
    }
}

/// The middle one, the upper of two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// In milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// In microseconds.
pub fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
