-- One row per on-chain request that the keeper has seen. Amounts of OPG wei are 16-byte big-endian blobs. Times of the
-- chain are unix seconds (requested_at, deadline, issued_at); times of the keeper are unix milliseconds.

CREATE TABLE jobs (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id       BLOB    NOT NULL UNIQUE CHECK (length(request_id) = 32),

    -- The request, exactly as its event gave it, and where that event is.
    payer            BLOB    NOT NULL CHECK (length(payer) = 20),
    nonce            INTEGER NOT NULL,
    model_version    BLOB    NOT NULL CHECK (length(model_version) = 32),
    input_hash       BLOB    NOT NULL CHECK (length(input_hash) = 32),
    mode             INTEGER NOT NULL,
    callback_gas     INTEGER NOT NULL,
    block_number     INTEGER NOT NULL,
    requested_at     INTEGER NOT NULL,
    deadline         INTEGER NOT NULL,
    max_fee          BLOB    NOT NULL CHECK (length(max_fee) = 16),
    block_hash       BLOB    NOT NULL CHECK (length(block_hash) = 32),
    input            BLOB    NOT NULL,

    state            TEXT    NOT NULL CHECK (state IN ('seen', 'accepted', 'running', 'answered', 'submitted',
                                                       'succeeded', 'declined', 'failed', 'expired', 'withdrawn')),
    reason           TEXT,                       -- why it ended, or why it was last put back
    unit_price       BLOB    CHECK (unit_price IS NULL OR length(unit_price) = 16), -- fixed on acceptance
    output_limit     INTEGER,                    -- most output tokens that the fee pays for

    attempts         INTEGER NOT NULL DEFAULT 0, -- runs begun and not handed back
    not_before       INTEGER NOT NULL DEFAULT 0, -- no run or submission before this time
    lease_owner      TEXT,
    lease_until      INTEGER,

    intent           INTEGER,                    -- journal intent of the last submission
    submissions      INTEGER NOT NULL DEFAULT 0,

    -- How the chain closed the request, until that is final.
    settled_block    INTEGER,
    settled_tx       BLOB    CHECK (settled_tx IS NULL OR length(settled_tx) = 32),
    settled_operator BLOB    CHECK (settled_operator IS NULL OR length(settled_operator) = 20), -- NULL: expired

    seen_at          INTEGER NOT NULL,
    accepted_at      INTEGER,
    started_at       INTEGER,
    answered_at      INTEGER,
    submitted_at     INTEGER,
    broadcast_at     INTEGER,
    mined_at         INTEGER,
    finished_at      INTEGER,

    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CHECK ((state = 'running') = (lease_owner IS NOT NULL)),
    CHECK (state <> 'submitted' OR intent IS NOT NULL),
    CHECK (state NOT IN ('accepted', 'running', 'answered', 'submitted') OR unit_price IS NOT NULL),
    CHECK (state NOT IN ('declined', 'failed') OR reason IS NOT NULL)
) STRICT;
CREATE INDEX jobs_live ON jobs (state, id) WHERE state IN ('seen', 'accepted', 'running', 'answered', 'submitted');
CREATE INDEX jobs_block ON jobs (block_number);
CREATE INDEX jobs_settled ON jobs (settled_block) WHERE settled_block IS NOT NULL;

-- The answer of a job and the receipt for it. Written once; only the time of issue and the signature are renewed.
CREATE TABLE receipts (
    job          INTEGER PRIMARY KEY REFERENCES jobs (id),
    operator     BLOB    NOT NULL CHECK (length(operator) = 20),
    output_hash  BLOB    NOT NULL CHECK (length(output_hash) = 32),
    trace_hash   BLOB    NOT NULL CHECK (length(trace_hash) = 32),
    input_units  INTEGER NOT NULL,
    output_units INTEGER NOT NULL,
    unit_price   BLOB    NOT NULL CHECK (length(unit_price) = 16),
    fee          BLOB    NOT NULL CHECK (length(fee) = 16),
    issued_at    INTEGER NOT NULL,
    signature    BLOB    NOT NULL CHECK (length(signature) = 65),
    output       BLOB    NOT NULL,
    trace        BLOB    NOT NULL,               -- canonical JSON, the preimage of trace_hash
    model_ms     INTEGER NOT NULL                -- time spent in the model itself
) STRICT;
