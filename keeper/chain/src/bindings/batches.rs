//! Batches of receipts.

#![allow(missing_docs)] // Generated: the documentation is the NatSpec of contracts/interfaces/IReceiptBatches.sol.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    IReceiptBatches,
    "abi/IReceiptBatches.json"
}

impl From<IReceiptBatches::Batch> for opg_receipts::batch::Batch {
    fn from(batch: IReceiptBatches::Batch) -> Self {
        Self {
            operator: batch.operator,
            root: batch.root,
            count: batch.count,
            from: batch.from,
            to: batch.to,
            dataHash: batch.dataHash,
        }
    }
}

impl From<opg_receipts::batch::Batch> for IReceiptBatches::Batch {
    fn from(batch: opg_receipts::batch::Batch) -> Self {
        Self {
            operator: batch.operator,
            root: batch.root,
            count: batch.count,
            from: batch.from,
            to: batch.to,
            dataHash: batch.dataHash,
        }
    }
}

impl From<&opg_receipts::SignedReceipt> for IReceiptBatches::SignedReceipt {
    fn from(signed: &opg_receipts::SignedReceipt) -> Self {
        Self { receipt: signed.receipt().clone().into(), evidence: signed.signature_bytes().into() }
    }
}
