-- Index of the vault's schedules: what the genesis promised, what the vault said last, and when to look again. Amounts of
-- OPG wei are 16-byte big-endian blobs. Times are those of the chain, in unix seconds.

-- The genesis that the index was filled from: one per database.
CREATE TABLE vesting_genesis (
    one                 INTEGER PRIMARY KEY CHECK (one = 1),
    chain_id            INTEGER NOT NULL,
    vault               BLOB    NOT NULL CHECK (length(vault) = 20),
    digest              BLOB    NOT NULL CHECK (length(digest) = 32), -- over the terms and roots of all categories
    complete            INTEGER NOT NULL DEFAULT 0,                   -- whether every schedule has its row
    policy              BLOB    CHECK (policy IS NULL OR length(policy) = 32), -- what due_at and look_at were computed for
    last_release_at     INTEGER,
    last_release_intent INTEGER,
    last_release_rows   INTEGER,
    last_release_amount BLOB    CHECK (last_release_amount IS NULL OR length(last_release_amount) = 16)
) STRICT;

CREATE TABLE vesting_categories (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL,
    start    INTEGER NOT NULL,
    cliff    INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    count    INTEGER NOT NULL
) STRICT;

CREATE TABLE vesting_schedules (
    number        INTEGER PRIMARY KEY,       -- category * 2^32 + index: rows are inserted and read in this order
    id            BLOB    NOT NULL CHECK (length(id) = 32),
    category      INTEGER NOT NULL REFERENCES vesting_categories (id), -- its curve is that of the category
    beneficiary   BLOB    NOT NULL CHECK (length(beneficiary) = 20),
    amount        BLOB    NOT NULL CHECK (length(amount) = 16),
    tge_amount    BLOB    NOT NULL CHECK (length(tge_amount) = 16),
    revocable     INTEGER NOT NULL,
    transferable  INTEGER NOT NULL,

    -- What the vault said last, and the head when it first said so.
    released      BLOB    NOT NULL DEFAULT (zeroblob(16)) CHECK (length(released) = 16),
    revoked_total BLOB    CHECK (revoked_total IS NULL OR length(revoked_total) = 16), -- NULL: not revoked
    manual        INTEGER NOT NULL DEFAULT 0,
    as_of         INTEGER NOT NULL DEFAULT 0,

    due_at        INTEGER,                   -- earliest time at which enough is due; NULL: never, or not wanted
    look_at       INTEGER,                   -- earliest time at which to ask the vault again; NULL: never
    skips         INTEGER NOT NULL DEFAULT 0, -- releases in a row that left it out
    intent        INTEGER                    -- journal intent that is to release it
) STRICT;
CREATE INDEX vesting_schedules_look ON vesting_schedules (look_at, intent) WHERE look_at IS NOT NULL AND intent IS NULL;
CREATE INDEX vesting_schedules_due ON vesting_schedules (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX vesting_schedules_intent ON vesting_schedules (intent) WHERE intent IS NOT NULL;
