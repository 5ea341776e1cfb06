//! polder-outbound
