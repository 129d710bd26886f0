-- Transaction journal. Amounts of wei that may exceed 63 bits are 32-byte big-endian blobs; fees per gas are integers.
-- Times are unix seconds.

CREATE TABLE journal_signers (
    signer     BLOB    PRIMARY KEY CHECK (length(signer) = 20),
    chain_id   INTEGER NOT NULL,             -- a signer's nonces mean nothing on another chain
    alert      TEXT,                         -- what keeps the journal from sending, NULL if nothing does
    alert_since INTEGER
) STRICT;

CREATE TABLE journal_intents (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    signer       BLOB    NOT NULL CHECK (length(signer) = 20),
    key          TEXT    NOT NULL,           -- idempotency key chosen by the caller
    purpose      TEXT    NOT NULL,           -- for people
    target       BLOB    NOT NULL CHECK (length(target) = 20),
    calldata     BLOB    NOT NULL,
    value        BLOB    NOT NULL CHECK (length(value) = 32),
    deadline     INTEGER,
    max_cost     BLOB    CHECK (max_cost IS NULL OR length(max_cost) = 32),
    state        TEXT    NOT NULL CHECK (state IN ('queued', 'prepared', 'broadcast', 'mined', 'confirmed', 'failed')),
    nonce        INTEGER,                    -- the nonce that carries it now
    tx_hash      BLOB    CHECK (tx_hash IS NULL OR length(tx_hash) = 32),
    block        INTEGER,
    success      INTEGER,
    reason       TEXT,                       -- why it failed
    cancel       TEXT,                       -- why it is being cancelled, NULL if it is not
    bump         INTEGER NOT NULL DEFAULT 0, -- 1: replace at once with a higher fee
    hold         TEXT,                       -- why it does not move, for people
    revert_since INTEGER,                    -- first block at which its simulation reverted without a success since
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    closed_at    INTEGER,                    -- set once: nothing can change any more
    UNIQUE (signer, key),
    CHECK ((state IN ('mined', 'confirmed')) = (tx_hash IS NOT NULL)),
    CHECK (state <> 'failed' OR (reason IS NOT NULL AND closed_at IS NOT NULL)),
    CHECK (state <> 'queued' OR nonce IS NULL)
) STRICT;
CREATE INDEX journal_intents_queued ON journal_intents (signer, id) WHERE state = 'queued';

-- One row per nonce the journal ever took. `intent` is NULL where the nonce is only to be filled.
CREATE TABLE journal_nonces (
    signer         BLOB    NOT NULL CHECK (length(signer) = 20),
    nonce          INTEGER NOT NULL,
    intent         INTEGER REFERENCES journal_intents (id),
    state          TEXT    NOT NULL CHECK (state IN ('open', 'mined', 'foreign')),
    assigned_block INTEGER NOT NULL,         -- head when it was taken: it was unused then
    tx_hash        BLOB    CHECK (tx_hash IS NULL OR length(tx_hash) = 32),
    block          INTEGER,
    block_hash     BLOB    CHECK (block_hash IS NULL OR length(block_hash) = 32),
    success        INTEGER,
    closed_at      INTEGER,
    PRIMARY KEY (signer, nonce),
    CHECK ((state = 'open') = (tx_hash IS NULL)),
    CHECK ((state = 'open') = (block_hash IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_nonces_watched ON journal_nonces (signer, nonce) WHERE closed_at IS NULL;
CREATE INDEX journal_nonces_intent ON journal_nonces (intent) WHERE intent IS NOT NULL;

-- Every signed transaction, kept for ever: each of its hashes may be the one that is mined.
CREATE TABLE journal_attempts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    signer       BLOB    NOT NULL,
    nonce        INTEGER NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('call', 'void')), -- void: self-transfer that only uses the nonce up
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    raw          BLOB    NOT NULL,
    gas_limit    INTEGER NOT NULL,
    max_fee      INTEGER NOT NULL,
    priority_fee INTEGER NOT NULL,
    l1_fee       BLOB    NOT NULL CHECK (length(l1_fee) = 32),
    signed_block INTEGER NOT NULL,
    signed_at    INTEGER NOT NULL,
    tried_at     INTEGER,                    -- last send, whatever came of it
    sends        INTEGER NOT NULL DEFAULT 0,
    fate         TEXT    NOT NULL DEFAULT 'unknown' CHECK (fate IN ('unknown', 'accepted', 'refused')),
    error        TEXT,                       -- what the last send was answered
    FOREIGN KEY (signer, nonce) REFERENCES journal_nonces (signer, nonce)
) STRICT;
CREATE INDEX journal_attempts_nonce ON journal_attempts (signer, nonce, id);
