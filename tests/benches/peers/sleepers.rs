//! Many tenants that sleep: what they cost, how quickly one wakes, and whether the next one is made as
//! quickly as the first.

use std::time::Duration;

use crate::asked::{Asked, middle_and_worst};
use crate::dev::Dev;
use crate::rows::{median, ms};

/// How many sleep.
const SLEEPERS: usize = 300;

/// How many are made on each control plane in turn, and woken.
const PAIRS: usize = 15;

/// Between two that are timed: the machine is to calm down.
const CALM: Duration = Duration::from_millis(150);

/// Measures with a control plane that gets many, beside `fresh` that has few.
pub async fn measure(asked: &mut Asked, fresh: &mut Dev) -> Option<()> {
    let mut full = Dev::start(&[]).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = full.process.resident();
    for n in 0..SLEEPERS {
        let slug = format!("sleeper-{n}");
        full.create(&slug, Duration::from_millis(5)).await?;
        full.sleep(&slug).await?;
    }
    let each = (full.process.resident() - before) / SLEEPERS as f64;
    asked.at_most(&format!("{SLEEPERS} sleeping tenants: memory of the control plane, each"), (each, 1.0), "MiB", "");

    // In turn, so that both meet the same noise; each sleeps at once, so that its RSA key disturbs nobody.
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for n in 0..PAIRS {
        for (dev, times) in [(&mut *fresh, &mut first), (&mut full, &mut last)] {
            tokio::time::sleep(CALM).await;
            let slug = format!("pair-{n}");
            times.push(dev.create(&slug, Duration::from_millis(1)).await?);
            dev.sleep(&slug).await?;
        }
    }
    let in_ms = |times: &[Duration]| median(times.iter().map(|time| ms(*time)).collect());
    let (few, many) = (in_ms(&first), in_ms(&last));
    asked.at_most(
        &format!("create a tenant beside {SLEEPERS} others, of one beside few"),
        (many / few, 1.1),
        "",
        &format!("{many:.0} ms of {few:.0} ms, medians of {PAIRS} in turn"),
    );
    let (middle, more) = middle_and_worst(first);
    asked.at_most("create a tenant (process, SQLite) until it runs", (middle, 150.0), "ms", &more);

    let mut added = Vec::new();
    for n in 0..PAIRS {
        let slug = format!("pair-{n}");
        tokio::time::sleep(CALM).await;
        let (woken, awake) = (full.discover(&slug).await?, full.discover(&slug).await?);
        added.push(woken.saturating_sub(awake));
        full.sleep(&slug).await?;
    }
    let (middle, more) = middle_and_worst(added);
    asked.at_most("wake from sleep (process): added to the first request", (middle, 60.0), "ms", &more);
    Some(())
}
