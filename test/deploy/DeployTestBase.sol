// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Deploy} from "../../script/Deploy.s.sol";
import {DeployAssertions} from "../../script/lib/DeployAssertions.sol";
import {DeployConfig, DeployConfigs} from "../../script/lib/DeployConfig.sol";
import {Addresses, DeployPlan} from "../../script/lib/DeployPlan.sol";

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

    function check(DeployConfig calldata config, Addresses calldata system) external view {
        DeployAssertions.check(config, system);
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
        vm.etch(DeployPlan.CREATE2_DEPLOYER, CREATE2_DEPLOYER_CODE);
        // From the artifacts: embedded, both would be compiled again for each test contract.
        script = Deploy(deployCode("Deploy.s.sol:Deploy"));
        harness = DeployHarness(deployCode("DeployTestBase.sol:DeployHarness"));
    }

    /// @dev The admin is a contract, as Base demands, and not the deployer.
    function goodConfig() internal returns (DeployConfig memory config) {
        config = harness.load(DEVNET);
        config.admin = makeAddr("timelock");
        vm.etch(config.admin, hex"00");
        config.tokenRecipient = makeAddr("treasury");
        config.unbondingPeriod = 21 days;
    }

    function deployOn(uint256 chainId, DeployConfig memory config) internal returns (Deploy.Outcome memory) {
        vm.chainId(chainId);
        return script.deploy(config, "");
    }
}
