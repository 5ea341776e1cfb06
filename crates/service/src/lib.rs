//! polder-service
