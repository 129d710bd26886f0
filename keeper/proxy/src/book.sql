-- One row for each payment. Amounts are decimal OPG wei, times Unix seconds.
CREATE TABLE payments (
    nonce        BLOB PRIMARY KEY,
    operator     BLOB NOT NULL,
    version      BLOB NOT NULL,
    url          TEXT NOT NULL,
    path         TEXT NOT NULL,
    input_hash   BLOB NOT NULL,
    amount       TEXT NOT NULL,
    valid_before INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    -- open, answered, refused, charged, released
    state        TEXT NOT NULL,
    -- What was sent to the node; empty until it is signed.
    header       TEXT NOT NULL DEFAULT '',
    -- How often the answer was asked for again.
    tries        INTEGER NOT NULL DEFAULT 0,
    request_id   BLOB,
    receipt      TEXT,
    reason       TEXT
) STRICT;
CREATE INDEX payments_open ON payments (valid_before) WHERE state = 'open';
CREATE INDEX payments_unanswered ON payments (input_hash) WHERE state IN ('open', 'charged');
CREATE INDEX payments_refused ON payments (operator, created) WHERE state = 'refused';
CREATE INDEX payments_request ON payments (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX payments_created ON payments (created);

-- Sum of `amount` of what is not released, of each day of UTC (days since 1970).
CREATE TABLE days (day INTEGER PRIMARY KEY, spent TEXT NOT NULL) STRICT;

-- Which version of which model a name means, since it was used first.
CREATE TABLE pins (name TEXT PRIMARY KEY, version BLOB NOT NULL, created INTEGER NOT NULL) STRICT;
