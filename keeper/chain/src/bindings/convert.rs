//! Between the generated types and those of `opg-receipts` and `opg-vesting`.
//!
//! The generated structs carry the Solidity names of nested types, ours carry JSON forms, digests and
//! arithmetic. The fields are the same; these conversions are the only place that says so.

use alloy::{
    primitives::{B256, keccak256},
    sol_types::SolValue,
};

use super::{Fulfilment, IReceiptBatches, InferenceReceipt, ModelSpec, Request, Schedule, Slash};

impl From<opg_vesting::Schedule> for Schedule {
    fn from(schedule: opg_vesting::Schedule) -> Self {
        Self {
            category: schedule.category,
            index: schedule.index,
            beneficiary: schedule.beneficiary,
            amount: schedule.amount,
            tgeAmount: schedule.tge_amount,
            revocable: schedule.revocable,
            transferable: schedule.transferable,
        }
    }
}

impl From<Request> for opg_receipts::Request {
    fn from(request: Request) -> Self {
        Self {
            payer: request.payer,
            nonce: request.nonce,
            modelVersion: request.modelVersion,
            inputHash: request.inputHash,
            mode: request.mode,
            callbackGas: request.callbackGas,
            blockNumber: request.blockNumber,
            requestedAt: request.requestedAt,
            deadline: request.deadline,
            maxFee: request.maxFee,
        }
    }
}

impl From<opg_receipts::Request> for Request {
    fn from(request: opg_receipts::Request) -> Self {
        Self {
            payer: request.payer,
            nonce: request.nonce,
            modelVersion: request.modelVersion,
            inputHash: request.inputHash,
            mode: request.mode,
            callbackGas: request.callbackGas,
            blockNumber: request.blockNumber,
            requestedAt: request.requestedAt,
            deadline: request.deadline,
            maxFee: request.maxFee,
        }
    }
}

/// Between two types with the fields of a receipt.
macro_rules! same_receipt {
    ($from:ty => $to:ty) => {
        impl From<$from> for $to {
            fn from(receipt: $from) -> Self {
                Self {
                    requestId: receipt.requestId,
                    payer: receipt.payer,
                    operator: receipt.operator,
                    modelVersion: receipt.modelVersion,
                    inputHash: receipt.inputHash,
                    outputHash: receipt.outputHash,
                    traceHash: receipt.traceHash,
                    inputUnits: receipt.inputUnits,
                    outputUnits: receipt.outputUnits,
                    unitPrice: receipt.unitPrice,
                    fee: receipt.fee,
                    mode: receipt.mode,
                    issuedAt: receipt.issuedAt,
                }
            }
        }
    };
}

same_receipt!(InferenceReceipt => opg_receipts::InferenceReceipt);
same_receipt!(opg_receipts::InferenceReceipt => InferenceReceipt);
same_receipt!(opg_receipts::InferenceReceipt => IReceiptBatches::InferenceReceipt);

impl Fulfilment {
    /// The receipt that the hub rebuilds from this fulfilment of `request`.
    #[must_use]
    pub fn receipt(
        &self,
        request_id: B256,
        request: &opg_receipts::Request,
    ) -> opg_receipts::InferenceReceipt {
        opg_receipts::InferenceReceipt {
            requestId: request_id,
            payer: request.payer,
            operator: self.operator,
            modelVersion: request.modelVersion,
            inputHash: request.inputHash,
            outputHash: opg_receipts::content_hash(&self.output),
            traceHash: self.traceHash,
            inputUnits: self.inputUnits,
            outputUnits: self.outputUnits,
            unitPrice: self.unitPrice,
            fee: self.fee,
            mode: request.mode,
            issuedAt: self.issuedAt,
        }
    }
}

impl ModelSpec {
    /// Identifier of the version with this specification: keccak-256 of `abi.encode(model id, specification)`.
    #[must_use]
    pub fn version_of(&self, model_id: B256) -> B256 {
        keccak256((model_id, self.clone()).abi_encode_params())
    }

    /// Name of the task, as far as it is ASCII without the padding.
    #[must_use]
    pub fn task_name(&self) -> String {
        String::from_utf8_lossy(self.task.as_slice()).trim_end_matches('\0').to_owned()
    }
}

impl Slash {
    /// Identifier of the slash: keccak-256 of its ABI encoding.
    #[must_use]
    pub fn id(&self) -> B256 {
        keccak256(self.abi_encode())
    }
}
