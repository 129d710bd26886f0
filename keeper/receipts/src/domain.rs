//! EIP-712 domains of one type of message.

use std::marker::PhantomData;

use alloy_primitives::{B256, Keccak256, keccak256};
use alloy_sol_types::{Eip712Domain, SolStruct};

/// An EIP-712 domain in which messages of the type `T` are signed. What does not depend on the message is hashed once: it
/// takes as long as the rest.
#[derive(Debug)]
pub struct TypedDomain<T> {
    separator: B256,
    type_hash: B256,
    message: PhantomData<fn(&T)>,
}

impl<T> Clone for TypedDomain<T> {
    fn clone(&self) -> Self {
        Self { message: PhantomData, ..*self }
    }
}

impl<T: SolStruct> TypedDomain<T> {
    /// The same domain for messages of one type.
    #[must_use]
    pub fn new(domain: &Eip712Domain) -> Self {
        let type_hash = keccak256(T::eip712_encode_type().as_bytes());
        Self { separator: domain.separator(), type_hash, message: PhantomData }
    }

    /// The 32 bytes that are signed for `message`.
    #[must_use]
    pub fn digest(&self, message: &T) -> B256 {
        let mut hasher = Keccak256::new();
        hasher.update(self.type_hash);
        hasher.update(message.eip712_encode_data());
        let message = hasher.finalize();
        keccak256([&[0x19, 0x01], self.separator.as_slice(), message.as_slice()].concat())
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, U256};
    use alloy_sol_types::{eip712_domain, sol};
    use proptest::prelude::*;

    use super::*;

    sol! {
        struct Inner {
            uint40 number;
            bytes data;
        }

        struct Message {
            address account;
            uint256 amount;
            string text;
            Inner inner;
        }
    }

    proptest! {
        #[test]
        fn digests_are_those_that_are_hashed_from_nothing(
            chain: u64,
            account: [u8; 20],
            amount: [u8; 32],
            text: String,
            number in 0_u64..1 << 40,
            data: Vec<u8>,
        ) {
            let domain = eip712_domain! {
                name: "Domain", version: "1", chain_id: chain, verifying_contract: Address::from(account),
            };
            let inner = Inner { number: number.try_into().unwrap(), data: data.into() };
            let message = Message { account: account.into(), amount: U256::from_be_bytes(amount), text, inner };
            prop_assert_eq!(TypedDomain::new(&domain).digest(&message), message.eip712_signing_hash(&domain));
        }
    }
}
