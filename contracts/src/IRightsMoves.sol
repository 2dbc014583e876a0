// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {LicenceState} from "./MoveTypes.sol";

/**
 * @title IRightsMoves
 * @notice What {RightsMoves} tells the world: its events, and the reasons for which it refuses.
 */
interface IRightsMoves {
    /// @notice `licensor` licensed rights under `certificate` to `licensee`, on the ground of `statement`.
    event LicenceGiven(
        bytes32 indexed id,
        bytes32 indexed certificate,
        bytes32 indexed licensee,
        bytes32 licensor,
        bool exclusive,
        bytes32 statement
    );

    /// @notice A licence ended before its term: by the forum `endedBy`, or, zero, by both parties.
    event LicenceEnded(bytes32 indexed id, bytes32 indexed outcome, address indexed endedBy);

    /// @notice `rights` under `predecessor` passed from `transferor` to `transferee`. Licences the transferor gave stay
    /// good against the transferee.
    event Transferred(
        bytes32 indexed predecessor,
        bytes32 indexed transferor,
        bytes32 indexed transferee,
        uint8 rights,
        bytes32 successor,
        bytes32 remainder,
        bytes32 statement
    );

    /// @notice `successor` took the place of `predecessor` after a change.
    event Changed(bytes32 indexed predecessor, bytes32 indexed successor, bytes32 indexed statement);

    /// @notice `successor` took the place of `predecessor` for a further term.
    event Renewed(bytes32 indexed predecessor, bytes32 indexed successor, bytes32 indexed statement);

    /// @notice The licence is in state `actual`; the function needs `expected`.
    error LicenceNotIn(bytes32 id, LicenceState actual, LicenceState expected);

    /// @notice The licence ran out at `validUntil`: there is nothing to end.
    error LicenceOver(bytes32 id, uint64 validUntil, uint64 blockTime);

    /// @notice Nobody licenses or transfers to itself.
    error SameOrganisation(bytes32 organisation);

    /// @notice Acts are some of the bits 1 to 32 (store, process, use, transmit, provide, publish).
    error ActsUnknown(uint8 acts);

    /// @notice The territory is some of the bits 0 to 33.
    error TerritoryUnknown(uint40 territory);

    /// @notice A licence begins at `earliest` or later, ends at `latest` or earlier, and not before the block.
    error TermOutside(uint64 validFrom, uint64 validUntil, uint64 earliest, uint64 latest);

    /// @notice The exclusive licence `exclusive` covers some of the same rights, acts, territory and time.
    error ExclusiveOverlaps(bytes32 id, bytes32 exclusive);

    /// @notice A right of one holder bears at most `most` exclusive licences that are not over.
    error ExclusivesExhausted(bytes32 line, uint8 right, uint256 most);

    /// @notice What stays of a transfer has a certificate of its own exactly if something stays.
    error RemainderRefused(bytes32 remainder, bool needed);

    /// @notice Transfer and change leave the end of validity as it is; a renewal moves it on.
    error ValidityRefused(uint64 given, uint64 current);

    /// @notice The remarks `missing` of the predecessor stand on its successors, too.
    error RemarksDropped(bytes32 id, uint8 missing);

    /// @notice A certificate is renewed from `earliest` to before `end` (R10).
    error RenewalOutside(bytes32 id, uint64 earliest, uint64 end, uint64 blockTime);
}
