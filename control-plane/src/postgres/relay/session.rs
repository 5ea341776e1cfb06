//! One connection of the tenant, from its first packet to its end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncWriteExt, copy_bidirectional_with_sizes};
use tokio::net::UnixStream;

use super::bytes::{self, Opening, malformed, message, opening, send};
use super::cancel::Held;
use super::doorman::{Refused, admit, refused};
use super::upstream::{self, Stream, Welcome};
use super::{CONNECTIONS, INTRODUCTIONS, Shared, handshake};

/// Bytes held for each direction.
const BUFFER: usize = 32 * 1024;

/// Serves one connection, which keeps its place until then.
pub(super) async fn serve(mut client: UnixStream, place: Place) {
    let shared = place.0.as_ref();
    let introduced = tokio::time::timeout(INTRODUCTIONS, introduce(&mut client, shared)).await;
    let (mut server, _key) = match introduced {
        Ok(Ok(Some(open))) => open,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => {
            tracing::debug!(%error, database = %shared.names.database, "a connection to the relay came to nothing");
            return;
        }
        Err(_elapsed) => return,
    };
    // Either side may go at any time; that is how connections end.
    drop(copy_bidirectional_with_sizes(&mut client, &mut server, BUFFER, BUFFER).await);
}

type Open = (Box<dyn Stream>, Option<Held>);

/// Brings tenant and server together; `None` when the connection has had its answer.
async fn introduce(client: &mut UnixStream, shared: &Shared) -> io::Result<Option<Open>> {
    let mut offers = 0;
    let asked = loop {
        match opening(client).await? {
            // Encryption adds nothing on a socket of one's own: said, and the client goes on or leaves.
            Opening::Encryption if offers < 2 => {
                offers += 1;
                client.write_all(b"N").await?;
            }
            Opening::Encryption => return Err(malformed()),
            Opening::Cancel(key) => {
                // Another tenant's connection is none of this one's business, and no answer says so.
                if shared.keys.has(&key) {
                    shared.upstream.cancel(key).await?;
                }
                return Ok(None);
            }
            Opening::OtherVersion => return say(client, refused("08P01", "only version 3.0 is spoken here")).await,
            Opening::Startup(parameters) => break parameters,
        }
    };
    let parameters = match admit(shared, &asked) {
        Ok(parameters) => parameters,
        Err(no) => return say(client, no).await,
    };
    if !handshake::proves(client, shared).await? {
        return say(client, refused("28P01", "password authentication failed")).await;
    }
    if shared.open.load(Ordering::Relaxed) > CONNECTIONS {
        return say(client, refused("53300", "too many connections")).await;
    }
    let Ok(mut server) = shared.upstream.connect().await else {
        return say(client, refused("57P03", "the database server does not answer")).await;
    };
    match upstream::begin(&mut server, &parameters, shared).await {
        Ok(Welcome::Open) => {}
        Ok(Welcome::Refused(body)) => {
            send(client, b'E', body).await?;
            return Ok(None);
        }
        Err(_) => return say(client, refused("57P03", "the database server does not answer as it should")).await,
    }
    upstream::welcome(client).await?;
    let key = pass_greetings(client, &mut server, shared).await?;
    Ok(Some((server, key)))
}

/// Passes on what the server says until it is ready, and remembers the key it gave out.
async fn pass_greetings(
    client: &mut UnixStream,
    server: &mut Box<dyn Stream>,
    shared: &Shared,
) -> io::Result<Option<Held>> {
    let mut held = None;
    loop {
        let said = message(server).await?;
        if let (b'K', Ok(key)) = (said.tag, said.body.as_slice().try_into()) {
            held = Some(shared.keys.hold(key));
        }
        let tag = said.tag;
        send(client, tag, said.body).await?;
        match tag {
            b'Z' => return Ok(held),
            b'E' => return Err(io::ErrorKind::ConnectionRefused.into()),
            _ => {}
        }
    }
}

async fn say(client: &mut UnixStream, Refused { code, text }: Refused) -> io::Result<Option<Open>> {
    send(client, b'E', bytes::error(code, text)).await?;
    Ok(None)
}

/// A place among the connections of the tenant.
pub(super) struct Place(Arc<Shared>);

impl Place {
    /// The next place; none while twice as many are taken as may be open. Taken as connections arrive, so that
    /// it is the latest who find none.
    pub(super) fn take(shared: &Arc<Shared>) -> Option<Self> {
        let place = Self(Arc::clone(shared));
        let taken = shared.open.fetch_add(1, Ordering::Relaxed);
        (taken < 2 * CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
