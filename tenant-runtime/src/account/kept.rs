//! Which tables say something about a person, and where that is in their download (GDPR art. 15). A test
//! compares it with the schema and with `docs/personal-data.md`: a table that is added is added here.

/// Members of the file, with the tables whose facts they hold.
pub const IN_THE_FILE: &[(&str, &[&str])] = &[
    ("profile", &["user_account", "user_role", "profile_value"]),
    ("former_addresses", &["address_change"]),
    ("invitations", &["application_invitee"]),
    ("passkeys", &["passkey"]),
    ("connected_accounts", &["connected_account"]),
    ("second_factors", &["totp_factor", "recovery_set", "recovery_code", "factor_recovery"]),
    ("sessions", &["session", "session_application"]),
    ("browsers", &["known_browser"]),
    ("applications", &["oauth_grant"]),
    ("consents", &["consent"]),
    ("sign_in_attempts", &["sign_in_attempt"]),
    ("messages", &["outbox"]),
    ("activity", &["audit_event"]),
];

/// Tables whose rows are not in the file, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("passkey_owner", "random bytes that authenticators know the person by"),
    ("authorization_code", "a minute"),
    ("device_authorization", "minutes, a day once decided; what was allowed is among the applications"),
    ("logout_delivery", "30 days: which application was told that a session ended; the session is in the file"),
    ("one_time_code", "minutes; the message about it is in the file"),
    ("address_code", "minutes; the message about it is in the file"),
    ("awaited_factor", "minutes"),
    ("totp_enrolment", "minutes, and a secret"),
    ("pending_request", "an hour, and nobody's yet"),
    ("pushed_request", "a minute, and nobody's yet"),
    ("unconnected_account", "an hour, and nobody's yet"),
    ("connection", "a provider, and the secret we have there: of nobody"),
    ("active_person", "on which days of a month, counted under a keyed hash; the sessions and the activity say more"),
    ("factor_tries", "a counter"),
    ("lockout", "an hour, and the attempts behind it are in the file"),
    (
        "user_import",
        "minutes, hours with invitations: what an administrator sent; whom it added has a file of their own",
    ),
    ("blocklist", "networks that an administrator lists, nobody's"),
    ("code_budget", "counters under keyed hashes"),
];
