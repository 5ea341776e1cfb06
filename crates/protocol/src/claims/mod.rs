//! What tokens and userinfo say.

pub mod access_token;
pub mod asked;
pub mod audience;
pub mod id_token;
pub mod logout_token;
pub mod reserved;
pub mod userinfo;

pub use access_token::{AccessToken, Confirmation};
pub use asked::AskedClaims;
pub use audience::Audience;
pub use id_token::IdToken;
pub use logout_token::LogoutToken;
pub use userinfo::{Person, userinfo};

/// The `typ` header of an ID token.
pub const ID_TOKEN_TYPE: &str = "JWT";

/// The `typ` header of a logout token (Back-Channel Logout 1.0, 2.4).
pub const LOGOUT_TOKEN_TYPE: &str = "logout+jwt";

/// What opaque access tokens begin with, so that scanners of secrets know one when they see it.
pub const OPAQUE_PREFIX: &str = "polder_at_";

/// The `typ` header of an access token (RFC 9068 2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
