//! What a program says of itself when it registers (RFC 7591 2, OpenID Connect Dynamic Client Registration 2).
//!
//! Members that mean nothing here are ignored, as RFC 7591 2 asks: the answer says what was registered. Those
//! whose absence a program would not notice until something is amiss (encryption, a statement about it,
//! a list of hosts elsewhere) are refused.

use serde_json::{Map, Value};

use crate::{ApplicationType, AuthMethod, Error, ErrorCode, GrantType};

/// What a program asks to be registered as. `None` takes the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientMetadata {
    /// What kind of program it is, by `application_type` and by how it proves itself.
    pub kind: ApplicationType,
    /// `client_name`.
    pub name: Option<String>,
    /// `redirect_uris`.
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`.
    pub post_logout_redirect_uris: Vec<String>,
    /// `grant_types`.
    pub grant_types: Vec<String>,
    /// `token_endpoint_auth_method`.
    pub auth_method: Option<AuthMethod>,
    /// `token_endpoint_auth_signing_alg`.
    pub auth_signing_alg: Option<String>,
    /// `jwks`.
    pub jwks: Option<Value>,
    /// `jwks_uri`.
    pub jwks_uri: Option<String>,
    /// The words of `scope`.
    pub scope: Vec<String>,
    /// Whether `subject_type` is pairwise, where it is said.
    pub pairwise: Option<bool>,
    /// `id_token_signed_response_alg`.
    pub id_token_alg: Option<String>,
    /// `userinfo_signed_response_alg`.
    pub userinfo_alg: Option<String>,
    /// `introspection_signed_response_alg`.
    pub introspection_alg: Option<String>,
    /// `request_object_signing_alg`.
    pub request_object_alg: Option<String>,
    /// `default_max_age`, in seconds.
    pub default_max_age: Option<u32>,
    /// `initiate_login_uri`.
    pub initiate_login_uri: Option<String>,
    /// `policy_uri`.
    pub policy_uri: Option<String>,
    /// `tos_uri`.
    pub tos_uri: Option<String>,
    /// `backchannel_logout_uri`.
    pub backchannel_logout_uri: Option<String>,
    /// `backchannel_logout_session_required`.
    pub backchannel_logout_session_required: Option<bool>,
    /// `require_pushed_authorization_requests`.
    pub pushed_requests: bool,
    /// `dpop_bound_access_tokens`.
    pub dpop: bool,
}

/// Members that we understand and cannot do: without them a program would wait for what never comes.
const REFUSED: [&str; 11] = [
    "sector_identifier_uri",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
];

/// The same, where they are `true`.
const REFUSED_FLAGS: [&str; 2] = ["require_signed_request_object", "tls_client_certificate_bound_access_tokens"];

/// What the server alone says (RFC 7592 2.2).
const OURS: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/// Reads what a program sent.
///
/// # Errors
/// The codes of RFC 7591 3.2.2.
pub fn read(sent: &Value) -> Result<ClientMetadata, Error> {
    let object = sent.as_object().ok_or_else(|| invalid("the metadata is a JSON object"))?;
    let members = Members(object);
    refuse_statements(&members)?;
    refuse_what_is_not_done(&members)?;
    let redirect_uris = members.addresses("redirect_uris")?;
    let grant_types = members.list("grant_types")?;
    let grant_types = grant_types.unwrap_or_else(|| vec![GrantType::AuthorizationCode.as_str().to_owned()]);
    check_response_types(members.list("response_types")?, &grant_types)?;
    let auth_method = auth_method(&members)?;
    let (jwks, jwks_uri) = (members.get("jwks").cloned(), members.text("jwks_uri")?);
    if jwks.is_some() && jwks_uri.is_some() {
        return Err(invalid("jwks and jwks_uri: one of them"));
    }
    Ok(ClientMetadata {
        kind: kind(members.text("application_type")?.as_deref(), &grant_types, auth_method)?,
        name: members.text("client_name")?,
        redirect_uris,
        post_logout_redirect_uris: members.addresses("post_logout_redirect_uris")?,
        grant_types,
        auth_method,
        auth_signing_alg: members.text("token_endpoint_auth_signing_alg")?,
        jwks,
        jwks_uri,
        scope: members
            .text("scope")?
            .unwrap_or_default()
            .split(' ')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect(),
        pairwise: match members.text("subject_type")?.as_deref() {
            None => None,
            Some("public") => Some(false),
            Some("pairwise") => Some(true),
            Some(_) => return Err(invalid("subject_type is public or pairwise")),
        },
        id_token_alg: members.text("id_token_signed_response_alg")?,
        userinfo_alg: members.text("userinfo_signed_response_alg")?,
        introspection_alg: members.text("introspection_signed_response_alg")?,
        request_object_alg: members.text("request_object_signing_alg")?,
        default_max_age: members.seconds("default_max_age")?,
        initiate_login_uri: members.text("initiate_login_uri")?,
        policy_uri: members.text("policy_uri")?,
        tos_uri: members.text("tos_uri")?,
        backchannel_logout_uri: members.text("backchannel_logout_uri")?,
        backchannel_logout_session_required: members.flag("backchannel_logout_session_required")?,
        pushed_requests: members.flag("require_pushed_authorization_requests")?.unwrap_or_default(),
        dpop: members.flag("dpop_bound_access_tokens")?.unwrap_or_default(),
    })
}

/// Checks what an update says beside the metadata (RFC 7592 2.2): who it is, a secret that is its own where it names
/// one (for the caller to compare), and nothing that is ours to say.
///
/// # Errors
/// `invalid_request`.
pub fn check_update<'a>(sent: &'a Value, client_id: &str) -> Result<Option<&'a str>, Error> {
    let object = sent.as_object().ok_or_else(|| invalid("the metadata is a JSON object"))?;
    let wrong = |why: &'static str| Err(Error::new(ErrorCode::InvalidRequest, why));
    if OURS.iter().any(|name| object.contains_key(*name)) {
        return wrong("registration_access_token, registration_client_uri and times are the server's to say");
    }
    if object.get("client_id").and_then(Value::as_str) != Some(client_id) {
        return wrong("client_id is not that of this application");
    }
    match object.get("client_secret") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(secret)) => Ok(Some(secret)),
        Some(_) => wrong("client_secret is not that of this application"),
    }
}

/// No issuer of statements is known here (2.3): what one says about a program counts for nothing, and a program must
/// not believe that it did.
fn refuse_statements(members: &Members<'_>) -> Result<(), Error> {
    let Some(statement) = members.get("software_statement") else { return Ok(()) };
    let is_jwt = statement.as_str().is_some_and(|text| {
        let parts: Vec<_> = text.split('.').collect();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(plain))
    });
    Err(if is_jwt {
        Error::new(ErrorCode::UnapprovedSoftwareStatement, "no issuer of software statements is trusted here")
    } else {
        Error::new(ErrorCode::InvalidSoftwareStatement, "software_statement is no signed JWT")
    })
}

fn refuse_what_is_not_done(members: &Members<'_>) -> Result<(), Error> {
    if let Some(name) = REFUSED.into_iter().find(|name| members.get(name).is_some()) {
        return Err(invalid(format!("{name} is not supported")));
    }
    for name in REFUSED_FLAGS {
        if members.flag(name)? == Some(true) {
            return Err(invalid(format!("{name} is not supported")));
        }
    }
    Ok(())
}

/// The table of RFC 7591 2.1: a code and the grant for it belong together.
fn check_response_types(response_types: Option<Vec<String>>, grant_types: &[String]) -> Result<(), Error> {
    let by_code = grant_types.iter().any(|grant| grant == GrantType::AuthorizationCode.as_str());
    let Some(response_types) = response_types else { return Ok(()) };
    if response_types.iter().any(|response_type| response_type != "code") {
        return Err(invalid("response_types must be code"));
    }
    if response_types.is_empty() == by_code {
        return Err(invalid("the response type code and the grant authorization_code belong together"));
    }
    Ok(())
}

fn auth_method(members: &Members<'_>) -> Result<Option<AuthMethod>, Error> {
    let Some(name) = members.text("token_endpoint_auth_method")? else { return Ok(None) };
    let known = AuthMethod::ALL.into_iter().find(|method| method.as_str() == name);
    known.map(Some).ok_or_else(|| invalid("token_endpoint_auth_method is not supported"))
}

/// What kind of program it is: who has no people is a machine, and who keeps no secret and is on the web, a page.
fn kind(
    application_type: Option<&str>,
    grant_types: &[String],
    auth_method: Option<AuthMethod>,
) -> Result<ApplicationType, Error> {
    let is_machine = grant_types.iter().all(|grant| grant == GrantType::ClientCredentials.as_str());
    match application_type {
        Some("native") => Ok(ApplicationType::Native),
        None | Some("web") if is_machine => Ok(ApplicationType::Machine),
        None | Some("web") if auth_method == Some(AuthMethod::None) => Ok(ApplicationType::Spa),
        None | Some("web") => Ok(ApplicationType::Web),
        Some(_) => Err(invalid("application_type is web or native")),
    }
}

fn invalid(description: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorCode::InvalidClientMetadata, description)
}

/// The members of what was sent; `null` is the same as nothing (RFC 7592 2.2).
struct Members<'a>(&'a Map<String, Value>);

impl Members<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        let text =
            |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| invalid(format!("{name} is a text")));
        self.get(name).map(text).transpose()
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, Error> {
        let flag = |value: &Value| value.as_bool().ok_or_else(|| invalid(format!("{name} is true or false")));
        self.get(name).map(flag).transpose()
    }

    fn seconds(&self, name: &'static str) -> Result<Option<u32>, Error> {
        let seconds = |value: &Value| value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
        self.get(name)
            .map(|value| seconds(value).ok_or_else(|| invalid(format!("{name} is a number of seconds"))))
            .transpose()
    }

    /// A list of texts without gaps.
    fn list(&self, name: &'static str) -> Result<Option<Vec<String>>, Error> {
        let wrong = || invalid(format!("{name} is a list of texts"));
        let Some(value) = self.get(name) else { return Ok(None) };
        let items = value.as_array().ok_or_else(wrong)?;
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect::<Result<_, _>>().map(Some)
    }

    fn addresses(&self, name: &'static str) -> Result<Vec<String>, Error> {
        let list = self.list(name).map_err(|error| Error { code: ErrorCode::InvalidRedirectUri, ..error })?;
        Ok(list.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(changes: &Value) -> Value {
        let mut sent = json!({ "redirect_uris": ["https://app.example.test/cb"] });
        for (name, value) in changes.as_object().unwrap() {
            sent[name] = value.clone();
        }
        sent
    }

    fn code(changes: &Value) -> &'static str {
        read(&with(changes)).unwrap_err().code.as_str()
    }

    #[test]
    fn b88_the_defaults_are_those_of_the_standard() {
        let least = read(&with(&json!({}))).unwrap();
        assert_eq!(
            (least.kind, least.grant_types.as_slice()),
            (ApplicationType::Web, &["authorization_code".to_owned()][..])
        );
        assert_eq!((least.auth_method, least.pairwise, &least.jwks), (None, None, &None));
        // What means nothing here is ignored, and null is nothing.
        let more = json!({ "logo_uri": 7, "contacts": [1], "client_name": null, "request_uris": [], "x": {} });
        assert_eq!(read(&with(&more)).unwrap(), least);
    }

    #[test]
    fn b88_what_is_no_metadata_is_refused_by_its_code() {
        for body in [json!(null), json!([]), json!("x"), json!(7)] {
            assert_eq!(read(&body).unwrap_err().code.as_str(), "invalid_client_metadata", "{body}");
        }
        for uris in [json!("https://a.test"), json!([null]), json!(["https://a.test/cb", null]), json!([7]), json!({})]
        {
            assert_eq!(code(&json!({ "redirect_uris": uris })), "invalid_redirect_uri", "{uris}");
            assert_eq!(code(&json!({ "post_logout_redirect_uris": uris })), "invalid_redirect_uri", "{uris}");
        }
        for wrong in [
            json!({ "grant_types": "authorization_code" }),
            json!({ "grant_types": [null] }),
            json!({ "grant_types": ["client_credentials"], "response_types": ["code"] }),
            json!({ "response_types": [] }),
            json!({ "response_types": ["code id_token"] }),
            json!({ "response_types": ["token"], "grant_types": ["implicit"] }),
            json!({ "application_type": "service" }),
            json!({ "client_name": ["x"] }),
            json!({ "scope": ["openid"] }),
            json!({ "subject_type": "ephemeral" }),
            json!({ "default_max_age": -1 }),
            json!({ "default_max_age": "60" }),
            json!({ "dpop_bound_access_tokens": "true" }),
            json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
            json!({ "jwks": { "keys": [] }, "jwks_uri": "https://app.example.test/jwks" }),
        ] {
            assert_eq!(code(&wrong), "invalid_client_metadata", "{wrong}");
        }
    }

    #[test]
    fn a36_what_cannot_be_done_is_refused_and_not_forgotten() {
        for name in REFUSED {
            assert_eq!(code(&json!({ name: "https://app.example.test/x" })), "invalid_client_metadata", "{name}");
        }
        for name in REFUSED_FLAGS {
            assert_eq!(code(&json!({ name: true })), "invalid_client_metadata", "{name}");
            assert!(read(&with(&json!({ name: false }))).is_ok(), "{name}");
        }
    }

    #[test]
    fn b89_a_software_statement_is_refused() {
        for (statement, refusal) in [
            (json!("e30.e30.c2ln"), "unapproved_software_statement"),
            (json!("not a JWT"), "invalid_software_statement"),
            (json!("e30.e30."), "invalid_software_statement"),
            (json!({}), "invalid_software_statement"),
        ] {
            assert_eq!(code(&json!({ "software_statement": statement, "grant_types": 7 })), refusal);
        }
    }

    #[test]
    fn b88_the_kind_of_program_follows_from_what_it_says() {
        for (changes, kind) in [
            (json!({ "application_type": "web" }), ApplicationType::Web),
            (json!({ "token_endpoint_auth_method": "none" }), ApplicationType::Spa),
            (json!({ "application_type": "native" }), ApplicationType::Native),
            (json!({ "grant_types": ["client_credentials"] }), ApplicationType::Machine),
            (json!({ "grant_types": ["client_credentials", "authorization_code"] }), ApplicationType::Web),
        ] {
            assert_eq!(read(&with(&changes)).unwrap().kind, kind, "{changes}");
        }
    }

    #[test]
    fn b90_an_update_says_who_it_is_and_nothing_that_is_ours_to_say() {
        let update = |more: Value| {
            let mut sent = with(&json!({ "client_id": "a" }));
            sent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            check_update(&sent, "a").map(|secret| secret.map(str::to_owned)).map_err(|error| error.code)
        };
        assert_eq!(update(json!({})), Ok(None));
        assert_eq!(update(json!({ "client_secret": "s" })), Ok(Some("s".to_owned())));
        for wrong in [
            json!({ "client_id": "b" }),
            json!({ "client_id": null }),
            json!({ "registration_access_token": "x" }),
            json!({ "registration_client_uri": "x" }),
            json!({ "client_secret_expires_at": 0 }),
            json!({ "client_id_issued_at": 0 }),
            json!({ "client_secret": 7 }),
        ] {
            assert_eq!(update(wrong.clone()), Err(ErrorCode::InvalidRequest), "{wrong}");
        }
    }
}
