//! What is wrong with a form, field by field.

use crate::texts::Texts;

/// What is wrong with one field.
#[derive(Clone, Copy, Debug)]
pub struct FieldProblem<'a> {
    /// The field's name.
    pub field: &'a str,
    /// What is wrong.
    pub problem: Problem<'a>,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'a> {
    /// It is empty.
    Required,
    /// It does not have the right form.
    Invalid,
    /// It is longer than allowed.
    TooLong,
    /// Somebody else has it.
    Taken,
    /// It is a word that is kept for Polder itself.
    Reserved,
    /// Not the name of a public host.
    HostNotPublic,
    /// All hosts of a top-level domain.
    HostTooWide,
    /// More, or less, than a host name.
    HostShape,
    /// The host is on the list.
    HostThere,
    /// The list of hosts is full.
    HostsFull,
    /// The address is a member's.
    Member,
    /// There is an open invitation for the address.
    Invited,
    /// The organisation has as many members as it can have.
    Full,
    /// Too many mails were asked for.
    Mails,
    /// Not a list of addresses and networks.
    Networks,
    /// There are as many keys as there may be.
    KeysFull,
    /// Nothing is chosen.
    Nothing,
    /// The tenant's own words, in English.
    Said(&'a str),
}

impl<'a> Problem<'a> {
    fn text(self, t: &Texts) -> &'a str {
        match self {
            Self::Required => t.problem.required,
            Self::Invalid => t.problem.invalid,
            Self::TooLong => t.problem.too_long,
            Self::Taken => t.problem.taken,
            Self::Reserved => t.problem.reserved,
            Self::HostNotPublic => t.egress.not_public,
            Self::HostTooWide => t.egress.too_wide,
            Self::HostShape => t.egress.shape,
            Self::HostThere => t.egress.there,
            Self::HostsFull => t.egress.full,
            Self::Member => t.members.already_member,
            Self::Invited => t.members.already_invited,
            Self::Full => t.members.full,
            Self::Mails => t.members.too_many_mails,
            Self::Networks => t.api_keys.addresses_wrong,
            Self::KeysFull => t.api_keys.full,
            Self::Nothing => t.api_keys.nothing,
            Self::Said(words) => words,
        }
    }
}

/// What is wrong with `field`.
pub(crate) fn of<'a>(problems: &[FieldProblem<'a>], t: &Texts, field: &str) -> Option<&'a str> {
    problems.iter().find(|p| p.field == field).map(|p| p.problem.text(t))
}
