//! Whether a receipt holds: for this request, this payment and this answer, by the operator's key of that time.

use alloy::primitives::{Address, B256};
use opg_receipts::{
    InferenceReceipt, MODE_OPERATOR_SIGNED, SignedReceipt, http_request_id, json_hash, receipt_domain,
};
use serde_json::{Value, json};

use crate::{ChainError, Deployment, ProxyChain};

/// Seconds by which a node's clock may be ahead of the newest block.
const AHEAD: u64 = 60;

/// What the proxy knows before there is an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) operator: Address,
    pub(crate) version: B256,
    pub(crate) input_hash: B256,
    /// Payer, number and amount of the payment; nothing where the node asks for none.
    pub(crate) payment: Option<(Address, B256, u128)>,
}

/// Why an answer is not handed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The receipt does not hold.
    #[error("{0}")]
    Wrong(String),
    /// Nobody could say.
    #[error("{0}; so nobody can tell whether the receipt holds")]
    Chain(#[from] ChainError),
}

fn wrong(reason: impl Into<String>) -> Refusal {
    Refusal::Wrong(reason.into())
}

/// Checks what came under `opg` with an answer whose committed part is `output`; nothing is compared with an answer that is
/// not there.
pub(crate) async fn check(
    chain: &dyn ProxyChain,
    asked: &Asked,
    output: Option<&Value>,
    extension: Option<&Value>,
) -> Result<SignedReceipt, Refusal> {
    let Deployment { chain_id, proof_registry, .. } = chain.deployment();
    let extension = extension.ok_or_else(|| wrong("it has no receipt"))?;
    if extension["chainId"] != json!(chain_id) {
        return Err(wrong(format!("its receipt is for chain {}, not {chain_id}", extension["chainId"])));
    }
    let signed: SignedReceipt = serde_json::from_value(
        json!({ "receipt": extension["receipt"], "signature": extension["signature"] }),
    )
    .map_err(|error| wrong(format!("its receipt cannot be read: {error}")))?;
    let receipt = signed.receipt();
    facts(receipt, asked, output).map_err(wrong)?;
    let now = chain.now().await?;
    if receipt.issuedAt > now.saturating_add(AHEAD) {
        return Err(wrong("its receipt is of the future"));
    }
    let key = chain.signer_of(receipt.operator, receipt.issuedAt.min(now)).await?;
    let key = key.ok_or_else(|| wrong("the operator was not active when the receipt was issued"))?;
    signed
        .verify(&receipt_domain(chain_id, proof_registry), key)
        .map_err(|error| wrong(error.to_string()))?;
    match chain.model(receipt.modelVersion).await? {
        None => Err(wrong("its model version was never published")),
        Some(model) if model.modes & (1 << MODE_OPERATOR_SIGNED) == 0 => {
            Err(wrong("its model version is not offered in this mode"))
        }
        Some(_) => Ok(signed),
    }
}

/// What can be told without the chain.
fn facts(receipt: &InferenceReceipt, asked: &Asked, output: Option<&Value>) -> Result<(), String> {
    if receipt.mode != MODE_OPERATOR_SIGNED {
        return Err(format!("it claims mode {}, which nothing here checks", receipt.mode));
    }
    if receipt.operator != asked.operator {
        return Err(format!("its receipt is by operator {}", receipt.operator));
    }
    if receipt.modelVersion != asked.version {
        return Err(format!("it is by model version {}, not {}", receipt.modelVersion, asked.version));
    }
    if receipt.inputHash != asked.input_hash {
        return Err("its receipt is for another request".to_owned());
    }
    if let Some(output) = output {
        let hash = json_hash(output).map_err(|error| format!("it cannot be hashed: {error}"))?;
        if receipt.outputHash != hash {
            return Err("its receipt is for another answer".to_owned());
        }
    }
    let Some((payer, nonce, amount)) = asked.payment else {
        // The node chose the number of a request that nobody pays for.
        return if receipt.fee == 0 {
            Ok(())
        } else {
            Err("its receipt names a fee that was not asked".to_owned())
        };
    };
    if receipt.payer != payer {
        return Err(format!("its receipt names {} as payer", receipt.payer));
    }
    if receipt.requestId != http_request_id(payer, receipt.operator, nonce, asked.input_hash) {
        return Err("its receipt is for another payment".to_owned());
    }
    if receipt.fee != amount {
        return Err(format!("its receipt names a fee of {} wei, but {amount} were signed", receipt.fee));
    }
    Ok(())
}
