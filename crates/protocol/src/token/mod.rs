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
    /// RFC 8628 3.4.
    DeviceCode {
        /// The device code.
        device_code: Secret<String>,
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
            GrantType::DeviceCode => Self::DeviceCode { device_code: secret(params.require("device_code")?) },
        })
    }

    /// Which grant it is.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::DeviceCode { .. } => GrantType::DeviceCode,
        }
    }
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn scope(params: &Params) -> Result<Option<Scope>, Error> {
    params.get("scope").map(Scope::parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{machine, params, web};

    fn code(text: &str, client: &Client) -> ErrorCode {
        Request::parse(&params(text), client).unwrap_err().code
    }

    #[test]
    fn b12_grants_are_known_and_allowed_or_refused() {
        for unknown in ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "Authorization_Code"] {
            assert_eq!(code(&format!("grant_type={unknown}"), &web()), ErrorCode::UnsupportedGrantType, "{unknown}");
        }
        assert_eq!(code("grant_type=client_credentials", &web()), ErrorCode::UnauthorizedClient);
        assert_eq!(code("grant_type=authorization_code&code=x", &machine()), ErrorCode::UnauthorizedClient);
        assert_eq!(code("grant_type=refresh_token&refresh_token=x", &machine()), ErrorCode::UnauthorizedClient);
        let device = "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=x";
        assert_eq!(code(device, &web()), ErrorCode::UnauthorizedClient);
        assert_eq!(code("", &web()), ErrorCode::InvalidRequest);
    }

    #[test]
    fn a07_each_grant_reads_its_own_parameters() {
        let request = Request::parse(
            &params("grant_type=authorization_code&code=c&redirect_uri=u&code_verifier=v&foo=bar"),
            &web(),
        )
        .unwrap();
        let Request::AuthorizationCode { code, redirect_uri, code_verifier } = request else { panic!() };
        assert_eq!((code.expose().as_str(), redirect_uri.as_deref()), ("c", Some("u")));
        assert_eq!(code_verifier.unwrap().expose(), "v");
        let request = Request::parse(&params("grant_type=refresh_token&refresh_token=r&scope=openid"), &web()).unwrap();
        assert_eq!(request.grant_type(), GrantType::RefreshToken);
        let request = Request::parse(&params("grant_type=client_credentials"), &machine()).unwrap();
        assert_eq!(request, Request::ClientCredentials { scope: None });
    }

    #[test]
    fn b03_a_missing_or_empty_code_or_token_is_refused() {
        for text in ["grant_type=authorization_code", "grant_type=authorization_code&code=", "grant_type=refresh_token"]
        {
            assert_eq!(code(text, &web()), ErrorCode::InvalidRequest, "{text}");
        }
    }

    #[test]
    fn b05_b79_scope_and_resource_are_checked_here_too() {
        assert_eq!(code("grant_type=refresh_token&refresh_token=r&scope=a%22b", &web()), ErrorCode::InvalidScope);
        assert_eq!(
            code("grant_type=client_credentials&resource=https://other.test", &machine()),
            ErrorCode::InvalidTarget
        );
    }

    #[test]
    fn f16_codes_and_tokens_do_not_print() {
        let request =
            Request::parse(&params("grant_type=authorization_code&code=hunter2&code_verifier=hunter3"), &web())
                .unwrap();
        assert!(!format!("{request:?}").contains("hunter"));
    }
}
