// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {BatchParameters} from "../../contracts/interfaces/IReceiptBatches.sol";
import {BatchesConfigs} from "./BatchesConfig.sol";
import {GovernanceConfig, GovernanceConfigs} from "./GovernanceConfig.sol";
import {Json, JsonFields} from "./JsonFields.sol";
import {MarketConfig, MarketConfigs} from "./MarketConfig.sol";
import {RewardsConfig, RewardsConfigs} from "./RewardsConfig.sol";
import {StakingConfig, StakingConfigs} from "./StakingConfig.sol";

/// @notice What a deployment is asked to be. One file per chain: `script/config/<chainId>.json`.
struct DeployConfig {
    /// Names the deployment: another salt gives other addresses.
    string salt;
    /// The account that deploys. The addresses depend on it; it keeps no power.
    address deployer;
    /// Fields `guardian` and `governance`.
    GovernanceConfig governance;
    StakingConfig staking;
    /// Fields `rewards` and `payments`.
    RewardsConfig rewards;
    MarketConfig market;
    BatchParameters batches;
    /// Seconds from the TGE until airdrop claims end.
    uint32 airdropClaimPeriod;
    /// Seconds from then until what is left of the airdrop may be swept to the treasury.
    uint32 airdropGracePeriod;
    /// Seconds over which turns are spread; zero switches turns off.
    uint32 turnWindow;
    /// Seconds after which anyone may fulfil a request.
    uint32 turnCap;
}

/// @title Reads and checks deployment configurations
library DeployConfigs {
    using JsonFields for Json;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant BASE = 8453;
    uint256 internal constant BASE_SEPOLIA = 84532;
    uint256 internal constant DEVNET = 31337;

    string private constant FIELDS =
        "salt,deployer,guardian,governance,staking,rewards,payments,market,batches,airdropClaimPeriod,airdropGracePeriod,turnWindow,turnCap";
    /// `InferenceHub.MAX_RECEIPT_AGE`.
    uint32 private constant MAX_RECEIPT_AGE = 1 hours;
    /// `InferenceHub.MAX_TURN_CAP`.
    uint32 private constant MAX_TURN_CAP = 1 hours;
    /// Where claims and sweeps concern real people, they have time to hear of them.
    uint32 private constant MIN_CLAIM_PERIOD = 30 days;
    uint32 private constant MIN_GRACE_PERIOD = 7 days;

    error ConfigNotFound(uint256 chainId, string path);

    /// @notice Reads and validates the configuration of the chain.
    function load(uint256 chainId) internal view returns (DeployConfig memory config) {
        string memory path = string.concat("script/config/", VM.toString(chainId), ".json");
        if (!VM.exists(path)) revert ConfigNotFound(chainId, path);
        config = parse(VM.readFile(path));
        validate(config, chainId);
    }

    /// @notice Reads a configuration. All fields are required, and no others are allowed.
    function parse(string memory text) internal view returns (DeployConfig memory config) {
        Json memory json = Json("config", text);
        json.requireOnly("", VM.split(FIELDS, ","));
        config.salt = json.stringAt("salt");
        config.deployer = json.addressAt("deployer");
        config.governance = GovernanceConfigs.parse(json);
        config.staking = StakingConfigs.parse(json);
        config.rewards = RewardsConfigs.parse(json);
        config.market = MarketConfigs.parse(json);
        config.batches = BatchesConfigs.parse(json);
        config.airdropClaimPeriod = uint32(json.uintAt("airdropClaimPeriod", 32));
        config.airdropGracePeriod = uint32(json.uintAt("airdropGracePeriod", 32));
        config.turnWindow = uint32(json.uintAt("turnWindow", 32));
        config.turnCap = uint32(json.uintAt("turnCap", 32));
    }

    /// @notice Refuses values that could not make a working deployment on the chain.
    function validate(DeployConfig memory config, uint256 chainId) internal view {
        if (bytes(config.salt).length == 0) _refuse("salt", "empty: name the deployment, e.g. opg-1");
        if (config.deployer == address(0)) _refuse("deployer", "zero: enter the account that deploys");
        StakingConfigs.validate(config.staking);
        RewardsConfigs.validate(config.rewards, config.staking.parameters);
        MarketConfigs.validate(config.market);
        BatchesConfigs.validate(config.batches, config.staking.parameters);
        if (chainId != DEVNET && config.staking.parameters.receiptAge < MAX_RECEIPT_AGE) {
            _refuse("staking.receiptAge", "below 3600 s, for which the hub accepts a receipt");
        }
        GovernanceConfigs.validate(config.governance, config.deployer, config.staking.parameters.unbondingPeriod);
        if (chainId == BASE && config.governance.parameters.guardian.code.length == 0) {
            _refuse("guardian", "has no code: on Base it must be a multisig");
        }
        _validateGenesis(config, chainId);
        if (config.turnCap > MAX_TURN_CAP) _refuse("turnCap", "exceeds 3600 s, the most that the hub takes");
        if (config.turnWindow > config.turnCap) _refuse("turnWindow", "must not exceed turnCap");
    }

    function _validateGenesis(DeployConfig memory config, uint256 chainId) private pure {
        if (config.airdropClaimPeriod == 0) _refuse("airdropClaimPeriod", "zero: nobody could claim");
        if (config.airdropGracePeriod == 0) {
            _refuse("airdropGracePeriod", "zero: the sweep must come after the deadline");
        }
        if (chainId == DEVNET) return;
        if (config.airdropClaimPeriod < MIN_CLAIM_PERIOD) _refuse("airdropClaimPeriod", "below 30 days, 2592000 s");
        if (config.airdropGracePeriod < MIN_GRACE_PERIOD) _refuse("airdropGracePeriod", "below 7 days, 604800 s");
    }

    function _refuse(string memory field, string memory reason) private pure {
        revert JsonFields.InvalidField("config", field, reason);
    }
}
