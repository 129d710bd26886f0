-- Requests over HTTP: what was paid for each, and the receipts. Amounts of OPG wei are 16-byte big-endian blobs. Times
-- are unix seconds.

-- One row per payment that was taken for a request. It pays for that request and never for another.
CREATE TABLE http_payments (
    payer        BLOB    NOT NULL CHECK (length(payer) = 20),
    nonce        BLOB    NOT NULL CHECK (length(nonce) = 32),
    scheme       TEXT    NOT NULL,           -- of x402
    request_id   BLOB    NOT NULL UNIQUE CHECK (length(request_id) = 32),
    asset        BLOB    NOT NULL CHECK (length(asset) = 20),
    pay_to       BLOB    NOT NULL CHECK (length(pay_to) = 20),
    amount       BLOB    NOT NULL CHECK (length(amount) = 16),
    call_hash    BLOB    NOT NULL CHECK (length(call_hash) = 32), -- of the call that settles it, signature included
    valid_before INTEGER NOT NULL,           -- from then on it cannot be settled
    state        TEXT    NOT NULL CHECK (state IN ('held', 'settling', 'settled', 'failed')),
    intent       INTEGER,                    -- journal intent that settles it
    settled_tx   BLOB    CHECK (settled_tx IS NULL OR length(settled_tx) = 32),
    reason       TEXT,                       -- why it failed
    held_at      INTEGER NOT NULL,
    PRIMARY KEY (payer, nonce),
    CHECK (state NOT IN ('settling', 'settled') OR intent IS NOT NULL),
    CHECK ((state = 'settled') = (settled_tx IS NOT NULL)),
    CHECK ((state = 'failed') = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX http_payments_settling ON http_payments (intent) WHERE state = 'settling';

-- One row per answer, written once before its last byte leaves.
CREATE TABLE http_receipts (
    id            INTEGER PRIMARY KEY,       -- in the order of storing
    request_id    BLOB    NOT NULL UNIQUE CHECK (length(request_id) = 32),
    payer         BLOB    NOT NULL CHECK (length(payer) = 20), -- zero: nobody paid
    operator      BLOB    NOT NULL CHECK (length(operator) = 20),
    model_version BLOB    NOT NULL CHECK (length(model_version) = 32),
    input_hash    BLOB    NOT NULL CHECK (length(input_hash) = 32),
    output_hash   BLOB    NOT NULL CHECK (length(output_hash) = 32),
    trace_hash    BLOB    NOT NULL CHECK (length(trace_hash) = 32),
    input_units   INTEGER NOT NULL,
    output_units  INTEGER NOT NULL,
    unit_price    BLOB    NOT NULL CHECK (length(unit_price) = 16),
    fee           BLOB    NOT NULL CHECK (length(fee) = 16),
    mode          INTEGER NOT NULL,
    issued_at     INTEGER NOT NULL,
    signature     BLOB    NOT NULL CHECK (length(signature) = 65),
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    output        BLOB    NOT NULL,          -- canonical JSON, the preimage of output_hash
    trace         BLOB    NOT NULL           -- canonical JSON, the preimage of trace_hash
) STRICT;
