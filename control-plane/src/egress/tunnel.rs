//! Bytes both ways, as long as it stays within limits. What they say is nobody's business here.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Limits;

/// How a tunnel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Both sides had said what they had to say, or one broke off.
    Closed,
    /// Nothing came for too long.
    Idle,
    /// It was open for too long.
    TooLong,
    /// Too many bytes.
    TooMuch,
}

impl End {
    /// The word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Idle => "idle for too long",
            Self::TooLong => "open for too long",
            Self::TooMuch => "too many bytes",
        }
    }
}

/// Bytes that went through.
#[derive(Default)]
pub struct Passed {
    /// From the tenant.
    pub out: AtomicU64,
    /// To the tenant.
    pub back: AtomicU64,
}

impl Passed {
    fn sum(&self) -> u64 {
        self.out.load(Ordering::Relaxed).saturating_add(self.back.load(Ordering::Relaxed))
    }
}

/// Passes bytes between a tenant and a host until one of them, or a limit, ends it.
pub async fn run(
    tenant: impl AsyncRead + AsyncWrite,
    host: impl AsyncRead + AsyncWrite,
    limits: &Limits,
    passed: &Passed,
) -> End {
    let (tenant_reads, tenant_writes) = tokio::io::split(tenant);
    let (host_reads, host_writes) = tokio::io::split(host);
    let both = async {
        let out = copy(tenant_reads, host_writes, &passed.out, || passed.sum() > limits.bytes);
        let back = copy(host_reads, tenant_writes, &passed.back, || passed.sum() > limits.bytes);
        match tokio::try_join!(out, back) {
            Ok(_) | Err(None) => End::Closed,
            Err(Some(end)) => end,
        }
    };
    tokio::select! {
        end = both => end,
        () = silence(limits.idle, passed) => End::Idle,
        () = tokio::time::sleep(limits.total) => End::TooLong,
    }
}

/// One direction, to its end.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    passed: &AtomicU64,
    is_too_much: impl Fn() -> bool,
) -> Result<(), Option<End>> {
    let broken = |_: io::Error| None;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let n = from.read(&mut buffer).await.map_err(broken)?;
        if n == 0 {
            // The other direction may still have something to say.
            return to.shutdown().await.map_err(broken);
        }
        passed.fetch_add(u64::try_from(n).unwrap_or(u64::MAX), Ordering::Relaxed);
        if is_too_much() {
            return Err(Some(End::TooMuch));
        }
        to.write_all(buffer.get(..n).unwrap_or_default()).await.map_err(broken)?;
    }
}

/// Ends once no byte went through for at least `idle`, at most twice that.
async fn silence(idle: Duration, passed: &Passed) {
    loop {
        let before = passed.sum();
        tokio::time::sleep(idle).await;
        if passed.sum() == before {
            return;
        }
    }
}
