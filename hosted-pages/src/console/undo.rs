//! What can be taken back of what was just done: `form#undo-form` posts `undo`.

use super::Shell;

/// Something that can be undone.
#[derive(Clone, Copy, Debug)]
pub struct Undo<'a> {
    /// What was done.
    pub done: Done,
    /// What was taken away, in words; may be empty.
    pub what: &'a str,
    /// Where the form is posted to.
    pub path: &'a str,
    /// What the field `undo` holds: how it was, sealed; empty where that needs no telling.
    pub sealed: &'a str,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// An application was switched off.
    ApplicationOff,
    /// Addresses of an application were taken away.
    AddressesRemoved,
    /// A connection was switched off.
    ConnectionOff,
    /// A host can no longer be reached.
    HostRemoved,
}

impl Undo<'_> {
    pub(crate) fn words(&self, shell: &Shell<'_>) -> String {
        let t = &shell.t().undo;
        match self.done {
            Done::ApplicationOff => t.application_off.to_owned(),
            Done::AddressesRemoved => t.addresses_removed(self.what),
            Done::ConnectionOff => t.connection_off.to_owned(),
            Done::HostRemoved => t.host_removed(self.what),
        }
    }
}
