// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/**
 * @title Rfc9162
 * @notice Merkle tree consistency proofs of RFC 9162, section 2.1.4.2, with SHA-256.
 */
library Rfc9162 {
    /**
     * @notice Says whether the tree (`size2`, `root2`) is an append-only extension of (`size1`, `root1`).
     * @dev No proof is defined to or from the empty tree, and between trees of one size the only proof is the empty
     * one (S4.5). A proof with a hash too few or too many is refused, so each head has exactly one valid proof.
     * @param size1 leaves in the earlier tree
     * @param root1 root of the earlier tree
     * @param size2 leaves in the later tree
     * @param root2 root of the later tree
     * @param proof the hashes, in the order of the RFC
     */
    function isConsistent(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata proof
    ) internal pure returns (bool) {
        if (size1 == 0 || size1 > size2) return false;
        if (size1 == size2) return root1 == root2 && proof.length == 0;
        if (proof.length == 0) return false;

        // Names follow the RFC: fn and sn are the last leaves' indexes, fr and sr the roots being rebuilt.
        uint256 fn = uint256(size1) - 1;
        uint256 sn = uint256(size2) - 1;
        while (fn & 1 == 1) {
            fn >>= 1;
            sn >>= 1;
        }
        // Step 2: of a complete subtree (a power of two) the root itself is the first, unsent, hash.
        uint256 next = fn == 0 ? 0 : 1;
        bytes32 fr = fn == 0 ? root1 : proof[0];
        bytes32 sr = fr;

        for (; next < proof.length; ++next) {
            if (sn == 0) return false;
            bytes32 c = proof[next];
            if (fn & 1 == 1 || fn == sn) {
                fr = _node(c, fr);
                sr = _node(c, sr);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                sr = _node(sr, c);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && fr == root1 && sr == root2;
    }

    /// @dev Hash of an interior node: `SHA-256(0x01 || left || right)`.
    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
