//! What a tenant says on its sockets: enough to count as running, and what it should not.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

static ISSUER: OnceLock<String> = OnceLock::new();
static STANDING: Mutex<String> = Mutex::new(String::new());
static ANSWER: Mutex<String> = Mutex::new(String::new());

/// Serves both sockets from now on.
pub fn begin(issuer: &str) -> Result<()> {
    ISSUER.get_or_init(|| issuer.to_owned());
    bind_all()
}

/// Binds both sockets, in the place of whatever is there.
pub fn bind_all() -> Result<()> {
    for name in ["public.sock", "admin.sock"] {
        let place = std::path::Path::new("/run/polder").join(name);
        drop(std::fs::remove_file(&place));
        drop(std::fs::remove_dir_all(&place));
        let listener = UnixListener::bind(&place)?;
        std::thread::spawn(move || accept(&listener, name == "admin.sock"));
    }
    Ok(())
}

/// What is said on the public socket from now on.
pub fn answer_with(what: &str) {
    what.clone_into(&mut ANSWER.lock().unwrap_or_else(PoisonError::into_inner));
}

fn accept(listener: &UnixListener, admin: bool) {
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || drop(if admin { administered(stream) } else { asked(stream) }));
    }
}

/// One request's head and what came of its body with it.
fn heard(stream: &mut UnixStream) -> std::io::Result<String> {
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut part)?;
        text.extend_from_slice(&part[..read]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else {
            if read == 0 {
                return Ok(whole);
            }
            continue;
        };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if read == 0 || body.len() >= length.unwrap_or(0) {
            return Ok(whole);
        }
    }
}

fn administered(mut stream: UnixStream) -> std::io::Result<()> {
    let request = heard(&mut stream)?;
    let standing = || STANDING.lock().unwrap_or_else(PoisonError::into_inner);
    if request.starts_with("PUT /standing") {
        let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let told: Value = serde_json::from_str(body).unwrap_or_default();
        told["standing"].as_str().unwrap_or_default().clone_into(&mut standing());
        return say(&mut stream, body);
    }
    let now = standing().clone();
    let now = if now.is_empty() { "serving" } else { &now };
    say(
        &mut stream,
        &json!({"issuer": ISSUER.get(), "version": "0", "keys_complete": true, "standing": now}).to_string(),
    )
}

fn say(stream: &mut UnixStream, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let kind = "Content-Type: application/json";
    stream.write_all(
        format!("HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").as_bytes(),
    )
}

fn asked(mut stream: UnixStream) -> std::io::Result<()> {
    let request = heard(&mut stream)?;
    let what = ANSWER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match what.as_str() {
        "cookies" => stream.write_all(
            b"HTTP/1.1 200 OK\r\nSet-Cookie: session=stolen; Domain=localhost; Path=/\r\n\
              Set-Cookie: tossed=1; dOmAiN\t=.localhost\r\nSet-Cookie: own=1\r\n\
              Strict-Transport-Security: max-age=9; includeSubDomains\r\nAlt-Svc: h2=\":1\"\r\n\
              X-Accel-Redirect: /etc/passwd\r\nX-Sendfile: /etc/passwd\r\nContent-Length: 2\r\n\r\nhi",
        ),
        "two" => stream.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsmuggled!",
        ),
        "upgrade" => stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
        "garbage" => stream.write_all(&[0xff; 256]),
        "headers" => stream.write_all(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(20_000)).as_bytes()),
        "silence" => {
            std::thread::sleep(Duration::from_secs(120));
            Ok(())
        }
        "endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                stream.write_all(b"400\r\n")?;
                stream.write_all(&[b'x'; 0x400])?;
                stream.write_all(b"\r\n")?;
            }
        }
        // What it heard: so that the test sees what of a visitor's request came through.
        _ => say(&mut stream, &json!({"who": "mallory", "request": request}).to_string()),
    }
}
