// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Identifies one immutable version of a registered model. It commits to the whole specification of the
/// version, so two versions that differ in any field have different identifiers.
type ModelVersion is bytes32;

using {equals as ==} for ModelVersion global;

function equals(ModelVersion a, ModelVersion b) pure returns (bool) {
    return ModelVersion.unwrap(a) == ModelVersion.unwrap(b);
}
