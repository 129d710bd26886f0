//! Types of the contracts, generated at compile time from the ABI files in `abi/`, which are extracted from the
//! compiled contracts and committed so that a Rust build needs no Solidity toolchain.

mod airdrop;
mod batches;
mod channels;
mod consumer;
mod convert;
mod fees;
mod hub;
mod keys;
mod models;
mod openzeppelin;
mod proofs;
mod revert;
mod rewards;
mod staking;
mod token;
mod vesting;

pub use airdrop::IAirdrop;
pub use batches::IReceiptBatches;
pub use channels::IBatchSettlement::{self, ChannelConfig, VoucherClaim};
pub use consumer::AskModel;
pub use fees::{
    IFeeMarket::{self, CapacityView, MarketParameters, MarketView},
    IFeeRouter::{self, FeeCap, FeeShares},
};
pub use hub::IInferenceHub::{self, Fulfilment, Request};
pub use keys::IVerifyingKeys::{self, KeyTerms, ZkKey};
pub use models::IModelRegistry::{self, ModelSpec};
pub use openzeppelin::IMulticall;
pub use proofs::IProofRegistry::{self, InferenceReceipt};
pub use revert::Revert;
pub use rewards::IRewards;
pub use staking::{
    ICustodyVault,
    IStaking::{self, OperatorView, PoolView, PositionView, Slash, SlashRule, StakingParameters, UnbondView},
};
pub use token::Opg;
pub use vesting::IVestingVault::{self, Category, Schedule, ScheduleState};
