//! What secrets and personal data look like.
use super::redact::Redaction;
pub(super) fn run_end(bytes: &[u8], start: usize) -> usize { let _ = bytes; start + 1 }
pub(super) fn in_run(_: &[u8], _: usize, _: usize) -> Option<Redaction> { None }
pub(super) fn email(_: &[u8], _: usize, _: usize) -> Option<Redaction> { None }
pub(super) fn password_hash(_: &[u8], _: usize) -> Option<Redaction> { None }
pub(super) fn phone(_: &[u8], _: usize) -> Option<Redaction> { None }
pub(super) fn named_value(_: &[u8], _: usize) -> Option<Redaction> { None }
pub(super) fn authorize_query(_: &[u8], _: usize) -> Option<Redaction> { None }
