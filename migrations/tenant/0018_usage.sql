-- Who was here, how people signed in, what applications did wrong, and the log to look through.

-- One row per person and month (K12): the days on which they were here, as bits from the first. person_index is a
-- keyed hash over month and person, so months do not hang together; when a person is erased it gives way to chance.
CREATE TABLE active_person (
    person_index TEXT PRIMARY KEY,
    month_at BIGINT NOT NULL,
    days BIGINT NOT NULL
);
CREATE INDEX active_person_by_month ON active_person (month_at, person_index);

-- Sums by day (UTC), of nobody in particular.
CREATE TABLE usage_day (
    day_at BIGINT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('active_people', 'email_code', 'passkey', 'connection', 'failed_email_code',
        'failed_second_step', 'failed_passkey', 'failed_connection')),
    amount BIGINT NOT NULL,
    PRIMARY KEY (day_at, what)
);

-- Sums by month (UTC). Fixed once it is closed: then nothing changes a row any more.
CREATE TABLE usage_month (
    month_at BIGINT PRIMARY KEY,
    active_people BIGINT NOT NULL,
    sign_ins BIGINT NOT NULL,
    failed_sign_ins BIGINT NOT NULL,
    closed_at BIGINT
);

-- What applications were refused, the newest few of each; alike ones are counted in one row. code: of the protocol;
-- reason: ours. sent: what they sent that does not fit, without query, fragment or anything that could be about a person.
CREATE TABLE application_error (
    error_key TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL CHECK (endpoint IN ('authorize', 'par', 'token')),
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    sent TEXT,
    times BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX application_error_by_application ON application_error (application_id, last_at);
CREATE INDEX application_error_by_last ON application_error (last_at);

-- The log is also asked by application and by kind of actor.
CREATE INDEX audit_event_by_application ON audit_event (application_id, at) WHERE application_id IS NOT NULL;
CREATE INDEX audit_event_by_actor ON audit_event (actor_kind, at);

-- What could not be delivered is counted.
CREATE INDEX outbox_by_failure ON outbox (failed_at) WHERE failed_at IS NOT NULL;
CREATE INDEX logout_delivery_failed ON logout_delivery (failed_at) WHERE failed_at IS NOT NULL;
