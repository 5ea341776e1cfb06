//! Signing in with outside providers, one of which is played here and may be as wicked as a test wants.

mod account;
mod again;
mod discovery;
mod form_post;
mod id_tokens;
mod linking;
mod midway;
mod mix_up;
mod oauth;
mod policies;
mod second_step;
mod stage;
mod state;
mod upstream;
