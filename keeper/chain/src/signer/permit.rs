//! Signing permits of the token.

use alloy::{
    primitives::{Address, Bytes, U256},
    signers::Signer,
    sol_types::{Eip712Domain, SolStruct},
};

use super::SignerError;

alloy::sol! {
    /// ERC-2612: `spender` may take `value` of `owner`'s tokens.
    #[derive(Debug, PartialEq, Eq)]
    struct Permit {
        address owner;
        address spender;
        uint256 value;
        uint256 nonce;
        uint256 deadline;
    }
}

/// Signs a permit that lets `spender` take `value` of the signer's tokens until `deadline`. `domain` and `nonce` are those
/// of the token.
///
/// # Errors
/// If the key cannot sign, for instance because it is remote and unreachable.
pub async fn sign_permit<S: Signer + Sync + ?Sized>(
    signer: &S,
    spender: Address,
    value: U256,
    nonce: U256,
    deadline: U256,
    domain: &Eip712Domain,
) -> Result<Bytes, SignerError> {
    let permit = Permit { owner: signer.address(), spender, value, nonce, deadline };
    let signature = signer.sign_hash(&permit.eip712_signing_hash(domain)).await?;
    Ok(signature.as_bytes().into())
}
