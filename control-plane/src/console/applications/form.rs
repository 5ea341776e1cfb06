//! An application, as its forms have it and as the tenant takes it.

use polder_hosted_pages::console::{ApplicationForm, TokenForm};
use polder_tenant_api::{Access, AccessTokenFormat, ApplicationType, Preferences, Profile};
use serde_json::Value;

use crate::console::fields::Fields;

pub(super) fn form(fields: &Fields) -> ApplicationForm<'_> {
    ApplicationForm {
        name: fields.get("name"),
        redirect_uris: fields.get("redirect_uris"),
        post_logout_redirect_uris: fields.get("post_logout_redirect_uris"),
        access: fields.get("access"),
        role: fields.get("role"),
        passkeys: fields.get("passkeys"),
        second_factor: fields.get("second_factor"),
        profile: fields.get("profile"),
        jwks: fields.get("jwks"),
        jwks_uri: fields.get("jwks_uri"),
        backchannel_logout_uri: fields.get("backchannel_logout_uri"),
        apis: fields.get("apis"),
        scopes: fields.get("scopes"),
        tokens: TokenForm {
            id_token_alg: fields.get("id_token_signed_response_alg"),
            access_token_format: fields.get("access_token_format"),
            access_token_seconds: fields.get("access_token_seconds"),
            refresh_idle_seconds: fields.get("refresh_idle_seconds"),
            refresh_absolute_seconds: fields.get("refresh_absolute_seconds"),
            userinfo_alg: fields.get("userinfo_signed_response_alg"),
        },
    }
}

/// The choices as the form has them. A field that is not in it leaves its choice as it was, but for the two that open
/// a way out: those hold what was on the form, and nothing that the tenant said meanwhile (P18).
pub(super) fn preferences(fields: &Fields, before: &Preferences) -> Preferences {
    let sent = |name: &str| fields.has(name).then(|| Some(fields.get(name)).filter(|value| !value.is_empty()));
    let text = |name, before: &Option<String>| sent(name).map_or(before.clone(), |value| value.map(str::to_owned));
    let seconds = |name, before| sent(name).map_or(before, |value| value.and_then(|value| value.parse().ok()));
    let words = |name: &str, before: &Vec<String>| if fields.has(name) { fields.words(name) } else { before.clone() };
    let opaque = |value: Option<&str>| (value == Some("opaque")).then_some(AccessTokenFormat::Opaque);
    Preferences {
        passkeys: fields.get("passkeys").parse().ok(),
        second_factor: fields.get("second_factor").parse().ok(),
        jwks_uri: text("jwks_uri", &None),
        backchannel_logout_uri: text("backchannel_logout_uri", &None),
        apis: words("apis", &before.apis),
        scopes: words("scopes", &before.scopes),
        id_token_signed_response_alg: text("id_token_signed_response_alg", &before.id_token_signed_response_alg),
        userinfo_signed_response_alg: text("userinfo_signed_response_alg", &before.userinfo_signed_response_alg),
        access_token_format: sent("access_token_format").map_or(before.access_token_format, opaque),
        access_token_seconds: seconds("access_token_seconds", before.access_token_seconds),
        refresh_idle_seconds: seconds("refresh_idle_seconds", before.refresh_idle_seconds),
        refresh_absolute_seconds: seconds("refresh_absolute_seconds", before.refresh_absolute_seconds),
        ..before.clone()
    }
}

pub(super) fn kind(fields: &Fields) -> ApplicationType {
    match fields.get("type") {
        "spa" => ApplicationType::Spa,
        "native" => ApplicationType::Native,
        "machine" => ApplicationType::Machine,
        _ => ApplicationType::Web,
    }
}

pub(super) fn profile(fields: &Fields) -> Profile {
    match fields.get("profile") {
        "compat" => Profile::Compat,
        "fapi2" => Profile::Fapi2,
        _ => Profile::Default,
    }
}

/// What is no JSON goes to the tenant as a text: it says what keys look like.
pub(super) fn jwks(fields: &Fields) -> Option<Value> {
    let text = fields.get("jwks");
    (!text.is_empty()).then(|| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())))
}

/// `None` when a role is chosen and not named.
pub(super) fn access(fields: &Fields) -> Option<Access> {
    match (fields.get("access"), fields.get("role")) {
        ("role", "") => None,
        ("role", role) => Some(Access::Role { role: role.to_owned() }),
        ("invited", _) => Some(Access::Invited),
        _ => Some(Access::Everyone),
    }
}
