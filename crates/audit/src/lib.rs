//! polder-audit
