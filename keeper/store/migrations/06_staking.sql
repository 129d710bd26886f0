-- What the crank has to do about stake: slashes that wait to be carried out, and whose custody is left to be adjusted after
-- them. Found again from the chain's events; times are those of the chain, in unix seconds.

CREATE TABLE staking_slashes (
    id       BLOB    PRIMARY KEY CHECK (length(id) = 32),
    operator BLOB    NOT NULL CHECK (length(operator) = 20),
    slash    BLOB    NOT NULL,                 -- ABI encoding: the contract wants to see it again
    pool     INTEGER NOT NULL,                 -- whether it took stake of delegators
    block    INTEGER NOT NULL CHECK (block >= 0),
    gone_at  INTEGER,                          -- block at which it was first found decided; NULL: it is open
    decided  INTEGER NOT NULL DEFAULT 0        -- whether that is final, and delegators are left to be looked at
) STRICT, WITHOUT ROWID;

-- Accounts that ever staked at an operator other than themselves.
CREATE TABLE staking_members (
    operator BLOB    NOT NULL CHECK (length(operator) = 20),
    account  BLOB    NOT NULL CHECK (length(account) = 20),
    block    INTEGER NOT NULL CHECK (block >= 0), -- first block in which it was seen
    PRIMARY KEY (operator, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX staking_members_block ON staking_members (block);
