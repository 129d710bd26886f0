// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm, VmSafe} from "forge-std/Vm.sol";
// Only placed: imported so that forge compiles them along.
import {BatchSettlement} from "../../contracts/payments/BatchSettlement.sol";
import {Erc3009DepositCollector} from "../../contracts/payments/Erc3009DepositCollector.sol";
import {Multicall3} from "../../contracts/payments/Multicall3.sol";
import {Checks} from "./Checks.sol";

/// @title Contracts that x402 clients expect at fixed addresses
/// @notice On Base the public ones are there. On the devnet our own take their places, which only a development chain can do:
/// by writing the code there. They have neither immutables nor anything to initialise.
library PublicContracts {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// Payment channels.
    address internal constant BATCH_SETTLEMENT = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;
    /// Takes deposits by ERC-3009.
    address internal constant ERC3009_DEPOSIT_COLLECTOR = 0x4020806089470a89826cB9fB1f4059150b550004;
    address internal constant MULTICALL3 = 0xcA11bde05977b3631167028862bE2a173976CA11;

    /// @notice Puts our contracts there: in the simulation, and on the node if this run broadcasts.
    function place() internal {
        _place(BATCH_SETTLEMENT, "BatchSettlement");
        _place(ERC3009_DEPOSIT_COLLECTOR, "Erc3009DepositCollector");
        _place(MULTICALL3, "Multicall3");
    }

    /// @notice Reverts with `Checks.DeploymentBroken` unless our contracts are there.
    function check() internal view {
        _check(BATCH_SETTLEMENT, "BatchSettlement");
        _check(ERC3009_DEPOSIT_COLLECTOR, "Erc3009DepositCollector");
        _check(MULTICALL3, "Multicall3");
    }

    function _place(address target, string memory name) private {
        bytes memory code = _codeOf(name);
        VM.etch(target, code);
        bool broadcasts =
            VM.isContext(VmSafe.ForgeContext.ScriptBroadcast) || VM.isContext(VmSafe.ForgeContext.ScriptResume);
        if (!broadcasts) return;
        string memory parameters = string.concat('["', VM.toString(target), '","', VM.toString(code), '"]');
        VM.rpc("anvil_setCode", parameters);
    }

    function _check(address target, string memory name) private view {
        Checks.that(keccak256(target.code) == keccak256(_codeOf(name)), name, "is not where x402 clients expect it");
    }

    function _codeOf(string memory name) private view returns (bytes memory) {
        return VM.getDeployedCode(string.concat(name, ".sol:", name));
    }
}
