//! polder-crypto
