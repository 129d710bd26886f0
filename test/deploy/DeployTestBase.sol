// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Deploy} from "../../script/Deploy.s.sol";
import {Addresses, DeployAddresses} from "../../script/lib/DeployAddresses.sol";
import {DeployAssertions} from "../../script/lib/DeployAssertions.sol";
import {DeployConfig, DeployConfigs} from "../../script/lib/DeployConfig.sol";
import {Beneficiaries, Genesis, GenesisCategory, GenesisManifest} from "../../script/lib/Genesis.sol";
import {GenesisAssertions} from "../../script/lib/GenesisAssertions.sol";
import {GenesisRules} from "../../script/lib/GenesisRules.sol";

/// @notice The libraries behind external functions, so that tests can expect their reverts.
contract DeployHarness {
    function load(uint256 chainId) external view returns (DeployConfig memory) {
        return DeployConfigs.load(chainId);
    }

    function parse(string calldata json) external view returns (DeployConfig memory) {
        return DeployConfigs.parse(json);
    }

    function validate(DeployConfig calldata config, uint256 chainId) external view {
        DeployConfigs.validate(config, chainId);
    }

    function parseGenesis(string calldata json) external view returns (Genesis memory) {
        return GenesisManifest.parse(json);
    }

    function loadGenesis(string calldata folder) external view returns (Genesis memory) {
        return GenesisManifest.load(folder);
    }

    function validateGenesis(Genesis calldata genesis) external view {
        GenesisRules.validate(genesis);
    }

    function validateGenesis(Genesis calldata genesis, string calldata allocation) external view {
        GenesisRules.validate(genesis, allocation);
    }

    function check(DeployConfig calldata config, Genesis calldata genesis, Addresses calldata system) external view {
        DeployAssertions.check(config, genesis, system);
    }

    function checkDistribution(DeployConfig calldata config, Genesis calldata genesis, Addresses calldata system)
        external
        view
    {
        GenesisAssertions.checkDistribution(config, genesis, system);
    }
}

/// @notice A chain with the canonical CREATE2 deployer, and a configuration that every chain accepts.
abstract contract DeployTestBase is Test {
    uint256 internal constant BASE = 8453;
    uint256 internal constant BASE_SEPOLIA = 84532;
    uint256 internal constant DEVNET = 31337;

    /// Runtime code of the canonical deployer, as on the chains.
    bytes private constant CREATE2_DEPLOYER_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

    Deploy internal script;
    DeployHarness internal harness;

    function setUp() public virtual {
        vm.etch(DeployAddresses.CREATE2_DEPLOYER, CREATE2_DEPLOYER_CODE);
        // From the artifacts: embedded, both would be compiled again for each test contract.
        script = Deploy(deployCode("Deploy.s.sol:Deploy"));
        harness = DeployHarness(deployCode("DeployTestBase.sol:DeployHarness"));
    }

    /// @dev The parameters of Base, whose accounts are left open. The guardian is a contract, as Base demands.
    function goodConfig() internal returns (DeployConfig memory config) {
        config = harness.parse(vm.readFile("script/config/8453.json"));
        config.deployer = makeAddr("deployer");
        config.governance.parameters.guardian = makeAddr("guardian council");
        vm.etch(config.governance.parameters.guardian, hex"00");
    }

    /// @dev The committed allocation, beginning now. Nobody can release from the roots, except for the contracts and
    /// the liquidity, which goes to one account as on the devnet.
    function goodGenesis() internal view returns (Genesis memory genesis) {
        genesis.supply = 1_000_000_000e18;
        genesis.tge = uint40(block.timestamp);
        genesis.airdropRoot = keccak256("claims");
        genesis.airdropCount = 3;
        genesis.airdropTotal = 40_000_000e18;
        genesis.categories = new GenesisCategory[](7);
        genesis.categories[0] = _category("ecosystem", 400_000_000e18, 40_000_000e18, 0, 60);
        genesis.categories[1] = _category("foundation", 150_000_000e18, 50_000_000e18, 0, 48);
        genesis.categories[2] = _category("core-contributors", 150_000_000e18, 0, 12, 36);
        genesis.categories[3] = _category("investors", 100_000_000e18, 0, 12, 36);
        genesis.categories[4] = _category("staking-rewards", 100_000_000e18, 0, 0, 96);
        genesis.categories[5] = _category("liquidity", 60_000_000e18, 60_000_000e18, 0, 0);
        genesis.categories[6] = _category("airdrop", 40_000_000e18, 40_000_000e18, 0, 0);
        _toContract(genesis.categories[4], Beneficiaries.Rewards);
        _toContract(genesis.categories[6], Beneficiaries.Airdrop);
    }

    function deployOn(uint256 chainId, DeployConfig memory config) internal returns (Deploy.Outcome memory) {
        vm.chainId(chainId);
        return script.deploy(config, goodGenesis(), "");
    }

    function _category(string memory name, uint128 total, uint128 tgeTotal, uint32 cliffMonths, uint32 months)
        private
        view
        returns (GenesisCategory memory)
    {
        return GenesisCategory({
            name: name,
            root: keccak256(bytes(name)),
            count: 3,
            total: total,
            tgeTotal: tgeTotal,
            start: uint40(block.timestamp),
            cliff: cliffMonths * 2_629_800,
            duration: months * 2_629_800,
            beneficiaries: Beneficiaries.Schedules
        });
    }

    function _toContract(GenesisCategory memory category, Beneficiaries beneficiaries) private pure {
        (category.root, category.count, category.beneficiaries) = (0, 1, beneficiaries);
    }
}
