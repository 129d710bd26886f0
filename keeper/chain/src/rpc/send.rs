//! Sends: one endpoint at a time, in order.

use alloy::primitives::{B256, Bytes, keccak256};
use serde_json::json;

use super::{Rejection, Rpc, RpcError};

impl Rpc {
    /// Hands a signed transaction to the network. For the journal alone: it persists the bytes first and judges the
    /// outcome.
    ///
    /// The endpoints are asked one after the other until one has accepted it or holds it already. The bytes are the
    /// same each time, so handing them to several endpoints cannot send two transactions.
    ///
    /// # Errors
    /// [`RpcError::Rejected`] if every endpoint refused it, with the last refusal; anything else means that an endpoint
    /// failed on it and the transaction may or may not be on its way.
    pub(crate) async fn send_raw_transaction(&self, raw: &Bytes) -> Result<B256, RpcError> {
        let method = "eth_sendRawTransaction";
        let hash = keccak256(raw);
        let (mut refusal, mut unclear) = (None, Vec::new());
        for endpoint in self.ordered() {
            match endpoint.call::<B256>(method, json!([raw])).await {
                Ok(answer) if answer == hash => return Ok(hash),
                Ok(answer) => {
                    unclear.push(endpoint.bad(method, format!("hash {answer} for transaction {hash}")));
                }
                Err(error) => match error.rejection() {
                    Some(Rejection::AlreadyKnown(_)) => return Ok(hash),
                    Some(rejection) if !rejection.is_endpoint_fault() => refusal = Some(error),
                    _ => {
                        tracing::warn!(%error, %hash, "RPC endpoint failed on a send, trying the next");
                        unclear.push(error);
                    }
                },
            }
        }
        match refusal {
            Some(refusal) if unclear.is_empty() => Err(refusal),
            refusal => {
                let reasons: Vec<_> = unclear.iter().chain(&refusal).map(ToString::to_string).collect();
                Err(RpcError::Exhausted { method: method.to_owned(), reasons: reasons.join("; ") })
            }
        }
    }
}
