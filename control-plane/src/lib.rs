//! polder-control-plane
