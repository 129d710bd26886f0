-- Fees of the operator: what was paid over HTTP in all, what the chain's events add up to, and since when something waits.
-- Amounts of OPG wei are 16-byte big-endian blobs. Times are unix seconds of the keeper, blocks those of the chain.

-- Model versions that were ever served: fees may be left of each.
CREATE TABLE fee_versions (
    version BLOB PRIMARY KEY CHECK (length(version) = 32)
) STRICT, WITHOUT ROWID;
INSERT INTO fee_versions (version) SELECT model_version FROM http_receipts UNION SELECT model_version FROM jobs
    WHERE accepted_at IS NOT NULL;

-- Flat payments over HTTP that have ended, by where they went. Filled from what was there when this table was made.
CREATE TABLE fee_payments (
    pay_to  BLOB PRIMARY KEY CHECK (length(pay_to) = 20),
    settled BLOB NOT NULL CHECK (length(settled) = 16), -- the chain took them
    refused BLOB NOT NULL CHECK (length(refused) = 16)  -- it did not
) STRICT, WITHOUT ROWID;

-- Sums over the chain's events, each as it was after a block that changed it. The last one stands; an undone block takes its
-- rows with it.
CREATE TABLE fee_sums (
    operator BLOB    NOT NULL CHECK (length(operator) = 20), -- whose books
    account  BLOB    NOT NULL CHECK (length(account) = 20),  -- a vault, or the operator
    kind     TEXT    NOT NULL,
    block    INTEGER NOT NULL,
    total    BLOB    NOT NULL CHECK (length(total) = 16),
    PRIMARY KEY (operator, account, kind, block)
) STRICT, WITHOUT ROWID;
CREATE INDEX fee_sums_block ON fee_sums (operator, block);

-- Since when something waits to be moved.
CREATE TABLE fee_waiting (
    what  TEXT    PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the last comparison of these books with the chain found.
CREATE TABLE fee_report (
    operator BLOB    PRIMARY KEY CHECK (length(operator) = 20),
    made_at  INTEGER NOT NULL,
    document TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
