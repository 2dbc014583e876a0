// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {DisputeState, OpeningKind, Subjects} from "./PreservationTypes.sol";

/**
 * @title IPreservation
 * @notice What {Preservation} tells the world: its events, and the reasons for which it refuses.
 */
interface IPreservation {
    /// @notice A party's keys are made for the dispute, by anyone: its opening is looked at by the registry, which sends it.
    error OpeningNeedsRelay(bytes32 caseId, address sender);

    /// @notice A dispute was opened, and every subject is held from this block on.
    event DisputeOpened(
        bytes32 indexed caseId,
        bytes32 indexed statement,
        address indexed openedBy,
        OpeningKind kind,
        address[] parties,
        Subjects subjects
    );

    /// @notice A root of evidence reached the chain; `index` counts from zero.
    event EvidenceAdded(bytes32 indexed caseId, bytes32 indexed root, bytes32 indexed statement, uint32 index);

    /// @notice The dispute is over and its holds are released: by the forum `releasedBy`, or, zero, by settlement.
    event DisputeReleased(bytes32 indexed caseId, bytes32 indexed outcome, address indexed releasedBy);

    /// @notice An identifier, root or leaf hash is zero.
    error IdentifierZero();

    /// @notice The dispute is in state `actual`; the function needs `expected`.
    error DisputeNotIn(bytes32 caseId, DisputeState actual, DisputeState expected);

    /// @notice A dispute is opened by a forum or by a party.
    error OpeningKindMissing();

    /// @notice A dispute has `fewest` to `most` parties.
    error PartyCount(uint256 given, uint256 fewest, uint256 most);

    /// @notice A dispute has 1 to `most` subjects, all lists together.
    error SubjectCount(uint256 given, uint256 most);

    /// @notice Parties, and each kind of subjects, are listed in ascending order, each once.
    error ListNotAscending(uint256 index);

    /// @notice Every root of evidence is added once.
    error RootKnown(bytes32 caseId, bytes32 root);

    /// @notice Whoever signed is not the party expected, or signed something else.
    error SignerNotParty(bytes32 caseId, address signer);

    /// @notice Nobody decides as the forum in a dispute of their own.
    error ForumIsParty(bytes32 caseId, address signer);

    /// @notice The subject takes no more holds.
    error HoldsExhausted(bytes32 subject);

    /// @notice The record is held: only its objections and remarks change until the release (R38).
    error RecordHeld(bytes32 id, uint16 holds);

    /// @notice No other module sets or releases holds.
    error HoldsReserved(bytes32 id, uint16 given, uint16 current);
}
