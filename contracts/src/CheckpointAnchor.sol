// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Rfc9162} from "./Rfc9162.sol";

/**
 * @title CheckpointAnchor
 * @notice The append-only heads of the log (S5.1). The contract verifies itself that each head extends the last one,
 * so a log that rewrites its history, or shows two heads of one size, is refused by the chain, whoever asks.
 */
contract CheckpointAnchor is AccessManaged {
    /// @dev size => root; zero means "not anchored". Readers prove against this mapping: see artifacts/layout.json.
    mapping(uint64 size => bytes32 root) private _roots;

    uint64 private _latestSize;

    /// @notice A head was anchored, extending the head of `previousSize` leaves (0 for the first).
    event Anchored(uint64 indexed size, bytes32 indexed root, uint64 previousSize);

    /// @notice The latest head is already this one: nothing to do.
    error AlreadyAnchored(uint64 size, bytes32 root);

    /// @notice The latest head has this size and another root: the log shows two histories.
    error HeadConflict(uint64 size, bytes32 anchored, bytes32 given);

    /// @notice A head must be larger than the latest one.
    error SizeNotAfter(uint64 given, uint64 latest);

    /// @notice The proof does not show that the given head extends the latest one.
    error HeadNotConsistent(uint64 latestSize, bytes32 latestRoot, uint64 size, bytes32 root);

    /// @notice The first head takes no proof.
    error ProofNotEmpty(uint256 given);

    /// @notice An empty tree, or a root of zero, is not a head.
    error HeadEmpty();

    constructor(address authority) AccessManaged(authority) {}

    /**
     * @notice Anchors the head (`size`, `root`) of the log.
     *
     * Requirements:
     *
     * - the caller holds the role the authority names for this function (RELAY);
     * - `size` and `root` are not zero;
     * - the first head comes with an empty proof;
     * - every later head is larger than the latest, and `proof` is its RFC 9162 consistency proof from the latest,
     *   without a hash too many.
     *
     * Emits {Anchored}.
     */
    function anchor(uint64 size, bytes32 root, bytes32[] calldata proof) external restricted {
        if (size == 0 || root == 0) revert HeadEmpty();
        uint64 latestSize = _latestSize;
        if (latestSize == 0) {
            if (proof.length != 0) revert ProofNotEmpty(proof.length);
        } else {
            _requireExtension(latestSize, size, root, proof);
        }
        _roots[size] = root;
        _latestSize = size;
        emit Anchored(size, root, latestSize);
    }

    /// @notice The root anchored for `size`, or zero.
    function rootAt(uint64 size) external view returns (bytes32) {
        return _roots[size];
    }

    /// @notice The latest head; both zero before the first.
    function latest() external view returns (uint64 size, bytes32 root) {
        size = _latestSize;
        root = _roots[size];
    }

    function _requireExtension(uint64 latestSize, uint64 size, bytes32 root, bytes32[] calldata proof) private view {
        bytes32 latestRoot = _roots[latestSize];
        if (size == latestSize) {
            if (root == latestRoot) revert AlreadyAnchored(size, root);
            revert HeadConflict(size, latestRoot, root);
        }
        if (size < latestSize) revert SizeNotAfter(size, latestSize);
        if (!Rfc9162.isConsistent(latestSize, latestRoot, size, root, proof)) {
            revert HeadNotConsistent(latestSize, latestRoot, size, root);
        }
    }
}
