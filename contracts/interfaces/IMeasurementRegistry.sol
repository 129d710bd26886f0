// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A measurement that was approved at least once.
struct Measurement {
    /// Which hardware measures, as in `IMeasurementRegistry.approve`.
    bytes32 platform;
    /// What it measured.
    bytes32 digest;
    /// Whether it is approved now.
    bool approved;
}

/// @title Measurements of the enclaves whose word counts
/// @notice An enclave proves which program it runs by a digest that its hardware measured. Voters approve measurements; the
/// guardian council, and voters, remove them. Whether one was approved is known for every past second, because a receipt is
/// judged by the time it was issued at.
interface IMeasurementRegistry {
    /// @param description What the program is and where its build can be reproduced.
    event MeasurementApproved(bytes32 indexed platform, bytes32 indexed digest, string description);
    event MeasurementRemoved(bytes32 indexed platform, bytes32 indexed digest, string reason);

    /// @notice Zero stands for nothing: `field` is "platform" or "digest".
    error InvalidMeasurement(string field);
    error AlreadyApproved(bytes32 platform, bytes32 digest);
    error NotApproved(bytes32 platform, bytes32 digest);
    /// @notice What will be approved at `time` is not known before it has passed.
    error FutureLookup(uint256 time);

    /// @notice Approves from this second on. After a vote only; what was removed can be approved again.
    /// @param platform The hardware that measures: its name in ASCII, padded with zeros ("intel-tdx").
    /// @param digest What is measured, in the form that the platform's verifier derives from its registers.
    function approve(bytes32 platform, bytes32 digest, string calldata description) external;

    /// @notice Removes from this second on, at once. What was signed before keeps its standing.
    function remove(bytes32 platform, bytes32 digest, string calldata reason) external;

    /// @notice Whether the measurement is approved now.
    function isApproved(bytes32 platform, bytes32 digest) external view returns (bool);

    /// @notice Whether the measurement was approved at the end of the second `time`.
    /// @param time Unix time in seconds, in the past.
    function wasApprovedAt(bytes32 platform, bytes32 digest, uint48 time) external view returns (bool);

    /// @notice How many measurements were approved at least once.
    function count() external view returns (uint256);

    /// @notice Up to `limit` of them in the order of their first approval, from number `first` on, which counts from zero.
    function page(uint256 first, uint256 limit) external view returns (Measurement[] memory measurements);
}
