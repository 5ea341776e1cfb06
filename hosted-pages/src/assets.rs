//! Styles, the console's script and the mark, under names that change with their content (K20, F24).

/// A file that pages link, to be served with `Cache-Control: public, max-age=31536000, immutable`.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Path on the origin of the page, such as `/assets/polder.0123456789abcdef.css`.
    pub path: &'static str,
    /// The content.
    pub bytes: &'static [u8],
    /// `Content-Type`.
    pub content_type: &'static str,
    /// A strong `ETag`, quotes included.
    pub etag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The asset at `path`, the whole path of the request.
pub fn asset(path: &str) -> Option<Asset> {
    ASSETS.iter().find(|asset| asset.path == path).copied()
}

/// Every asset.
pub fn all() -> &'static [Asset] {
    ASSETS
}
