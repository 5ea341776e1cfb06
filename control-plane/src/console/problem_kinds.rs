//! `/problems`: what the public API's problems mean, for everybody. `type` of a problem document leads here.

use axum::extract::Path;
use axum::response::Response;
use polder_hosted_pages::console::{ProblemKind, ProblemKinds};

use super::{Fault, Visit, show};
use crate::api::problems::{self, Kind};

/// `GET /problems`: all of them.
pub async fn list(visit: Visit) -> Response {
    let kinds: Vec<ProblemKind<'_>> = problems::ALL.iter().map(shown).collect();
    show::page(&visit, &ProblemKinds { frame: visit.frame(""), kinds: &kinds, all: true }, &[])
}

/// `GET /problems/{code}`.
///
/// # Errors
/// 404 for a code that no problem has.
pub async fn one(visit: Visit, Path(code): Path<String>) -> Result<Response, Fault> {
    let kind = problems::find(&code).ok_or(Fault::NotFound)?;
    Ok(show::page(&visit, &ProblemKinds { frame: visit.frame(""), kinds: &[shown(kind)], all: false }, &[]))
}

const fn shown(kind: &Kind) -> ProblemKind<'static> {
    ProblemKind { code: kind.code, status: kind.status, meaning: kind.meaning, remedy: kind.remedy }
}

#[cfg(test)]
mod tests {
    use axum::extract::Request;
    use http::StatusCode;

    use crate::testing::World;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_type_of_a_problem_is_the_address_of_its_page() {
        let world = World::new().await;
        let problem = world.api("", http::Method::GET, "/tenants", None).await.json();
        let address = problem["type"].as_str().unwrap();
        assert_eq!(address, "http://console.localhost:8600/problems/unauthorized");
        for path in ["/problems", "/problems/unauthorized"] {
            let page = world.send(Request::get(path).header("accept", "text/html"), String::new()).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.body.contains("Authorization: Bearer KEY"), "{path}");
        }
        for path in ["/problems/nothing", "/problems/%3Cscript%3E"] {
            let page = world.send(Request::get(path), String::new()).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}
