//! A form that carries a file (RFC 7578).

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use bytes::Bytes;
use futures_util::stream;
use http::request::Parts;
use polder_service::form::{self, BodyError};

use super::fields::Fields;
use super::{Console, Fault};

/// The content type of such a form.
pub const KIND: &str = "multipart/form-data";
/// The largest such form, in bytes.
const LARGEST: usize = 256 * 1024;
/// The largest with a file of people, and what a form adds to it.
const LARGEST_IMPORT: usize = 5 * 1024 * 1024 + 64 * 1024;
/// The largest one with a list of networks, which a tenant takes up to 1 MiB of.
const LARGEST_BLOCKLIST: usize = 1024 * 1024 + 64 * 1024;
/// The most parts that are read.
const MOST: usize = 16;

/// The file of a form; `None` when none was chosen. Put there by the guard, as [`Fields`] are.
#[derive(Clone, Debug, Default)]
pub struct Upload(pub Option<Bytes>);

/// How large a form may be that is posted to this path, in bytes.
pub fn most(path: &str) -> usize {
    if path.ends_with("/users/imports") {
        LARGEST_IMPORT
    } else if path.ends_with("/blocklists") {
        LARGEST_BLOCKLIST
    } else {
        LARGEST
    }
}

/// Reads a form of at most so many bytes: its fields, and the last file in it.
///
/// # Errors
/// When it is too large, or no such form.
pub async fn read(content_type: &str, body: Body, most: usize) -> Result<(Fields, Upload), Fault> {
    let broken = |_| Fault::Body(BodyError::Broken);
    let boundary = multer::parse_boundary(content_type).map_err(broken)?;
    let bytes = form::read(body, most).await?;
    let mut parts = multer::Multipart::new(stream::iter([Ok::<_, Infallible>(bytes)]), boundary);
    let (mut texts, mut upload) = (Vec::new(), Upload::default());
    for _ in 0..MOST {
        let Some(part) = parts.next_field().await.map_err(broken)? else { break };
        let (name, is_file) = (part.name().unwrap_or_default().to_owned(), part.file_name().is_some());
        let content = part.bytes().await.map_err(broken)?;
        if !is_file {
            texts.push((name, String::from_utf8_lossy(&content).into_owned()));
        } else if !content.is_empty() {
            upload = Upload(Some(content));
        }
    }
    Ok((Fields::of(texts), upload))
}

impl FromRequestParts<Arc<Console>> for Upload {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _: &Arc<Console>) -> Result<Self, Fault> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
