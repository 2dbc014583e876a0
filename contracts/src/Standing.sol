// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Holders} from "./Holders.sol";
import {Holding, Holdings} from "./Holdings.sol";
import {IStanding} from "./IStanding.sol";
import {Module} from "./Module.sol";
import {Preservation} from "./Preservation.sol";
import {ObjectionState, Procedure, Record, Status} from "./RightsTypes.sol";
import {
    CancellationGround,
    CancellationOrder,
    Initiator,
    LiftingOrder,
    Marks,
    Remark,
    RemarkOrder
} from "./StandingTypes.sol";

/**
 * @title Standing
 * @notice How a certificate stands: remarks, later objections, reservations, lapse and cancellation (S5.24, S5.25).
 *
 * | what                     | by                | signatures                                                          |
 * |--------------------------|-------------------|---------------------------------------------------------------------|
 * | remark, its lifting      | remark, lift      | registry; of a seizure a forum, or registry with the document       |
 * | objection (R25)          | raiseObjection    | none; an organisation's account, a forum, an exchange, or RELAY     |
 * | its conclusion           | concludeObjection | registry                                                            |
 * | reservation (R46)        | reserve           | an exchange                                                         |
 * | its release              | release           | that exchange, or a forum                                           |
 * | lapse (R10)              | lapse             | none; the caller holds RELAY                                        |
 * | cancellation (a), (b)    | cancel            | registry, in the ordinary procedure committee, every holder         |
 * | cancellation (a), (b), (d) to (f) | cancel   | registry and committee                                              |
 * | cancellation (c)         | cancel            | a forum alone                                                       |
 *
 * What holders or registry cancel was published in a case of its own, and is not held, objected to, seized or reserved.
 * What a dispute holds stays as it is but for remarks and objections, whoever signs (S5.16).
 *
 * @dev But for objections, which have no end in time and bar every move, and lapse, which needs RELAY, anyone may send:
 * signatures alone decide. A statement decides one thing, so that a signature is good once.
 */
contract Standing is IStanding, Module {
    using Holdings for Holding[];

    /// @notice Longest reservation (R46).
    uint64 public constant MAX_RESERVATION = 72 hours;

    /// @notice How long an exchange waits between two reservations of one certificate.
    uint64 public constant RESERVATION_PAUSE = 24 hours;

    bytes32 private constant REMARK_TYPEHASH =
        keccak256("RemarkEntry(bytes32 id,uint8 kind,bytes32 document,bytes32 statement)");
    bytes32 private constant LIFTING_TYPEHASH =
        keccak256("RemarkLifting(bytes32 id,uint8 kind,bytes32 remark,bytes32 document,bytes32 statement)");
    bytes32 private constant CONCLUSION_TYPEHASH =
        keccak256("LaterConclusion(bytes32 id,bytes32 objection,bytes32 conclusion,bool upheld)");
    bytes32 private constant RESERVATION_TYPEHASH =
        keccak256("Reservation(bytes32 id,uint64 until,bytes32 statement)");
    bytes32 private constant RELEASE_TYPEHASH = keccak256("ReservationRelease(bytes32 id,bytes32 statement)");
    bytes32 private constant CANCELLATION_TYPEHASH =
        keccak256("Cancellation(bytes32 id,uint8 ground,uint8 initiator,bytes32 caseId,bytes32 statement)");

    /// @dev Readers prove against these mappings: see artifacts/layout.json.
    mapping(bytes32 statement => Remark) private _remarks;
    mapping(bytes32 certificate => mapping(uint256 kind => Marks)) private _marks;

    mapping(bytes32 id => mapping(bytes32 objection => ObjectionState)) private _objections;
    mapping(bytes32 id => mapping(address exchange => uint64 at)) private _released;
    mapping(bytes32 statement => bool) private _spent;

    constructor(
        address authority,
        Preservation preservation_,
        Holders holders_
    ) Module(authority, preservation_, holders_, "Yinzheng Standing") {}

    // ---------------------------------------------------------------- remarks

    /**
     * @notice Enters a remark (R16, R55). Several of one kind may stand, each until it is lifted.
     *
     * Requirements: the certificate is in force; `kind` is one bit; a pledge, and a seizure by the registry, name a
     * document; signature as above.
     *
     * Emits {RemarkEntered}.
     */
    function remark(RemarkOrder calldata order, bytes[] calldata approvals) external {
        _spend(order.statement);
        _requireKind(order.kind);
        Record memory current = _inForce(order.id);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(REMARK_TYPEHASH, order)));
        bool byForum = _requireRemarker(order.kind, order.document, digest, approvals);

        Marks storage marks = _marked(order.id, order.kind, current.remarks);
        ++marks.entered;
        Remark storage entered = _remarks[order.statement];
        entered.certificate = order.id;
        entered.document = order.document;
        entered.kind = order.kind;
        entered.byForum = byForum;
        entered.setAt = _now();
        emit RemarkEntered(order.id, order.kind, order.statement, order.document, byForum);
        current.remarks |= order.kind;
        _amend(order.id, current, order.statement);
    }

    /**
     * @notice Lifts a remark; the certificate's bit goes with the last of its kind.
     *
     * Requirements: the certificate is in force; the remark stands on it; what a forum seized a forum releases;
     * document and signature as for {remark}.
     *
     * Of one that came with the certificate the lifting is kept under its own statement.
     *
     * Emits {RemarkLifted}.
     */
    function lift(LiftingOrder calldata order, bytes[] calldata approvals) external {
        _spend(order.statement);
        _requireKind(order.kind);
        Record memory current = _inForce(order.id);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(LIFTING_TYPEHASH, order)));
        bool byForum = _requireRemarker(order.kind, order.document, digest, approvals);

        Marks storage marks = _marked(order.id, order.kind, current.remarks);
        bool came = order.remark == 0;
        Remark storage standing = _remarks[came ? order.statement : order.remark];
        if (came) {
            if (!marks.deposited) revert RemarkNotStanding(order.id, order.kind, 0);
            marks.deposited = false;
            standing.certificate = order.id;
            standing.document = order.document;
            standing.kind = order.kind;
        } else {
            bool stands = standing.certificate == order.id && standing.kind == order.kind && standing.liftedAt == 0;
            if (!stands) revert RemarkNotStanding(order.id, order.kind, order.remark);
            if (standing.byForum && !byForum) revert SeizedByForum(order.id, order.remark);
            --marks.entered;
        }
        standing.liftedAt = _now();
        standing.liftedByForum = byForum;
        standing.lifting = order.statement;
        emit RemarkLifted(order.id, order.kind, order.statement, order.remark, order.document, byForum);
        if (marks.entered == 0 && !marks.deposited) current.remarks &= ~order.kind;
        _amend(order.id, current, order.statement);
    }

    // ---------------------------------------------------------------- objections after registration

    /**
     * @notice Records that someone objects to a registered certificate (R25): the relay, for anyone, or whoever answers
     * for it by name. What the relay raises keeps its name; another's is named for certificate, `objection` and account.
     *
     * Requirements: the caller holds RELAY, FORUM or EXCHANGE, or is an organisation's account (S5.18); the certificate
     * is in force; the objection is new to it.
     *
     * Emits {LaterObjectionRaised}.
     */
    function raiseObjection(bytes32 id, bytes32 objection) external {
        if (objection == 0) revert IdentifierZero();
        Record memory current = _inForce(id);
        address sender = _msgSender();
        if (!_hasRole(RELAY_ROLE, sender)) {
            if (!_isNamed(sender)) revert ObjectorUnknown(sender);
            objection = keccak256(abi.encode(id, objection, sender));
        }
        _requireObjection(id, objection, ObjectionState.None);
        _objections[id][objection] = ObjectionState.Open;
        uint16 open = ++current.objections;
        emit LaterObjectionRaised(id, objection, open);
        _amend(id, current, objection);
    }

    /**
     * @notice Concludes an objection. One that is upheld changes nothing by itself: the holders change or cancel, or
     * a court decides (R25).
     *
     * Requirements: the objection is open; `conclusion` is not zero; signature as above.
     *
     * Emits {LaterObjectionConcluded}.
     */
    function concludeObjection(
        bytes32 id,
        bytes32 objection,
        bytes32 conclusion,
        bool upheld,
        bytes[] calldata approvals
    ) external {
        if (conclusion == 0) revert IdentifierZero();
        _requireObjection(id, objection, ObjectionState.Open);
        bytes32 structHash = keccak256(abi.encode(CONCLUSION_TYPEHASH, id, objection, conclusion, upheld));
        _requireApprovals(structHash, approvals, false);
        _objections[id][objection] = upheld ? ObjectionState.Upheld : ObjectionState.Dismissed;
        Record memory current = rights().recordOf(id);
        uint16 open = --current.objections;
        emit LaterObjectionConcluded(id, objection, conclusion, upheld, open);
        _amend(id, current, conclusion);
    }

    // ---------------------------------------------------------------- reservations

    /**
     * @notice Reserves a certificate for an exchange: until then nobody transfers or licenses it but in a move the
     * exchange signs too, nor changes, renews or, but for a forum, cancels it (R46).
     *
     * Requirements: the certificate is in force, its validity not past, not held, objected to, seized or reserved;
     * `until` is after the block, at most {MAX_RESERVATION} ahead, and within validity; if the reservation before lapsed
     * or was released by the same exchange, that is {RESERVATION_PAUSE} ago, or there would be no end to it; signature
     * as above.
     *
     * Emits {Reserved}.
     */
    function reserve(bytes32 id, uint64 until, bytes32 statement, bytes[] calldata approvals) external {
        _spend(statement);
        Record memory current = _free(id, address(0));
        uint64 latest = _now() + MAX_RESERVATION;
        if (current.validUntil < latest) latest = current.validUntil;
        if (until <= _now() || until > latest) revert ReservationOutside(until, latest);
        _requireCount(approvals, 1);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(RESERVATION_TYPEHASH, id, until, statement)));
        address exchange = _requireApproval(digest, approvals, 0, EXCHANGE_ROLE);
        // A lapsed reservation still stands in the record; one that a move consumed does not.
        uint64 last = current.reservedBy == exchange ? current.reservedUntil : _released[id][exchange];
        if (last != 0 && _now() < last + RESERVATION_PAUSE) {
            revert ReservationTooSoon(id, exchange, last + RESERVATION_PAUSE);
        }
        emit Reserved(id, exchange, statement, until);
        current.reservedUntil = until;
        current.reservedBy = exchange;
        _amend(id, current, statement);
    }

    /**
     * @notice Ends a reservation before its time.
     *
     * Requirements: the certificate is reserved and not held; signature as above.
     *
     * Emits {ReservationReleased}.
     */
    function release(bytes32 id, bytes32 statement, bytes[] calldata approvals) external {
        _spend(statement);
        Record memory current = _inForce(id);
        if (current.reservedUntil <= _now()) revert NotReserved(id);
        _requireCount(approvals, 1);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(RELEASE_TYPEHASH, id, statement)));
        address signer = _signer(digest, approvals, 0);
        if (signer != current.reservedBy && !_hasRole(FORUM_ROLE, signer)) {
            revert SignerNotReserver(signer, current.reservedBy);
        }
        _released[id][current.reservedBy] = _now();
        emit ReservationReleased(id, signer, statement);
        current.reservedUntil = 0;
        current.reservedBy = address(0);
        _amend(id, current, statement);
    }

    // ---------------------------------------------------------------- ends

    /**
     * @notice Records that a certificate lapsed when its validity ended, as anyone could tell before (R10).
     *
     * Requirements: the caller holds RELAY; the certificate is in force, its validity past, and not held.
     *
     * Emits {LapseRecorded}.
     */
    function lapse(bytes32 id, bytes32 statement) external restricted {
        if (statement == 0) revert IdentifierZero();
        Record memory current = _inForce(id);
        emit LapseRecorded(id, statement);
        _over(id, current, Status.Lapsed, statement);
    }

    /**
     * @notice Cancels a certificate, for good (R7).
     *
     * Requirements: the ground is one the initiator may name; `listed` are the certificate's holdings where holders
     * cancel, and else empty; a forum cancels what is in force and not held, without a case; holders and registry what
     * is not held, objected to, seized or reserved, its validity not past, after the publicity of the case `caseId`,
     * which this closes and which the registry cannot have waived for itself; signatures as above. By whom and on which
     * ground is kept in the record.
     *
     * Emits {CertificateCancelled}.
     */
    function cancel(CancellationOrder calldata order, Holding[] calldata listed, bytes[] calldata approvals) external {
        if (order.statement == 0) revert IdentifierZero();
        _requireGround(order.ground, order.initiator);
        bool byForum = order.initiator == Initiator.Forum;
        Record memory current = byForum ? _inForce(order.id) : _free(order.id, address(0));
        bytes32 structHash = keccak256(abi.encode(CANCELLATION_TYPEHASH, order));
        if (byForum) {
            if (order.caseId != 0) revert CaseSurplus(order.caseId);
            _requireCount(approvals, 1);
            _requireApproval(_hashTypedDataV4(structHash), approvals, 0, FORUM_ROLE);
        } else if (order.initiator == Initiator.Registry) {
            if (rights().caseOf(order.caseId).waived) revert PublicityWaived(order.caseId);
            _requireApprovals(structHash, approvals, true);
        } else {
            listed.requireRecorded(current.holdings);
            bool ordinary = current.procedure == Procedure.Ordinary;
            _requireMove(structHash, approvals, ordinary, listed.organisations(), address(0));
        }
        emit CertificateCancelled(order.id, order.statement, order.ground, order.initiator);
        current.ending = (uint8(order.initiator) << 4) | uint8(order.ground);
        _over(order.id, current, Status.Cancelled, order.statement);
        if (!byForum) preservation().concludeCase(order.caseId, order.statement);
    }

    // ---------------------------------------------------------------- views

    /// @notice The remark entered on a statement; of kind 0 if there is none.
    function remarkOf(bytes32 statement) external view returns (Remark memory) {
        return _remarks[statement];
    }

    /// @notice Why one kind of remark stands on a certificate; not `known` before the first was entered or lifted.
    function marksOf(bytes32 id, uint8 kind) external view returns (Marks memory) {
        return _marks[id][kind];
    }

    /// @notice The state of one objection to a registered certificate.
    function objectionOf(bytes32 id, bytes32 objection) external view returns (ObjectionState) {
        return _objections[id][objection];
    }

    /// @notice When an exchange last released a reservation of a certificate; zero if it never did.
    function releasedAt(bytes32 id, address exchange) external view returns (uint64) {
        return _released[id][exchange];
    }

    // ---------------------------------------------------------------- rules

    function _spend(bytes32 statement) private {
        if (statement == 0) revert IdentifierZero();
        if (_spent[statement]) revert StatementSpent(statement);
        _spent[statement] = true;
    }

    function _requireKind(uint8 kind) private pure {
        if (kind == 0 || kind > PLEDGE || kind & (kind - 1) != 0) revert RemarkKindUnknown(kind);
    }

    /// @dev Who signs a remark and its lifting; whether it was a forum.
    function _requireRemarker(
        uint8 kind,
        bytes32 document,
        bytes32 digest,
        bytes[] calldata approvals
    ) private view returns (bool byForum) {
        _requireCount(approvals, 1);
        byForum = kind == SEIZURE && _hasRole(FORUM_ROLE, _signer(digest, approvals, 0));
        if (byForum) return true;
        if ((kind == SEIZURE || kind == PLEDGE) && document == 0) revert DocumentMissing(kind);
        _requireApproval(digest, approvals, 0, REGISTRY_ROLE);
    }

    /// @dev The marks of a kind, which begin with what came with the certificate.
    function _marked(bytes32 id, uint8 kind, uint8 remarks) private returns (Marks storage marks) {
        marks = _marks[id][kind];
        if (marks.known) return marks;
        marks.known = true;
        marks.deposited = remarks & kind != 0;
    }

    function _requireObjection(bytes32 id, bytes32 objection, ObjectionState expected) private view {
        ObjectionState actual = _objections[id][objection];
        if (actual != expected) revert LaterObjectionNotIn(id, objection, actual, expected);
    }

    /// @dev Whether somebody answers for an account: a forum, an exchange, or the organisation whose account it is now.
    function _isNamed(address account) private view returns (bool) {
        if (_hasRole(FORUM_ROLE, account) || _hasRole(EXCHANGE_ROLE, account)) return true;
        bytes32 owner = holders().ownerOf(account);
        return owner != 0 && holders().accountOf(owner) == account;
    }

    function _requireGround(CancellationGround ground, Initiator initiator) private pure {
        bool lawful = initiator == Initiator.Forum
            ? ground == CancellationGround.Document
            : initiator == Initiator.Holders
                ? ground == CancellationGround.Asked || ground == CancellationGround.DataGone
                : initiator == Initiator.Registry &&
                    ground != CancellationGround.None &&
                    ground != CancellationGround.Document;
        if (!lawful) revert GroundRefused(ground, initiator);
    }

    function _over(bytes32 id, Record memory current, Status status, bytes32 statement) private {
        current.status = status;
        current.reservedUntil = 0;
        current.reservedBy = address(0);
        _amend(id, current, statement);
    }
}
