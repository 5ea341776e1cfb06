//! polder-hosted-pages
