//! What a node may ask for, and the signature that pays it.

use std::sync::Arc;

use alloy::{
    primitives::{Address, B256, U256},
    signers::Signer,
    sol_types::{Eip712Domain, SolStruct as _, eip712_domain},
};
use opg_chain::x402::{
    self, Authorization, EXACT, ExactPayload, Paid, Required, Requirements, TransferWithAuthorization,
};

use crate::{ChainError, ProxyChain};

/// Longest validity of a payment in seconds, whatever a node asks for: so long its amount may be out of the budget without
/// anybody knowing whether it will be charged.
const MAX_VALIDITY: u64 = 900;

/// Who pays, with which token, into which vaults. Read from the chain once; nothing that a node says has any part in it.
#[derive(Clone)]
pub(crate) struct Purse {
    signer: Arc<dyn Signer + Send + Sync>,
    domain: Eip712Domain,
    network: String,
    asset: Address,
    vaults: Option<(Address, B256)>,
}

/// A price that a node asks and that may be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) amount: u128,
    requirements: Requirements,
}

impl Quote {
    /// Seconds for which a payment is to be valid.
    pub(crate) fn validity(&self) -> u64 {
        self.requirements.max_timeout_seconds.min(MAX_VALIDITY)
    }
}

impl std::fmt::Debug for Purse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Purse").field("payer", &self.payer()).finish_non_exhaustive()
    }
}

impl Purse {
    pub(crate) async fn open(
        chain: &dyn ProxyChain,
        signer: Arc<dyn Signer + Send + Sync>,
    ) -> Result<Self, ChainError> {
        let deployment = chain.deployment();
        let token = chain.token().await?;
        let domain = eip712_domain! {
            name: token.name,
            version: token.version,
            chain_id: deployment.chain_id,
            verifying_contract: deployment.opg,
        };
        Ok(Self {
            signer,
            domain,
            network: x402::network(deployment.chain_id),
            asset: deployment.opg,
            vaults: deployment.fee_router.zip(token.vault_code_hash),
        })
    }

    pub(crate) fn payer(&self) -> Address {
        self.signer.address()
    }

    /// Who is paid for an answer of `operator` by `version`.
    fn pay_to(&self, operator: Address, version: B256) -> Address {
        match self.vaults {
            Some((router, code_hash)) => x402::vault(router, code_hash, operator, version),
            None => operator,
        }
    }

    /// Reads what a node asks for, and finds the way to pay that is in order.
    pub(crate) fn quote(
        &self,
        header: Option<&[u8]>,
        operator: Address,
        version: B256,
    ) -> Result<Quote, String> {
        let header = header.ok_or("it wants to be paid, but does not say how")?;
        let required: Required =
            x402::decode(header).map_err(|reason| format!("its price cannot be read: {reason}"))?;
        if required.x402_version != x402::VERSION {
            return Err(format!(
                "it speaks x402 of version {}, not {}",
                required.x402_version,
                x402::VERSION
            ));
        }
        let exact =
            required.accepts.into_iter().find(|way| way.scheme == EXACT && way.network == self.network);
        let way = exact.ok_or_else(|| format!("it takes no payment by `{EXACT}` on {}", self.network))?;
        if way.asset != self.asset {
            return Err(format!("it wants to be paid in {}, not in OPG ({})", way.asset, self.asset));
        }
        let vault = self.pay_to(operator, version);
        if way.pay_to != vault {
            return Err(format!("it wants {} to be paid, not {vault}, where its fees belong", way.pay_to));
        }
        let amount = way.amount.parse().map_err(|_| format!("its price {:?} is not a number", way.amount))?;
        Ok(Quote { amount, requirements: way })
    }

    /// Signs a payment; the header to send.
    pub(crate) async fn sign(&self, quote: &Quote, nonce: B256, valid_before: u64) -> Result<String, String> {
        let message = TransferWithAuthorization {
            from: self.payer(),
            to: quote.requirements.pay_to,
            value: U256::from(quote.amount),
            validAfter: U256::ZERO,
            validBefore: U256::from(valid_before),
            nonce,
        };
        let digest = message.eip712_signing_hash(&self.domain);
        let signature =
            self.signer.sign_hash(&digest).await.map_err(|error| format!("the key cannot sign: {error}"))?;
        let payload = ExactPayload {
            signature: signature.as_bytes().into(),
            authorization: Authorization {
                from: message.from,
                to: message.to,
                value: quote.amount.to_string(),
                valid_after: "0".to_owned(),
                valid_before: valid_before.to_string(),
                nonce,
            },
        };
        Ok(x402::encode(&Paid {
            x402_version: x402::VERSION,
            accepted: quote.requirements.clone(),
            payload: serde_json::to_value(payload).map_err(|error| error.to_string())?,
        }))
    }
}
