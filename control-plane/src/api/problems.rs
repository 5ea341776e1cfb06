//! Every problem the public API answers with: what its stable `code` means, and what helps. Each has a page on
//! the console's host, at the address that `type` gives (RFC 9457, 3.1.1).

/// Where the pages are, on the console's host.
pub const PAGES: &str = "/problems/";

/// One kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What programs compare; never changes.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// What it means.
    pub meaning: &'static str,
    /// What helps.
    pub remedy: &'static str,
}

const fn kind(code: &'static str, status: u16, meaning: &'static str, remedy: &'static str) -> Kind {
    Kind { code, status, meaning, remedy }
}

/// All of them, by status and code.
pub const ALL: &[Kind] = &[
    kind(
        "bad_request",
        400,
        "The request cannot be understood: a query, a header or a body is malformed.",
        "`detail` says what is malformed. Sending the same again will not help.",
    ),
    kind("body_broken", 400, "The body ended before it was whole.", "Send the request again."),
    kind(
        "unauthorized",
        401,
        "There was no API key, or none that lives: it may be mistyped, expired or revoked.",
        "Send `Authorization: Bearer KEY` with a key made in the console under API keys.",
    ),
    kind(
        "address_not_allowed",
        403,
        "The key may be used from certain addresses only, and this is none of them.",
        "Use the key from where it belongs, or have its addresses changed in the console under API keys.",
    ),
    kind(
        "forbidden",
        403,
        "The key may not do this.",
        "Use a key of somebody who may, or have it done in the console.",
    ),
    kind(
        "insufficient_scope",
        403,
        "The key may do other things than this.",
        "`detail` names the scope that is needed; use a key that has it.",
    ),
    kind("read_only_key", 403, "The key may only read, and this would change something.", "Use a key that may write."),
    kind(
        "rights_above_own",
        403,
        "A key makes and changes keys that may do no more than itself, from no more addresses, and no longer.",
        "Ask for less, or have it done in the console.",
    ),
    kind(
        "role_above_own",
        403,
        "A key counts as an administrator: it makes no owner, and changes and removes none.",
        "Have an owner do it in the console.",
    ),
    kind(
        "not_found",
        404,
        "There is nothing here, or nothing of yours: the two are not told apart.",
        "Check the slug and the id, and that the key is of the organisation that the tenant belongs to.",
    ),
    kind(
        "method_not_allowed",
        405,
        "The address exists, and does not know this method.",
        "The header `Allow` lists the methods it knows.",
    ),
    kind("body_too_slow", 408, "The body took too long to arrive.", "Send the request again over a better connection."),
    kind(
        "address_proved",
        409,
        "The person has proved their address, so an invitation has nothing to tell them.",
        "Nothing needs to be done: they can sign in.",
    ),
    kind(
        "already_invited",
        409,
        "There is an open invitation for this address.",
        "Send that one again, or revoke it first.",
    ),
    kind("already_member", 409, "Somebody with this address is a member already.", "Change their role instead."),
    kind("egress_rule_exists", 409, "The tenant may reach this host already.", "Nothing needs to be done."),
    kind(
        "egress_rules_full",
        409,
        "The tenant's list of hosts is as long as it may be.",
        "Remove a host that is no longer needed.",
    ),
    kind(
        "email_taken",
        409,
        "Another person of this tenant signs in with this address, or can still take it back.",
        "Look that person up, or use another address.",
    ),
    kind(
        "idempotency_key_in_use",
        409,
        "The first request with this `Idempotency-Key` is not over yet, or was cut off a moment ago.",
        "Wait for the seconds in `Retry-After` and repeat it.",
    ),
    kind(
        "identifier_fixed",
        409,
        "An API keeps its identifier: tokens that were given out name it.",
        "Make another API and remove this one once nobody uses it.",
    ),
    kind(
        "import_under_way",
        409,
        "Another import of people has not ended yet.",
        "Wait until it has, or end it with `DELETE`.",
    ),
    kind(
        "in_use",
        409,
        "An application may still ask for tokens for this API.",
        "Take the API from those applications first.",
    ),
    kind(
        "invited_just_now",
        409,
        "An invitation to this person left less than a minute ago.",
        "Wait a minute before sending another.",
    ),
    kind("key_expired", 409, "The key ended by itself, and stays so.", "Make another key in its place."),
    kind(
        "last_owner",
        409,
        "An organisation keeps an owner, and this is the last one.",
        "Make somebody else an owner first.",
    ),
    kind(
        "last_secret",
        409,
        "This is the only secret of the application that works: without it nobody could sign in there.",
        "Make another secret, give it to the application, and then take this one back.",
    ),
    kind(
        "no_database_password",
        409,
        "The tenant's data is in a file, which has no password.",
        "Only tenants on PostgreSQL have passwords to rotate.",
    ),
    kind(
        "no_next_seal_key",
        409,
        "There is no next seal key beside the one in use.",
        "Rotate the seal key through the public API or the command line, which puts one there.",
    ),
    kind(
        "no_tokens",
        409,
        "No tokens of the outside provider are kept for this account.",
        "Switch keeping tokens on for the connection; they are kept from the next sign-in on.",
    ),
    kind(
        "nothing_happened",
        409,
        "The tenant's audit log is empty, so there is no end of it to sign.",
        "Ask again once something has happened there.",
    ),
    kind(
        "organisation_full",
        409,
        "The organisation has as many members as it may have.",
        "Remove somebody who is no longer with you.",
    ),
    kind(
        "platform_always_runs",
        409,
        "The tenant `platform` is where the console signs people in: it cannot be stopped.",
        "Choose another tenant.",
    ),
    kind(
        "provider_unavailable",
        409,
        "The outside provider does not answer.",
        "Try again later; the check of the connection says more.",
    ),
    kind(
        "slug_lookalike",
        409,
        "The slug is too easily taken for one that exists or is reserved.",
        "Choose a slug that differs more.",
    ),
    kind("slug_reserved", 409, "The slug is kept for Polder itself.", "Choose another slug."),
    kind(
        "slug_taken",
        409,
        "A tenant has or had this slug. Slugs are never given out twice, so that nobody inherits another's users.",
        "Choose another slug.",
    ),
    kind("tenant_asleep", 409, "The tenant sleeps.", "Wake it first; a request to its address does that as well."),
    kind(
        "tenant_busy",
        409,
        "Another change of this tenant is under way.",
        "Follow `/tenants/{slug}/events` until it ends, and try again.",
    ),
    kind(
        "tenant_not_destroyed",
        409,
        "Only a destroyed tenant has a certificate of its destruction.",
        "Terminate the tenant; once its grace period is over it is destroyed.",
    ),
    kind("tenant_not_made", 409, "The tenant is still being made.", "Follow `/tenants/{slug}/events` until it runs."),
    kind(
        "tenant_not_running",
        409,
        "The tenant has to run to answer this, and does not.",
        "`detail` says what it does instead; resume it, or wait until it is made.",
    ),
    kind("tenant_not_terminating", 409, "There is no termination to take back.", "Nothing needs to be done."),
    kind("tenant_suspended", 409, "The tenant is suspended.", "Resume it first."),
    kind(
        "tenant_terminating",
        409,
        "The tenant is being removed.",
        "Take the termination back first, as long as its grace period lasts.",
    ),
    kind("too_many_apis", 409, "The tenant has as many APIs as it may have.", "Remove one that is no longer used."),
    kind(
        "too_many_fields",
        409,
        "The tenant has as many profile fields as it may have.",
        "Remove one that is no longer used.",
    ),
    kind(
        "too_many_keys",
        409,
        "The organisation has 200 keys that live, which is as many as it may have.",
        "Revoke one that nobody uses: each says when it was last used.",
    ),
    kind(
        "too_many_requests_wait",
        409,
        "So many sign-ins were begun at the tenant and not gone through with that no further one may wait.",
        "Try again in a few minutes: those that are not used run out by themselves.",
    ),
    kind(
        "too_many_tokens",
        409,
        "The tenant has as many registration tokens as it may have.",
        "Remove one that is no longer used.",
    ),
    kind(
        "type_fixed",
        409,
        "A profile field keeps its type: the values people have are of it.",
        "Make another field, or remove this one with its values.",
    ),
    kind(
        "user_disabled",
        409,
        "The person is stopped from signing in, so nothing is sent to them.",
        "Allow them to sign in first.",
    ),
    kind(
        "tenant_destroyed",
        410,
        "The tenant is destroyed; its signed certificate is all that is left.",
        "Read `/tenants/{slug}/certificate`.",
    ),
    kind(
        "precondition_failed",
        412,
        "`If-Match` names a state that the resource is no longer in: somebody changed it since you read it.",
        "Read it again, apply your change to what is there now, and send the new `ETag`.",
    ),
    kind("body_too_large", 413, "The body is larger than this operation takes.", "Send less at a time."),
    kind("uri_too_long", 414, "The address is too long.", "Ask for less in one request."),
    kind(
        "unsupported_media_type",
        415,
        "The body is of a type that this operation does not take.",
        "Send `Content-Type: application/json`, unless the operation names another.",
    ),
    kind(
        "misdirected_request",
        421,
        "This host is not served here.",
        "Check the address: its host and port must be those of the console.",
    ),
    kind(
        "host_not_public",
        422,
        "The connection leads to a host that no tenant may reach.",
        "Use a provider at a public name, on port 443.",
    ),
    kind(
        "idempotency_key_reused",
        422,
        "This `Idempotency-Key` was used for another request.",
        "Use a fresh key for each thing you want done.",
    ),
    kind(
        "invalid",
        422,
        "The request is well formed, and some members of it cannot be accepted.",
        "`errors` lists them: `pointer` says where, `detail` says why.",
    ),
    kind(
        "too_many_requests",
        429,
        "More requests came than this key, or this address, may send in a minute.",
        "Wait for the seconds in `Retry-After`. The header `RateLimit` says with every answer how many are left.",
    ),
    kind(
        "internal",
        500,
        "Something went wrong on our side; nothing you sent is to blame.",
        "Try again. If it stays, tell the operator the request that `instance` names.",
    ),
    kind(
        "unavailable",
        503,
        "What is needed does not answer at this moment. Nothing was done.",
        "Try again after the seconds in `Retry-After`.",
    ),
];

/// The kind with this code.
pub fn find(code: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
        found
    }

    /// The codes that a source gives to problems: the first word in quotes after each.
    fn codes(source: &str) -> Vec<String> {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let made = ["Problem::new(", "Problem::conflict("];
        let places = made.iter().flat_map(|made| source.match_indices(made).map(|(at, made)| at + made.len()));
        let literal = |from: usize| {
            let call = source[from..].split([';', '}']).next()?;
            let text = call.split('"').nth(1)?;
            let word = text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
            (word && !text.is_empty()).then(|| text.to_owned())
        };
        places.filter_map(literal).collect()
    }

    #[test]
    fn every_code_that_can_come_is_explained() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut given = BTreeSet::new();
        for folder in ["control-plane/src/api", "control-plane/src/administer", "tenant-runtime/src/admin"] {
            for path in sources(&root.join(folder)) {
                given.extend(codes(&fs::read_to_string(path).unwrap()));
            }
        }
        assert!(given.len() > 15 && given.contains("slug_taken") && given.contains("in_use"), "{given:?}");
        let missing: Vec<_> = given.iter().filter(|code| find(code).is_none()).collect();
        assert!(missing.is_empty(), "no page explains {missing:?}");
    }

    #[test]
    fn codes_are_unique_and_in_order() {
        let order: Vec<_> = ALL.iter().map(|kind| (kind.status, kind.code)).collect();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(order, sorted);
        let unique: BTreeSet<_> = ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(unique.len(), ALL.len());
    }
}
