//! polder-tenant
fn main() {}
