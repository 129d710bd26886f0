//! Where the contracts are: `deployments/<chain id>.json`, written by the deploy script.

use std::path::{Path, PathBuf};

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

/// The addresses of one deployment.
///
/// Unknown fields are ignored: a newer deploy script may list contracts that this keeper does not use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressBook {
    /// Chain that the contracts are on.
    pub chain_id: u64,
    /// Block of the first deployment: no event of ours is older.
    pub deployment_block: u64,
    /// Who may do what.
    pub access_manager: Address,
    /// The OPG token.
    pub opg: Address,
    /// Holds staked OPG.
    pub custody_vault: Address,
    /// Holds the tokens that are not released yet.
    pub vesting_vault: Address,
    /// Pays the airdrop's claims.
    pub airdrop: Address,
    /// Gets the staking rewards that vest, and pays them to those who stake.
    pub rewards: Address,
    /// Models and their versions.
    pub model_registry: Address,
    /// Operators, those who back them, and slashes.
    pub staking: Address,
    /// Verifies and records receipts.
    pub proof_registry: Address,
    /// Takes requests and answers.
    pub inference_hub: Address,
    /// Carries out what governance decided, after a delay; the treasury.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timelock: Option<Address>,
    /// Where holders vote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governor: Option<Address>,
    /// Through which the guardian acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentinel: Option<Address>,
    /// What a compute unit costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_market: Option<Address>,
    /// Divides protocol fees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_router: Option<Address>,
    /// Takes batches of receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_batches: Option<Address>,
    /// Checks Groth16 proofs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groth16_verifier: Option<Address>,
    /// Keys of the circuits that proofs are checked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifying_keys: Option<Address>,
    /// The example consumer. Development chains only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_model: Option<Address>,
}

/// Why an address book cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressBookError {
    /// The file cannot be read.
    #[error(
        "cannot read the address book {path}: {source}; deploy the contracts or set the path of their address book"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not an address book.
    #[error("the address book {path} is not usable: {reason}; write it anew with the deploy script")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Field and reason.
        reason: String,
    },
    /// The book is for another chain.
    #[error(
        "the address book {path} is for chain {found} (field `chainId`), but chain {expected} is wanted; use deployments/{expected}.json"
    )]
    WrongChain {
        /// The file.
        path: PathBuf,
        /// Chain asked for.
        expected: u64,
        /// Chain in the book.
        found: u64,
    },
    /// An address is zero.
    #[error(
        "the address book {path} has the zero address in field `{field}`; write it anew with the deploy script"
    )]
    ZeroAddress {
        /// The file.
        path: PathBuf,
        /// Name of the field as in the file.
        field: &'static str,
    },
}

impl AddressBook {
    /// Where the book of `chain_id` lies under the folder `deployments`.
    #[must_use]
    pub fn path(deployments: &Path, chain_id: u64) -> PathBuf {
        deployments.join(format!("{chain_id}.json"))
    }

    /// Reads the book of chain `chain_id` from the folder `deployments`.
    ///
    /// # Errors
    /// If it is absent, malformed, for another chain, or names the zero address.
    pub fn load(deployments: &Path, chain_id: u64) -> Result<Self, AddressBookError> {
        Self::read(&Self::path(deployments, chain_id), chain_id)
    }

    /// Reads a book of chain `chain_id` from the file `path`.
    ///
    /// # Errors
    /// If it is absent, malformed, for another chain, or names the zero address.
    pub fn read(path: &Path, chain_id: u64) -> Result<Self, AddressBookError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| AddressBookError::Read { path: path.to_owned(), source })?;
        let book = Self::parse(&text, path)?;
        if book.chain_id != chain_id {
            return Err(AddressBookError::WrongChain {
                path: path.to_owned(),
                expected: chain_id,
                found: book.chain_id,
            });
        }
        Ok(book)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, AddressBookError> {
        let fail = |reason: String| AddressBookError::Parse { path: path.to_owned(), reason };
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|error| fail(error.to_string()))?;
        for name in ["chainId", "deploymentBlock"] {
            field::<u64>(&fields, name).map_err(fail)?;
        }
        let present = OPTIONAL_ADDRESSES.into_iter().filter(|name| fields.contains_key(*name));
        for name in REQUIRED_ADDRESSES.into_iter().chain(present) {
            if field::<Address>(&fields, name).map_err(fail)? == Address::ZERO {
                return Err(AddressBookError::ZeroAddress { path: path.to_owned(), field: name });
            }
        }
        serde_json::from_value(fields.into()).map_err(|error| fail(error.to_string()))
    }
}

const REQUIRED_ADDRESSES: [&str; 10] = [
    "accessManager",
    "opg",
    "custodyVault",
    "vestingVault",
    "airdrop",
    "rewards",
    "modelRegistry",
    "staking",
    "proofRegistry",
    "inferenceHub",
];

const OPTIONAL_ADDRESSES: [&str; 10] = [
    "timelock",
    "governor",
    "sentinel",
    "feeMarket",
    "feeRouter",
    "receiptBatches",
    "measurementRegistry",
    "groth16Verifier",
    "verifyingKeys",
    "askModel",
];

/// One field, with its name in the error: serde's own errors leave out where in the file a value stood.
fn field<T: serde::de::DeserializeOwned>(
    fields: &serde_json::Map<String, serde_json::Value>,
    name: &str,
) -> Result<T, String> {
    let value = fields.get(name).ok_or_else(|| format!("field `{name}` is missing"))?;
    T::deserialize(value).map_err(|error| format!("field `{name}`: {error}"))
}
