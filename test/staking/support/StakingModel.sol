// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What staking should do, the naive way: every slash visits every entry and takes its part from it. Values are
/// fractions of a wei, so the model hardly rounds. An entry is a position (id 0) or an unbond of an account at an operator.
contract StakingModel {
    uint256 public constant ONE = 1 << 64;

    struct Entry {
        address operator;
        address account;
        uint256 id;
        /// In wei times `ONE`.
        uint256 value;
    }

    Entry[] public entries;
    mapping(bytes32 key => uint256 indexPlusOne) private _indexes;
    /// What each open slash took from each entry.
    mapping(bytes32 slashId => mapping(uint256 index => uint256 value)) private _lost;
    bytes32[] private _open;

    struct Taken {
        address operator;
        uint256 own;
    }

    mapping(bytes32 slashId => Taken taken) private _taken;

    function count() external view returns (uint256) {
        return entries.length;
    }

    function valueOf(address operator, address account, uint256 id) external view returns (uint256) {
        uint256 index = _indexes[keccak256(abi.encode(operator, account, id))];
        return index == 0 ? 0 : entries[index - 1].value / ONE;
    }

    function add(address operator, address account, uint256 amount) external {
        entries[_entry(operator, account, 0)].value += amount * ONE;
    }

    /// Moves the fraction shares / total of a position to unbond `id`.
    function split(address operator, address account, uint256 id, uint256 shares, uint256 total) external {
        _move(_entry(operator, account, 0), _entry(operator, account, id), shares, total);
    }

    function merge(address operator, address account, uint256 id) external {
        _move(_entry(operator, account, id), _entry(operator, account, 0), 1, 1);
    }

    /// Ends an unbond. What open slashes took from it is forgotten; own stake returns to the operator in another way.
    function close(address operator, address account, uint256 id) external {
        uint256 index = _entry(operator, account, id);
        entries[index].value = 0;
        for (uint256 i; i < _open.length; ++i) {
            delete _lost[_open[i]][index];
        }
    }

    function slash(bytes32 slashId, address operator, uint256 own, uint256 pool) external {
        uint256 ownTotal;
        uint256 poolTotal;
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].operator != operator) continue;
            if (entries[i].account == operator) ownTotal += entries[i].value;
            else poolTotal += entries[i].value;
        }
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].operator != operator || entries[i].value == 0) continue;
            bool isOwn = entries[i].account == operator;
            (uint256 part, uint256 whole) = isOwn ? (own, ownTotal) : (pool, poolTotal);
            // Rounding in the contract can leave the model a few wei short of what was taken.
            uint256 loss = part * ONE >= whole ? entries[i].value : Math.mulDiv(entries[i].value, part * ONE, whole);
            entries[i].value -= loss;
            _lost[slashId][i] = loss;
        }
        _open.push(slashId);
        _taken[slashId] = Taken(operator, own * ONE);
    }

    function settle(bytes32 slashId, bool vetoed) external {
        address operator = _taken[slashId].operator;
        if (vetoed) _returnOwn(operator, _taken[slashId].own, slashId);
        for (uint256 i; i < entries.length; ++i) {
            bool own = entries[i].account == entries[i].operator;
            if (vetoed && !own) entries[i].value += _lost[slashId][i];
            delete _lost[slashId][i];
        }
        for (uint256 i; i < _open.length; ++i) {
            if (_open[i] != slashId) continue;
            _open[i] = _open[_open.length - 1];
            _open.pop();
            return;
        }
    }

    /// @dev All of it returns to what the operator still has in the pool, in proportion to what was taken from each
    /// entry; if nothing of that is left there, to its position.
    function _returnOwn(address operator, uint256 amount, bytes32 slashId) private {
        uint256 lost;
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].operator == operator && entries[i].account == operator) lost += _lost[slashId][i];
        }
        if (lost == 0) {
            entries[_entry(operator, operator, 0)].value += amount;
            return;
        }
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].operator != operator || entries[i].account != operator) continue;
            entries[i].value += Math.mulDiv(amount, _lost[slashId][i], lost);
        }
    }

    function _move(uint256 from, uint256 to, uint256 part, uint256 whole) private {
        uint256 value = Math.mulDiv(entries[from].value, part, whole);
        entries[from].value -= value;
        entries[to].value += value;
        for (uint256 i; i < _open.length; ++i) {
            uint256 lost = Math.mulDiv(_lost[_open[i]][from], part, whole);
            _lost[_open[i]][from] -= lost;
            _lost[_open[i]][to] += lost;
        }
    }

    function _entry(address operator, address account, uint256 id) private returns (uint256) {
        bytes32 key = keccak256(abi.encode(operator, account, id));
        if (_indexes[key] == 0) {
            entries.push(Entry(operator, account, id, 0));
            _indexes[key] = entries.length;
        }
        return _indexes[key] - 1;
    }
}
