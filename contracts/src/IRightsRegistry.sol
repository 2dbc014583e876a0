// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Amendment, CaseState, ObjectionState, Procedure, Status} from "./RightsTypes.sol";

/**
 * @title IRightsRegistry
 * @notice What {RightsRegistry} tells the world: its events, and the reasons for which it refuses.
 */
interface IRightsRegistry {
    /// @notice A profile was written, for good.
    event ProfileDefined(bytes32 indexed tag, uint16 publicityWorkingDays, uint32 publicitySeconds);
    /// @notice Days were appended to the calendar; bit `i` of `bits` is day `firstDay + i`.
    event CalendarExtended(uint32 firstDay, uint16 count, uint256 bits);
    /// @notice A day that had not begun was corrected.
    event CalendarCorrected(uint32 indexed day, bool working);
    /// @notice Publicity of a case opened; nothing is deposited before `publicityEnd`.
    event PublicityOpened(
        bytes32 indexed caseId,
        bytes32 indexed notice,
        bytes32 indexed profile,
        Procedure procedure,
        bool waived,
        uint64 publicityEnd
    );
    /// @notice Someone objected; `open` objections are open now.
    event ObjectionRaised(bytes32 indexed caseId, bytes32 indexed objection, uint32 open);
    /// @notice An objection was concluded; `open` objections are open now.
    event ObjectionConcluded(
        bytes32 indexed caseId,
        bytes32 indexed objection,
        bytes32 indexed conclusion,
        bool upheld,
        uint32 open
    );
    /// @notice A case ended without a certificate; `outcome` is the refusal, the conclusion that upheld an objection, or
    /// the cancellation it was about.
    event CaseClosed(bytes32 indexed caseId, bytes32 indexed outcome);

    /// @notice A module changed the number of holds on a case.
    event CaseHoldsChanged(bytes32 indexed caseId, bytes32 indexed ground, address indexed module, uint8 holds);

    /// @notice A certificate was deposited; with this its registration is complete (R9). `predecessor` is what it
    /// follows, or zero.
    event Deposited(
        bytes32 indexed id,
        bytes32 indexed caseId,
        bytes32 indexed content,
        uint64 registeredAt,
        uint64 validUntil,
        uint8 remarks,
        bytes32 holdings,
        bytes32 predecessor
    );

    /// @notice A certificate was replaced by `successor` and, where a part stayed, `remainder`, on the `ground` of the
    /// statement with that leaf hash.
    event Succeeded(
        bytes32 indexed id,
        bytes32 indexed successor,
        bytes32 indexed ground,
        bytes32 remainder,
        address module
    );

    /// @notice A module altered a record, on the `ground` of the statement with that leaf hash.
    event Amended(bytes32 indexed id, bytes32 indexed ground, address indexed module, Status previous, Amendment next);

    /// @notice An identifier or leaf hash is zero.
    error IdentifierZero();

    /// @notice The case is in state `actual`; the function needs `expected`.
    error CaseNotIn(bytes32 caseId, CaseState actual, CaseState expected);

    /// @notice The record has status `actual`; the function needs `expected`.
    error RecordNotIn(bytes32 id, Status actual, Status expected);

    /// @notice The objection is in state `actual`; the function needs `expected`.
    error ObjectionNotIn(bytes32 caseId, bytes32 objection, ObjectionState actual, ObjectionState expected);

    /// @notice A profile is written once and has exactly one duration; one in seconds is tagged `DEMO/`.
    error ProfileMalformed(bytes32 tag, uint16 publicityWorkingDays, uint32 publicitySeconds);

    /// @notice The profile is written already and never changes.
    error ProfileAlreadyDefined(bytes32 tag);

    /// @notice No profile has this tag.
    error ProfileUnknown(bytes32 tag);

    /// @notice A case follows the ordinary or the simplified procedure.
    error ProcedureMissing();

    /// @notice Publicity lasts until `publicityEnd`; the block is earlier.
    error PublicityNotEnded(bytes32 caseId, uint64 publicityEnd, uint64 blockTime);

    /// @notice After publicity has ended, at `publicityEnd`, an objection is the registry's to take in.
    error PublicityOver(bytes32 caseId, uint64 publicityEnd, uint64 blockTime);

    /// @notice Nothing is deposited while an objection is open (R24).
    error ObjectionsOpen(bytes32 caseId, uint32 open);

    /// @notice Nothing is deposited while the case is held (R38).
    error CaseHeld(bytes32 caseId, uint8 holds);

    /// @notice The date of registration must lie in `earliest` to `latest`, both included.
    error RegistrationTimeOutside(uint64 registeredAt, uint64 earliest, uint64 latest);

    /// @notice The end of validity must lie in `earliest` to `latest`, both included.
    error ValidityOutside(uint64 validUntil, uint64 earliest, uint64 latest);

    /// @notice Only the remark bits 1, 2, 4, 8 and 16 have a meaning.
    error RemarksUnknown(uint8 remarks);

    /// @notice No lawful move leads from `from` to `to`.
    error StatusMoveRefused(bytes32 id, Status from, Status to);

    /// @notice A record that becomes cancelled says by whom and on which ground, and keeps saying it; others do not.
    error EndingRefused(bytes32 id, uint8 ending);

    /// @notice The record is held or objected to and cannot be superseded.
    error RecordBlocked(bytes32 id, uint16 holds, uint16 objections);

    /// @notice A count moves by one at a time, and on a record that is over only down.
    error CountOutside(bytes32 id, uint16 given, uint16 lowest, uint16 highest);

    /// @notice A certificate is replaced by one or two, `most`.
    error SuccessorCount(uint256 given, uint256 most);

    /// @notice The certificates that replace one come from one case.
    error SuccessorCase(bytes32 id, bytes32 given, bytes32 expected);

    /// @notice The validity of the record ended at `validUntil` (R12).
    error RecordExpired(bytes32 id, uint64 validUntil, uint64 blockTime);

    /// @notice A reservation is of a record in force, at most 72 hours ahead, and nobody else's meanwhile.
    error ReservationRefused(bytes32 id, uint64 reservedUntil, address reservedBy);

    /// @notice The remarks of a record that is over are fixed.
    error RemarksFixed(bytes32 id, Status status);
}
