//! The tenant proves its password, by SCRAM-SHA-256 and in no other way.

use std::io;

use polder_crypto::scram::{MECHANISM, ServerExchange};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Shared;
use super::bytes::{self, authentication, malformed, message, send};

const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

/// Whether the client knows the tenant's password.
pub(super) async fn proves(client: &mut (impl AsyncRead + AsyncWrite + Unpin), shared: &Shared) -> io::Result<bool> {
    let offer = [MECHANISM.as_bytes(), &[0, 0]].concat();
    send(client, b'R', authentication(SASL, &offer)).await?;
    let first = answer(client).await?;
    let mut rest = first.as_slice();
    if bytes::text(&mut rest)? != MECHANISM {
        return Ok(false);
    }
    let (_length, first) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
    let first = std::str::from_utf8(first).map_err(|_| malformed())?;
    let Ok((exchange, ours)) = ServerExchange::start(&shared.verifier, first, &shared.entropy) else {
        return Ok(false);
    };
    send(client, b'R', authentication(SASL_CONTINUE, ours.as_bytes())).await?;
    let last = answer(client).await?;
    let last = std::str::from_utf8(&last).map_err(|_| malformed())?;
    let Ok(proof) = exchange.finish(last) else { return Ok(false) };
    send(client, b'R', authentication(SASL_FINAL, proof.as_bytes())).await?;
    Ok(true)
}

async fn answer(client: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let message = message(client).await?;
    if message.tag == b'p' { Ok(message.body) } else { Err(malformed()) }
}
