//! Processes under measurement: started, watched through `/proc`, ended.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::{Connection, Target};

/// A program that is killed when the value is dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts a program with nothing on its input and its output thrown away.
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        Self(child.expect("the program starts"))
    }

    /// User and system time so far.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
        // Fields 14 and 15 of proc(5), counted after the name; a tick is 10 ms.
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// The part of it that is not a file's: what one more process of this program costs.
    pub fn anonymous(&self) -> f64 {
        self.memory("RssAnon:")
    }

    fn memory(&self, line: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let kib = status.lines().find_map(|l| l.strip_prefix(line)).unwrap_or("0 kB");
        kib.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0
    }
}

/// A program built beside this one.
pub fn program(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("a path");
    // target/release/deps/peers-… -> target/release
    me.ancestors().nth(2).expect("a target folder").join(name)
}

/// A free loopback port.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port()
}

/// How long until a GET is answered 200, asking every half millisecond.
pub async fn until_answered(target: &Target, request: &[u8], patience: Duration) -> Option<Duration> {
    let began = Instant::now();
    while began.elapsed() < patience {
        if let Ok(mut connection) = Connection::open(target).await
            && let Ok(answer) = connection.send(request).await
            && answer.status == 200
        {
            return Some(began.elapsed());
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    None
}
