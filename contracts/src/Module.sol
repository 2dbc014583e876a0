// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Approvals} from "./Approvals.sol";
import {Holders} from "./Holders.sol";
import {IRightsRegistry} from "./IRightsRegistry.sol";
import {Preservation} from "./Preservation.sol";
import {RightsRegistry} from "./RightsRegistry.sol";
import {Amendment, Record, Status} from "./RightsTypes.sol";

/**
 * @title Module
 * @notice What contracts that hold MODULE share: whose signatures a move takes (S5.20), and what bars it.
 * @dev The contracts called are fixed at creation; they call no one but each other and the authority.
 */
abstract contract Module is Approvals {
    /// @dev Bits of a record's remarks (S5.3).
    uint8 internal constant SEIZURE = 2;
    uint8 internal constant CONTROL = 4;
    uint8 internal constant PLEDGE = 16;

    Preservation private immutable _preservation;
    RightsRegistry private immutable _rights;
    Holders private immutable _holders;

    /// @notice An identifier or leaf hash is zero.
    error IdentifierZero();

    /// @notice Whoever signed is neither the organisation's current account, `expected`, nor a forum, or signed
    /// something else. An account that was lost or compromised is none.
    error SignerNotHolder(bytes32 organisation, address signer, address expected);

    /// @notice Whoever signed is not the exchange that reserved the certificate, or signed something else.
    error SignerNotExchange(address signer, address expected);

    /// @notice A judicial seizure bars the move (R16).
    error RecordSeized(bytes32 id);

    /// @notice The certificate is reserved by `reservedBy`, or nobody; the move names `given` (R46).
    error ReservationDiffers(bytes32 id, address given, address reservedBy);

    constructor(
        address authority,
        Preservation preservation_,
        Holders holders_,
        string memory name
    ) Approvals(authority, name) {
        _preservation = preservation_;
        _rights = preservation_.rights();
        _holders = holders_;
    }

    /// @notice Through which records are moved.
    function preservation() public view returns (Preservation) {
        return _preservation;
    }

    /// @notice The registry of the records.
    function rights() public view returns (RightsRegistry) {
        return _rights;
    }

    /// @notice Whose accounts sign.
    function holders() public view returns (Holders) {
        return _holders;
    }

    // ---------------------------------------------------------------- what bars a move

    /// @dev The record, which must be in force.
    function _inForce(bytes32 id) internal view returns (Record memory current) {
        current = _rights.recordOf(id);
        if (current.status != Status.InForce) {
            revert IRightsRegistry.RecordNotIn(id, current.status, Status.InForce);
        }
    }

    /**
     * @dev The record, which must be in force, its validity not past, not held, not objected to, not seized, and
     * reserved by exactly `exchange`, or by nobody if that is zero.
     */
    function _free(bytes32 id, address exchange) internal view returns (Record memory current) {
        current = _inForce(id);
        if (_now() > current.validUntil) revert IRightsRegistry.RecordExpired(id, current.validUntil, _now());
        if (current.holds != 0 || current.objections != 0) {
            revert IRightsRegistry.RecordBlocked(id, current.holds, current.objections);
        }
        if (current.remarks & SEIZURE != 0) revert RecordSeized(id);
        address reservedBy = current.reservedUntil > _now() ? current.reservedBy : address(0);
        if (reservedBy != exchange) revert ReservationDiffers(id, exchange, reservedBy);
    }

    function _amend(bytes32 id, Record memory current, bytes32 ground) internal {
        Amendment memory next = Amendment({
            status: current.status,
            remarks: current.remarks,
            holds: current.holds,
            objections: current.objections,
            reservedUntil: current.reservedUntil,
            reservedBy: current.reservedBy,
            ending: current.ending
        });
        _preservation.amend(id, next, ground);
    }

    // ---------------------------------------------------------------- who signs

    /**
     * @dev Requires `approvals` to be signatures over `structHash` by the registry, by the committee if `committeeToo`,
     * by each of `organisations` in their order, and by `exchange` unless it is zero; none too many.
     */
    function _requireMove(
        bytes32 structHash,
        bytes[] calldata approvals,
        bool committeeToo,
        bytes32[] memory organisations,
        address exchange
    ) internal view {
        uint256 others = organisations.length + (exchange == address(0) ? 0 : 1);
        _requireCount(approvals, (committeeToo ? 2 : 1) + others);
        bytes32 digest = _hashTypedDataV4(structHash);
        uint256 next = _requireOffice(digest, approvals, committeeToo);
        for (uint256 i = 0; i < organisations.length; ++i) {
            _requireHolder(digest, approvals, next++, organisations[i]);
        }
        if (exchange != address(0)) _requireExchange(digest, approvals, next, exchange);
    }

    /// @dev A forum's signature replaces a holder's.
    function _requireHolder(
        bytes32 digest,
        bytes[] calldata approvals,
        uint256 index,
        bytes32 organisation
    ) private view {
        address signer = _signer(digest, approvals, index);
        address expected = _holders.accountOf(organisation);
        if (signer != expected && !_hasRole(FORUM_ROLE, signer)) {
            revert SignerNotHolder(organisation, signer, expected);
        }
    }

    function _requireExchange(
        bytes32 digest,
        bytes[] calldata approvals,
        uint256 index,
        address expected
    ) private view {
        address signer = _requireApproval(digest, approvals, index, EXCHANGE_ROLE);
        if (signer != expected) revert SignerNotExchange(signer, expected);
    }
}
