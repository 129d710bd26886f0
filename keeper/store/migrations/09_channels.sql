-- Payment channels of x402's batch-settlement scheme. Amounts of OPG wei are 16-byte big-endian blobs. Times are unix
-- seconds of the chain where it says so and of the keeper otherwise.

CREATE TABLE channels (
    id                  BLOB    PRIMARY KEY CHECK (length(id) = 32),
    payer               BLOB    NOT NULL CHECK (length(payer) = 20),
    payer_authorizer    BLOB    NOT NULL CHECK (length(payer_authorizer) = 20), -- zero: the payer's account signs, or its code
    receiver            BLOB    NOT NULL CHECK (length(receiver) = 20),
    receiver_authorizer BLOB    NOT NULL CHECK (length(receiver_authorizer) = 20),
    token               BLOB    NOT NULL CHECK (length(token) = 20),
    withdraw_delay      INTEGER NOT NULL,
    salt                BLOB    NOT NULL CHECK (length(salt) = 32),
    -- What was sold through it.
    base                BLOB    NOT NULL CHECK (length(base) = 16),    -- claimed on the chain, but not for fees that are known here
    charged             BLOB    NOT NULL CHECK (length(charged) = 16), -- base and all fees
    maximum             BLOB    NOT NULL CHECK (length(maximum) = 16), -- what the best voucher allows, zero before the first
    signature           BLOB    NOT NULL,                              -- of the best voucher
    used_at             INTEGER NOT NULL,
    unclaimed_since     INTEGER,                                       -- when the oldest fee was charged that is not claimed
    -- What the chain said last.
    balance             BLOB    NOT NULL CHECK (length(balance) = 16),
    claimed             BLOB    NOT NULL CHECK (length(claimed) = 16),
    withdrawal          BLOB    NOT NULL CHECK (length(withdrawal) = 16), -- what the payer wants back
    withdraws_at        INTEGER,                                       -- chain's time from which it can take that
    seen_at             INTEGER NOT NULL,
    -- What the keeper is doing with it.
    claim               INTEGER,                                       -- claim under way
    refused             TEXT,                                          -- why the chain would not take a claim of it
    refused_until       INTEGER,
    refund              INTEGER,                                       -- journal intent that gives the rest back
    CHECK ((withdraws_at IS NULL) = (withdrawal = zeroblob(16))),
    CHECK ((refused IS NULL) = (refused_until IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX channels_unclaimed ON channels (unclaimed_since) WHERE unclaimed_since IS NOT NULL;
CREATE INDEX channels_refunds ON channels (refund) WHERE refund IS NOT NULL;

-- One row per voucher that was shown for a request. It pays for that request and never for another: once it was claimed
-- with, everybody knows it.
CREATE TABLE channel_vouchers (
    channel    BLOB    NOT NULL CHECK (length(channel) = 32) REFERENCES channels (id),
    maximum    BLOB    NOT NULL CHECK (length(maximum) = 16),
    request_id BLOB    NOT NULL UNIQUE CHECK (length(request_id) = 32),
    cap        BLOB    NOT NULL CHECK (length(cap) = 16),              -- most that the request may cost
    fee        BLOB    CHECK (fee IS NULL OR length(fee) = 16),        -- what it cost; NULL while it is worked on
    held_at    INTEGER NOT NULL,
    PRIMARY KEY (channel, maximum)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_vouchers_held ON channel_vouchers (channel) WHERE fee IS NULL;

CREATE TABLE channel_deposits (
    channel BLOB    NOT NULL CHECK (length(channel) = 32),
    nonce   BLOB    NOT NULL CHECK (length(nonce) = 32),               -- of the authorization
    amount  BLOB    NOT NULL CHECK (length(amount) = 16),
    intent  INTEGER NOT NULL,
    PRIMARY KEY (channel, nonce)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_claims (
    id       INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: it names the claim's transaction
    intent   INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    amount   BLOB    NOT NULL CHECK (length(amount) = 16),
    made_at  INTEGER NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('open', 'done', 'failed'))
) STRICT;
CREATE INDEX channel_claims_open ON channel_claims (id) WHERE state = 'open';
