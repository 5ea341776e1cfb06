//! polder-db
