// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Rfc9162} from "../src/Rfc9162.sol";

/// @notice Shows the library to the tests; never deployed to a registry's chain.
contract Rfc9162Harness {
    /// @notice See {Rfc9162-isConsistent}.
    function isConsistent(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata proof
    ) external pure returns (bool) {
        return Rfc9162.isConsistent(size1, root1, size2, root2, proof);
    }
}
