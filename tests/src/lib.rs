//! polder-tests
