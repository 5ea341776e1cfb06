//! A small HTTP/1.1 load tool: keep-alive connections that each send the next request when the
//! answer to the last has been read whole. It shares the machine with the server, as a person
//! measuring at home would.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// Before anything is counted.
pub const WARM_UP: Duration = Duration::from_millis(500);

/// Where a server listens.
#[derive(Clone, Debug)]
pub enum Target {
    /// A loopback port.
    Tcp(u16),
    /// A Unix socket.
    Unix(std::path::PathBuf),
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One keep-alive connection.
pub struct Connection {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

/// One answer: its status and everything it said.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Connection {
    /// Opens a connection.
    pub async fn open(target: &Target) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match target {
            Target::Tcp(port) => {
                let stream = TcpStream::connect(("127.0.0.1", *port)).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Target::Unix(path) => Box::new(UnixStream::connect(path).await?),
        };
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and reads the whole answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        let head_end = self.exchange(request).await?;
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        Ok(Answer { status: self.status(), head, body: self.buffer[head_end..].to_vec() })
    }

    /// As [`Connection::send`], for when the status says enough: takes less of the shared machine.
    pub async fn send_for_status(&mut self, request: &[u8]) -> io::Result<u16> {
        self.exchange(request).await?;
        Ok(self.status())
    }

    fn status(&self) -> u16 {
        let digits = self.buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    /// Leaves the whole answer in the buffer; where its body begins.
    async fn exchange(&mut self, request: &[u8]) -> io::Result<usize> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some((head_end, length)) = read_head(&self.buffer)?
                && self.buffer.len() >= head_end + length
            {
                return Ok(head_end);
            }
        }
    }
}

/// Where the head ends and how long the body is, once the head is whole.
fn read_head(buffer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let (mut at, mut length) = (0, 0);
    for line in buffer.split_inclusive(|&b| b == b'\n') {
        at += line.len();
        if line == b"\r\n" {
            return Ok(Some((at, length)));
        }
        if line.len() > 15 && line[..15].eq_ignore_ascii_case(b"content-length:") {
            let text = std::str::from_utf8(&line[15..]).map_err(io::Error::other)?;
            length = text.trim().parse().map_err(io::Error::other)?;
        }
    }
    Ok(None)
}

/// What a run measured.
#[derive(Clone, Debug)]
pub struct Measured {
    pub per_second: f64,
    pub failed: u64,
    pub p50: Duration,
    pub p99: Duration,
}

/// What one connection does over and over; true when the answer was the expected one.
pub trait Work: Send + 'static {
    fn step(&mut self, connection: &mut Connection) -> impl Future<Output = io::Result<bool>> + Send;
}

/// Drives one unit of work per connection for `seconds`, after a short warm-up that is not counted.
/// Gives the work back as it stands, for another round.
pub async fn drive<W: Work>(target: &Target, workers: Vec<W>, seconds: f64) -> (Measured, Vec<W>) {
    let counting = Arc::new(AtomicBool::new(false));
    let stopped = Arc::new(AtomicBool::new(false));
    let failed = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for mut worker in workers {
        let (target, counting, stopped) = (target.clone(), counting.clone(), stopped.clone());
        let failed = failed.clone();
        tasks.push(tokio::spawn(async move {
            let mut mine = Vec::with_capacity(1 << 16);
            let mut connection = Connection::open(&target).await?;
            while !stopped.load(Ordering::Relaxed) {
                let began = Instant::now();
                let kept = worker.step(&mut connection).await;
                if counting.load(Ordering::Relaxed) {
                    match kept {
                        Ok(true) => mine.push(began.elapsed()),
                        _ => {
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                if kept.is_err() {
                    connection = Connection::open(&target).await?;
                }
            }
            io::Result::Ok((worker, mine))
        }));
    }
    tokio::time::sleep(WARM_UP).await;
    counting.store(true, Ordering::Relaxed);
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    counting.store(false, Ordering::Relaxed);
    let lasted = began.elapsed();
    stopped.store(true, Ordering::Relaxed);
    let (mut times, mut workers) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await {
            Ok(Ok((worker, mine))) => {
                workers.push(worker);
                times.extend(mine);
            }
            _ => _ = failed.fetch_add(1, Ordering::Relaxed),
        }
    }
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    let measured = Measured {
        per_second: times.len() as f64 / lasted.as_secs_f64(),
        failed: failed.load(Ordering::Relaxed),
        p50: at(0.5),
        p99: at(0.99),
    };
    (measured, workers)
}

/// The same bytes every time, expecting one status.
pub struct Fixed {
    pub request: Arc<[u8]>,
    pub status: u16,
}

impl Work for Fixed {
    async fn step(&mut self, connection: &mut Connection) -> io::Result<bool> {
        Ok(connection.send_for_status(&self.request).await? == self.status)
    }
}
