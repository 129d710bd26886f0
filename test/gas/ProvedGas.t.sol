// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fulfilment, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {KeyTerms, SetupKind} from "../../contracts/interfaces/IVerifyingKeys.sol";
import {ProvedFixture} from "../zk/support/ProvedFixture.sol";
import {Trapdoor} from "../zk/support/Trapdoor.sol";

/// @notice What a request with a proof costs beside the check of the proof, for a model whose input and output fit one public
/// input: the gas of the calls, committed in snapshots/ZkRequests.json.
contract ProvedGasTest is ProvedFixture {
    function test_Gas_Fulfil() public {
        Request memory req = _ask(DIGITS);
        _waitForTurn();
        Fulfilment memory f = _honest(req);
        vm.cool(address(hub));
        vm.cool(address(proofs));
        vm.cool(address(keys));
        vm.cool(address(models));
        _fulfil(req, f);
        vm.snapshotGasLastCall("ZkRequests", "fulfil, mode 2");
    }

    function test_Gas_Request() public {
        _ask(DIGITS);
        vm.snapshotGasLastCall("ZkRequests", "requestProof");
    }

    function test_Gas_Register() public {
        bytes memory key = Trapdoor.key(3);
        keys.register(KeyTerms("model", SetupKind.MultiParty, "transcript"), key);
        vm.snapshotGasLastCall("ZkRequests", "register a key of two inputs");
    }
}
