// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Deploy} from "../../script/Deploy.s.sol";
import {Checks} from "../../script/lib/Checks.sol";
import {Addresses} from "../../script/lib/DeployAddresses.sol";
import {DeployConfig} from "../../script/lib/DeployConfig.sol";
import {Genesis} from "../../script/lib/Genesis.sol";
import {GenesisPlan} from "../../script/lib/GenesisPlan.sol";
import {GenesisTable} from "../../script/lib/GenesisTable.sol";
import {IVestingVault, NewCategory, Schedule} from "../../contracts/interfaces/IVestingVault.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {Airdrop} from "../../contracts/vesting/Airdrop.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice Where the supply is after a deployment, and that a deployment with another genesis is found.
contract GenesisDeploymentTest is DeployTestBase {
    function setUp() public override {
        super.setUp();
        vm.warp(1_800_000_000);
    }

    function test_theVaultHoldsAllButTheAirdropWhichIsPaid() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        Opg opg = Opg(system.opg);
        assertEq(opg.balanceOf(system.vestingVault), 960_000_000e18);
        assertEq(opg.balanceOf(system.airdrop), 40_000_000e18);
        assertEq(opg.balanceOf(config.deployer), 0);
        assertEq(opg.balanceOf(system.rewards), 0);
        assertEq(IVestingVault(system.vestingVault).lockedAt(vm.getBlockTimestamp()), 810_000_000e18);
    }

    function test_aTgeStillToComeLeavesEverythingInTheVaultUntilARunAfterIt() public {
        DeployConfig memory config = goodConfig();
        Genesis memory genesis = goodGenesis();
        vm.warp(genesis.tge - 1 days);
        vm.chainId(BASE);
        Addresses memory system = script.deploy(config, genesis, "").system;
        assertEq(Opg(system.opg).balanceOf(system.vestingVault), 1_000_000_000e18);

        assertEq(script.deploy(config, genesis, "").deployed, 0);
        assertEq(Opg(system.opg).balanceOf(system.airdrop), 0);

        vm.warp(genesis.tge);
        script.deploy(config, genesis, "");
        assertEq(Opg(system.opg).balanceOf(system.airdrop), 40_000_000e18);
        script.deploy(config, genesis, "");
        assertEq(Opg(system.opg).balanceOf(system.airdrop), 40_000_000e18, "paid once");
    }

    function test_aTgeInThePastIsDeployedToo() public {
        DeployConfig memory config = goodConfig();
        Genesis memory genesis = goodGenesis();
        vm.warp(genesis.tge + 20 days);
        vm.chainId(BASE);
        Addresses memory system = script.deploy(config, genesis, "").system;
        assertEq(Opg(system.opg).balanceOf(system.airdrop), 40_000_000e18);
    }

    function test_aRunYearsLaterPasses() public {
        DeployConfig memory config = goodConfig();
        Genesis memory genesis = goodGenesis();
        vm.chainId(BASE);
        Addresses memory system = script.deploy(config, genesis, "").system;
        vm.warp(genesis.tge + 1000 days);
        Schedule memory rewards = Schedule(4, 0, system.rewards, 100_000_000e18, 0, false, false);
        IVestingVault(system.vestingVault).release(rewards, new bytes32[](0));
        assertGt(Opg(system.opg).balanceOf(system.rewards), 0);
        assertEq(script.deploy(config, genesis, "").deployed, 0);
    }

    function test_theDeployerNeitherAddsNorRevokes() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        NewCategory memory terms = NewCategory("more", "root", 1, 0, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, config.deployer));
        vm.prank(config.deployer);
        IVestingVault(system.vestingVault).addCategory(terms);
    }

    function test_airdropTimesCountFromTheTge() public {
        DeployConfig memory config = goodConfig();
        Genesis memory genesis = goodGenesis();
        Addresses memory deployed = deployOn(BASE, config).system;
        Airdrop airdrop = Airdrop(deployed.airdrop);
        assertEq(airdrop.deadline(), genesis.tge + config.airdropClaimPeriod);
        assertEq(airdrop.sweepableAt(), airdrop.deadline() + config.airdropGracePeriod);
        assertEq(airdrop.treasury(), deployed.timelock);
    }

    function test_findsAnotherGenesis() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        Genesis memory genesis = goodGenesis();
        genesis.categories[0].root = "another";
        _expect(genesis, system, "VestingVault category ecosystem", "has another root");
        genesis = goodGenesis();
        genesis.categories[1].tgeTotal--;
        _expect(genesis, system, "VestingVault category foundation", "has another tgeTotal");
        genesis = goodGenesis();
        genesis.categories[2].total++;
        _expect(genesis, system, "VestingVault category core-contributors", "has another total");
        genesis = goodGenesis();
        genesis.categories[3].start++;
        _expect(genesis, system, "VestingVault category investors", "has another start");
        genesis = goodGenesis();
        genesis.categories[3].cliff++;
        _expect(genesis, system, "VestingVault category investors", "has another cliff");
        genesis = goodGenesis();
        genesis.categories[3].duration++;
        _expect(genesis, system, "VestingVault category investors", "has another duration");
        genesis = goodGenesis();
        genesis.airdropRoot = "another";
        _expect(genesis, system, "Airdrop", "has another root");
        genesis = goodGenesis();
        genesis.tge++;
        _expect(genesis, system, "VestingVault", "something vests before the tge");
        genesis.tge -= 2;
        _expect(genesis, system, "Airdrop", "has another deadline");
    }

    function test_findsOtherAccountsAndTimes() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        config.airdropClaimPeriod++;
        _expectUnder(config, goodGenesis(), system, "Airdrop", "has another deadline");
        config.airdropClaimPeriod--;
        config.airdropGracePeriod++;
        _expectUnder(config, goodGenesis(), system, "Airdrop", "can be swept at another time");
        config.airdropGracePeriod--;
        Genesis memory genesis = goodGenesis();
        genesis.categories[4].total--;
        _expectUnder(config, genesis, system, "Rewards", "counts another schedule");
    }

    function test_findsAVaultThatObeysAnother() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        address other = deployCode("AccessManager.sol:AccessManager", abi.encode(address(this)));
        vm.prank(system.accessManager);
        IAccessManaged(system.vestingVault).setAuthority(other);
        _expect(goodGenesis(), system, "VestingVault", "obeys another authority");
    }

    function test_findsAFunctionOfTheVaultOpenToAnotherRole() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        bytes4[] memory revoke = new bytes4[](1);
        revoke[0] = IVestingVault.revoke.selector;
        vm.prank(system.timelock);
        AccessManager(system.accessManager).setTargetFunctionRole(system.vestingVault, revoke, 7);
        _expect(goodGenesis(), system, "VestingVault", "a function has another role than it should");
    }

    function test_theDistributionIsOnlyThatOfTheFirstMoment() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        harness.checkDistribution(config, goodGenesis(), system);
        vm.prank(system.airdrop);
        require(Opg(system.opg).transfer(config.deployer, 1));
        vm.expectRevert(
            abi.encodeWithSelector(
                Checks.DeploymentBroken.selector, "Airdrop", "does not hold its category from the tge on, and only then"
            )
        );
        harness.checkDistribution(config, goodGenesis(), system);
    }

    function test_theTableStatesEveryCategoryAndTheFloat() public {
        DeployConfig memory config = goodConfig();
        Deploy.Outcome memory outcome = deployOn(BASE, config);
        Genesis memory genesis = goodGenesis();
        genesis.categories[1].tgeTotal -= 2;
        string memory table =
            GenesisTable.render(genesis, GenesisPlan.terms(genesis, outcome.system.airdrop, outcome.system.rewards));
        for (uint256 i = 0; i < 7; i++) {
            assertTrue(vm.contains(table, genesis.categories[i].name));
        }
        assertTrue(vm.contains(table, "49999999.999999999999999998"));
        assertTrue(vm.contains(table, "supply 1000000000 OPG, float at TGE 189999999.999999999999999998 OPG"));
        assertTrue(vm.contains(table, vm.toString(IVestingVault(outcome.system.vestingVault).category(6).root)));
    }

    function _expect(Genesis memory genesis, Addresses memory system, string memory name, string memory reason)
        private
    {
        _expectUnder(goodConfig(), genesis, system, name, reason);
    }

    function _expectUnder(
        DeployConfig memory config,
        Genesis memory genesis,
        Addresses memory system,
        string memory name,
        string memory reason
    ) private {
        vm.expectRevert(abi.encodeWithSelector(Checks.DeploymentBroken.selector, name, reason));
        harness.check(config, genesis, system);
    }
}
