//! Answers that leave in step, so that the time they took tells nothing (D10).
//!
//! Asking for a code does the same work for every address, but a mail that is really sent keeps the
//! machine busy beside the next request. Answers therefore leave at whole steps after the request
//! came; the little that differs disappears within one.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// The time between two steps.
const STEP: Duration = Duration::from_millis(50);

/// Does `work` and waits for the next step.
pub async fn in_step<T>(work: impl Future<Output = T>) -> T {
    in_step_where(work, |_| true).await
}

/// Does `work` and waits for the next step where its outcome must tell nothing by its time.
pub async fn in_step_where<T>(work: impl Future<Output = T>, waits: impl FnOnce(&T) -> bool) -> T {
    let began = Instant::now();
    let done = work.await;
    if waits(&done) {
        tokio::time::sleep_until(began + next_step(began.elapsed())).await;
    }
    done
}

fn next_step(elapsed: Duration) -> Duration {
    let steps = elapsed.as_millis() / STEP.as_millis() + 1;
    STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d10_an_answer_leaves_at_the_next_whole_step() {
        let at = |millis| next_step(Duration::from_millis(millis)).as_millis();
        assert_eq!([0, 1, 49, 50, 99, 100].map(at), [50, 50, 50, 100, 100, 150]);
    }
}
