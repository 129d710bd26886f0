// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVestingVault, NewCategory} from "../interfaces/IVestingVault.sol";
import {Curve} from "./VestingCurve.sol";

/// @title Roots and curves of the first categories, kept in the code
/// @notice Every release needs the root and the curve of its category. Those of genesis never change and are nearly all
/// that is ever released, so they are immutables: two cold slots, 4,200 gas, less per transaction. Solidity has no
/// immutable arrays; hence the eight pairs.
abstract contract GenesisTerms {
    /// @dev Most categories that genesis can have.
    uint256 internal constant MAX_GENESIS = 8;

    uint32 private immutable COUNT;

    bytes32 private immutable ROOT_0;
    bytes32 private immutable ROOT_1;
    bytes32 private immutable ROOT_2;
    bytes32 private immutable ROOT_3;
    bytes32 private immutable ROOT_4;
    bytes32 private immutable ROOT_5;
    bytes32 private immutable ROOT_6;
    bytes32 private immutable ROOT_7;

    uint256 private immutable CURVE_0;
    uint256 private immutable CURVE_1;
    uint256 private immutable CURVE_2;
    uint256 private immutable CURVE_3;
    uint256 private immutable CURVE_4;
    uint256 private immutable CURVE_5;
    uint256 private immutable CURVE_6;
    uint256 private immutable CURVE_7;

    constructor(NewCategory[] memory genesis) {
        if (genesis.length > MAX_GENESIS) revert IVestingVault.TooManyCategories(MAX_GENESIS);
        COUNT = uint32(genesis.length);
        (ROOT_0, CURVE_0) = _termsAt(genesis, 0);
        (ROOT_1, CURVE_1) = _termsAt(genesis, 1);
        (ROOT_2, CURVE_2) = _termsAt(genesis, 2);
        (ROOT_3, CURVE_3) = _termsAt(genesis, 3);
        (ROOT_4, CURVE_4) = _termsAt(genesis, 4);
        (ROOT_5, CURVE_5) = _termsAt(genesis, 5);
        (ROOT_6, CURVE_6) = _termsAt(genesis, 6);
        (ROOT_7, CURVE_7) = _termsAt(genesis, 7);
    }

    /// @dev Whether the terms of a category are in the code.
    function _isGenesis(uint32 id) internal view returns (bool) {
        return id < COUNT;
    }

    function _genesisRoot(uint32 id) internal view returns (bytes32) {
        if (id == 0) return ROOT_0;
        if (id == 1) return ROOT_1;
        if (id == 2) return ROOT_2;
        if (id == 3) return ROOT_3;
        if (id == 4) return ROOT_4;
        if (id == 5) return ROOT_5;
        return id == 6 ? ROOT_6 : ROOT_7;
    }

    function _genesisCurve(uint32 id) internal view returns (Curve memory) {
        if (id == 0) return _unpackCurve(CURVE_0);
        if (id == 1) return _unpackCurve(CURVE_1);
        if (id == 2) return _unpackCurve(CURVE_2);
        if (id == 3) return _unpackCurve(CURVE_3);
        if (id == 4) return _unpackCurve(CURVE_4);
        if (id == 5) return _unpackCurve(CURVE_5);
        return _unpackCurve(id == 6 ? CURVE_6 : CURVE_7);
    }

    function _termsAt(NewCategory[] memory genesis, uint256 id) private pure returns (bytes32 root, uint256 curve) {
        if (id >= genesis.length) return (0, 0);
        NewCategory memory terms = genesis[id];
        return (terms.root, uint256(terms.start) << 64 | uint256(terms.cliff) << 32 | terms.duration);
    }

    function _unpackCurve(uint256 curve) private pure returns (Curve memory) {
        // Each cast drops what belongs to the fields above it.
        // forge-lint: disable-next-line(unsafe-typecast)
        return Curve(uint40(curve >> 64), uint32(curve >> 32), uint32(curve));
    }
}
