// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ICustodyVault} from "../../contracts/interfaces/ICustodyVault.sol";
import {IFeeMarket} from "../../contracts/interfaces/IFeeMarket.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {IProofRegistry} from "../../contracts/interfaces/IProofRegistry.sol";
import {IStakingRewards} from "../../contracts/interfaces/IStakingRewards.sol";
import {GovernanceRoles, RoleRule} from "../../script/lib/GovernanceRoles.sol";
import {GovernanceFixture, Proposal} from "./support/GovernanceFixture.sol";

/// @notice The table of roles and functions in `docs/governance.md` is what the deployed contracts do. Every function of
/// every contract is called by a stranger; those that refuse it for who it is must be in the table, with who may call.
contract RoleTableTest is GovernanceFixture {
    string private constant DOCUMENT = "docs/governance.md";
    string private constant HEADER = "| Contract | Function | Who may call | Delay |";

    /// Rows that the contracts demand, and those of the document.
    mapping(string row => bool) private demanded;
    mapping(string row => bool) private documented;
    mapping(address target => mapping(bytes4 selector => bool)) private guarded;
    string[] private demands;
    string[] private rows;
    uint256 private probes;

    function test_Document_ListsExactlyTheGuardedFunctions() public {
        // Coverage writes no artifacts, which say what functions there are.
        vm.skip(_is(_profile(), "coverage"));
        _probe("Opg", address(opg));
        _probe("VestingVault", address(vault));
        _probe("CustodyVault", custody);
        _probe("ModelRegistry", address(models));
        _probe("Staking", address(staking));
        // Its other parts.
        _probe("Staking", "IStakingSlashes", address(staking));
        _probe("Staking", "IStakingOperators", address(staking));
        _probe("Staking", "IStakingRewards", address(staking));
        _probe("FeeMarket", system.feeMarket);
        _probe("FeeRouter", system.feeRouter);
        _probe("Rewards", system.rewards);
        _probe("ProofRegistry", address(proofs));
        _probe("InferenceHub", address(hub));
        _probe("ReceiptBatches", system.receiptBatches);
        _probe("MeasurementRegistry", system.measurementRegistry);
        _probe("AccessManager", address(manager));
        _probe("Timelock", address(timelock));
        _probe("OpgGovernor", address(governor));
        // What has a role without asking for it: the role only says how long the timelock waits.
        RoleRule[] memory rules = GovernanceRoles.rules(system);
        for (uint256 i = 0; i < rules.length; ++i) {
            if (guarded[rules[i].target][rules[i].selector]) continue;
            string memory signature = _signatureOf(rules[i].contractName, rules[i].selector);
            _demand(rules[i].contractName, signature, rules[i].target, rules[i].selector, "everyone");
        }
        // The probes do reach functions: all contracts together have far more than a hundred.
        assertGt(probes, 200);
        _read();

        for (uint256 i = 0; i < demands.length; ++i) {
            assertTrue(documented[demands[i]], string.concat("missing from ", DOCUMENT, ": ", demands[i]));
        }
        for (uint256 i = 0; i < rows.length; ++i) {
            assertTrue(demanded[rows[i]], string.concat("untrue in ", DOCUMENT, ": ", rows[i]));
        }
        assertGt(rows.length, 30);
    }

    // What the contracts do

    function _profile() private view returns (string memory) {
        return vm.envOr("FOUNDRY_PROFILE", string("default"));
    }

    function _artifact(string memory name) private view returns (string memory) {
        string memory out = _is(_profile(), "default") ? "out" : string.concat(".cache/", _profile(), "/out");
        return vm.readFile(string.concat(out, "/", name, ".sol/", name, ".json"));
    }

    function _probe(string memory name, address target) private {
        _probe(name, name, target);
    }

    /// @param artifact Whose functions to call.
    function _probe(string memory name, string memory artifact, address target) private {
        string[] memory signatures = vm.parseJsonKeys(_artifact(artifact), ".methodIdentifiers");
        for (uint256 i = 0; i < signatures.length; ++i) {
            bytes4 selector = bytes4(keccak256(bytes(signatures[i])));
            // Zeros are valid arguments of every type: empty arrays, structs and texts among them.
            uint256 snapshot = vm.snapshotState();
            vm.prank(stranger);
            (bool success, bytes memory answer) = target.call(abi.encodePacked(selector, new bytes(2_048)));
            vm.revertToStateAndDelete(snapshot);
            probes++;
            if (!success && answer.length >= 4) {
                string memory caller = _callerOf(answer);
                if (bytes(caller).length != 0) _demand(name, signatures[i], target, selector, caller);
            }
        }
    }

    /// Who may call a function that refused a stranger like this; empty if it did so for another reason.
    function _callerOf(bytes memory refusal) private view returns (string memory) {
        bytes4 reason = bytes4(refusal);
        if (reason == IAccessManaged.AccessManagedUnauthorized.selector) return "by role";
        if (reason == IAccessManager.AccessManagerUnauthorizedAccount.selector) return "ADMIN";
        if (reason == IGovernor.GovernorOnlyExecutor.selector) return "a proposal";
        if (reason == TimelockController.TimelockUnauthorizedCaller.selector) return "the timelock itself";
        if (reason == IOpg.NotCustodyVault.selector) return "the custody vault";
        if (reason == IStakingRewards.NotRewards.selector) return "Rewards";
        if (reason == IFeeMarket.NotFeeRouter.selector) return "the FeeRouter";
        if (reason == ICustodyVault.NotStaking.selector) return "Staking";
        if (reason == IProofRegistry.NotInferenceHub.selector) return "the InferenceHub";
        if (reason == IAccessControl.AccessControlUnauthorizedAccount.selector) {
            bytes32 role;
            // Memory-safe: reads the second argument of the error.
            assembly ("memory-safe") {
                role := mload(add(refusal, 0x44))
            }
            return role == timelock.DEFAULT_ADMIN_ROLE() ? "the timelock itself" : "the governor";
        }
        return "";
    }

    function _demand(string memory name, string memory signature, address target, bytes4 selector, string memory caller)
        private
    {
        guarded[target][selector] = true;
        bool byRole = _is(caller, "by role");
        if (selector == IAccessManaged.setAuthority.selector) caller = "the AccessManager";
        else if (byRole) caller = GovernanceRoles.nameOf(manager.getTargetFunctionRole(target, selector));
        Proposal memory p = _proposal(target, abi.encodePacked(selector), "");
        (bool held,) = manager.hasRole(manager.getTargetFunctionRole(target, selector), address(timelock));
        bool byProposal = (byRole && held) || _is(caller, "ADMIN") || _is(caller, "everyone")
            || _is(caller, "a proposal") || _is(caller, "the timelock itself");
        string memory delay = "-";
        if (byProposal && selector != IAccessManaged.setAuthority.selector) {
            delay = timelock.delayOf(p.targets, p.calldatas) == UPGRADE_DELAY ? "upgrade" : "minimum";
        }
        string memory row = string.concat("| ", name, " | `", _nameOf(signature), "` | ", caller, " | ", delay, " |");
        demanded[row] = true;
        demands.push(row);
    }

    function _is(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    function _nameOf(string memory signature) private pure returns (string memory) {
        return vm.split(signature, "(")[0];
    }

    function _signatureOf(string memory name, bytes4 selector) private view returns (string memory) {
        string[] memory signatures = vm.parseJsonKeys(_artifact(name), ".methodIdentifiers");
        for (uint256 i = 0; i < signatures.length; ++i) {
            if (bytes4(keccak256(bytes(signatures[i]))) == selector) return signatures[i];
        }
        revert(string.concat(name, " has no such function"));
    }

    // What the document says

    function _read() private {
        string[] memory lines = vm.split(vm.readFile(DOCUMENT), "\n");
        bool inTable;
        for (uint256 i = 0; i < lines.length; ++i) {
            if (_is(lines[i], HEADER)) {
                inTable = true;
                // The line of dashes.
                i++;
            } else if (inTable && bytes(lines[i]).length == 0) {
                return;
            } else if (inTable) {
                documented[lines[i]] = true;
                rows.push(lines[i]);
            }
        }
        assertTrue(inTable, string.concat(DOCUMENT, " has no table of roles and functions"));
    }
}
