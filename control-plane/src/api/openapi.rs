//! What the OpenAPI document says about every operation alike.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
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
            ("keys", "Custody of a tenant's keys: rotation, and nothing that could mint"),
            ("settings", "A tenant's own choices"),
            ("abuse", "What stands before abuse of the sign-in: lockouts, attempts, lists of networks"),
            ("branding", "How a tenant's pages and mails look"),
            ("profile-fields", "Fields that a tenant adds to the profile of its people"),
            ("egress", "The hosts a tenant may reach"),
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
        for (write, operation) in operations(item) {
            describe(operation, write, path.contains('{'));
        }
    }
}

/// Status, name and description of the problems that operations share.
const PROBLEMS: [(u16, &str, &str); 10] = [
    (400, "BadRequest", "The request cannot be understood"),
    (401, "Unauthorized", "There is no key, or none that lives"),
    (403, "Forbidden", "This key may only read"),
    (404, "NotFound", "There is nothing here, or nothing of yours"),
    (409, "Conflict", "The state of things forbids it; `code` says what does"),
    (410, "Gone", "The tenant is destroyed; its certificate is what is left"),
    (415, "UnsupportedMediaType", "The body is not `application/json`"),
    (422, "Invalid", "The input is not valid; `errors` says which members"),
    (429, "TooManyRequests", "Too many requests; `Retry-After` says when to come back"),
    (503, "Unavailable", "Temporarily unavailable; worth trying again"),
];

fn problem(status: u16, description: &str) -> Response {
    let code = match status {
        400 => "bad_request",
        401 => "unauthorized",
        403 => "read_only_key",
        404 => "not_found",
        409 => "slug_taken",
        410 => "tenant_destroyed",
        415 => "unsupported_media_type",
        422 => "invalid",
        429 => "too_many_requests",
        _ => "unavailable",
    };
    let example = serde_json::json!({
        "type": format!("urn:polder:problem:{code}"), "title": description, "status": status, "code": code,
        "instance": "urn:polder:request:4f1c02d39a6be857"
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemDocument::name())))
        .example(Some(example))
        .build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let reads = get.iter_mut().map(|operation| (false, operation));
    reads.chain([post, put, patch, delete].into_iter().flatten().map(|operation| (true, operation)))
}

fn describe(operation: &mut Operation, write: bool, of_a_tenant: bool) {
    for (status, name, _) in PROBLEMS {
        let possible = match status {
            403 => write,
            404 | 410 => of_a_tenant,
            409 => write || of_a_tenant,
            415 | 422 => operation.request_body.is_some(),
            _ => true,
        };
        if possible {
            let reference = RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.to_string()).or_insert(reference);
        }
    }
    if write {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("Makes a repeat get the answer of the first, for 24 hours"))
            .example(Some("5f3a7c1e-order-1042".into()))
            .schema(Some(text))
            .build();
        operation.parameters.get_or_insert_with(Vec::new).push(RefOr::T(header));
    }
}
