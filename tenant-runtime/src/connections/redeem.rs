//! Back from the provider: from its answer to who it says signed in.

use std::sync::Arc;
use std::time::Duration;

use oauth2::basic::BasicErrorResponse;
use oauth2::{AuthorizationCode, PkceCodeVerifier, RequestTokenError, TokenResponse};
use polder_kernel::{Email, Timestamp};
use polder_outbound::EgressError;
use polder_tenant_api::connections::{ClaimNames, Provider};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::attempt::Attempt;
use super::client::{self, Place, TokenAnswer};
use super::id_token::{self, Expected, Refused};
use super::identity::{LONGEST_SUBJECT, Profile, Vouched};
use super::tokens::Tokens;
use super::{Problem, authority, userinfo};
use crate::App;
use crate::account::name;
use crate::model::Connection;

/// For everything that a provider is asked in one sign-in.
const TIME: Duration = Duration::from_secs(25);

/// Who the provider says signed in, once everything it said is checked.
///
/// # Errors
/// [`Problem`]; then it says nobody.
pub async fn redeem(
    app: &App,
    connection: &Connection,
    attempt: &Attempt,
    answer: &Answer,
) -> Result<Vouched, Problem> {
    let exchange = async {
        let place = client::place(app, connection).await?;
        from_whom_we_asked(&place, answer)?;
        if answer.error.is_some() {
            return Err(Problem::Refused);
        }
        let code = answer.code.clone().ok_or(Problem::Untrusted("it answers with neither code nor error"))?;
        let tokens = exchange(app, connection, (attempt, &place), code).await?;
        who(app, connection, (attempt, &place, answer), &tokens).await
    };
    tokio::time::timeout(TIME, exchange).await.map_err(|_| Problem::Unusable("it takes too long"))?
}

/// RFC 9207: a provider that says it names itself must, and whoever names somebody else is not it (B36).
fn from_whom_we_asked(place: &Place, answer: &Answer) -> Result<(), Problem> {
    let Some(metadata) = &place.openid else { return Ok(()) };
    let promised = metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match &answer.iss {
        Some(iss) if *iss == place.issuer => Ok(()),
        Some(_) => Err(Problem::Untrusted("the answer is of another issuer")),
        None if promised => Err(Problem::Untrusted("the answer does not name its issuer")),
        None => Ok(()),
    }
}

async fn exchange(
    app: &App,
    connection: &Connection,
    (attempt, place): (&Attempt, &Place),
    code: String,
) -> Result<TokenAnswer, Problem> {
    let client = client::client(app, connection, place).await?;
    let answer = client
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
        .request_async(&app.outbound)
        .await;
    answer.map_err(|error| of_token_endpoint(&error))
}

/// What the endpoint answers is its last word; anything else may be otherwise next time.
pub fn of_token_endpoint(error: &RequestTokenError<EgressError, BasicErrorResponse>) -> Problem {
    match error {
        RequestTokenError::ServerResponse(_) => Problem::Untrusted("the token endpoint does not take the code"),
        error => Problem::of_call(error, "the token endpoint's answer is not readable"),
    }
}

async fn who(
    app: &App,
    connection: &Connection,
    (attempt, place, answer): (&Attempt, &Place, &Answer),
    tokens: &TokenAnswer,
) -> Result<Vouched, Problem> {
    let access = tokens.access_token().secret();
    let mut claims = match &place.openid {
        Some(_) => from_id_token(app, connection, (attempt, place), tokens).await?,
        None => Map::new(),
    };
    let how = How::of(&claims, app.clock.now());
    let asks = place.openid.is_none() || !claims.contains_key("email");
    if let Some(url) = place.userinfo.as_deref().filter(|_| asks) {
        let said = userinfo::ask(app, url, access).await?;
        // Core 5.3.2: without the same subject it is somebody else's, and worth nothing.
        if place.openid.is_some() && said.get("sub") != claims.get("sub") {
            return Err(Problem::Untrusted("userinfo is about somebody else"));
        }
        // What belongs to the address comes from where the address comes from.
        for name in ["email_verified", "hd"] {
            claims.remove(name);
        }
        for (name, value) in said {
            claims.entry(name).or_insert(value);
        }
    }
    if connection.provider == Provider::Github {
        let url = place.userinfo.as_deref().unwrap_or_default();
        if let Some(address) = userinfo::github_address(app, url, access).await? {
            claims.insert("email".to_owned(), Value::String(address));
            claims.insert("email_verified".to_owned(), Value::Bool(true));
        }
    }
    let names = if connection.provider == Provider::Github { github_names() } else { place.claims.clone() };
    let mut vouched = vouched(connection, &place.issuer, &names, (&claims, how))?;
    if vouched.profile.name.is_none() {
        vouched.profile.name = answer.name().and_then(|told| name::checked(&told).ok());
    }
    vouched.tokens = connection.configuration.keep_tokens.then(|| Tokens::of(tokens, app.clock.now()));
    Ok(vouched)
}

/// After the proved address was asked for.
fn github_names() -> ClaimNames {
    ClaimNames { subject: "id".to_owned(), ..ClaimNames::default() }
}

/// The claims of the ID token. If no key fits, the provider's keys are read once more.
async fn from_id_token(
    app: &App,
    connection: &Connection,
    (attempt, place): (&Attempt, &Place),
    tokens: &TokenAnswer,
) -> Result<Map<String, Value>, Problem> {
    let token = tokens.extra_fields().id_token.as_deref().ok_or(Problem::Untrusted("there is no ID token"))?;
    let expected = Expected {
        issuer: &place.issuer,
        client_id: &connection.client_id,
        nonce: &attempt.nonce,
        now: app.clock.now(),
    };
    let metadata = place.openid.as_ref().ok_or(Problem::Untrusted("there is no ID token"))?;
    match id_token::check(token, metadata, expected) {
        Err(Refused::Key) => {
            let again = app.connections.discovery.again(app, connection, (&place.issuer, metadata)).await?;
            let metadata: Arc<_> = again.ok_or(Refused::Key)?;
            Ok(id_token::check(token, &metadata, expected)?)
        }
        other => Ok(other?),
    }
}

/// How somebody proved themselves at the provider. Only a signed ID token of this very sign-in says so.
#[derive(Clone, Copy, Debug)]
struct How {
    second_factor: bool,
    at: Option<Timestamp>,
}

impl How {
    fn of(id_token: &Map<String, Value>, now: Timestamp) -> Self {
        let amr = id_token.get("amr").and_then(Value::as_array);
        let auth_time = id_token.get("auth_time").and_then(Value::as_i64).map(Timestamp::from_seconds);
        Self {
            second_factor: amr.is_some_and(|amr| amr.iter().any(|method| method.as_str() == Some("mfa"))),
            at: auth_time.filter(|at| *at <= now),
        }
    }
}

/// What of these claims counts.
fn vouched(
    connection: &Connection,
    issuer: &str,
    names: &ClaimNames,
    (claims, how): (&Map<String, Value>, How),
) -> Result<Vouched, Problem> {
    let text = |name: &String| claims.get(name).and_then(Value::as_str);
    let subject = subject(claims.get(&names.subject)).ok_or(Problem::Untrusted("it names nobody"))?;
    let email = text(&names.email).and_then(|email| email.trim().parse::<Email>().ok());
    let verified = authority::is_true(claims.get(&names.email_verified));
    let email_by_authority =
        email.as_ref().is_some_and(|email| authority::vouches_for(connection, email, claims, verified));
    Ok(Vouched {
        profile: Profile {
            issuer: issuer.to_owned(),
            subject,
            email: email.map(|email| email.as_str().to_owned()),
            name: text(&names.name).and_then(|told| name::checked(told).ok()),
        },
        email_by_authority,
        second_factor: how.second_factor && connection.configuration.trust_second_factor,
        authenticated_at: how.at,
        tokens: None,
    })
}

/// A text, or a number as some OAuth 2 servers have it.
fn subject(value: Option<&Value>) -> Option<String> {
    let subject = match value? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64().filter(|number| *number > 0)?.to_string(),
        _ => return None,
    };
    ((1..=LONGEST_SUBJECT).contains(&subject.len()) && !subject.chars().any(char::is_control)).then_some(subject)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn b100_a_subject_is_a_text_or_a_number_and_nothing_else() {
        assert_eq!(subject(Some(&json!("abc"))).as_deref(), Some("abc"));
        assert_eq!(subject(Some(&json!(42))).as_deref(), Some("42"));
        for wrong in [json!(""), json!(null), json!(0), json!(-1), json!(1.5), json!(true), json!(["a"]), json!({})] {
            assert_eq!(subject(Some(&wrong)), None, "{wrong}");
        }
        assert_eq!(subject(Some(&json!("x".repeat(256)))), None);
        assert_eq!(subject(Some(&json!("a\nb"))), None);
        assert_eq!(subject(None), None);
    }
}
