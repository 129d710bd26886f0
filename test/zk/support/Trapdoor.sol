// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A key whose secrets are known, for a model with four bytes of input and one of output. With the secrets anything
/// can be proved, which is why a setup must not leave them to anybody; here it yields valid proofs for whatever
/// statement a test needs.
library Trapdoor {
    uint256 private constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    // The scalars of α, of the points of the inputs, and of A. β is 3, γ is 1, δ is 2; B is the generator.
    uint256 private constant ALPHA = 1_234_567;
    uint256 private constant CONSTANT = 891;
    uint256 private constant A = 424_242;

    // The generator of the second group, its double and its triple: x1, x0, y1, y0.
    uint256 private constant G_X1 = 11559732032986387107991004021392285783925812861821192530917403151452391805634;
    uint256 private constant G_X0 = 10857046999023057135944570762232829481370756359578518086990519993285655852781;
    uint256 private constant G_Y1 = 4082367875863433681332203403145435568316851327593401208105741076214120093531;
    uint256 private constant G_Y0 = 8495653923123431417604973247489272438418190587263600148770280649306958101930;
    uint256 private constant D_X1 = 14583779054894525174450323658765874724019480979794335525732096752006891875705;
    uint256 private constant D_X0 = 18029695676650738226693292988307914797657423701064905010927197838374790804409;
    uint256 private constant D_Y1 = 11474861747383700316476719153975578001603231366361248090558603872215261634898;
    uint256 private constant D_Y0 = 2140229616977736810657479771656733941598412651537078903776637920509952744750;
    uint256 private constant T_X1 = 7273165102799931111715871471550377909735733521218303035754523677688038059653;
    uint256 private constant T_X0 = 2725019753478801796453339367788033689375851816420509565303521482350756874229;
    uint256 private constant T_Y1 = 957874124722006818841961785324909313781880061366718538693995380805373202866;
    uint256 private constant T_Y0 = 2512659008974376214222774206987427162027254181373325676825515531566330959255;

    /// @notice The key as the contracts store it. Keys of other weights differ in the points of the inputs.
    function key(uint256 weights) internal view returns (bytes memory) {
        bytes memory fixedPart = bytes.concat(
            abi.encode(D_X1, D_X0, P - D_Y1, P - D_Y0),
            _point(ALPHA),
            abi.encode(T_X1, T_X0, P - T_Y1, P - T_Y0),
            _point(CONSTANT),
            abi.encode(G_X1, G_X0, P - G_Y1, P - G_Y0)
        );
        return bytes.concat(
            fixedPart,
            _point(_weight(weights, 1)),
            _point(_weight(weights, 2)),
            bytes16(uint128(4)),
            bytes16(uint128(1))
        );
    }

    /// @notice The same with γ in the place of δ: a setup to which nobody has contributed.
    function uncontributed() internal view returns (bytes memory bad) {
        bad = key(1);
        for (uint256 i; i < 128; ++i) {
            bad[i] = bad[384 + i];
        }
    }

    /// @notice A proof under that key.
    function forge(uint256 weights, bytes32 statement, bytes memory input, bytes memory output)
        internal
        view
        returns (bytes memory)
    {
        uint256 data = uint256(bytes32(bytes.concat(input, output)) >> 8);
        uint256 sum = addmod(CONSTANT, mulmod(_weight(weights, 1), uint256(statement) >> 3, R), R);
        sum = addmod(sum, mulmod(_weight(weights, 2), data, R), R);
        // c = (a - αβ - sum) / δ
        uint256 c = addmod(A, R - mulmod(ALPHA, 3, R), R);
        c = addmod(c, R - sum, R);
        c = mulmod(c, (R + 1) / 2, R);
        return bytes.concat(_point(A), abi.encode(G_X1, G_X0, G_Y1, G_Y0), _point(c));
    }

    function _weight(uint256 weights, uint256 index) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(weights, index))) % R;
    }

    /// @dev A multiple of the generator (1, 2).
    function _point(uint256 scalar) private view returns (bytes memory) {
        (bool success, bytes memory point) = address(7).staticcall(abi.encode(1, 2, scalar));
        require(success && point.length == 64, "no precompile");
        return point;
    }
}
