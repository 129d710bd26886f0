//! The contracts of one deployment.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};
use opg_receipts::{ReceiptDomain, receipt_domain};

use super::LedgerError;
use crate::{address_book::AddressBook, bindings::Opg, rpc::Rpc};

/// Typed reads of the contracts of one deployment, as of the latest block.
#[derive(Debug, Clone)]
pub struct Contracts {
    pub(super) rpc: Rpc,
    pub(super) book: AddressBook,
}

impl Contracts {
    /// Joins endpoints and addresses, and checks that there are contracts at the addresses that the keeper uses.
    ///
    /// # Errors
    /// If the book is for another chain, there is no code at an address, or no endpoint can be asked.
    pub async fn open(rpc: Rpc, book: AddressBook) -> Result<Self, LedgerError> {
        if book.chain_id != rpc.chain_id() {
            return Err(LedgerError::WrongChain { book: book.chain_id, rpc: rpc.chain_id() });
        }
        let used = [
            ("opg", book.opg),
            ("modelRegistry", book.model_registry),
            ("staking", book.staking),
            ("proofRegistry", book.proof_registry),
            ("inferenceHub", book.inference_hub),
        ];
        for (field, address) in used {
            if rpc.code(address).await?.is_empty() {
                return Err(LedgerError::NoContract { field, address });
            }
        }
        Ok(Self { rpc, book })
    }

    /// The endpoints.
    #[must_use]
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// The addresses.
    #[must_use]
    pub fn addresses(&self) -> &AddressBook {
        &self.book
    }

    /// The EIP-712 domain of receipts.
    #[must_use]
    pub fn receipt_domain(&self) -> ReceiptDomain {
        receipt_domain(self.book.chain_id, self.book.proof_registry)
    }

    /// OPG wei held by `account`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn opg_balance(&self, account: Address) -> Result<U256, LedgerError> {
        self.view(self.book.opg, &Opg::balanceOfCall { account }).await
    }

    /// OPG wei that `spender` may take from `owner`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn opg_allowance(&self, owner: Address, spender: Address) -> Result<U256, LedgerError> {
        self.view(self.book.opg, &Opg::allowanceCall { owner, spender }).await
    }

    pub(crate) async fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, LedgerError> {
        Ok(self.rpc.view(to, call).await?)
    }
}
