//! The contracts as they are deployed, and who uses them.

use std::path::Path;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall as _, SolValue as _};
use revm::database::EmptyDB;

use crate::{
    abi::{
        AccessManager,
        IFeeMarket::MarketParameters,
        IFeeRouter::{FeeCap, FeeShares},
        IModelRegistry::{self, ModelSpec},
        IRewards::RewardParameters,
        IStaking::{self, SlashRule, StakingParameters},
        IVestingVault::{self, NewCategory, Schedule},
        Opg, initializers,
    },
    chain::{Base, Chain, ChainError, creation_code},
    rules,
};

/// Somebody, by number. The first are operators, or may become some; all of them hold and stake.
pub type Who = usize;

/// Those who may be operators. The last has not registered when a sequence begins.
pub const OPERATORS: usize = 3;
/// Those who stake: the operators, and three who only delegate.
pub const PEOPLE: usize = 6;
/// Who showed an offence, where somebody is to be rewarded.
pub const CHALLENGER: Who = 6;
/// Who was harmed by one.
pub const PAYER: Who = 7;
/// Owner of the model.
pub const MODEL_OWNER: Who = 8;
/// The verification pool.
pub const VERIFIERS: Who = 9;
/// Holds all other tokens.
pub const TREASURY: Who = 10;
/// The rewards contract, as a holder of tokens.
pub const REWARDS: Who = 11;
/// The fee router, as a holder of tokens.
pub const ROUTER: Who = 12;
/// All who hold tokens, apart from vaults.
pub const HOLDERS: usize = 13;

/// Decides by vote.
pub const GOVERNANCE: Address = Address::repeat_byte(0xc1);
/// The contracts that judge disputes.
pub const DISPUTES: Address = Address::repeat_byte(0xc2);
/// Can postpone slashes and jail.
pub const GUARDIAN: Address = Address::repeat_byte(0xc3);
/// Nobody's friend.
pub const STRANGER: Address = Address::repeat_byte(0xc4);
const DEPLOYER: Address = Address::repeat_byte(0xc5);

const SLASHER_ROLE: u64 = 1;
const GUARDIAN_ROLE: u64 = 2;

/// Where everything is, and the state of the chain after the deployment.
#[derive(Debug)]
pub struct World {
    /// The token.
    pub opg: Address,
    /// Custody of stake.
    pub vault: Address,
    /// Staking.
    pub staking: Address,
    /// Pays what stake and work earn.
    pub rewards: Address,
    /// Prices work.
    pub market: Address,
    /// Divides fees.
    pub router: Address,
    /// Releases rewards.
    pub vesting: Address,
    /// The schedule of the rewards.
    pub schedule: Schedule,
    /// The model's version that fees are paid for.
    pub version: B256,
    /// The chain.
    pub base: Base,
}

impl World {
    /// Deploys all contracts from the compiler's output in `artifacts`.
    pub fn deploy(artifacts: &Path) -> Result<Self, ChainError> {
        let code = |name| creation_code(artifacts, name);
        let proxy = code("ERC1967Proxy")?;
        let mut chain = Chain::new(EmptyDB::default(), rules::START);
        let manager = chain.deploy(DEPLOYER, &code("AccessManager")?, &GOVERNANCE.abi_encode())?;

        // Token, vault and staking know each other: the proxy is the sixth contract from here.
        let (vault_at, staking_at) = (chain.next_address(DEPLOYER, 1), chain.next_address(DEPLOYER, 5));
        let (router_at, rewards_at) = (chain.next_address(DEPLOYER, 10), chain.next_address(DEPLOYER, 11));
        let opg =
            chain.deploy(DEPLOYER, &code("Opg")?, &(vault_at, address_of(TREASURY)).abi_encode_params())?;
        let vault = chain.deploy(DEPLOYER, &code("CustodyVault")?, &(opg, staking_at).abi_encode_params())?;
        let operators =
            chain.deploy(DEPLOYER, &code("StakingOperators")?, &(opg, vault).abi_encode_params())?;
        let slashes =
            chain.deploy(DEPLOYER, &code("StakingSlashes")?, &(opg, vault, operators).abi_encode_params())?;
        let part = (opg, vault, slashes, rewards_at).abi_encode_params();
        let implementation = chain.deploy(DEPLOYER, &code("Staking")?, &part)?;
        let start = initializers::staking(manager, &parameters()).abi_encode();
        let staking = chain.deploy(
            DEPLOYER,
            &proxy,
            &(implementation, alloy_primitives::Bytes::from(start)).abi_encode_params(),
        )?;

        let registry = chain.deploy(DEPLOYER, &code("ModelRegistry")?, &[])?;
        let start = initializers::plain::initializeCall { authority: manager }.abi_encode();
        let models = chain.deploy(
            DEPLOYER,
            &proxy,
            &(registry, alloy_primitives::Bytes::from(start)).abi_encode_params(),
        )?;
        let version = publish(&mut chain, models)?;

        let schedule = schedule(rewards_at);
        let leaf = keccak256(keccak256(schedule.abi_encode()));
        let vesting_at = chain.next_address(DEPLOYER, 0);
        let stream = Opg::transferCall { to: vesting_at, value: U256::from(rules::VESTED) };
        chain.send(address_of(TREASURY), opg, &stream)?;
        let categories = vec![category(leaf)];
        let vesting = (opg, manager, address_of(TREASURY), categories).abi_encode_params();
        let vesting = chain.deploy(DEPLOYER, &code("VestingVault")?, &vesting)?;
        let shares = FeeShares {
            burnBps: rules::BURN_BPS as u16,
            verificationBps: rules::VERIFICATION_BPS as u16,
            verificationPool: address_of(VERIFIERS),
        };
        let market = (staking, router_at, manager, market(), rules::FIRST_PRICE).abi_encode_params();
        let market = chain.deploy(DEPLOYER, &code("FeeMarket")?, &market)?;
        let cap = FeeCap {
            window: rules::CAP_WINDOW as u32,
            perStakeBps: rules::CAP_PER_STAKE_BPS as u32,
            least: alloy_primitives::Uint::from(rules::CAP_LEAST),
        };
        let router = (opg, models, staking, market, rewards_at, manager, shares, cap).abi_encode_params();
        let router = chain.deploy(DEPLOYER, &code("FeeRouter")?, &router)?;
        let terms = RewardParameters {
            epochLength: rules::EPOCH as u32,
            baseBps: rules::BASE_BPS as u16,
            performanceBps: rules::PERFORMANCE_BPS as u16,
        };
        let rewards = (opg, staking, vesting, leaf, router, manager, terms).abi_encode_params();
        let rewards = chain.deploy(DEPLOYER, &code("Rewards")?, &rewards)?;
        debug_assert_eq!((vault, staking, router, rewards), (vault_at, staking_at, router_at, rewards_at));

        grant(&mut chain, manager, staking)?;
        let base = Base::default();
        let world = Self { opg, vault, staking, rewards, market, router, vesting, schedule, version, base };
        world.endow(&mut chain)?;
        Ok(Self { base: chain.into_state(), ..world })
    }

    /// Where somebody is.
    pub fn address(&self, who: Who) -> Address {
        match who {
            REWARDS => self.rewards,
            ROUTER => self.router,
            _ => address_of(who),
        }
    }

    /// Gives everyone tokens and lets the vault and the rewards contract take them.
    fn endow(&self, chain: &mut Chain<EmptyDB>) -> Result<(), ChainError> {
        for who in 0..PEOPLE {
            let endowment = Opg::transferCall { to: address_of(who), value: U256::from(rules::ENDOWMENT) };
            chain.send(address_of(TREASURY), self.opg, &endowment)?;
            for spender in [self.vault, self.rewards] {
                let approve = Opg::approveCall { spender, value: U256::MAX };
                chain.send(address_of(who), self.opg, &approve)?;
            }
        }
        Ok(())
    }
}

/// Where somebody with a key is.
fn address_of(who: Who) -> Address {
    Address::repeat_byte(0xa0 + who as u8)
}

fn parameters() -> StakingParameters {
    StakingParameters {
        minSelfStake: alloy_primitives::Uint::from(rules::MIN_SELF_STAKE),
        unbondingPeriod: rules::UNBONDING as u32,
        receiptAge: 3_600,
        challengeWindow: 7 * rules::DAY as u32,
        vetoWindow: rules::VETO_WINDOW as u32,
        commissionNotice: rules::COMMISSION_NOTICE as u32,
        maxCommissionBps: rules::MAX_COMMISSION_BPS,
    }
}

fn market() -> MarketParameters {
    MarketParameters {
        epochLength: rules::MARKET_EPOCH as u32,
        targetBps: rules::TARGET_BPS as u16,
        maxChangeBps: rules::MAX_CHANGE_BPS as u16,
        capacityPerOpg: rules::CAPACITY_PER_OPG as u64,
        capacityFloor: alloy_primitives::Uint::from(rules::CAPACITY_FLOOR),
        minPrice: alloy_primitives::Uint::from(rules::MIN_PRICE),
        maxPrice: alloy_primitives::Uint::from(rules::MAX_PRICE),
    }
}

fn grant(chain: &mut Chain<EmptyDB>, manager: Address, staking: Address) -> Result<(), ChainError> {
    let mut guard = |selector: [u8; 4], role| {
        let selectors = vec![selector.into()];
        let call = AccessManager::setTargetFunctionRoleCall { target: staking, selectors, roleId: role };
        chain.send(GOVERNANCE, manager, &call)
    };
    guard(IStaking::slashCall::SELECTOR, SLASHER_ROLE)?;
    guard(IStaking::freezeCall::SELECTOR, SLASHER_ROLE)?;
    guard(IStaking::unfreezeCall::SELECTOR, SLASHER_ROLE)?;
    guard(IStaking::suspendSlashCall::SELECTOR, GUARDIAN_ROLE)?;
    guard(IStaking::jailCall::SELECTOR, GUARDIAN_ROLE)?;
    for (role, account) in [(SLASHER_ROLE, DISPUTES), (GUARDIAN_ROLE, GUARDIAN)] {
        let call = AccessManager::grantRoleCall { roleId: role, account, executionDelay: 0 };
        chain.send(GOVERNANCE, manager, &call)?;
    }
    for (offence, rule) in rules::OFFENCES.iter().enumerate() {
        let rule = SlashRule {
            capBps: rule.cap_bps as u16,
            challengerBps: rule.challenger_bps as u16,
            payerBps: rule.payer_bps as u16,
            coolDown: rule.cool_down as u32,
            jailPeriod: rule.jail as u32,
        };
        chain.send(GOVERNANCE, staking, &IStaking::setSlashRuleCall { offence: offence as u8 + 1, rule })?;
    }
    Ok(())
}

fn publish(chain: &mut Chain<EmptyDB>, models: Address) -> Result<B256, ChainError> {
    let owner = address_of(MODEL_OWNER);
    let model = chain.send(owner, models, &IModelRegistry::registerModelCall { name: "model".into() })?;
    let mut task = B256::ZERO;
    task[..6].copy_from_slice(b"chat/1");
    let spec = ModelSpec {
        task,
        weightsDigest: keccak256("weights"),
        tokenizerDigest: B256::ZERO,
        configDigest: B256::ZERO,
        engineProfile: keccak256("engine"),
        zkCommitment: B256::ZERO,
        unitsPerRequest: 1,
        unitsPerInputToken: 0,
        unitsPerOutputToken: 0,
        royaltyBps: rules::ROYALTY_BPS as u16,
        modes: 1,
        licence: "Apache-2.0".into(),
        uri: String::new(),
    };
    chain.send(owner, models, &IModelRegistry::publishVersionCall { modelId: model, spec })
}

fn schedule(beneficiary: Address) -> Schedule {
    Schedule {
        category: 0,
        index: 0,
        beneficiary,
        amount: rules::VESTED,
        tgeAmount: 0,
        revocable: false,
        transferable: false,
    }
}

fn category(root: B256) -> NewCategory {
    NewCategory {
        name: "staking-rewards".into(),
        root,
        total: rules::VESTED,
        tgeTotal: 0,
        start: alloy_primitives::Uint::from(rules::START),
        cliff: 0,
        duration: rules::VESTING_TIME as u32,
    }
}

/// Releases what has vested for the rewards.
pub fn release(schedule: &Schedule) -> IVestingVault::releaseCall {
    IVestingVault::releaseCall { schedule: schedule.clone(), proof: Vec::new() }
}
