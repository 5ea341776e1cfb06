-- The coaching platform's own small database. Rules: migrations/README.md at the top.

CREATE TABLE data_key (
    category TEXT NOT NULL,
    version BIGINT NOT NULL,
    wrapped TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (category, version)
);

-- People who have signed in, by the subject the identity provider gave. One person may be a coach
-- here and a client there: two rows, since the two sides share nothing.
CREATE TABLE member (
    id TEXT PRIMARY KEY,
    side TEXT NOT NULL CHECK (side IN ('coach', 'portal')),
    subject TEXT NOT NULL,
    email_index TEXT NOT NULL,
    email_sealed TEXT NOT NULL,
    name_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (side, subject)
);

-- A coach working with a client. client_id is set once the client has signed in at the portal with
-- the invited address.
CREATE TABLE engagement (
    id TEXT PRIMARY KEY,
    coach_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    email_index TEXT NOT NULL,
    email_sealed TEXT NOT NULL,
    name_sealed TEXT NOT NULL,
    invitation_hash TEXT NOT NULL UNIQUE,
    invited_at BIGINT NOT NULL,
    client_id TEXT REFERENCES member (id) ON DELETE CASCADE,
    linked_at BIGINT,
    UNIQUE (coach_id, email_index)
);
CREATE INDEX engagement_by_email ON engagement (email_index) WHERE client_id IS NULL;
CREATE INDEX engagement_by_client ON engagement (client_id) WHERE client_id IS NOT NULL;

-- Who is signed in. Tokens never leave the server and are sealed.
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    cookie_hash TEXT NOT NULL UNIQUE,
    member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    tokens_sealed TEXT NOT NULL,
    access_expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_by_expiry ON session (expires_at);
