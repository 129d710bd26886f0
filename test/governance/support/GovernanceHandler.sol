// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "forge-std/Test.sol";
import {OpgGovernor} from "../../../contracts/governance/OpgGovernor.sol";
import {Sentinel} from "../../../contracts/governance/Sentinel.sol";
import {Timelock} from "../../../contracts/governance/Timelock.sol";
import {InferenceHub} from "../../../contracts/inference/InferenceHub.sol";
import {Opg} from "../../../contracts/token/Opg.sol";

/// @notice Does at random what holders, voters and outsiders can do. Proposals set the turns' window, each to another
/// value, so that what was executed can be told from the hub.
contract GovernanceHandler is Test {
    struct Item {
        uint256 id;
        uint32 window;
        uint256 snapshot;
        bool wasDefeated;
    }

    Opg private immutable opg;
    OpgGovernor private immutable governor;
    Timelock private immutable timelock;
    InferenceHub private immutable hub;
    address private immutable custody;
    address private immutable guardian;

    address[] public actors;
    Item[] public items;
    /// Votes that the accounts cast, by their units of the snapshot.
    mapping(uint256 id => uint256 weight) public castWeight;
    /// The window that the last execution set.
    uint32 public expectedWindow = 4;
    uint256 public executions;
    uint256 public bypasses;

    constructor(
        OpgGovernor governor_,
        Timelock timelock_,
        InferenceHub hub_,
        address guardian_,
        address[] memory actors_
    ) {
        governor = governor_;
        timelock = timelock_;
        hub = hub_;
        guardian = guardian_;
        opg = Opg(address(governor_.token()));
        custody = opg.custodyVault();
        actors = actors_;
    }

    function itemCount() external view returns (uint256) {
        return items.length;
    }

    function idAt(uint256 index) external view returns (uint256) {
        return items[index].id;
    }

    function _actor(uint256 seed) private view returns (address) {
        return actors[seed % actors.length];
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        amount = bound(amount, 0, opg.balanceOf(_actor(from)));
        vm.prank(_actor(from));
        opg.transfer(_actor(to), amount);
    }

    function delegate(uint256 from, uint256 to) external {
        vm.prank(_actor(from));
        opg.delegate(to % 5 == 0 ? Sentinel.ACCOUNT : _actor(to));
    }

    function stake(uint256 from, uint256 owner, uint256 amount) external {
        amount = bound(amount, 0, opg.balanceOf(_actor(from)));
        vm.prank(_actor(from));
        opg.approve(custody, amount);
        vm.prank(custody);
        opg.custodyIn(_actor(from), _actor(owner), amount);
    }

    function unstake(uint256 owner, uint256 to, uint256 amount) external {
        amount = bound(amount, 0, opg.custodied(_actor(owner)));
        vm.prank(custody);
        opg.custodyOut(_actor(owner), _actor(to), amount);
    }

    function burnUnits(uint256 owner, uint256 amount) external {
        amount = bound(amount, 0, opg.custodied(_actor(owner)) / 4);
        vm.prank(custody);
        opg.burnUnits(_actor(owner), amount);
    }

    function pass(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + bound(time, 1, 3 days));
        _noteDefeats();
    }

    function propose(uint256 by) external {
        uint32 window = uint32(100 + items.length);
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory text) =
            _content(window);
        vm.prank(_actor(by));
        uint256 id = governor.propose(targets, values, calldatas, text);
        items.push(Item(id, window, governor.proposalSnapshot(id), false));
    }

    function vote(uint256 by, uint256 which, uint8 support) external {
        Item memory item = items[which % items.length];
        vm.prank(_actor(by));
        castWeight[item.id] += governor.castVote(item.id, support % 3);
    }

    /// Does what a proposal waits for: time, votes, the queue or its execution.
    function advance(uint256 which) external {
        Item memory item = items[which % items.length];
        IGovernor.ProposalState state = governor.state(item.id);
        if (state == IGovernor.ProposalState.Pending) vm.warp(item.snapshot + 1);
        if (state == IGovernor.ProposalState.Active) _voteAll(item.id);
        if (state == IGovernor.ProposalState.Succeeded) queue(which);
        if (state == IGovernor.ProposalState.Queued) {
            vm.warp(Math.max(vm.getBlockTimestamp(), governor.proposalEta(item.id)));
            execute(which);
        }
        _noteDefeats();
    }

    function _voteAll(uint256 id) private {
        for (uint256 i = 0; i < actors.length; ++i) {
            if (governor.hasVoted(id, actors[i])) continue;
            vm.prank(actors[i]);
            castWeight[id] += governor.castVote(id, 1);
        }
        vm.warp(governor.proposalDeadline(id) + 1);
    }

    function queue(uint256 which) public {
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory text) =
            _content(items[which % items.length].window);
        governor.queue(targets, values, calldatas, keccak256(bytes(text)));
    }

    function execute(uint256 which) public {
        Item memory item = items[which % items.length];
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory text) =
            _content(item.window);
        governor.execute(targets, values, calldatas, keccak256(bytes(text)));
        expectedWindow = item.window;
        executions++;
    }

    function cancel(uint256 which) external {
        if (which % 4 != 0) return;
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory text) =
            _content(items[which % items.length].window);
        vm.prank(guardian);
        governor.cancel(targets, values, calldatas, keccak256(bytes(text)));
    }

    /// Anyone tries what only governance may do.
    function trespass(uint256 by, uint256 what) external {
        address account = what % 3 == 0 ? guardian : what % 3 == 1 ? custody : _actor(by);
        address[6] memory targets = [
            address(hub),
            address(hub),
            address(timelock),
            address(timelock),
            address(governor),
            address(timelock.accessManager())
        ];
        bytes[6] memory calls = [
            abi.encodeCall(hub.setTurnParameters, (1, 2)),
            abi.encodeCall(hub.upgradeToAndCall, (address(hub), "")),
            abi.encodeCall(timelock.updateDelay, (0)),
            abi.encodeCall(timelock.schedule, (address(hub), 0, "", 0, 0, 365 days)),
            abi.encodeCall(governor.setVotingPeriod, (1)),
            abi.encodeWithSignature("grantRole(uint64,address,uint32)", 0, account, 0)
        ];
        uint256 pick = what % 6;
        vm.prank(account);
        (bool success,) = targets[pick].call(calls[pick]);
        if (success) bypasses++;
    }

    function _noteDefeats() private {
        for (uint256 i = 0; i < items.length; ++i) {
            if (governor.state(items[i].id) == IGovernor.ProposalState.Defeated) items[i].wasDefeated = true;
        }
    }

    function _content(uint32 window)
        private
        view
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory text)
    {
        targets = new address[](1);
        values = new uint256[](1);
        calldatas = new bytes[](1);
        targets[0] = address(hub);
        calldatas[0] = abi.encodeCall(hub.setTurnParameters, (window, 3_600));
        text = "# Set the window";
    }
}
