-- Who may register an application (RFC 7591 3): initial access tokens by keyed hash, each for so many applications
-- and so long. Bounded; those that are over are removed when the next is made.
CREATE TABLE registration_token (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    -- JSON: the scopes beyond the standard ones that an application may be registered with.
    scopes TEXT NOT NULL,
    uses BIGINT NOT NULL,
    uses_left BIGINT NOT NULL CHECK (uses_left >= 0),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- The name of the token that an application registered itself with; NULL where an administrator made it.
ALTER TABLE application ADD COLUMN registered_with TEXT;
-- What it manages its registration with (RFC 7592), by keyed hash; NULL where there is no such thing, or no more.
ALTER TABLE application ADD COLUMN registration_hash TEXT;
CREATE UNIQUE INDEX application_by_registration ON application (registration_hash) WHERE registration_hash IS NOT NULL;
