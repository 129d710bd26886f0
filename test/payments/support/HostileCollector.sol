// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ChannelConfig, IBatchSettlement, IDepositCollector} from "../../../contracts/interfaces/IBatchSettlement.sol";

/// @notice Brings what it is told to, and makes a call in between.
contract HostileCollector is IDepositCollector {
    uint256 public brings;
    bytes public call;
    bool public called;

    function set(uint256 brings_, bytes calldata call_) external {
        (brings, call) = (brings_, call_);
    }

    function collect(address, address token, uint256, bytes32, address, bytes calldata) external override {
        if (call.length != 0) (called,) = msg.sender.call(call);
        if (brings != 0) ERC20(token).transfer(msg.sender, brings);
    }
}

/// @notice A token that keeps a tenth of each transfer.
contract TaxedToken is ERC20("Taxed", "TAX") {
    constructor(address to) {
        _mint(to, 1_000 ether);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, from == address(0) ? value : value - value / 10);
    }
}

/// @notice A wallet whose signatures its owner can take back.
contract FickleWallet is IERC1271 {
    bool public denies;

    function setDenies(bool denies_) external {
        denies = denies_;
    }

    function isValidSignature(bytes32, bytes calldata) external view override returns (bytes4) {
        return denies ? bytes4(0) : IERC1271.isValidSignature.selector;
    }
}
