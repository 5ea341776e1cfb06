//! polder-protocol
