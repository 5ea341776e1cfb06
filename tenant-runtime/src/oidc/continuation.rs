//! A form from another site, sent on as the same request by GET: browsers leave `SameSite=Lax` cookies at
//! home when another site posts, and bring them when they follow the redirect (A23, A42).

use polder_protocol::Params;
use url::form_urlencoded;

/// A longer query would not come back to us (`polder_service::stack::URI_MAX`).
const LONGEST: usize = 7000;

/// Where the request goes on; `None` when it is too long for that or its parameters are faulty.
pub fn continuation(path: &str, params: &Params) -> Option<String> {
    if params.fault().is_some() {
        return None;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in params.names() {
        for value in params.all(name) {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    (query.len() <= LONGEST).then(|| format!("{path}?{query}"))
}
