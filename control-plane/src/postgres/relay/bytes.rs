//! Messages of the PostgreSQL protocol, version 3, as far as the relay reads them
//! (<https://www.postgresql.org/docs/15/protocol-message-formats.html>).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest first packet; PostgreSQL's own limit.
const LONGEST_OPENING: usize = 10_000;
/// The longest message of the introductions, on either side.
const LONGEST: usize = 65_536;

const PROTOCOL_3: u32 = 196_608;
const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// The first packet of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::postgres) enum Opening {
    /// Asks for TLS or GSS encryption.
    Encryption,
    /// Asks to cancel what the connection with this key is doing.
    Cancel(Key),
    /// Begins a session, with these parameters.
    Startup(Vec<(String, String)>),
    /// Another version of the protocol.
    OtherVersion,
}

/// What names a connection when it is to be cancelled.
pub(in crate::postgres) type Key = [u8; 8];

/// A message: its letter and what it holds.
pub(in crate::postgres) struct Message {
    pub(in crate::postgres) tag: u8,
    pub(in crate::postgres) body: Vec<u8>,
}

pub(in crate::postgres) fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a message of the PostgreSQL protocol")
}

/// Reads the first packet.
pub(in crate::postgres) async fn opening(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Opening> {
    let length = usize::try_from(from.read_u32().await?).unwrap_or(usize::MAX);
    if !(8..=LONGEST_OPENING).contains(&length) {
        return Err(malformed());
    }
    let mut packet = vec![0; length - 4];
    from.read_exact(&mut packet).await?;
    let (code, rest) = packet.split_first_chunk::<4>().ok_or_else(malformed)?;
    match u32::from_be_bytes(*code) {
        SSL | GSS if rest.is_empty() => Ok(Opening::Encryption),
        CANCEL => Ok(Opening::Cancel(rest.try_into().map_err(|_| malformed())?)),
        PROTOCOL_3 => Ok(Opening::Startup(parameters(rest)?)),
        SSL | GSS => Err(malformed()),
        _ => Ok(Opening::OtherVersion),
    }
}

fn parameters(mut rest: &[u8]) -> io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    loop {
        let name = text(&mut rest)?;
        if name.is_empty() {
            return if rest.is_empty() { Ok(found) } else { Err(malformed()) };
        }
        found.push((name, text(&mut rest)?));
    }
}

/// Takes a text that ends with a zero byte.
pub(in crate::postgres) fn text(rest: &mut &[u8]) -> io::Result<String> {
    let end = rest.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
    let found = std::str::from_utf8(&rest[..end]).map_err(|_| malformed())?.to_owned();
    *rest = &rest[end + 1..];
    Ok(found)
}

/// A first packet that begins a session.
pub(in crate::postgres) fn startup(parameters: &[(String, String)]) -> Vec<u8> {
    let mut body = PROTOCOL_3.to_be_bytes().to_vec();
    for (name, value) in parameters {
        for text in [name, value] {
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
    }
    body.push(0);
    counted(&body)
}

/// A first packet that asks to cancel.
pub(in crate::postgres) fn cancel(key: Key) -> Vec<u8> {
    counted(&[CANCEL.to_be_bytes().as_slice(), &key].concat())
}

fn counted(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [length.to_be_bytes().as_slice(), body].concat()
}

/// Reads a message of the introductions.
pub(in crate::postgres) async fn message(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Message> {
    let tag = from.read_u8().await?;
    let length = usize::try_from(from.read_u32().await?).unwrap_or(usize::MAX);
    if !(4..=LONGEST).contains(&length) {
        return Err(malformed());
    }
    let mut body = vec![0; length - 4];
    from.read_exact(&mut body).await?;
    Ok(Message { tag, body })
}

/// Writes a message.
pub(in crate::postgres) async fn send(to: &mut (impl AsyncWrite + Unpin), tag: u8, body: Vec<u8>) -> io::Result<()> {
    let mut packet = vec![tag];
    packet.extend(counted(&body));
    to.write_all(&packet).await
}

/// The authentication message of this number.
pub(in crate::postgres) fn authentication(number: u32, rest: &[u8]) -> Vec<u8> {
    [number.to_be_bytes().as_slice(), rest].concat()
}

/// An error that ends the connection, as the client shows it.
pub(in crate::postgres) fn error(code: &str, text: &str) -> Vec<u8> {
    let fields = [('S', "FATAL"), ('V', "FATAL"), ('C', code), ('M', text)];
    let mut body = Vec::new();
    for (field, value) in fields {
        body.push(u8::try_from(field).unwrap_or(b'M'));
        body.extend_from_slice(value.as_bytes());
        body.push(0);
    }
    body.push(0);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[tokio::test]
    async fn what_is_written_is_read_back() {
        let parameters = vec![pair("user", "t_a"), pair("database", "t_a"), pair("application_name", "")];
        assert_eq!(opening(&mut startup(&parameters).as_slice()).await.unwrap(), Opening::Startup(parameters));
        assert_eq!(opening(&mut cancel([7; 8]).as_slice()).await.unwrap(), Opening::Cancel([7; 8]));
        for code in [SSL, GSS] {
            let packet = counted(&code.to_be_bytes());
            assert_eq!(opening(&mut packet.as_slice()).await.unwrap(), Opening::Encryption);
        }
        let older = counted(&131_072_u32.to_be_bytes());
        assert_eq!(opening(&mut older.as_slice()).await.unwrap(), Opening::OtherVersion);
    }

    #[tokio::test]
    async fn what_is_no_packet_is_refused_before_anything_is_set_aside_for_it() {
        let unfinished = counted(&[PROTOCOL_3.to_be_bytes().as_slice(), b"user\0t_a"].concat());
        let trailing = counted(&[PROTOCOL_3.to_be_bytes().as_slice(), b"user\0t_a\0\0more"].concat());
        let short_key = counted(&[CANCEL.to_be_bytes().as_slice(), &[1, 2, 3]].concat());
        for wrong in
            [&b"\0\0\0\x04"[..], b"\xff\xff\xff\xff", b"GET / HTTP/1.1\r\n", &unfinished, &trailing, &short_key]
        {
            assert!(opening(&mut &*wrong).await.is_err(), "{wrong:?}");
        }
        assert!(message(&mut &b"p\xff\xff\xff\xff"[..]).await.is_err());
        assert!(message(&mut &b"p\0\0\0\x03"[..]).await.is_err());
    }
}
