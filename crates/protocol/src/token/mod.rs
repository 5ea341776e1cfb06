//! The token endpoint: what is asked, and what is answered (RFC 6749 5).

pub mod authorization_code;
pub mod client_credentials;
pub mod response;

use polder_kernel::Secret;

pub use response::Response;

use crate::{Client, Error, ErrorCode, GrantType, Params, Scope, resource};

/// A token request by its grant. The client was authenticated before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// RFC 6749 4.1.3.
    AuthorizationCode {
        /// The code.
        code: Secret<String>,
        /// The redirect URI of the authorization request.
        redirect_uri: Option<String>,
        /// The PKCE verifier.
        code_verifier: Option<Secret<String>>,
    },
    /// RFC 6749 6.
    RefreshToken {
        /// The refresh token.
        refresh_token: Secret<String>,
        /// A narrower scope for the access token.
        scope: Option<Scope>,
    },
    /// RFC 6749 4.4.2.
    ClientCredentials {
        /// The wanted scope.
        scope: Option<Scope>,
    },
}

impl Request {
    /// Reads the request of an authenticated client. In order: is the grant known, may this client use
    /// it (B12), are its parameters there, is the resource its own (B79).
    pub fn parse(params: &Params, client: &Client) -> Result<Self, Error> {
        let grant = params.require("grant_type")?;
        let Ok(grant) = grant.parse::<GrantType>() else {
            return Err(Error::new(ErrorCode::UnsupportedGrantType, "grant_type is not supported"));
        };
        client.permit(grant)?;
        resource::check(params, client)?;
        Ok(match grant {
            GrantType::AuthorizationCode => Self::AuthorizationCode {
                code: secret(params.require("code")?),
                redirect_uri: params.get("redirect_uri").map(str::to_owned),
                code_verifier: params.get("code_verifier").map(secret),
            },
            GrantType::RefreshToken => {
                Self::RefreshToken { refresh_token: secret(params.require("refresh_token")?), scope: scope(params)? }
            }
            GrantType::ClientCredentials => Self::ClientCredentials { scope: scope(params)? },
        })
    }

    /// Which grant it is.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
        }
    }
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn scope(params: &Params) -> Result<Option<Scope>, Error> {
    params.get("scope").map(Scope::parse).transpose()
}
