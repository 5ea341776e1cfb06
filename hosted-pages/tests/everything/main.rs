//! Rules for everything that people see, held against every page and mail in every language.

#![expect(clippy::unwrap_used, reason = "what a rule needs to look at is there, or the rule fails")]

mod assets;
mod locales;
mod mails;
mod pages;
mod samples;
