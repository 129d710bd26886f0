-- Proofs of execution, one row per answered job whose request asks for one. The job stays 'answered', and is not delivered,
-- until its proof is there. Times are unix milliseconds.

CREATE TABLE proofs (
    job        INTEGER PRIMARY KEY REFERENCES jobs (id),
    state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'proving', 'proved')),
    attempts   INTEGER NOT NULL DEFAULT 0, -- begun and not handed back
    not_before INTEGER NOT NULL DEFAULT 0,
    parts_done INTEGER NOT NULL DEFAULT 0, -- of the attempt in progress
    parts      INTEGER NOT NULL DEFAULT 0,
    reason     TEXT,                       -- why the last attempt failed
    proof      BLOB    CHECK (proof IS NULL OR length(proof) = 256),
    proving_ms INTEGER,
    started_at INTEGER,
    proved_at  INTEGER,

    CHECK ((state = 'proved') = (proof IS NOT NULL)),
    CHECK ((state = 'proved') = (proving_ms IS NOT NULL))
) STRICT;
CREATE INDEX proofs_open ON proofs (job) WHERE state <> 'proved';
