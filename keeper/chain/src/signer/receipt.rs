//! Signing receipts.

use alloy::signers::Signer;
use opg_receipts::{InferenceReceipt, ReceiptDomain, SignedReceipt};

use super::SignerError;

/// Signs `receipt` for `domain`.
///
/// # Errors
/// If the key cannot sign, for instance because it is remote and unreachable.
pub async fn sign_receipt<S: Signer + Sync + ?Sized>(
    signer: &S,
    receipt: InferenceReceipt,
    domain: &ReceiptDomain,
) -> Result<SignedReceipt, SignerError> {
    let signature = signer.sign_hash(&receipt.digest(domain)).await?;
    Ok(SignedReceipt::new(receipt, signature))
}
