//! A receipt with its signature.

use alloy_primitives::{Address, B256, Bytes, Signature, U256, uint};
use secp256k1::Message;
use serde::{Deserialize, Serialize};

use crate::{InferenceReceipt, ReceiptDomain};

/// Length in bytes of a signature: r, s and v.
pub const SIGNATURE_LENGTH: usize = 65;

/// Half of the order of secp256k1, rounded down. Of the two signatures (r, s) and (r, n − s) only the one with s up to
/// here is accepted, as in the contracts.
const HALF_ORDER: U256 = uint!(0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0_U256);

/// Why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The signature does not have 65 bytes.
    #[error("the signature has {0} bytes, but r, s and v make {SIGNATURE_LENGTH}")]
    SignatureLength(usize),
    /// The last byte is neither 27 nor 28.
    #[error("the last byte of the signature is {0}, but it must be 27 or 28")]
    RecoveryByte(u8),
    /// s lies in the upper half of its range.
    #[error("the signature's s is in the upper half of its range; use n - s and flip v")]
    HighS,
    /// No key could have made the signature.
    #[error("no key could have made this signature of digest {digest}")]
    Unrecoverable {
        /// What was said to be signed.
        digest: B256,
    },
    /// Another key made the signature, or the receipt or its domain was altered.
    #[error(
        "the receipt is signed by {recovered}, not by {expected}: wrong key, altered receipt, other chain or other ProofRegistry"
    )]
    WrongSigner {
        /// Whose signature was wanted.
        expected: Address,
        /// Whose signature it is.
        recovered: Address,
    },
}

/// A receipt and a well-formed signature. Whether it is the *right* signature depends on the domain and the operator's
/// key: see [`SignedReceipt::verify`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Encoded", into = "Encoded")]
pub struct SignedReceipt {
    receipt: InferenceReceipt,
    signature: Signature,
}

/// JSON form of a signed receipt.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    receipt: InferenceReceipt,
    signature: Bytes,
}

impl SignedReceipt {
    /// Joins a receipt and the signature of its digest. A high s is brought into the lower half, which is the same
    /// signature by the same key.
    #[must_use]
    pub fn new(receipt: InferenceReceipt, signature: Signature) -> Self {
        Self { receipt, signature: signature.normalized_s() }
    }

    /// Joins a receipt and 65 bytes r ‖ s ‖ v.
    ///
    /// # Errors
    /// If the bytes are not exactly what the contracts accept.
    pub fn from_bytes(receipt: InferenceReceipt, signature: &[u8]) -> Result<Self, ReceiptError> {
        Ok(Self { receipt, signature: parse_signature(signature)? })
    }

    /// What was signed.
    #[must_use]
    pub fn receipt(&self) -> &InferenceReceipt {
        &self.receipt
    }

    /// The signature as 65 bytes r ‖ s ‖ v: the evidence of mode 0.
    #[must_use]
    pub fn signature_bytes(&self) -> [u8; SIGNATURE_LENGTH] {
        self.signature.as_bytes()
    }

    /// The address of the key that signed the receipt for `domain`.
    ///
    /// # Errors
    /// If no key could have made the signature.
    pub fn recover(&self, domain: &ReceiptDomain) -> Result<Address, ReceiptError> {
        recover(&self.signature, self.receipt.digest(domain))
    }

    /// Checks that `signer` signed the receipt for `domain`.
    ///
    /// # Errors
    /// If somebody else did, or nobody could have.
    pub fn verify(&self, domain: &ReceiptDomain, signer: Address) -> Result<(), ReceiptError> {
        let recovered = self.recover(domain)?;
        if recovered == signer {
            Ok(())
        } else {
            Err(ReceiptError::WrongSigner { expected: signer, recovered })
        }
    }
}

/// The address of the key that signed `digest`: of a receipt, a payment or a voucher.
///
/// # Errors
/// If `signature` is not exactly what the contracts accept (65 bytes r ‖ s ‖ v, low s, v of 27 or 28), or no key could have
/// made it.
pub fn recover_signer(digest: B256, signature: &[u8]) -> Result<Address, ReceiptError> {
    recover(&parse_signature(signature)?, digest)
}

fn recover(signature: &Signature, digest: B256) -> Result<Address, ReceiptError> {
    let unrecoverable = |_| ReceiptError::Unrecoverable { digest };
    let signature = signature.to_secp256k1().map_err(unrecoverable)?;
    let key = signature.recover(Message::from_digest(digest.0)).map_err(unrecoverable)?;
    Ok(Address::from_secp256k1_public_key(&key))
}

fn parse_signature(signature: &[u8]) -> Result<Signature, ReceiptError> {
    let bytes: &[u8; SIGNATURE_LENGTH] =
        signature.try_into().map_err(|_| ReceiptError::SignatureLength(signature.len()))?;
    let v = bytes[SIGNATURE_LENGTH - 1];
    if v != 27 && v != 28 {
        return Err(ReceiptError::RecoveryByte(v));
    }
    let signature = Signature::from_bytes_and_parity(&bytes[..64], v == 28);
    if signature.s() > HALF_ORDER {
        return Err(ReceiptError::HighS);
    }
    Ok(signature)
}

impl TryFrom<Encoded> for SignedReceipt {
    type Error = ReceiptError;

    fn try_from(encoded: Encoded) -> Result<Self, ReceiptError> {
        Self::from_bytes(encoded.receipt, &encoded.signature)
    }
}

impl From<SignedReceipt> for Encoded {
    fn from(signed: SignedReceipt) -> Self {
        Self { signature: signed.signature_bytes().into(), receipt: signed.receipt }
    }
}
