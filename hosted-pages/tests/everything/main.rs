//! Rules for everything that people see, held against every page and mail in every language.

mod assets;
mod locales;
mod mails;
mod pages;
mod samples;
