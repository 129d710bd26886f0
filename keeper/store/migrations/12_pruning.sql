-- Batches that are final lose their receipts and answers after a time that the operator sets.

-- 0: all there. 1: no longer served, being removed. 2: removed.
ALTER TABLE batches ADD COLUMN expired INTEGER NOT NULL DEFAULT 0 CHECK (expired IN (0, 1, 2));
CREATE INDEX batches_kept ON batches (last_at) WHERE state = 'final' AND expired < 2;

-- What stays of a receipt: that its request was answered. Whoever answers it again signs a second receipt for one request,
-- for which the operator can be slashed at any time.
CREATE TABLE pruned_receipts (
    request_id BLOB    PRIMARY KEY CHECK (length(request_id) = 32),
    batch      INTEGER NOT NULL,                 -- its batch, which stays
    leaf       INTEGER NOT NULL                  -- its place in the batch
) STRICT, WITHOUT ROWID;
