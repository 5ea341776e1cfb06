//! Durable transactions per second with group commit, beside one commit per transaction on the same
//! disk in the same run; and what readers notice of it.

fn main() {}
