-- What a grant gives beside its scope: single claims (OpenID Connect Core 5.5) and APIs (RFC 8707). JSON; NULL where
-- it gives none.
ALTER TABLE oauth_grant ADD COLUMN claims TEXT;
ALTER TABLE oauth_grant ADD COLUMN resources TEXT;

-- The tenant's APIs: what applications may ask tokens for by name.
CREATE TABLE api (
    name TEXT PRIMARY KEY,
    identifier TEXT NOT NULL UNIQUE,
    title TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
