// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVestingVault, NewCategory} from "../interfaces/IVestingVault.sol";
import {PackedCurve, VestingCurve} from "./VestingCurve.sol";

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

    PackedCurve private immutable CURVE_0;
    PackedCurve private immutable CURVE_1;
    PackedCurve private immutable CURVE_2;
    PackedCurve private immutable CURVE_3;
    PackedCurve private immutable CURVE_4;
    PackedCurve private immutable CURVE_5;
    PackedCurve private immutable CURVE_6;
    PackedCurve private immutable CURVE_7;

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

    function _genesisTerms(uint32 id) internal view returns (bytes32 root, PackedCurve curve) {
        if (id == 0) return (ROOT_0, CURVE_0);
        if (id == 1) return (ROOT_1, CURVE_1);
        if (id == 2) return (ROOT_2, CURVE_2);
        if (id == 3) return (ROOT_3, CURVE_3);
        if (id == 4) return (ROOT_4, CURVE_4);
        if (id == 5) return (ROOT_5, CURVE_5);
        if (id == 6) return (ROOT_6, CURVE_6);
        return (ROOT_7, CURVE_7);
    }

    function _termsAt(NewCategory[] memory genesis, uint256 id) private pure returns (bytes32 root, PackedCurve curve) {
        if (id >= genesis.length) return (root, curve);
        NewCategory memory terms = genesis[id];
        return (terms.root, VestingCurve.pack(terms.start, terms.cliff, terms.duration));
    }
}
