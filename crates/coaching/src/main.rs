//! polder-coaching
fn main() {}
