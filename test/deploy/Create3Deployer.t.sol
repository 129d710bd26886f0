// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {Test} from "forge-std/Test.sol";
import {Create3Deployer} from "../../contracts/utils/Create3Deployer.sol";

/// @dev Something to deploy.
contract Answer {
    uint256 public immutable value;

    error TooLarge(uint256 value);

    constructor(uint256 value_) {
        if (value_ > 100) revert TooLarge(value_);
        value = value_;
    }
}

contract Create3DeployerTest is Test {
    Create3Deployer private factory = new Create3Deployer();

    function testFuzz_deploysWhereAnnounced(address sender, bytes32 salt, uint8 value) public {
        value = uint8(bound(value, 0, 100));
        address announced = factory.addressOf(sender, salt);
        vm.expectEmit();
        emit Create3Deployer.Deployed(sender, salt, announced);
        vm.prank(sender);
        address deployed = factory.deploy(salt, _initCode(value));
        assertEq(deployed, announced);
        assertEq(Answer(deployed).value(), value);
    }

    function testFuzz_callersCannotTakeEachOthersAddresses(address a, address b, bytes32 salt) public view {
        vm.assume(a != b);
        assertNotEq(factory.addressOf(a, salt), factory.addressOf(b, salt));
    }

    function test_aSaltWorksOnce() public {
        factory.deploy("salt", _initCode(1));
        vm.expectRevert(Errors.FailedDeployment.selector);
        factory.deploy("salt", _initCode(2));
    }

    function test_passesTheReasonOfAConstructorOnAndLeavesTheSaltFree() public {
        vm.expectRevert(abi.encodeWithSelector(Answer.TooLarge.selector, 101));
        factory.deploy("salt", _initCode(101));
        assertEq(Answer(factory.deploy("salt", _initCode(100))).value(), 100);
    }

    function test_refusesEmptyCode() public {
        vm.expectRevert(Create3.Create3EmptyBytecode.selector);
        factory.deploy("salt", "");
    }

    function _initCode(uint256 value) private pure returns (bytes memory) {
        return abi.encodePacked(type(Answer).creationCode, abi.encode(value));
    }
}
