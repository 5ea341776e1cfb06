//! What a form tells about who filled it in (R2, D24): a field that people do not see and leave empty, and
//! how long the page was there. Either asks for a proof of work; neither refuses or drops anything.

use std::time::Duration;

use polder_crypto::constant_time_eq;
use polder_kernel::Timestamp;
use polder_kernel::encoding::{base64url, from_base64url};

use crate::App;
use crate::signin::waiting::{LIFETIME, Waiting};

/// The field that people leave empty.
pub const TRAP: &str = "website";
/// The field that says when the page was shown.
pub const SHOWN: &str = "shown";
/// Nobody reads a page and types an address sooner.
const PERSON_TAKES: Duration = Duration::from_secs(2);

/// When a page of this flow was shown, under the tenant's key.
pub fn shown_at(app: &App, waiting: &Waiting, at: Timestamp) -> String {
    let at = at.millis().to_be_bytes();
    base64url(&[&at[..], &mac(app, waiting, &at)[..16]].concat())
}

/// What the page says that is shown again: when it was first shown, so that whoever mends a slip of the
/// keyboard is not found to be quick.
pub fn shown_again(app: &App, waiting: &Waiting, field: &str) -> String {
    let first = read(app, waiting, field).unwrap_or_else(|| app.clock.now());
    shown_at(app, waiting, first)
}

/// Whether a form came back faster than people are, or says nothing of it that we said.
pub fn is_hasty(app: &App, waiting: &Waiting, field: &str) -> bool {
    let Some(at) = read(app, waiting, field) else { return true };
    let age = app.clock.now().since(at);
    age < PERSON_TAKES || age > LIFETIME
}

fn read(app: &App, waiting: &Waiting, field: &str) -> Option<Timestamp> {
    let bytes = from_base64url(field)?;
    let (at, presented) = bytes.split_first_chunk::<8>()?;
    constant_time_eq(presented, &mac(app, waiting, at)[..16]).then(|| Timestamp::from_millis(i64::from_be_bytes(*at)))
}

fn mac(app: &App, waiting: &Waiting, at: &[u8]) -> [u8; 32] {
    app.keyring.mac("page-shown", &[waiting.hash(app).as_bytes(), at])
}
