//! polder-coaching
