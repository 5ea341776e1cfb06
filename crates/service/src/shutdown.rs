//! When to stop: a signal, or the end of the parent that holds the other end of our standard input.

use std::io::{self, Read};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Says when to stop; clones say the same.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// A shutdown that only [`Shutdown::trigger`] brings about.
    pub fn new() -> Self {
        Self::default()
    }

    /// A shutdown on SIGTERM or SIGINT.
    ///
    /// # Errors
    /// When the signals cannot be listened for.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let trigger = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            trigger.trigger();
        });
        Ok(shutdown)
    }

    /// Stops also when standard input ends, which is what happens when the parent dies, however it dies.
    ///
    /// # Errors
    /// When the thread that waits cannot be started.
    pub fn and_lifeline(self) -> io::Result<Self> {
        let trigger = self.clone();
        // A thread of its own: a blocking read on the runtime's pool would hold up the runtime's end.
        std::thread::Builder::new().name("lifeline".to_owned()).spawn(move || {
            wait_for_end(io::stdin().lock());
            trigger.trigger();
        })?;
        Ok(self)
    }

    /// Stops now.
    pub fn trigger(&self) {
        self.0.cancel();
    }

    /// Whether it is time.
    pub fn is_triggered(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until it is time.
    pub async fn wait(&self) {
        self.0.cancelled().await;
    }

    /// A token for one task; cheaper to poll often than the shared one.
    pub(crate) fn child(&self) -> CancellationToken {
        self.0.child_token()
    }
}

fn wait_for_end(mut lifeline: impl Read) {
    let mut buffer = [0; 256];
    loop {
        match lifeline.read(&mut buffer) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_trigger_reaches_every_clone() {
        let shutdown = Shutdown::new();
        let (clone, child) = (shutdown.clone(), shutdown.child());
        assert!(!clone.is_triggered());
        shutdown.trigger();
        clone.wait().await;
        child.cancelled().await;
    }

    #[test]
    fn the_lifeline_ends_with_the_parent_and_not_before() {
        let (reader, mut writer) = io::pipe().unwrap();
        let waiting = std::thread::spawn(move || wait_for_end(reader));
        io::Write::write_all(&mut writer, b"still here").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(writer);
        waiting.join().unwrap();
    }
}
