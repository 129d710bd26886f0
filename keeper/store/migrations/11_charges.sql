-- What a request costs less to store. Vouchers are kept when they are charged: those of requests that are being worked on are
-- held in memory. A receipt says itself whether it may be shown.

ALTER TABLE http_receipts ADD COLUMN released INTEGER NOT NULL DEFAULT 0 CHECK (released IN (0, 1));
UPDATE http_receipts SET released = 1
    WHERE payer = zeroblob(20)
    OR EXISTS (SELECT 1 FROM http_payments p WHERE p.request_id = http_receipts.request_id AND p.state = 'settled')
    OR EXISTS (SELECT 1 FROM channel_vouchers v WHERE v.request_id = http_receipts.request_id AND v.fee IS NOT NULL);

-- One row per voucher that was charged. It pays for its request and never for another: once it was claimed with, everybody
-- knows it.
CREATE TABLE charged_vouchers (
    channel    BLOB    NOT NULL CHECK (length(channel) = 32) REFERENCES channels (id),
    maximum    BLOB    NOT NULL CHECK (length(maximum) = 16),
    request_id BLOB    NOT NULL CHECK (length(request_id) = 32),
    fee        BLOB    NOT NULL CHECK (length(fee) = 16),              -- what it cost
    charged_at INTEGER NOT NULL,
    PRIMARY KEY (channel, maximum)
) STRICT, WITHOUT ROWID;
INSERT INTO charged_vouchers (channel, maximum, request_id, fee, charged_at)
    SELECT channel, maximum, request_id, fee, held_at FROM channel_vouchers WHERE fee IS NOT NULL;
DROP TABLE channel_vouchers;
ALTER TABLE charged_vouchers RENAME TO channel_vouchers;
