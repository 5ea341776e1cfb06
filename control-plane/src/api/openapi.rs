//! What the OpenAPI document says about every operation alike.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Server, Tag, Type,
};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

use super::error::{ProblemDocument, ProblemField};

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Polder",
    description = "Tenants, and within each its applications, people, sessions, audit log and settings.\n\n\
        Lists come in pages: pass `next` as `cursor` for the one after. Writes may carry an `Idempotency-Key`, so that \
        a repeat within 24 hours changes nothing and gets the answer of the first. Errors are problem documents \
        (RFC 9457) with a stable `code`. Times are RFC 3339 in UTC. Unknown fields are refused."
))]
struct Base;

/// The document before any operation is in it.
pub fn base() -> OpenApi {
    let mut document = Base::openapi();
    document.info.version = "1".to_owned();
    document.info.license = None;
    document.info.contact = None;
    document.servers = Some(vec![Server::new("/api/v1")]);
    document.tags = Some(
        [
            ("tenants", "OpenID Providers, one per app"),
            ("life", "A tenant's life: suspend, sleep, terminate, destroy"),
            ("applications", "What signs people in: OAuth clients"),
            ("apis", "What applications may ask tokens for"),
            ("registration", "Who may register an application (RFC 7591)"),
            ("users", "People"),
            ("connections", "Outside identity providers, and people's accounts there"),
            ("sessions", "The register of sessions"),
            ("audit-events", "Who did what"),
            ("messages", "What a tenant sent, and how far it has come"),
            ("usage", "What tenants were used for: daily and monthly active people, sign-ins, requests"),
            ("keys", "Custody of a tenant's keys: rotation, and nothing that could mint"),
            ("settings", "A tenant's own choices"),
            ("abuse", "What stands before abuse of the sign-in: lockouts, attempts, lists of networks"),
            ("branding", "How a tenant's pages and mails look"),
            ("profile-fields", "Fields that a tenant adds to the profile of its people"),
            ("egress", "The hosts a tenant may reach"),
            ("members", "Your organisation, its members and who is invited"),
            ("api-keys", "Keys of this API"),
        ]
        .map(|(name, description)| {
            let mut tag = Tag::new(name);
            tag.description = Some(description.to_owned());
            tag
        })
        .to_vec(),
    );
    document
}

/// Adds what all operations have in common: the key, the problems, the idempotency key.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Default::default);
    let mut key = Http::new(HttpAuthScheme::Bearer);
    key.description = Some("A key of the public API, from the console".to_owned());
    components.security_schemes.insert("api_key".to_owned(), RefOr::T(SecurityScheme::Http(key)));
    components.schemas.insert(ProblemDocument::name().into_owned(), ProblemDocument::schema());
    components.schemas.insert(ProblemField::name().into_owned(), ProblemField::schema());
    for (status, name, description) in PROBLEMS {
        components.responses.insert(name.to_owned(), RefOr::T(problem(status, description)));
    }
    document.security = Some(vec![SecurityRequirement::new("api_key", Vec::<String>::new())]);
    for (path, item) in &mut document.paths.paths {
        for (of, operation) in operations(item) {
            describe(operation, of, path.contains('{'));
        }
    }
}

/// Status, name and description of the problems that operations share.
const PROBLEMS: [(u16, &str, &str); 11] = [
    (400, "BadRequest", "The request cannot be understood"),
    (401, "Unauthorized", "There is no key, or none that lives"),
    (403, "Forbidden", "This key may not do that, or not from this address; `code` says which"),
    (404, "NotFound", "There is nothing here, or nothing of yours"),
    (409, "Conflict", "The state of things forbids it; `code` says what does"),
    (410, "Gone", "The tenant is destroyed; its certificate is what is left"),
    (412, "PreconditionFailed", "`If-Match` names a state that is over; `ETag` has the present one"),
    (415, "UnsupportedMediaType", "The body is not `application/json`"),
    (422, "Invalid", "The input is not valid; `errors` says which members"),
    (429, "TooManyRequests", "Too many requests; `Retry-After` says when to come back"),
    (503, "Unavailable", "Temporarily unavailable; worth trying again"),
];

fn problem(status: u16, description: &str) -> Response {
    let code = match status {
        400 => "bad_request",
        401 => "unauthorized",
        403 => "insufficient_scope",
        404 => "not_found",
        409 => "slug_taken",
        410 => "tenant_destroyed",
        412 => "precondition_failed",
        415 => "unsupported_media_type",
        422 => "invalid",
        429 => "too_many_requests",
        _ => "unavailable",
    };
    let example = serde_json::json!({
        "type": format!("https://console.example.com{}{code}", super::problems::PAGES), "title": description, "status": status, "code": code,
        "instance": "urn:polder:request:4f1c02d39a6be857"
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemDocument::name())))
        .example(Some(example))
        .build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

/// How an operation is used: by its method.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// `GET`
    Read,
    /// `POST`
    Act,
    /// `PUT`, `PATCH` and `DELETE`: of something that has a state.
    Change,
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Use, &mut Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let reads = get.iter_mut().map(|operation| (Use::Read, operation));
    let acts = post.iter_mut().map(|operation| (Use::Act, operation));
    let changes = [put, patch, delete].into_iter().flatten().map(|operation| (Use::Change, operation));
    reads.chain(acts).chain(changes)
}

fn describe(operation: &mut Operation, of: Use, of_a_tenant: bool) {
    let write = of != Use::Read;
    for (status, name, _) in PROBLEMS {
        let possible = match status {
            403 => true,
            404 | 410 => of_a_tenant,
            409 => write || of_a_tenant,
            412 => of == Use::Change,
            415 => operation.request_body.is_some(),
            422 => operation.request_body.is_some() || has_query(operation),
            _ => true,
        };
        if possible {
            let reference = RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.to_string()).or_insert(reference);
        }
    }
    let is_json = answers(operation, of == Use::Read);
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    if write {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
        parameters.push(header("Idempotency-Key", IDEMPOTENCY, text.pattern(Some("^[!-~]+$"))));
    }
    if of == Use::Change {
        parameters.push(header("If-Match", MATCH, ObjectBuilder::new().schema_type(Type::String)));
    }
    if of == Use::Read && is_json {
        parameters.push(header("If-None-Match", NONE_MATCH, ObjectBuilder::new().schema_type(Type::String)));
        let description = "It is as `If-None-Match` says";
        let mut unchanged = ResponseBuilder::new().description(description).build();
        unchanged.headers.insert("ETag".to_owned(), said(TAG_SAYS));
        operation.responses.responses.insert("304".to_owned(), RefOr::T(unchanged));
    }
}

const TAG_SAYS: &str = "Names the state of what is answered, for `If-None-Match` and `If-Match`";
const IDEMPOTENCY: &str = "Makes a repeat get the answer of the first, for 24 hours";
const MATCH: &str = "The `ETag` of the state to change: in any other nothing is done (412)";
const NONE_MATCH: &str = "The `ETag` of what is known: the answer is 304 where that is how it still is";
const RATE: &str = "How many requests are left, and in how many seconds there are more: `\"reads\";r=11999;t=60`";
const RATE_POLICY: &str = "How many requests there are in a window of so many seconds: `\"reads\";q=12000;w=60`";

fn header(name: &str, description: &str, schema: ObjectBuilder) -> RefOr<Parameter> {
    let header = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema));
    RefOr::T(header.build())
}

fn said(description: &str) -> RefOr<Header> {
    RefOr::T(HeaderBuilder::new().description(Some(description)).build())
}

fn has_query(operation: &Operation) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(|one| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Query))
}

/// Says which headers every good answer has; whether a good answer is JSON.
fn answers(operation: &mut Operation, tagged: bool) -> bool {
    let mut is_json = false;
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if !status.starts_with('2') {
            continue;
        }
        response.headers.insert("RateLimit".to_owned(), said(RATE));
        response.headers.insert("RateLimit-Policy".to_owned(), said(RATE_POLICY));
        if tagged && response.content.contains_key("application/json") {
            is_json = true;
            response.headers.insert("ETag".to_owned(), said(TAG_SAYS));
        }
    }
    is_json
}
