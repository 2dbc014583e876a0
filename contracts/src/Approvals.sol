// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/**
 * @title Approvals
 * @notice Decisions need people's EIP-712 signatures (S5.5, S5.6), recovered and matched to their roles here: the
 * account that sends the transaction decides nothing.
 * @dev Signatures come in the order of the roles asked for. Whether a person is entitled is asked of the authority in
 * the block of the decision, so a leaver's signature stops counting when the role is revoked.
 */
abstract contract Approvals is AccessManaged, EIP712 {
    /// @notice Role of the registry's officers in the authority.
    uint64 public constant REGISTRY_ROLE = 1;

    /// @notice Role of the compliance committee's members in the authority.
    uint64 public constant COMMITTEE_ROLE = 2;

    /// @notice Role of the account that sends the registry's transactions.
    uint64 public constant RELAY_ROLE = 3;

    /// @notice Role of forums (courts, arbitral bodies) in the authority.
    uint64 public constant FORUM_ROLE = 6;

    /// @notice Role of exchanges, which reserve certificates (R46).
    uint64 public constant EXCHANGE_ROLE = 8;

    /// @notice The decision needs `expected` signatures: the registry's first, then the committee's, then the others'.
    error ApprovalCount(uint256 given, uint256 expected);

    /// @notice The signature at `index` is not a 65-byte secp256k1 signature with low s.
    error ApprovalMalformed(uint256 index);

    /// @notice Whoever signed does not hold `role`, or signed something else.
    error ApproverNotEntitled(address signer, uint64 role);

    /// @notice One person cannot approve twice.
    error ApproverRepeated(address signer);

    /// @dev `name` is that of the EIP-712 domain.
    constructor(address authority, string memory name) AccessManaged(authority) EIP712(name, "1") {}

    /**
     * @dev Requires `approvals` to be signatures over `structHash` by an officer of the registry and, if
     * `committeeToo`, by a different person of the committee.
     */
    function _requireApprovals(bytes32 structHash, bytes[] calldata approvals, bool committeeToo) internal view {
        _requireCount(approvals, committeeToo ? 2 : 1);
        _requireOffice(_hashTypedDataV4(structHash), approvals, committeeToo);
    }

    /// @dev The same of the first of `approvals`; `next` is the index of the one after.
    function _requireOffice(
        bytes32 digest,
        bytes[] calldata approvals,
        bool committeeToo
    ) internal view returns (uint256 next) {
        address officer = _requireApproval(digest, approvals, 0, REGISTRY_ROLE);
        if (!committeeToo) return 1;
        if (_requireApproval(digest, approvals, 1, COMMITTEE_ROLE) == officer) revert ApproverRepeated(officer);
        return 2;
    }

    function _requireApproval(
        bytes32 digest,
        bytes[] calldata approvals,
        uint256 index,
        uint64 role
    ) internal view returns (address signer) {
        signer = _signer(digest, approvals, index);
        if (!_hasRole(role, signer)) revert ApproverNotEntitled(signer, role);
    }

    function _requireCount(bytes[] calldata approvals, uint256 expected) internal pure {
        if (approvals.length != expected) revert ApprovalCount(approvals.length, expected);
    }

    /// @dev Never zero.
    function _signer(bytes32 digest, bytes[] calldata approvals, uint256 index) internal pure returns (address signer) {
        ECDSA.RecoverError fault;
        (signer, fault, ) = ECDSA.tryRecover(digest, approvals[index]);
        if (fault != ECDSA.RecoverError.NoError) revert ApprovalMalformed(index);
    }

    function _hasRole(uint64 role, address account) internal view returns (bool entitled) {
        (entitled, ) = IAccessManager(authority()).hasRole(role, account);
    }

    function _now() internal view returns (uint64) {
        return uint64(block.timestamp);
    }
}
