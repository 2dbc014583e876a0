// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Approvals} from "./Approvals.sol";
import {IRightsRegistry} from "./IRightsRegistry.sol";
import {
    Amendment,
    Case,
    CaseState,
    DepositOrder,
    ObjectionState,
    Procedure,
    Profile,
    Record,
    Status
} from "./RightsTypes.sol";
import {WorkingDays} from "./WorkingDays.sol";

/**
 * @title RightsRegistry
 * @notice Certificates and the cases they come from, as hashes (S5.2 to S5.8). Whatever the server that sends the
 * transactions does: no deposit before publicity ends, with an objection open, back-dated, or without the signatures
 * of the procedure; nothing overwrites a deposited certificate; what is over never returns in force; a certificate that
 * follows another is deposited in the transaction that ends that one, so that no right is in force twice.
 *
 * @dev Roles live in the authority, an OpenZeppelin `AccessManager`. People (REGISTRY, COMMITTEE) only ever sign.
 * Every function that changes state is `restricted`: RELAY submits decisions, CALENDAR keeps calendar and profiles,
 * MOVES, granted to no one at deployment, is for the contracts of later moves, which alter a record by {amend} and {succeed}.
 */
contract RightsRegistry is IRightsRegistry, Approvals {
    using WorkingDays for WorkingDays.Calendar;

    /// @notice Longest validity: five years of at most 366 days (R9, S5.8).
    uint64 public constant MAX_VALIDITY = 5 * 366 days;

    /// @notice How far before its block a registration may be dated (S5.8).
    uint64 public constant MAX_BACKDATE = 86_400;

    /// @notice Longest publicity a profile can ask for, in working days.
    uint16 public constant MAX_WORKING_DAYS = 60;

    /// @notice Longest reservation for a trade (R46).
    uint64 public constant MAX_RESERVATION = 72 hours;

    /// @notice Most certificates that replace one: what passed, and what stayed (R4).
    uint256 public constant MAX_SUCCESSORS = 2;

    uint8 private constant REMARKS_KNOWN = 0x1f;

    /// @dev How many may have a certificate cancelled, and on how many grounds (S5.25).
    uint8 private constant INITIATORS = 3;
    uint8 private constant GROUNDS = 6;

    bytes32 private constant PUBLICATION_TYPEHASH =
        keccak256("Publication(bytes32 caseId,bytes32 profile,uint8 procedure,bytes32 notice,bool waived)");
    bytes32 private constant CONCLUSION_TYPEHASH =
        keccak256("Conclusion(bytes32 caseId,bytes32 objection,bytes32 conclusion,bool upheld)");
    bytes32 private constant CLOSURE_TYPEHASH = keccak256("Closure(bytes32 caseId,bytes32 refusal)");
    bytes32 private constant DEPOSIT_TYPEHASH =
        keccak256(
            "Deposit(bytes32 id,bytes32 caseId,bytes32 content,uint64 registeredAt,uint64 validUntil,uint8 remarks,"
            "bytes32 holdings)"
        );

    /// @dev Readers prove against these two mappings: see artifacts/layout.json.
    mapping(bytes32 id => Record) private _records;
    mapping(bytes32 caseId => Case) private _cases;

    mapping(bytes32 caseId => mapping(bytes32 objection => ObjectionState)) private _objections;
    mapping(bytes32 tag => Profile) private _profiles;
    WorkingDays.Calendar private _calendar;

    constructor(address authority) Approvals(authority, "Yinzheng RightsRegistry") {}

    // ---------------------------------------------------------------- profiles and calendar

    /**
     * @notice Defines how long publicity lasts under the profile `tag` (S2.5), once and for good.
     *
     * Requirements: the caller holds CALENDAR; the tag is new and not zero; exactly one duration is not zero; working
     * days are at most {MAX_WORKING_DAYS}; a duration in seconds needs a tag that begins with `DEMO/`.
     *
     * Emits {ProfileDefined}.
     */
    function defineProfile(bytes32 tag, uint16 publicityWorkingDays, uint32 publicitySeconds) external restricted {
        bool oneDuration = (publicityWorkingDays == 0) != (publicitySeconds == 0);
        bool labelled = publicitySeconds == 0 || bytes5(tag) == "DEMO/";
        if (tag == 0 || !oneDuration || !labelled || publicityWorkingDays > MAX_WORKING_DAYS) {
            revert ProfileMalformed(tag, publicityWorkingDays, publicitySeconds);
        }
        if (_isDefined(_profiles[tag])) revert ProfileAlreadyDefined(tag);
        _profiles[tag] = Profile(publicityWorkingDays, publicitySeconds);
        emit ProfileDefined(tag, publicityWorkingDays, publicitySeconds);
    }

    /**
     * @notice Appends `count` days from `firstDay` to the calendar; bit `i` of `bits` is day `firstDay + i`.
     *
     * Requirements: the caller holds CALENDAR; `firstDay` is where the calendar ends, unless it is still empty; `count`
     * is 1 to 256 and `bits` has no bit beyond it.
     *
     * Emits {CalendarExtended}.
     */
    function extendCalendar(uint32 firstDay, uint16 count, uint256 bits) external restricted {
        _calendar.extend(firstDay, count, bits);
        emit CalendarExtended(firstDay, count, bits);
    }

    /**
     * @notice Corrects a known day, as when the State Council moves a holiday. Publicity already under way keeps its
     * end.
     *
     * Requirements: the caller holds CALENDAR; the day is known and has not begun.
     *
     * Emits {CalendarCorrected}.
     */
    function correctCalendar(uint32 day, bool working) external restricted {
        _calendar.correct(day, working, block.timestamp);
        emit CalendarCorrected(day, working);
    }

    // ---------------------------------------------------------------- cases

    /**
     * @notice Opens the publicity of a case and fixes its procedure, profile and end (R24, S5.7).
     *
     * Requirements: the caller holds RELAY; the case is new; the profile is defined; the calendar knows every day up to
     * the end; `approvals` are EIP-712 signatures of `Publication` by the registry and, if publicity is waived, a
     * different person of the committee.
     *
     * Emits {PublicityOpened}.
     */
    function openPublicity(
        bytes32 caseId,
        bytes32 profile,
        Procedure procedure,
        bytes32 notice,
        bool waived,
        bytes[] calldata approvals
    ) external restricted {
        if (caseId == 0 || notice == 0) revert IdentifierZero();
        if (procedure == Procedure.None) revert ProcedureMissing();
        _requireCase(caseId, CaseState.None);
        bytes32 structHash = keccak256(abi.encode(PUBLICATION_TYPEHASH, caseId, profile, procedure, notice, waived));
        _requireApprovals(structHash, approvals, waived);

        uint64 end = _publicityEnd(profile, waived);
        Case storage opened = _cases[caseId];
        opened.state = CaseState.Publicity;
        opened.procedure = procedure;
        opened.waived = waived;
        opened.publishedAt = _now();
        opened.publicityEnd = end;
        opened.changedAt = _now();
        opened.profile = profile;
        opened.notice = notice;
        emit PublicityOpened(caseId, notice, profile, procedure, waived, end);
    }

    /**
     * @notice Records that someone objects (R24). Anyone may, from any account, while publicity lasts: nobody's
     * approval is asked, and nobody can close the way.
     *
     * What the relay raises keeps its name, the leaf hash of its statement. Another's is named for case, `objection`
     * and account together, so that nobody takes the name of somebody else's.
     *
     * Requirements: the case is published and not yet deposited; after publicity has ended the caller holds RELAY; the
     * objection is new to it.
     *
     * Emits {ObjectionRaised}.
     */
    function raiseObjection(bytes32 caseId, bytes32 objection) external {
        if (objection == 0) revert IdentifierZero();
        _requireCase(caseId, CaseState.Publicity);
        Case storage published = _cases[caseId];
        if (!_hasRole(RELAY_ROLE, _msgSender())) {
            uint64 publicityEnd = published.publicityEnd;
            if (_now() >= publicityEnd) revert PublicityOver(caseId, publicityEnd, _now());
            objection = keccak256(abi.encode(caseId, objection, _msgSender()));
        }
        _requireObjection(caseId, objection, ObjectionState.None);
        _objections[caseId][objection] = ObjectionState.Open;
        uint32 open = ++published.objections;
        published.changedAt = _now();
        emit ObjectionRaised(caseId, objection, open);
    }

    /**
     * @notice Concludes an objection; one that is upheld closes the case.
     *
     * Requirements: the caller holds RELAY; the case is published; the objection is open; `approvals` is the registry's
     * signature of `Conclusion`.
     *
     * Emits {ObjectionConcluded} and, if upheld, {CaseClosed}.
     */
    function concludeObjection(
        bytes32 caseId,
        bytes32 objection,
        bytes32 conclusion,
        bool upheld,
        bytes[] calldata approvals
    ) external restricted {
        if (conclusion == 0) revert IdentifierZero();
        _requireCase(caseId, CaseState.Publicity);
        _requireObjection(caseId, objection, ObjectionState.Open);
        bytes32 structHash = keccak256(abi.encode(CONCLUSION_TYPEHASH, caseId, objection, conclusion, upheld));
        _requireApprovals(structHash, approvals, false);

        Case storage published = _cases[caseId];
        _objections[caseId][objection] = upheld ? ObjectionState.Upheld : ObjectionState.Dismissed;
        uint32 open = --published.objections;
        published.changedAt = _now();
        emit ObjectionConcluded(caseId, objection, conclusion, upheld, open);
        if (upheld) _close(caseId, conclusion);
    }

    /**
     * @notice Closes a published case without a certificate (R21).
     *
     * Requirements: the caller holds RELAY; the case is published; `approvals` is the registry's signature of `Closure`.
     *
     * Emits {CaseClosed}.
     */
    function closeCase(bytes32 caseId, bytes32 refusal, bytes[] calldata approvals) external restricted {
        if (refusal == 0) revert IdentifierZero();
        _requireCase(caseId, CaseState.Publicity);
        _requireApprovals(keccak256(abi.encode(CLOSURE_TYPEHASH, caseId, refusal)), approvals, false);
        _close(caseId, refusal);
    }

    /**
     * @notice Deposits the certificate of a first registration: with this block its registration is complete (R9).
     *
     * Requirements: the caller holds RELAY; the record does not exist; the case is published, its publicity has ended
     * and it is neither objected to nor held; `registeredAt` is not after the block, at most {MAX_BACKDATE} before it and not before
     * publicity ended; `validUntil` is in the future and at most {MAX_VALIDITY} after `registeredAt`; `approvals` are
     * EIP-712 signatures of `Deposit` by the registry and, under the ordinary procedure, a different person of the
     * committee.
     *
     * Emits {Deposited}.
     */
    function deposit(DepositOrder calldata order, bytes[] calldata approvals) external restricted {
        _requireNew(order);
        Case storage published = _concluded(order.caseId);
        _deposit(order, published.procedure, published.publicityEnd, 0);
        _requireApprovals(_depositHash(order), approvals, published.procedure == Procedure.Ordinary);
        _settle(published, CaseState.Deposited, order.id);
    }

    // ---------------------------------------------------------------- later moves

    /**
     * @notice Replaces the certificate `id` by one or two that follow it, on behalf of a module contract that has
     * checked the move's own approvals (transfer, change, renewal). What follows is in force from the block in which
     * `id` is over; each names the other.
     *
     * Requirements:
     *
     * - the caller holds MOVES; `ground`, the leaf hash of the statement that decided it, is not zero;
     * - `id` is in force, its validity not ended, neither held nor objected to;
     * - `orders` are 1 to {MAX_SUCCESSORS}, all of one case; each is as for {deposit};
     * - the case is as for {deposit}; or, unless `published`, it was never published: then the procedure is that of `id`.
     *
     * Emits {Deposited} for each and {Succeeded}.
     */
    function succeed(
        bytes32 id,
        DepositOrder[] calldata orders,
        bool published,
        bytes32 ground
    ) external restricted {
        if (ground == 0) revert IdentifierZero();
        if (orders.length == 0 || orders.length > MAX_SUCCESSORS) {
            revert SuccessorCount(orders.length, MAX_SUCCESSORS);
        }
        Record storage current = _records[id];
        _requireReplaceable(id, current);
        bytes32 caseId = orders[0].caseId;
        Case storage decided = _cases[caseId];
        if (published || decided.state != CaseState.None) {
            _concluded(caseId);
        } else {
            if (caseId == 0) revert IdentifierZero();
            decided.procedure = current.procedure;
        }
        for (uint256 i = 0; i < orders.length; ++i) {
            _requireNew(orders[i]);
            if (orders[i].caseId != caseId) revert SuccessorCase(orders[i].id, orders[i].caseId, caseId);
            _deposit(orders[i], decided.procedure, decided.publicityEnd, id);
        }
        _settle(decided, CaseState.Deposited, orders[0].id);

        current.status = Status.Superseded;
        current.successor = orders[0].id;
        if (orders.length == MAX_SUCCESSORS) current.remainder = orders[1].id;
        current.reservedUntil = 0;
        current.reservedBy = address(0);
        current.changedAt = _now();
        emit Succeeded(id, current.successor, ground, current.remainder, _msgSender());
    }

    /**
     * @notice Alters a record after its deposit, on behalf of a module contract (cancellation, lapse, remark, hold,
     * objection, reservation) that has checked the move's own approvals. Whatever the module does, content, procedure,
     * times of deposit and validity, case, holdings and predecessor stay; what is over stays over.
     *
     * Requirements:
     *
     * - the caller holds MOVES; `ground`, the leaf hash of the statement that decided it, is not zero;
     * - in force may stay so or become cancelled or, once validity is past, lapsed; both are final;
     * - by whom and on which ground (`ending`) is said where it becomes cancelled, and stays;
     * - `holds` and `objections` move by at most one, and only down once the record is over;
     * - a reservation is of a record in force, ends within {MAX_RESERVATION}, and while it runs can only be kept as it
     *   is or dropped; remarks change only in force.
     *
     * Emits {Amended}.
     */
    function amend(bytes32 id, Amendment calldata next, bytes32 ground) external restricted {
        if (ground == 0) revert IdentifierZero();
        Record storage current = _records[id];
        Status previous = current.status;
        _requireLawfulStatus(id, current, next.status);
        _requireLawfulEnding(id, current, next);
        _requireLawfulCount(id, previous, current.holds, next.holds);
        _requireLawfulCount(id, previous, current.objections, next.objections);
        _requireLawfulReservation(id, current, next);
        if (next.remarks & ~REMARKS_KNOWN != 0) revert RemarksUnknown(next.remarks);
        if (previous != Status.InForce && next.remarks != current.remarks) revert RemarksFixed(id, previous);

        current.status = next.status;
        current.ending = next.ending;
        current.remarks = next.remarks;
        current.holds = next.holds;
        current.objections = next.objections;
        current.reservedUntil = next.reservedUntil;
        current.reservedBy = next.reservedBy;
        current.changedAt = _now();
        emit Amended(id, ground, _msgSender(), previous, next);
    }

    /**
     * @notice Closes a case that was about a cancellation, on behalf of the module that cancels.
     *
     * Requirements: the caller holds MOVES; `outcome`, the leaf hash of the cancellation, is not zero; the case is
     * published, its publicity has ended and it is neither objected to nor held.
     *
     * Emits {CaseClosed}.
     */
    function concludeCase(bytes32 caseId, bytes32 outcome) external restricted {
        if (outcome == 0) revert IdentifierZero();
        _concluded(caseId);
        _close(caseId, outcome);
    }

    /**
     * @notice Holds a case before its certificate exists, or releases it, on behalf of the module for preservation.
     *
     * Requirements: the caller holds MOVES; `ground` is not zero; the case is published; `holds` moves by one at most.
     *
     * Emits {CaseHoldsChanged}.
     */
    function holdCase(bytes32 caseId, uint8 holds, bytes32 ground) external restricted {
        if (ground == 0) revert IdentifierZero();
        _requireCase(caseId, CaseState.Publicity);
        Case storage published = _cases[caseId];
        _requireLawfulCount(caseId, Status.InForce, published.holds, holds);
        published.holds = holds;
        published.changedAt = _now();
        emit CaseHoldsChanged(caseId, ground, _msgSender(), holds);
    }

    // ---------------------------------------------------------------- views

    /// @notice The record `id`; of status None if there is none.
    function recordOf(bytes32 id) external view returns (Record memory) {
        return _records[id];
    }

    /// @notice The case `caseId`; of state None if it was never published.
    function caseOf(bytes32 caseId) external view returns (Case memory) {
        return _cases[caseId];
    }

    /// @notice The state of one objection to a case.
    function objectionOf(bytes32 caseId, bytes32 objection) external view returns (ObjectionState) {
        return _objections[caseId][objection];
    }

    /// @notice The profile `tag`; both durations zero if it is not defined.
    function profileOf(bytes32 tag) external view returns (Profile memory) {
        return _profiles[tag];
    }

    /// @notice The days the calendar knows: from `first` to before `end`.
    function calendarRange() external view returns (uint32 first, uint32 end) {
        return (_calendar.first, _calendar.end);
    }

    /// @notice Whether `day` (S5.7) is a working day. Reverts for a day the calendar does not know.
    function isWorkingDay(uint32 day) external view returns (bool) {
        return _calendar.isWorking(day);
    }

    /// @notice When publicity opened at `timestamp` under the profile `tag` would end.
    function publicityEndAt(bytes32 tag, uint64 timestamp) external view returns (uint64) {
        return _endOf(tag, timestamp);
    }

    // ---------------------------------------------------------------- rules

    function _requireNew(DepositOrder calldata order) private view {
        if (order.id == 0 || order.content == 0 || order.holdings == 0) revert IdentifierZero();
        Status status = _records[order.id].status;
        if (status != Status.None) revert RecordNotIn(order.id, status, Status.None);
    }

    /// @dev The case, which must be published, over with its publicity, and neither objected to nor held.
    function _concluded(bytes32 caseId) private view returns (Case storage published) {
        _requireCase(caseId, CaseState.Publicity);
        published = _cases[caseId];
        uint64 publicityEnd = published.publicityEnd;
        if (_now() < publicityEnd) revert PublicityNotEnded(caseId, publicityEnd, _now());
        if (published.objections != 0) revert ObjectionsOpen(caseId, published.objections);
        if (published.holds != 0) revert CaseHeld(caseId, published.holds);
    }

    function _deposit(
        DepositOrder calldata order,
        Procedure procedure,
        uint64 publicityEnd,
        bytes32 predecessor
    ) private {
        _requireTerms(order, publicityEnd);
        Record storage created = _records[order.id];
        created.content = order.content;
        created.status = Status.InForce;
        created.procedure = procedure;
        created.remarks = order.remarks;
        created.depositedAt = _now();
        created.validUntil = order.validUntil;
        created.changedAt = _now();
        created.caseId = order.caseId;
        created.holdings = order.holdings;
        if (predecessor != 0) created.predecessor = predecessor;
        emit Deposited(
            order.id,
            order.caseId,
            order.content,
            order.registeredAt,
            order.validUntil,
            order.remarks,
            order.holdings,
            predecessor
        );
    }

    function _requireTerms(DepositOrder calldata order, uint64 publicityEnd) private view {
        uint64 blockTime = _now();
        uint64 dayBefore = blockTime > MAX_BACKDATE ? blockTime - MAX_BACKDATE : 0;
        uint64 earliest = publicityEnd > dayBefore ? publicityEnd : dayBefore;
        if (order.registeredAt < earliest || order.registeredAt > blockTime) {
            revert RegistrationTimeOutside(order.registeredAt, earliest, blockTime);
        }
        uint64 longest = order.registeredAt + MAX_VALIDITY;
        if (order.validUntil <= blockTime || order.validUntil > longest) {
            revert ValidityOutside(order.validUntil, blockTime + 1, longest);
        }
        if (order.remarks & ~REMARKS_KNOWN != 0) revert RemarksUnknown(order.remarks);
    }

    function _requireReplaceable(bytes32 id, Record storage current) private view {
        if (current.status != Status.InForce) revert RecordNotIn(id, current.status, Status.InForce);
        if (_now() > current.validUntil) revert RecordExpired(id, current.validUntil, _now());
        if (current.holds != 0 || current.objections != 0) {
            revert RecordBlocked(id, current.holds, current.objections);
        }
    }

    function _requireLawfulStatus(bytes32 id, Record storage current, Status to) private view {
        Status from = current.status;
        bool ends = from == Status.InForce &&
            (to == Status.Cancelled || (to == Status.Lapsed && _now() > current.validUntil));
        if (from == Status.None || (from != to && !ends)) revert StatusMoveRefused(id, from, to);
    }

    /// @dev Of initiators 1 to 3 and grounds 1 to 6 the module that cancels says which go together.
    function _requireLawfulEnding(bytes32 id, Record storage current, Amendment calldata next) private view {
        uint8 ending = next.ending;
        bool ends = current.status == Status.InForce && next.status == Status.Cancelled;
        uint8 by = ending >> 4;
        uint8 ground = ending & 0x0f;
        bool named = by != 0 && by <= INITIATORS && ground != 0 && ground <= GROUNDS;
        if (ends ? !named : ending != current.ending) revert EndingRefused(id, ending);
    }

    function _requireLawfulCount(bytes32 id, Status status, uint16 current, uint16 next) private pure {
        uint16 lowest = current == 0 ? 0 : current - 1;
        uint16 highest = status == Status.InForce && current != type(uint16).max ? current + 1 : current;
        if (next < lowest || next > highest) revert CountOutside(id, next, lowest, highest);
    }

    function _requireLawfulReservation(bytes32 id, Record storage current, Amendment calldata next) private view {
        uint64 until = next.reservedUntil;
        address by = next.reservedBy;
        if (until == current.reservedUntil && by == current.reservedBy) return;
        if (until == 0 && by == address(0)) return;
        bool running = current.reservedUntil > _now();
        bool bounded = until > _now() && until <= _now() + MAX_RESERVATION && by != address(0);
        if (running || !bounded || next.status != Status.InForce) revert ReservationRefused(id, until, by);
    }

    function _requireCase(bytes32 caseId, CaseState expected) private view {
        CaseState actual = _cases[caseId].state;
        if (actual != expected) revert CaseNotIn(caseId, actual, expected);
    }

    function _requireObjection(bytes32 caseId, bytes32 objection, ObjectionState expected) private view {
        ObjectionState actual = _objections[caseId][objection];
        if (actual != expected) revert ObjectionNotIn(caseId, objection, actual, expected);
    }

    function _close(bytes32 caseId, bytes32 outcome) private {
        _settle(_cases[caseId], CaseState.Closed, outcome);
        emit CaseClosed(caseId, outcome);
    }

    function _settle(Case storage ended, CaseState state, bytes32 outcome) private {
        ended.state = state;
        ended.changedAt = _now();
        ended.outcome = outcome;
    }

    function _publicityEnd(bytes32 tag, bool waived) private view returns (uint64) {
        if (!waived) return _endOf(tag, _now());
        if (!_isDefined(_profiles[tag])) revert ProfileUnknown(tag);
        return _now();
    }

    function _endOf(bytes32 tag, uint64 timestamp) private view returns (uint64) {
        Profile memory profile = _profiles[tag];
        if (!_isDefined(profile)) revert ProfileUnknown(tag);
        if (profile.publicitySeconds != 0) return timestamp + profile.publicitySeconds;
        return _calendar.endAfter(timestamp, profile.publicityWorkingDays);
    }

    function _isDefined(Profile memory profile) private pure returns (bool) {
        return profile.publicityWorkingDays != 0 || profile.publicitySeconds != 0;
    }

    function _depositHash(DepositOrder calldata order) private pure returns (bytes32) {
        return keccak256(abi.encode(DEPOSIT_TYPEHASH, order));
    }
}
