//! polder-tenant-runtime
