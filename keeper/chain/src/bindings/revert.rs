//! Says in words why a contract reverted.

use std::fmt;

use alloy::{
    primitives::{Bytes, hex},
    sol_types::{Panic, Revert as RevertString, SolError, SolInterface},
};

use super::{
    airdrop::IAirdrop,
    batches::IReceiptBatches,
    consumer::AskModel,
    fees::{IFeeMarket, IFeeRouter},
    hub::IInferenceHub,
    keys::IVerifyingKeys,
    models::IModelRegistry,
    openzeppelin::OpenZeppelin,
    proofs::IProofRegistry,
    rewards::IRewards,
    staking::{ICustodyVault, IStaking},
    token::Opg,
    vesting::IVestingVault,
};

/// Why a call reverted, as far as the data says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    /// Name of the custom error, `Error` for a reason string, `Panic` for a Solidity panic, empty if unknown.
    pub name: String,
    /// Name and arguments in readable form.
    pub text: String,
    /// The data as returned.
    pub data: Bytes,
}

impl Revert {
    /// Reads the data that a reverted call returned.
    #[must_use]
    pub fn decode(data: &[u8]) -> Self {
        let (name, text) =
            custom(data).or_else(|| standard(data)).unwrap_or_else(|| (String::new(), unknown(data)));
        Self { name, text, data: Bytes::copy_from_slice(data) }
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn custom(data: &[u8]) -> Option<(String, String)> {
    interface::<IInferenceHub::IInferenceHubErrors>(data)
        .or_else(|| interface::<IProofRegistry::IProofRegistryErrors>(data))
        .or_else(|| interface::<IReceiptBatches::IReceiptBatchesErrors>(data))
        .or_else(|| interface::<IModelRegistry::IModelRegistryErrors>(data))
        .or_else(|| interface::<IVerifyingKeys::IVerifyingKeysErrors>(data))
        .or_else(|| interface::<IStaking::IStakingErrors>(data))
        .or_else(|| interface::<ICustodyVault::ICustodyVaultErrors>(data))
        .or_else(|| interface::<IRewards::IRewardsErrors>(data))
        .or_else(|| interface::<IFeeRouter::IFeeRouterErrors>(data))
        .or_else(|| interface::<IFeeMarket::IFeeMarketErrors>(data))
        .or_else(|| interface::<Opg::OpgErrors>(data))
        .or_else(|| interface::<IVestingVault::IVestingVaultErrors>(data))
        .or_else(|| interface::<IAirdrop::IAirdropErrors>(data))
        .or_else(|| interface::<AskModel::AskModelErrors>(data))
        .or_else(|| interface::<OpenZeppelin::OpenZeppelinErrors>(data))
}

fn interface<I: SolInterface + fmt::Debug>(data: &[u8]) -> Option<(String, String)> {
    let error = I::abi_decode(data).ok()?;
    // The derived form of a variant is `Name(Name { field: value })`: the inner half says it all.
    let shown = format!("{error:?}");
    let (name, rest) = shown.split_once('(')?;
    let text = rest.strip_suffix(')').unwrap_or(rest);
    Some((name.to_owned(), text.to_owned()))
}

fn standard(data: &[u8]) -> Option<(String, String)> {
    if let Ok(RevertString { reason }) = RevertString::abi_decode(data) {
        return Some(("Error".to_owned(), reason));
    }
    Panic::abi_decode(data).ok().map(|panic| ("Panic".to_owned(), panic.to_string()))
}

fn unknown(data: &[u8]) -> String {
    const SHOWN: usize = 68;
    match data {
        [] => "no reason given".to_owned(),
        _ if data.len() <= SHOWN => format!("unknown error {}", hex::encode_prefixed(data)),
        _ => format!("unknown error {}… ({} bytes)", hex::encode_prefixed(&data[..SHOWN]), data.len()),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{B256, U256};

    use super::*;

    #[test]
    fn names_our_errors_with_their_arguments() {
        let error = IInferenceHub::FulfilmentRejected { requestId: B256::repeat_byte(7), reason: 3 };
        let revert = Revert::decode(&error.abi_encode());
        assert_eq!(revert.name, "FulfilmentRejected");
        assert!(revert.text.contains("0x0707"), "{}", revert.text);
        assert!(revert.text.contains("reason"), "{}", revert.text);
    }

    #[test]
    fn names_errors_of_the_token_library() {
        let error = OpenZeppelin::ERC20InsufficientAllowance {
            spender: Default::default(),
            allowance: U256::from(1),
            needed: U256::from(2),
        };
        assert_eq!(Revert::decode(&error.abi_encode()).name, "ERC20InsufficientAllowance");
    }

    #[test]
    fn reads_reason_strings_and_panics() {
        assert_eq!(Revert::decode(&RevertString::from("no").abi_encode()).text, "no");
        assert_eq!(Revert::decode(&Panic { code: U256::from(0x11) }.abi_encode()).name, "Panic");
    }

    #[test]
    fn says_so_when_it_does_not_know() {
        assert_eq!(Revert::decode(&[]).text, "no reason given");
        assert!(Revert::decode(&[1, 2, 3, 4, 5]).text.contains("0x0102030405"));
        assert!(Revert::decode(&[9; 500]).text.contains("500 bytes"));
    }
}
