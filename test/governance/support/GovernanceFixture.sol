// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {GovernorParameters, OpgGovernor} from "../../../contracts/governance/OpgGovernor.sol";
import {Timelock} from "../../../contracts/governance/Timelock.sol";
import {InferenceHub} from "../../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../../contracts/inference/ProofRegistry.sol";
import {ReceiptBatches} from "../../../contracts/inference/ReceiptBatches.sol";
import {FeeShares} from "../../../contracts/interfaces/IFeeRouter.sol";
import {BatchParameters} from "../../../contracts/interfaces/IReceiptBatches.sol";
import {RewardParameters} from "../../../contracts/interfaces/IRewards.sol";
import {IStaking} from "../../../contracts/interfaces/IStaking.sol";
import {NewCategory, Schedule} from "../../../contracts/interfaces/IVestingVault.sol";
import {ModelRegistry} from "../../../contracts/models/ModelRegistry.sol";
import {Groth16Verifier} from "../../../contracts/zk/Groth16Verifier.sol";
import {MeasurementRegistry} from "../../../contracts/enclaves/MeasurementRegistry.sol";
import {VerifyingKeys} from "../../../contracts/zk/VerifyingKeys.sol";
import {FeeMarket} from "../../../contracts/payments/FeeMarket.sol";
import {FeeRouter} from "../../../contracts/payments/FeeRouter.sol";
import {Rewards} from "../../../contracts/staking/Rewards.sol";
import {Opg} from "../../../contracts/token/Opg.sol";
import {VestingVault} from "../../../contracts/vesting/VestingVault.sol";
import {Addresses} from "../../../script/lib/DeployAddresses.sol";
import {GovernanceAssertions} from "../../../script/lib/GovernanceAssertions.sol";
import {GovernanceConfig} from "../../../script/lib/GovernanceConfig.sol";
import {GovernanceWiring} from "../../../script/lib/GovernanceWiring.sol";
import {PaymentSystem} from "../../support/PaymentSystem.sol";
import {StakingSystem} from "../../support/StakingSystem.sol";
import {Proposal, Proposals} from "./Proposals.sol";

/// @notice The whole system under governance, wired as a deployment wires it. Of the supply, 700M are locked for a year,
/// 100M are the treasury's, 200M are float: alice 20M, bob 15M, carol 6M, the rest with nobody who votes. The quorum is
/// 4 % of the float, 8M.
abstract contract GovernanceFixture is Proposals, StakingSystem, PaymentSystem {
    uint256 internal constant SUPPLY = 1_000_000_000 ether;
    uint256 internal constant LOCKED = 700_000_000 ether;
    uint256 internal constant TREASURY = 100_000_000 ether;
    uint256 internal constant QUORUM = 8_000_000 ether;
    uint256 internal constant START = 1_800_000_000;

    uint48 internal constant VOTING_DELAY = 1 days;
    uint32 internal constant VOTING_PERIOD = 5 days;
    uint48 internal constant EXTENSION = 2 days;
    uint256 internal constant THRESHOLD = 100_000 ether;
    uint32 internal constant MIN_DELAY = 2 days;
    uint32 internal constant UPGRADE_DELAY = 22 days;
    uint32 internal constant UNBONDING = 21 days;

    address internal immutable deployer = makeAddr("deployer");
    address internal immutable guardian = makeAddr("guardian council");
    address internal immutable holder = makeAddr("holder of the float");
    address internal immutable bob = makeAddr("bob");
    address internal immutable carol = makeAddr("carol");
    address internal immutable stranger = makeAddr("stranger");
    address internal alice;
    uint256 internal aliceKey;

    address internal custody;
    Addresses internal system;
    AccessManager internal manager;
    Opg internal opg;
    VestingVault internal vault;
    Timelock internal timelock;
    ModelRegistry internal models;
    IStaking internal staking;
    ProofRegistry internal proofs;
    InferenceHub internal hub;

    function setUp() public virtual {
        vm.warp(START);
        (alice, aliceKey) = makeAddrAndKey("alice");
        vm.startPrank(deployer);
        _deployGovernance();
        _deployInference();
        _deployRewards();
        GovernanceWiring.wire(_config(), system, deployer);
        vm.stopPrank();
        GovernanceAssertions.check(_config(), system, deployer, UNBONDING);

        vault.release(_floatSchedule(), new bytes32[](0));
        _give(address(timelock), TREASURY);
        _give(alice, 20_000_000 ether);
        _give(bob, 15_000_000 ether);
        _give(carol, 6_000_000 ether);
        _delegate(alice, alice);
        _delegate(bob, bob);
        _delegate(carol, carol);
        _skip(1 hours);
    }

    function _config() internal view returns (GovernanceConfig memory) {
        return GovernanceConfig({
            parameters: GovernorParameters({
                guardian: guardian,
                votingDelay: VOTING_DELAY,
                votingPeriod: VOTING_PERIOD,
                lateQuorumExtension: EXTENSION,
                proposalThreshold: THRESHOLD,
                quorumPercent: 4
            }),
            minDelay: MIN_DELAY,
            upgradeDelay: UPGRADE_DELAY
        });
    }

    // Contracts that know each other: their addresses are computed first.
    function _deployGovernance() private {
        uint256 nonce = vm.getNonce(deployer);
        system.accessManager = vm.computeCreateAddress(deployer, nonce);
        system.opg = vm.computeCreateAddress(deployer, nonce + 1);
        system.vestingVault = vm.computeCreateAddress(deployer, nonce + 2);
        system.timelock = vm.computeCreateAddress(deployer, nonce + 3);
        system.governor = vm.computeCreateAddress(deployer, nonce + 4);
        custody = vm.computeCreateAddress(deployer, nonce + 5);
        system.custodyVault = custody;
        manager = new AccessManager(deployer);
        opg = new Opg(custody, system.vestingVault);
        vault = new VestingVault(system.opg, system.accessManager, system.timelock, _genesis());
        timelock = Timelock(
            payable(_create(type(Timelock).creationCode, GovernanceWiring.timelockArguments(_config(), system)))
        );
        governor = OpgGovernor(
            payable(_create(type(OpgGovernor).creationCode, GovernanceWiring.governorArguments(_config(), system)))
        );
        assertEq(address(governor), system.governor);
        system.rewards = makeAddr("rewards");
        (, staking) = _deployStaking(
            deployer, opg, address(manager), system.rewards, _stakingParameters(10_000 ether, UNBONDING)
        );
        system.staking = address(staking);
    }

    function _create(bytes memory code, bytes memory arguments) internal returns (address created) {
        bytes memory initCode = abi.encodePacked(code, arguments);
        // Memory-safe: only reads `initCode`.
        assembly ("memory-safe") {
            created := create(0, add(initCode, 32), mload(initCode))
        }
        require(created != address(0), "constructor reverted");
    }

    function _deployInference() private {
        models = ModelRegistry(
            _proxy(address(new ModelRegistry()), abi.encodeCall(ModelRegistry.initialize, (address(manager))))
        );
        FeeShares memory shares = FeeShares(500, 300, address(timelock));
        (FeeMarket market, FeeRouter router) =
            _deployPayments(deployer, opg, models, staking, system.rewards, address(manager), shares, _noCap());
        (system.feeMarket, system.feeRouter) = (address(market), address(router));
        VerifyingKeys keys = new VerifyingKeys(new Groth16Verifier());
        // Implementations of hub and proof registry first, then the proxies, which they know as immutables.
        uint256 nonce = vm.getNonce(deployer);
        address hubAt = vm.computeCreateAddress(deployer, nonce + 2);
        address proofsAt = vm.computeCreateAddress(deployer, nonce + 3);
        address hubCode = address(new InferenceHub(opg, models, staking, ProofRegistry(proofsAt), router));
        address proofsCode = address(new ProofRegistry(staking, hubAt, models, keys));
        hub = InferenceHub(_proxy(hubCode, abi.encodeCall(InferenceHub.initialize, (address(manager), 4, 60))));
        proofs = ProofRegistry(_proxy(proofsCode, abi.encodeCall(ProofRegistry.initialize, (address(manager)))));
        assertEq(address(proofs), proofsAt);
        system.modelRegistry = address(models);
        system.proofRegistry = address(proofs);
        system.inferenceHub = address(hub);
        BatchParameters memory parameters = BatchParameters(1 days, 1 ether, 100 ether);
        system.receiptBatches = address(new ReceiptBatches(opg, proofs, staking, address(manager), parameters));
        system.measurementRegistry = address(new MeasurementRegistry(address(manager)));
    }

    function _deployRewards() private {
        // Staking knows the address already: the constructor runs there.
        RewardParameters memory parameters = RewardParameters(7 days, 5_000, 9_000);
        bytes memory arguments =
            abi.encode(opg, staking, vault, bytes32(0), system.feeRouter, address(manager), parameters);
        vm.etch(system.rewards, abi.encodePacked(type(Rewards).creationCode, arguments));
        (bool success, bytes memory code) = system.rewards.call("");
        require(success, "constructor reverted");
        vm.etch(system.rewards, code);
    }

    function _proxy(address implementation, bytes memory initialisation) private returns (address) {
        return address(new ERC1967Proxy(implementation, initialisation));
    }

    function _genesis() private view returns (NewCategory[] memory terms) {
        terms = new NewCategory[](2);
        uint128 float = uint128(SUPPLY - LOCKED);
        terms[0] = NewCategory("locked", keccak256("nobody"), uint128(LOCKED), 0, uint40(START), 365 days, 365 days);
        terms[1] = NewCategory("float", vaultLeaf(_floatSchedule()), float, float, uint40(START), 0, 0);
    }

    function _floatSchedule() internal view returns (Schedule memory) {
        uint128 float = uint128(SUPPLY - LOCKED);
        return Schedule(1, 0, holder, float, float, false, false);
    }

    function vaultLeaf(Schedule memory s) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(s))));
    }

    /// Locks one token of the treasury in a category of its own.
    function _addCategory(uint256 seed) internal {
        NewCategory memory terms =
            NewCategory("more", keccak256(abi.encode(seed)), 1 ether, 0, uint40(START), 1 days, 900 days);
        vm.startPrank(address(timelock));
        opg.approve(address(vault), terms.total);
        vault.addCategory(terms);
        vm.stopPrank();
    }

    // Accounts

    function _give(address account, uint256 amount) internal {
        vm.prank(holder);
        opg.transfer(account, amount);
    }

    function _delegate(address account, address delegatee) internal {
        vm.prank(account);
        opg.delegate(delegatee);
    }

    /// Stakes tokens of `from` for `owner`, as a staking contract behind the custody vault does.
    function _stake(address from, address owner, uint256 amount) internal {
        vm.prank(from);
        opg.approve(custody, amount);
        vm.prank(custody);
        opg.custodyIn(from, owner, amount);
    }

    // Proposals

    /// A routine change: one function of the role ROUTINE.
    function _turns(uint32 window, uint32 cap) internal view returns (Proposal memory) {
        return _proposal(
            address(hub),
            abi.encodeCall(hub.setTurnParameters, (window, cap)),
            "# Widen the turns\n\nOperators are slow."
        );
    }

    /// Proposes and waits until votes can be cast.
    function _open(Proposal memory p) internal returns (uint256 id) {
        id = _propose(alice, p);
        vm.warp(governor.proposalSnapshot(id) + 1);
    }

    /// Proposes, votes for it with alice and waits for the end of voting.
    function _pass(Proposal memory p) internal returns (uint256 id) {
        id = _open(p);
        _vote(alice, id, FOR);
        vm.warp(governor.proposalDeadline(id) + 1);
    }

    /// From the proposal to its execution.
    function _enact(Proposal memory p) internal returns (uint256 id) {
        id = _pass(p);
        _queue(p);
        vm.warp(governor.proposalEta(id));
        _execute(p);
    }
}
