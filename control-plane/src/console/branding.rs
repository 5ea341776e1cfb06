//! How a tenant's pages and mails look: a form, and a frame that shows what it would come to.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use polder_hosted_pages::Look;
use polder_hosted_pages::brand::{self, Brand, Logo, Theme};
use polder_hosted_pages::console::{
    Branding as BrandingPage, Dressed, FieldProblem, Problem, Shell, Specimen, branding_field, branding_problem,
};
use polder_kernel::Locale;
use polder_service::headers::PageCsp;
use polder_tenant_api::{BrandTexts, BrandingChoices, LogoFile, NewLogo};
use serde_json::Value;

use super::fields::Fields;
use super::in_tenant::InTenant;
use super::problems::Problems;
use super::tenants::head;
use super::upload::Upload;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, Refused, branding};

/// The fields that are not a language's.
const FIELDS: [&str; 5] =
    ["primary_color", "primary_color_dark", "background_color", "background_color_dark", "radius"];
/// The fields of each language.
const TEXTS: [&str; 5] = ["name", "welcome", "help", "terms_url", "privacy_url"];

/// What the page may be asked for, and what a preview shows.
pub type Asked = Query<HashMap<String, String>>;

/// `GET /tenants/{slug}/branding`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Asked,
) -> Result<Response, Fault> {
    let found = branding::show(&on).await?;
    let shell = member.shell_saying(asked.get("notice").map(String::as_str));
    shown(&console, (&member, &on, shell), &asked, (&found.choices, &[])).await
}

/// `POST /tenants/{slug}/branding`.
pub async fn save(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let (choices, mut wrong) = choices(&fields, member.visit.locale);
    if wrong.is_empty() {
        match branding::choose(&on, &choices).await {
            Ok(_) => return Ok(back(&on)),
            Err(refused) => wrong = said(refused)?,
        }
    }
    let problems: Vec<_> = wrong
        .iter()
        .map(|(field, words)| FieldProblem { field: field.as_str(), problem: Problem::Said(words.as_str()) })
        .collect();
    let shell = Shell { language_path: None, ..member.shell() };
    let page = shown(&console, (&member, &on, shell), &HashMap::new(), (&choices, &problems)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST /tenants/{slug}/branding/logo`.
pub async fn set_logo(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Upload(file): Upload,
) -> Result<Response, Fault> {
    let problems = match file {
        None => Problems::default(),
        Some(file) => match branding::set_logo(&on, &NewLogo { data: STANDARD.encode(&file) }).await {
            Ok(_) => return Ok(back(&on)),
            Err(refused) => Problems::of(refused, &["logo"])?,
        },
    };
    let mut problems = problems.shown();
    if problems.is_empty() {
        problems.push(FieldProblem { field: "logo", problem: Problem::Required });
    }
    let found = branding::show(&on).await?;
    let shell = Shell { language_path: None, ..member.shell() };
    let page = shown(&console, (&member, &on, shell), &HashMap::new(), (&found.choices, &problems)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST /tenants/{slug}/branding/logo/remove`.
pub async fn remove_logo(InTenant { on, .. }: InTenant) -> Result<Response, Fault> {
    branding::remove_logo(&on).await?;
    Ok(back(&on))
}

/// `GET /tenants/{slug}/branding/preview`: a page or mail as it would look. What cannot be shown changes
/// nothing in the frame: 204.
pub async fn preview(InTenant { member, on }: InTenant, Query(asked): Asked) -> Result<Response, Fault> {
    let (specimen, locale, look) = view(&asked, member.visit.locale);
    let (choices, wrong) = match asked.get("live") {
        Some(_) => choices(&typed(&asked, locale), locale),
        None => (branding::show(&on).await?.choices, Vec::new()),
    };
    let (Ok(theme), true) = (brand::theme(&choices), wrong.is_empty()) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let logo = branding::logo(&on).await?;
    let texts = choices.texts.get(&locale).cloned().unwrap_or_default();
    let style = style_path(&on, &choices);
    let picture = logo.as_ref().map(picture);
    let html = specimen.render(
        locale,
        look,
        Dressed {
            name: texts.name.as_deref().unwrap_or(&on.tenant.name),
            brand: dressed(&texts, Some(&style), logo.as_ref().zip(picture.as_deref())),
            theme: &theme,
            nonce: &member.visit.nonce,
        },
    );
    let policy = if specimen.is_mail() { MAIL_POLICY } else { PageCsp::new(&member.visit.nonce).framed().to_header() };
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, policy)], html).into_response())
}

/// `GET /tenants/{slug}/branding/preview.css`: the colours of a preview, from its own address.
pub async fn preview_style(InTenant { .. }: InTenant, Query(asked): Asked) -> Result<Response, Fault> {
    let fields = Fields::of(FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), asked.get(*name)?.clone()))));
    let (choices, wrong) = choices(&fields, Locale::default());
    let theme = brand::theme(&choices).ok().filter(|_| wrong.is_empty()).ok_or(Fault::NotFound)?;
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], theme.style_sheet().unwrap_or_default()).into_response())
}

/// A mail has its styles in it and nothing else; it is ours, framed by us.
const MAIL_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox");

async fn shown(
    console: &Console,
    (member, on, shell): (&SignedIn, &On, Shell<'_>),
    asked: &HashMap<String, String>,
    (choices, problems): (&BrandingChoices, &[FieldProblem<'_>]),
) -> Result<Response, Fault> {
    let (specimen, in_language, look) = view(asked, member.visit.locale);
    let logo = branding::logo(on).await?;
    let slug = &on.tenant.slug;
    let query = format!("show={}&in={in_language}&look={}", specimen.as_str(), look.as_str());
    let page = BrandingPage {
        shell,
        tenant: head(&on.tenant),
        choices,
        logo: logo.as_ref().map(|file| &file.logo),
        shown: specimen,
        in_language,
        look,
        preview: &format!("/tenants/{slug}/branding/preview?{query}"),
        problems,
    };
    Ok(show::framing(&member.visit, &page, &[console.provider.issuer()]))
}

/// What is to be seen, in which language, light or dark.
fn view(asked: &HashMap<String, String>, locale: Locale) -> (Specimen, Locale, Look) {
    let get = |name: &str| asked.get(name).map_or("", String::as_str);
    (Specimen::parse(get("show")), get("in").parse().unwrap_or(locale), Look::parse(get("look")).unwrap_or(Look::Light))
}

/// What the form says, and what is wrong with it, by field.
fn choices(fields: &Fields, locale: Locale) -> (BrandingChoices, Vec<(String, String)>) {
    let text = |name: &str| Some(fields.get(name).to_owned()).filter(|text| !text.is_empty());
    let texts = |locale: Locale| {
        let own = |field: &str| text(&branding_field(&locale, field));
        let [name, welcome, help, terms_url, privacy_url] = TEXTS.map(own);
        (locale, BrandTexts { name, welcome, help, terms_url, privacy_url })
    };
    let radius = text("radius").map(|text| text.parse::<u8>().unwrap_or(u8::MAX));
    let choices = BrandingChoices {
        primary_color: text("primary_color"),
        primary_color_dark: text("primary_color_dark"),
        background_color: text("background_color"),
        background_color_dark: text("background_color_dark"),
        radius,
        texts: Locale::ALL.map(texts).into_iter().filter(|(_, texts)| *texts != BrandTexts::default()).collect(),
    };
    let wrong = brand::theme(&choices).err().unwrap_or_default();
    let wrong = wrong.into_iter().map(|one| (one.field.to_owned(), branding_problem(one.why, locale))).collect();
    (choices, wrong)
}

/// The fields of a preview, whose texts are those of one language.
fn typed(asked: &HashMap<String, String>, locale: Locale) -> Fields {
    let own = TEXTS.iter().filter_map(|name| Some((branding_field(&locale, name), asked.get(*name)?.clone())));
    let all = FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), asked.get(*name)?.clone())));
    Fields::of(own.chain(all))
}

/// What the tenant found wrong: `/texts/nl/welcome` is the field `nl_welcome`.
fn said(refused: Refused) -> Result<Vec<(String, String)>, Fault> {
    let Refused::Said(StatusCode::UNPROCESSABLE_ENTITY, body) = &refused else { return Err(refused.into()) };
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let one = |error: &Value| {
        let pointer = error["pointer"].as_str()?.trim_start_matches('/').trim_start_matches("texts/");
        Some((pointer.replace('/', "_"), error["detail"].as_str()?.to_owned()))
    };
    let found: Vec<_> = document["errors"].as_array().into_iter().flatten().filter_map(one).collect();
    if found.is_empty() { Err(refused.into()) } else { Ok(found) }
}

fn style_path(on: &On, choices: &BrandingChoices) -> String {
    let radius = choices.radius.unwrap_or(Theme::PLAIN.radius).to_string();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in FIELDS.iter().zip([
        &choices.primary_color,
        &choices.primary_color_dark,
        &choices.background_color,
        &choices.background_color_dark,
        &Some(radius),
    ]) {
        query.extend_pairs(value.as_ref().map(|value| (*name, value.as_str())));
    }
    format!("/tenants/{}/branding/preview.css?{}", on.tenant.slug, query.finish())
}

fn picture(file: &LogoFile) -> String {
    format!("data:{};base64,{}", file.logo.content_type, file.data)
}

fn dressed<'a>(texts: &'a BrandTexts, style: Option<&'a str>, logo: Option<(&'a LogoFile, &'a str)>) -> Brand<'a> {
    Brand {
        style,
        logo: logo.map(|(file, src)| Logo {
            src,
            width: file.logo.width,
            height: file.logo.height,
            transparent: file.logo.transparent,
        }),
        welcome: texts.welcome.as_deref(),
        help: texts.help.as_deref(),
        terms: texts.terms_url.as_deref(),
        privacy: texts.privacy_url.as_deref(),
    }
}

fn back(on: &On) -> Response {
    Redirect::to(&format!("/tenants/{}/branding?notice=saved", on.tenant.slug)).into_response()
}
