// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../contracts/inference/ProofRegistry.sol";
import {Fulfilment, IInferenceHub, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {ModelRegistry} from "../../contracts/models/ModelRegistry.sol";
import {InferenceFixture} from "./support/InferenceFixture.sol";

/// @notice A later implementation: the same contract that also knows its version.
contract ModelRegistryV2 is ModelRegistry {
    function implementationVersion() external pure returns (uint256) {
        return 2;
    }
}

/// @notice What the authority may do, and that nobody else can.
contract RolesTest is InferenceFixture {
    uint64 private constant ROLE = 42;
    address private holder = makeAddr("role holder");
    address private stranger = makeAddr("stranger");

    function _expectUnauthorized(address caller) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        vm.prank(caller);
    }

    function _grant(address target, bytes4 selector, uint32 delay) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        vm.startPrank(governance);
        manager.setTargetFunctionRole(target, selectors, ROLE);
        manager.grantRole(ROLE, holder, delay);
        vm.stopPrank();
    }

    /// A1: upgrades need the role, on each of the three proxies.
    function test_Upgrade_NeedsTheRole() public {
        address next = address(new ModelRegistryV2());
        address[3] memory proxies = [address(models), address(proofs), address(hub)];
        for (uint256 i = 0; i < 3; ++i) {
            _expectUnauthorized(stranger);
            UUPSUpgradeable(proxies[i]).upgradeToAndCall(next, "");
            _expectUnauthorized(holder);
            UUPSUpgradeable(proxies[i]).upgradeToAndCall(next, "");
            _grant(proxies[i], UUPSUpgradeable.upgradeToAndCall.selector, 0);
            vm.prank(holder);
            UUPSUpgradeable(proxies[i]).upgradeToAndCall(next, "");
            assertEq(ModelRegistryV2(proxies[i]).implementationVersion(), 2);
            _expectUnauthorized(stranger);
            UUPSUpgradeable(proxies[i]).upgradeToAndCall(next, "");
            vm.prank(governance);
            manager.revokeRole(ROLE, holder);
        }
    }

    function test_Upgrade_KeepsWhatIsStored() public {
        bytes memory spec = abi.encode(models.specOf(version));
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        address nextModels = address(new ModelRegistryV2());
        address nextHub = address(new InferenceHub(opg, models, staking, proofs, router));
        address nextProofs = address(new ProofRegistry(staking, address(hub), models, keys));
        vm.startPrank(governance);
        models.upgradeToAndCall(nextModels, "");
        hub.upgradeToAndCall(nextHub, "");
        proofs.upgradeToAndCall(nextProofs, "");
        vm.stopPrank();
        assertEq(abi.encode(models.specOf(version)), spec);
        _fulfil(req, f);
        assertEq(proofs.resultOf(_idOf(req)), _digest(req, f));
        (uint32 window, uint32 cap) = hub.turnParameters();
        assertEq(window, TURN_WINDOW);
        assertEq(cap, TURN_CAP);
    }

    /// A2: a delay on the role is obeyed.
    function test_Upgrade_WaitsForTheDelayOfTheRole() public {
        address next = address(new ModelRegistryV2());
        _grant(address(models), UUPSUpgradeable.upgradeToAndCall.selector, 21 days);
        bytes memory call = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        vm.startPrank(holder);
        vm.expectRevert();
        models.upgradeToAndCall(next, "");
        manager.schedule(address(models), call, 0);
        vm.warp(_now() + 21 days - 1);
        vm.expectRevert();
        models.upgradeToAndCall(next, "");
        vm.warp(_now() + 1);
        models.upgradeToAndCall(next, "");
        assertEq(ModelRegistryV2(address(models)).implementationVersion(), 2);
    }

    /// A3: turn parameters need the role; it opens nothing else.
    function test_SetTurnParameters_NeedsTheRole() public {
        _expectUnauthorized(stranger);
        hub.setTurnParameters(1, 2);
        _grant(address(hub), IInferenceHub.setTurnParameters.selector, 0);
        vm.prank(holder);
        hub.setTurnParameters(1, 2);
        address next = address(new InferenceHub(opg, models, staking, proofs, router));
        _expectUnauthorized(holder);
        hub.upgradeToAndCall(next, "");
    }

    function test_RevertWhen_AuthorityIsReplacedByAnyoneButItself() public {
        _expectUnauthorized(stranger);
        hub.setAuthority(stranger);
        _expectUnauthorized(governance);
        hub.setAuthority(governance);
    }

    /// A4: neither proxies nor implementations can be initialised again.
    function test_RevertWhen_InitialisedAgain() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        models.initialize(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        proofs.initialize(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        hub.initialize(stranger, 0, 0);
        ModelRegistry bareModels = new ModelRegistry();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        bareModels.initialize(stranger);
        ProofRegistry bareProofs = new ProofRegistry(staking, address(hub), models, keys);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        bareProofs.initialize(stranger);
        InferenceHub bareHub = new InferenceHub(opg, models, staking, proofs, router);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        bareHub.initialize(stranger, 0, 0);
    }

    /// A5: storage lies where its name says.
    function test_Storage_IsNamespaced() public {
        _assertNamespace(
            "opg.storage.ModelRegistry", 0x6444aa976503cd1cca53d65d762296dcbe90e7972b0125f5a58287c007d28a00
        );
        bytes32 hubSlot = 0x8649f66e2a572517c9a9b645a031c71ad2c5eb9e507f58111b03b8ca6af71e00;
        _assertNamespace("opg.storage.InferenceHub", hubSlot);
        _request();
        // nextNonce, turnWindow and turnCap share the first slot.
        uint256 word = 1 | (uint256(TURN_WINDOW) << 64) | (uint256(TURN_CAP) << 96);
        assertEq(vm.load(address(hub), hubSlot), bytes32(word));
    }

    function _assertNamespace(string memory name, bytes32 slot) private pure {
        assertEq(keccak256(abi.encode(uint256(keccak256(bytes(name))) - 1)) & ~bytes32(uint256(0xff)), slot);
    }
}
