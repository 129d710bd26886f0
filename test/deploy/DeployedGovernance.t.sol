// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Vm} from "forge-std/Vm.sol";
import {OpgGovernor} from "../../contracts/governance/OpgGovernor.sol";
import {Timelock} from "../../contracts/governance/Timelock.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {OperatorView, Slash} from "../../contracts/interfaces/IStakingCommon.sol";
import {IVestingVault, NewCategory, Schedule} from "../../contracts/interfaces/IVestingVault.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {Addresses} from "../../script/lib/DeployAddresses.sol";
import {DeployConfig} from "../../script/lib/DeployConfig.sol";
import {Genesis} from "../../script/lib/Genesis.sol";
import {GenesisPlan} from "../../script/lib/GenesisPlan.sol";
import {GovernanceConfig} from "../../script/lib/GovernanceConfig.sol";
import {NextModelRegistry} from "../governance/support/NextModelRegistry.sol";
import {Proposal, Proposals} from "../governance/support/Proposals.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice What the script leaves behind governs itself: holders of the genesis decide about the contracts as they were
/// deployed, with the parameters of Base, and the account that deployed decides nothing.
contract DeployedGovernanceTest is DeployTestBase, Proposals {
    address private immutable liquidity = makeAddr("holder of the liquidity");
    address private immutable foundation = makeAddr("holder of the foundation's tokens");
    address private immutable operator = makeAddr("operator");
    address private immutable disputes = makeAddr("dispute contract");
    address private immutable stranger = makeAddr("stranger");

    Addresses private system;
    GovernanceConfig private rules;
    address private deployer;
    Opg private opg;
    InferenceHub private hub;
    IStaking private staking;
    Timelock private timelock;
    Vm.Log[] private events;

    function setUp() public override {
        super.setUp();
        vm.warp(1_800_000_000);
        vm.chainId(BASE);
        DeployConfig memory config = goodConfig();
        (rules, deployer) = (config.governance, config.deployer);
        vm.recordLogs();
        system = script.deploy(config, _genesis(), "").system;
        Vm.Log[] memory recorded = vm.getRecordedLogs();
        for (uint256 i = 0; i < recorded.length; ++i) {
            events.push(recorded[i]);
        }
        opg = Opg(system.opg);
        hub = InferenceHub(system.inferenceHub);
        staking = IStaking(system.staking);
        timelock = Timelock(payable(system.timelock));
        governor = OpgGovernor(payable(system.governor));
        _claim(_schedule(5, liquidity, 60_000_000e18, 60_000_000e18));
        _claim(_schedule(1, foundation, 150_000_000e18, 50_000_000e18));
        _skip(1);
    }

    /// The genesis of the other tests, with two holders who can be asked to vote.
    function _genesis() private view returns (Genesis memory genesis) {
        genesis = goodGenesis();
        genesis.categories[5].root = GenesisPlan.leafOf(_schedule(5, liquidity, 60_000_000e18, 60_000_000e18));
        genesis.categories[1].root = GenesisPlan.leafOf(_schedule(1, foundation, 150_000_000e18, 50_000_000e18));
        (genesis.categories[5].count, genesis.categories[1].count) = (1, 1);
    }

    function _schedule(uint32 category, address holder, uint128 amount, uint128 atTge)
        private
        pure
        returns (Schedule memory)
    {
        return Schedule(category, 0, holder, amount, atTge, false, false);
    }

    function _claim(Schedule memory schedule) private {
        IVestingVault(system.vestingVault).release(schedule, new bytes32[](0));
        vm.prank(schedule.beneficiary);
        opg.delegate(schedule.beneficiary);
    }

    // The deployer

    /// G21: of all roles that the deployment ever granted, the deployer had one, and gave it back.
    function test_theDeployerHasNothingLeft() public {
        AccessManager manager = AccessManager(system.accessManager);
        uint256 granted;
        for (uint256 i = 0; i < events.length; ++i) {
            bool grants =
                events[i].emitter == system.accessManager && events[i].topics[0] == IAccessManager.RoleGranted.selector;
            if (!grants) continue;
            ++granted;
            address account = address(uint160(uint256(events[i].topics[2])));
            (bool holds,) = manager.hasRole(uint64(uint256(events[i].topics[1])), account);
            assertEq(holds, account != deployer);
            bool expected = account == deployer || account == system.timelock || account == rules.parameters.guardian
                || account == system.receiptBatches;
            assertTrue(expected, "somebody else has a role");
        }
        assertEq(granted, 6);
        assertEq(opg.balanceOf(deployer), 0);
        assertEq(opg.getVotes(deployer), 0);
    }

    function test_theDeployerCanCallNothingThatIsGuarded() public {
        address next = address(new NextModelRegistry());
        NewCategory memory terms = NewCategory("more", "root", 1, 0, 0, 0, 0);
        bytes memory unauthorised = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, deployer);
        address[4] memory proxies = [system.modelRegistry, system.staking, system.proofRegistry, system.inferenceHub];
        vm.startPrank(deployer);
        for (uint256 i = 0; i < proxies.length; ++i) {
            vm.expectRevert(unauthorised);
            UUPSUpgradeable(proxies[i]).upgradeToAndCall(next, "");
        }
        vm.expectRevert(unauthorised);
        hub.setTurnParameters(1, 2);
        vm.expectRevert(unauthorised);
        IVestingVault(system.vestingVault).addCategory(terms);
        vm.expectRevert(unauthorised);
        staking.slash(operator, 1, 1, uint64(block.timestamp), address(0), address(0));
        vm.expectRevert(unauthorised);
        staking.jail(operator, 1);
        vm.expectPartialRevert(IAccessManager.AccessManagerUnauthorizedAccount.selector);
        AccessManager(system.accessManager).grantRole(0, deployer, 0);
        vm.expectPartialRevert(bytes4(keccak256("AccessControlUnauthorizedAccount(address,bytes32)")));
        timelock.schedule(system.opg, 0, "", 0, 0, 30 days);
        vm.expectPartialRevert(IGovernor.GovernorOnlyExecutor.selector);
        governor.setVotingDelay(1);
        vm.stopPrank();
    }

    // The treasury

    function test_theTimelockIsTheTreasuryAndItsTokensAreSilent() public {
        assertEq(IVestingVault(system.vestingVault).treasury(), system.timelock);
        assertEq(opg.delegates(system.timelock), system.sentinel);
        _skip(1);
        uint256 float = governor.floatAt(vm.getBlockTimestamp() - 1);
        assertApproxEqAbs(float, 190_000_000e18, 20e18, "what the genesis says, and what two seconds vested");
        vm.prank(foundation);
        opg.transfer(system.timelock, 10_000_000e18);
        assertEq(opg.getVotes(system.timelock), 0);
        _skip(1);
        assertApproxEqAbs(governor.floatAt(vm.getBlockTimestamp() - 1), 180_000_000e18, 30e18);
    }

    // Cycles

    function test_holdersChangeAParameterAndUpgradeAContract() public {
        address next = address(new NextModelRegistry());
        Proposal memory p =
            _proposal(address(hub), abi.encodeCall(hub.setTurnParameters, (6, 90)), "# Upgrade and widen the turns");
        p = _and(p, system.modelRegistry, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, "")));
        uint256 id = _decide(p);
        assertEq(governor.proposalEta(id), vm.getBlockTimestamp() + rules.upgradeDelay);
        vm.warp(governor.proposalEta(id) - 1);
        vm.expectRevert();
        _execute(p);
        _skip(1);
        vm.prank(stranger);
        _execute(p);
        _assertState(id, IGovernor.ProposalState.Executed);
        (uint32 window, uint32 cap) = hub.turnParameters();
        assertEq(window, 6);
        assertEq(cap, 90);
        assertEq(NextModelRegistry(system.modelRegistry).implementationVersion(), 2);
    }

    /// Stake votes like what is held.
    function test_stakedTokensDecideToo() public {
        uint256 stake = 60_000_000e18;
        _register(liquidity, stake);
        assertEq(opg.balanceOf(liquidity), 0);
        _skip(1);
        Proposal memory p = _proposal(address(hub), abi.encodeCall(hub.setTurnParameters, (6, 90)), "# Stakers decide");
        uint256 id = _propose(liquidity, p);
        vm.warp(governor.proposalSnapshot(id) + 1);
        assertEq(_vote(liquidity, id, FOR), stake);
    }

    function test_aFailedExecutionChangesNothingAndIsRetried() public {
        Proposal memory p =
            _proposal(address(hub), abi.encodeCall(hub.setTurnParameters, (6, 90)), "# Turns and a grant");
        p = _and(p, address(opg), abi.encodeCall(opg.transfer, (stranger, 7e18)));
        uint256 id = _decide(p);
        vm.warp(governor.proposalEta(id));
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)")));
        _execute(p);
        _assertState(id, IGovernor.ProposalState.Queued);
        vm.prank(foundation);
        opg.transfer(system.timelock, 7e18);
        _execute(p);
        assertEq(opg.balanceOf(stranger), 7e18);
        (uint32 window,) = hub.turnParameters();
        assertEq(window, 6);
    }

    function test_theGuardianCancelsWhatWasDecided() public {
        Proposal memory p = _proposal(address(hub), abi.encodeCall(hub.setTurnParameters, (6, 90)), "# Widen the turns");
        uint256 id = _decide(p);
        vm.warp(governor.proposalEta(id));
        _cancel(rules.parameters.guardian, p);
        _assertState(id, IGovernor.ProposalState.Canceled);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _execute(p);
    }

    function test_lateQuorumExtendsTheVote() public {
        Proposal memory p = _proposal(address(hub), abi.encodeCall(hub.setTurnParameters, (6, 90)), "# Widen the turns");
        uint256 id = _propose(foundation, p);
        uint256 deadline = governor.proposalDeadline(id);
        vm.warp(deadline - 1 hours);
        _vote(foundation, id, FOR);
        assertEq(governor.proposalDeadline(id), deadline - 1 hours + rules.parameters.lateQuorumExtension);
        vm.warp(deadline + 1);
        _assertState(id, IGovernor.ProposalState.Active);
        _vote(liquidity, id, AGAINST);
        vm.warp(governor.proposalDeadline(id) + 1);
        _assertState(id, IGovernor.ProposalState.Defeated);
    }

    // Slashes

    /// Voters let a dispute contract slash; it errs; the guardian holds the slash up and voters undo it.
    function test_votersVetoASlash() public {
        vm.prank(foundation);
        opg.transfer(operator, 20_000e18);
        _register(operator, 20_000e18);
        AccessManager manager = AccessManager(system.accessManager);
        _enact(_proposal(address(manager), abi.encodeCall(manager.grantRole, (3, disputes, 0)), "# Let disputes slash"));

        vm.prank(disputes);
        (bytes32 slashId, Slash memory slash) =
            staking.slash(operator, 2, type(uint256).max, uint64(vm.getBlockTimestamp()), stranger, stranger);
        assertEq(slash.own, 6_000e18);
        assertEq(staking.operatorOf(operator).stake, 0);
        vm.prank(rules.parameters.guardian);
        staking.suspendSlash(slash);
        Proposal memory p = _proposal(address(staking), abi.encodeCall(staking.vetoSlash, (slash)), "# Undo the slash");
        _enact(p);

        assertEq(staking.executableAt(slashId), 0);
        vm.prank(operator);
        staking.unjail();
        OperatorView memory state = staking.operatorOf(operator);
        assertEq(state.stake, 20_000e18);
        assertEq(opg.balanceOf(stranger), 0);
    }

    /// Without the guardian the veto window is over before voters can answer: what was slashed is paid and burned.
    function test_aSlashThatNobodyHoldsUpIsExecuted() public {
        vm.prank(foundation);
        opg.transfer(operator, 20_000e18);
        _register(operator, 20_000e18);
        AccessManager manager = AccessManager(system.accessManager);
        _enact(_proposal(address(manager), abi.encodeCall(manager.grantRole, (3, disputes, 0)), "# Let disputes slash"));
        vm.prank(disputes);
        (, Slash memory slash) =
            staking.slash(operator, 2, type(uint256).max, uint64(vm.getBlockTimestamp()), stranger, foundation);
        uint256 before = opg.balanceOf(foundation);
        _skip(3 days);
        staking.executeSlash(slash);
        assertEq(opg.balanceOf(stranger), 1_200e18);
        assertEq(opg.balanceOf(foundation) - before, 1_800e18);
        uint256 supply = opg.totalSupply();
        assertEq(staking.burnOwnerless(), 3_000e18);
        assertEq(supply - opg.totalSupply(), 3_000e18);
    }

    /// Voters themselves cannot slash.
    function test_theTimelockCannotSlash() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, system.timelock));
        vm.prank(system.timelock);
        staking.slash(operator, 1, 1, uint64(block.timestamp), address(0), address(0));
    }

    function _register(address account, uint256 stake) private {
        vm.startPrank(account);
        opg.approve(system.custodyVault, stake);
        staking.register(account, 1, 500, stake, "https://node", "");
        vm.stopPrank();
    }

    /// From the proposal to the queue.
    function _decide(Proposal memory p) private returns (uint256 id) {
        id = _propose(foundation, p);
        vm.warp(governor.proposalSnapshot(id) + 1);
        _vote(foundation, id, FOR);
        _vote(liquidity, id, FOR);
        vm.warp(governor.proposalDeadline(id) + 1);
        _queue(p);
    }

    function _enact(Proposal memory p) private {
        uint256 id = _decide(p);
        vm.warp(governor.proposalEta(id));
        _execute(p);
    }
}
