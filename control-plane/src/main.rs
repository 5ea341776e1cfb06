//! polder
fn main() {}
