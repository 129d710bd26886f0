//! From an offer to signed bytes, durable before anybody else sees them.

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::eip2718::Encodable2718,
    primitives::{Bytes, TxKind, U256},
};
use opg_store::journal::{self as table, Attempt, AttemptKind, Fate, Intent, NewAttempt};

use super::{JournalError, fees::Fees, pass::Pass};

/// Gas of a transfer without data.
pub(super) const TRANSFER_GAS: u64 = 21_000;

/// Bytes a signature adds to the encoding of an unsigned transaction, at most.
const SIGNATURE_LEN: usize = 68;

/// A transaction about to be signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draft<'a> {
    pub(super) nonce: u64,
    /// `None` for a transaction that only uses the nonce up.
    pub(super) call: Option<&'a Intent>,
    pub(super) gas_limit: u64,
    pub(super) fees: Fees,
    pub(super) l1_fee: U256,
}

/// Length of the signed encoding, estimated from above, for the L1 fee.
pub(super) fn encoded_len(pass: &Pass<'_>, call: Option<&Intent>) -> usize {
    let fees = Fees { max_fee: u128::from(u64::MAX), priority_fee: u128::from(u64::MAX) };
    let draft =
        Draft { nonce: pass.count, call, gas_limit: pass.core.config.gas_cap, fees, l1_fee: U256::ZERO };
    unsigned(pass, &draft).payload_len_for_signature() + SIGNATURE_LEN
}

/// Signs a transaction and makes the bytes durable.
pub(super) async fn sign(pass: &Pass<'_>, draft: Draft<'_>) -> Result<Attempt, JournalError> {
    let core = pass.core;
    let mut transaction = unsigned(pass, &draft);
    let signature = core
        .signer
        .sign_transaction(&mut transaction)
        .await
        .map_err(|error| JournalError::Signer { signer: core.address, reason: error.to_string() })?;
    let signed = transaction.into_signed(signature);
    let attempt = NewAttempt {
        nonce: draft.nonce,
        kind: if draft.call.is_some() { AttemptKind::Call } else { AttemptKind::Void },
        hash: *signed.hash(),
        raw: Bytes::from(signed.encoded_2718()),
        gas_limit: draft.gas_limit,
        max_fee: draft.fees.max_fee,
        priority_fee: draft.fees.priority_fee,
        l1_fee: draft.l1_fee,
        signed_block: pass.head.number,
    };
    let (id, signed_at) =
        core.commit(|tx, now| Ok((table::insert_attempt(tx, core.address, &attempt, now)?, now)))?;
    Ok(Attempt {
        id,
        kind: attempt.kind,
        hash: attempt.hash,
        raw: attempt.raw,
        gas_limit: attempt.gas_limit,
        max_fee: attempt.max_fee,
        priority_fee: attempt.priority_fee,
        l1_fee: attempt.l1_fee,
        signed_block: attempt.signed_block,
        signed_at,
        tried_at: None,
        sends: 0,
        fate: Fate::Unknown,
        error: None,
    })
}

fn unsigned(pass: &Pass<'_>, draft: &Draft<'_>) -> TxEip1559 {
    TxEip1559 {
        chain_id: pass.core.config.chain_id,
        nonce: draft.nonce,
        gas_limit: draft.gas_limit,
        max_fee_per_gas: draft.fees.max_fee,
        max_priority_fee_per_gas: draft.fees.priority_fee,
        to: TxKind::Call(draft.call.map_or(pass.core.address, |intent| intent.to)),
        value: draft.call.map_or(U256::ZERO, |intent| intent.value),
        access_list: alloy::eips::eip2930::AccessList::default(),
        input: draft.call.map(|intent| intent.calldata.clone()).unwrap_or_default(),
    }
}
