-- Fields that the tenant adds to the profile of its people (K9). The definition is JSON; claim_since says since
-- when applications see the field as they do.
CREATE TABLE profile_field (
    name TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    claim_since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What people filled in: one row per person and field, gone with either.
CREATE TABLE profile_value (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    field TEXT NOT NULL REFERENCES profile_field (name) ON DELETE CASCADE,
    value_sealed TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX profile_value_of ON profile_value (user_id, field);
CREATE INDEX profile_value_field ON profile_value (field);
