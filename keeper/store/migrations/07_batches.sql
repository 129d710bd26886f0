-- Receipts of requests over HTTP in Merkle batches. Times are unix seconds, blocks those of the chain.

-- Receipts that may be shown and are in no batch yet.
CREATE TABLE batch_waiting (
    receipt   INTEGER PRIMARY KEY REFERENCES http_receipts (id),
    issued_at INTEGER NOT NULL
) STRICT;
CREATE INDEX batch_waiting_age ON batch_waiting (issued_at);
INSERT INTO batch_waiting (receipt, issued_at)
    SELECT r.id, r.issued_at FROM http_receipts r LEFT JOIN http_payments p ON p.request_id = r.request_id
    WHERE r.payer = zeroblob(20) OR p.state = 'settled';

CREATE TABLE batches (
    id        INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: it names the batch's transaction
    name      BLOB    NOT NULL UNIQUE CHECK (length(name) = 32), -- its identifier on the chain
    operator  BLOB    NOT NULL CHECK (length(operator) = 20),
    root      BLOB    NOT NULL CHECK (length(root) = 32),
    count     INTEGER NOT NULL CHECK (count > 0),
    first_at  INTEGER NOT NULL,                  -- earliest time of issue
    last_at   INTEGER NOT NULL,                  -- latest time of issue
    data_hash BLOB    NOT NULL CHECK (length(data_hash) = 32),
    uri       TEXT    NOT NULL,
    parts     BLOB    NOT NULL,                  -- roots of subtrees of 256 leaves each, one after the other
    state     TEXT    NOT NULL CHECK (state IN ('posting', 'posted', 'final')),
    intent    INTEGER NOT NULL,                  -- journal intent that posts it
    sealed_at INTEGER NOT NULL,
    block     INTEGER,                           -- where it was posted
    posted_tx BLOB    CHECK (posted_tx IS NULL OR length(posted_tx) = 32),
    final_at  INTEGER,                           -- end of the time in which it can be challenged
    CHECK ((state = 'posting') = (block IS NULL)),
    CHECK ((block IS NULL) = (posted_tx IS NULL) AND (block IS NULL) = (final_at IS NULL))
) STRICT;
CREATE INDEX batches_live ON batches (state) WHERE state <> 'final';

CREATE TABLE batch_leaves (
    batch   INTEGER NOT NULL REFERENCES batches (id),
    leaf    INTEGER NOT NULL,                    -- its place in the batch
    receipt INTEGER NOT NULL UNIQUE REFERENCES http_receipts (id),
    hash    BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (batch, leaf)
) STRICT, WITHOUT ROWID;

-- Leaves that somebody wants to see on the chain.
CREATE TABLE batch_demands (
    batch    BLOB    NOT NULL CHECK (length(batch) = 32), -- its identifier on the chain
    leaf     INTEGER NOT NULL,
    block    INTEGER NOT NULL,                   -- where it was demanded
    deadline INTEGER NOT NULL,                   -- from then on the operator is at fault
    closed   INTEGER,                            -- block in which it was answered or became a fault
    PRIMARY KEY (batch, leaf)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_demands_open ON batch_demands (deadline) WHERE closed IS NULL;
