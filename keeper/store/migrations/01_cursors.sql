-- How far each reader of the chain has come: the most recent blocks that it has applied, so that it finds the last one
-- it shares with the chain after a reorganisation.

CREATE TABLE cursors (
    name   TEXT    NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    hash   BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (name, number)
) STRICT, WITHOUT ROWID;
