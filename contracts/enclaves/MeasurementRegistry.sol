// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {IMeasurementRegistry, Measurement} from "../interfaces/IMeasurementRegistry.sol";

/// @title Measurements of the enclaves whose word counts
/// @notice See `IMeasurementRegistry`. Who may call is in `docs/governance.md`.
///
/// ASSUMPTIONS
/// - The role that may approve is held by the timelock alone, so the list is as long as voters want it to be.
contract MeasurementRegistry is IMeasurementRegistry, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    struct Name {
        bytes32 platform;
        bytes32 digest;
    }

    uint208 private constant APPROVED = 1;
    uint208 private constant REMOVED = 0;

    Name[] private _names;
    mapping(bytes32 platform => mapping(bytes32 digest => Checkpoints.Trace208)) private _history;

    /// @param authority_ The AccessManager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @inheritdoc IMeasurementRegistry
    function approve(bytes32 platform, bytes32 digest, string calldata description) external restricted {
        require(platform != 0, InvalidMeasurement("platform"));
        require(digest != 0, InvalidMeasurement("digest"));
        Checkpoints.Trace208 storage history = _history[platform][digest];
        require(history.latest() == REMOVED, AlreadyApproved(platform, digest));
        if (history.length() == 0) _names.push(Name(platform, digest));
        history.push(Time.timestamp(), APPROVED);
        emit MeasurementApproved(platform, digest, description);
    }

    /// @inheritdoc IMeasurementRegistry
    function remove(bytes32 platform, bytes32 digest, string calldata reason) external restricted {
        Checkpoints.Trace208 storage history = _history[platform][digest];
        require(history.latest() == APPROVED, NotApproved(platform, digest));
        history.push(Time.timestamp(), REMOVED);
        emit MeasurementRemoved(platform, digest, reason);
    }

    /// @inheritdoc IMeasurementRegistry
    function isApproved(bytes32 platform, bytes32 digest) public view returns (bool) {
        return _history[platform][digest].latest() == APPROVED;
    }

    /// @inheritdoc IMeasurementRegistry
    function wasApprovedAt(bytes32 platform, bytes32 digest, uint48 time) external view returns (bool) {
        require(time < block.timestamp, FutureLookup(time));
        return _history[platform][digest].upperLookupRecent(time) == APPROVED;
    }

    /// @inheritdoc IMeasurementRegistry
    function count() external view returns (uint256) {
        return _names.length;
    }

    /// @inheritdoc IMeasurementRegistry
    function page(uint256 first, uint256 limit) external view returns (Measurement[] memory measurements) {
        uint256 rest = Math.saturatingSub(_names.length, first);
        measurements = new Measurement[](Math.min(rest, limit));
        for (uint256 i = 0; i < measurements.length; ++i) {
            Name memory name = _names[first + i];
            measurements[i] = Measurement(name.platform, name.digest, isApproved(name.platform, name.digest));
        }
    }
}
