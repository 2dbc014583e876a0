// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Approvals} from "./Approvals.sol";
import {ConsentRegistry} from "./ConsentRegistry.sol";
import {IPreservation} from "./IPreservation.sol";
import {IRightsRegistry} from "./IRightsRegistry.sol";
import {Dispute, DisputeOrder, DisputeState, Evidence, OpeningKind, Subjects} from "./PreservationTypes.sol";
import {RightsRegistry} from "./RightsRegistry.sol";
import {Amendment, Case, CaseState, DepositOrder, Record, Status} from "./RightsTypes.sol";

/**
 * @title Preservation
 * @notice Disputes: what they hold, and the roots of their evidence (S5.13 to S5.16). Opening a dispute and holding its
 * subjects is one transaction. The holds end together, once, by the signature of a forum or of all parties; whoever
 * sends the transactions ends nothing, and a forum needs nobody to send its own.
 *
 * | from | by          | to       | signatures                                                                |
 * |------|-------------|----------|---------------------------------------------------------------------------|
 * | None | open        | Open     | `Opening` by a forum, or by one of the parties with a root of evidence    |
 * | Open | addEvidence | Open     | none: adding takes nothing away                                           |
 * | Open | release     | Released | `Release` by a forum (effective document), or by all parties (settlement) |
 *
 * @dev This contract is to be the only one that holds MOVES. Other modules (change, transfer, licence, cancellation)
 * hold MODULE and move records through {amend} and {succeed}, which keep them off what is held and off the holds
 * themselves. `RightsRegistry` alone refuses only that a held record be superseded. The contracts
 * called are fixed at creation and call no one but the authority; a dispute's state is written before they are called.
 */
contract Preservation is IPreservation, Approvals {
    /// @notice Most subjects of one dispute, which keeps opening and release within a block.
    uint256 public constant MAX_SUBJECTS = 64;

    /// @notice Fewest parties: nobody has a dispute alone, or settles it.
    uint256 public constant MIN_PARTIES = 2;

    /// @notice Most parties.
    uint256 public constant MAX_PARTIES = 16;

    bytes32 private constant OPENING_TYPEHASH =
        keccak256(
            "Opening(bytes32 caseId,bytes32 root,uint8 kind,address[] parties,bytes32[] records,bytes32[] cases,"
            "bytes32[] consents,bytes32 statement)"
        );
    bytes32 private constant RELEASE_TYPEHASH = keccak256("Release(bytes32 caseId,bytes32 outcome)");

    RightsRegistry private immutable _rights;
    ConsentRegistry private immutable _consents;

    /// @dev Readers prove against this mapping: see artifacts/layout.json.
    mapping(bytes32 caseId => Dispute) private _disputes;

    mapping(bytes32 caseId => mapping(bytes32 root => Evidence)) private _evidence;
    mapping(bytes32 caseId => address[]) private _parties;
    mapping(bytes32 caseId => Subjects) private _subjects;

    constructor(
        address authority,
        RightsRegistry rights_,
        ConsentRegistry consents_
    ) Approvals(authority, "Yinzheng Preservation") {
        _rights = rights_;
        _consents = consents_;
    }

    // ---------------------------------------------------------------- disputes

    /**
     * @notice Opens a dispute and holds all its subjects at once (R37, R38).
     *
     * Requirements: the caller holds RELAY, unless a forum opens it, which anyone may send; the dispute is new; parties are {MIN_PARTIES} to {MAX_PARTIES}, subjects 1
     * to {MAX_SUBJECTS}, every list ascending; records are in force, cases published and not yet ended; `approvals` is
     * one signature of `Opening`: of a holder of FORUM who is no party or, with a root that is not zero, of a party.
     *
     * Emits {DisputeOpened} and, if there is a root, {EvidenceAdded}.
     */
    function open(DisputeOrder calldata order, bytes[] calldata approvals) external {
        if (order.kind != OpeningKind.Forum && !_hasRole(RELAY_ROLE, _msgSender())) {
            revert OpeningNeedsRelay(order.caseId, _msgSender());
        }
        bytes32 caseId = order.caseId;
        if (caseId == 0 || order.statement == 0) revert IdentifierZero();
        _requireDispute(caseId, DisputeState.None);
        uint256 subjects = _requireLists(order);
        address opener = _requireOpener(order, approvals);

        Dispute storage opened = _disputes[caseId];
        opened.state = DisputeState.Open;
        opened.kind = order.kind;
        opened.parties = uint8(order.parties.length);
        opened.subjects = uint8(subjects);
        opened.openedAt = _now();
        opened.changedAt = _now();
        opened.statement = order.statement;
        opened.openedBy = opener;
        _parties[caseId] = order.parties;
        Subjects memory held = Subjects(order.records, order.cases, order.consents);
        _subjects[caseId] = held;
        emit DisputeOpened(caseId, order.statement, opener, order.kind, order.parties, held);
        if (order.root != 0) _add(caseId, order.root, order.statement);
        _holdAll(order);
    }

    /**
     * @notice Adds a root of evidence, for good, with the time of this block; earlier roots stay as they are (R37).
     *
     * Requirements: the caller holds RELAY; the dispute is open; the root is new to it; nothing is zero.
     *
     * Emits {EvidenceAdded}.
     */
    function addEvidence(bytes32 caseId, bytes32 root, bytes32 statement) external restricted {
        if (root == 0 || statement == 0) revert IdentifierZero();
        _requireDispute(caseId, DisputeState.Open);
        _disputes[caseId].changedAt = _now();
        _add(caseId, root, statement);
    }

    /**
     * @notice Ends a dispute, and releases exactly the holds it set (R39). `outcome` is the leaf hash of the statement
     * on the settlement or the effective document.
     *
     * Requirements: the dispute is open; `outcome` is not zero; `approvals`, whoever sends them, are signatures of
     * `Release`: one by a holder of FORUM who is no party, or those of all parties in the order of the opening.
     *
     * Emits {DisputeReleased}.
     */
    function release(bytes32 caseId, bytes32 outcome, bytes[] calldata approvals) external {
        if (outcome == 0) revert IdentifierZero();
        _requireDispute(caseId, DisputeState.Open);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(RELEASE_TYPEHASH, caseId, outcome)));
        address forum = _requireReleasers(caseId, digest, approvals);

        Dispute storage ended = _disputes[caseId];
        ended.state = DisputeState.Released;
        ended.releasedAt = _now();
        ended.changedAt = _now();
        ended.outcome = outcome;
        ended.releasedBy = forum;
        emit DisputeReleased(caseId, outcome, forum);
        _releaseAll(_subjects[caseId], outcome);
    }

    // ---------------------------------------------------------------- other modules

    /**
     * @notice Alters a record on behalf of another module, unless that would touch what a dispute holds.
     *
     * Requirements: the caller holds MODULE; `next.holds` is what it is; while the record is held, status and
     * reservation stay as they are, too; all that {RightsRegistry-amend} requires.
     */
    function amend(bytes32 id, Amendment calldata next, bytes32 ground) external restricted {
        Record memory current = _rights.recordOf(id);
        if (next.holds != current.holds) revert HoldsReserved(id, next.holds, current.holds);
        bool keeps = next.status == current.status &&
            next.reservedUntil == current.reservedUntil &&
            next.reservedBy == current.reservedBy;
        if (current.holds != 0 && !keeps) revert RecordHeld(id, current.holds);
        _rights.amend(id, next, ground);
    }

    /**
     * @notice Replaces a certificate by those that follow it on behalf of another module, unless a dispute holds it.
     *
     * Requirements: the caller holds MODULE; the record is not held; all that {RightsRegistry-succeed} requires.
     */
    function succeed(
        bytes32 id,
        DepositOrder[] calldata orders,
        bool published,
        bytes32 ground
    ) external restricted {
        uint16 holds = _rights.recordOf(id).holds;
        if (holds != 0) revert RecordHeld(id, holds);
        _rights.succeed(id, orders, published, ground);
    }

    /**
     * @notice Closes a case that was about a cancellation on behalf of another module.
     *
     * Requirements: the caller holds MODULE; all that {RightsRegistry-concludeCase} requires, that the case is not held
     * among it.
     */
    function concludeCase(bytes32 caseId, bytes32 outcome) external restricted {
        _rights.concludeCase(caseId, outcome);
    }

    // ---------------------------------------------------------------- views

    /// @notice The dispute `caseId`; of state None if there is none.
    function disputeOf(bytes32 caseId) external view returns (Dispute memory) {
        return _disputes[caseId];
    }

    /// @notice The parties, in the order in which they sign a settlement.
    function partiesOf(bytes32 caseId) external view returns (address[] memory) {
        return _parties[caseId];
    }

    /// @notice What the dispute holds, or held.
    function subjectsOf(bytes32 caseId) external view returns (Subjects memory) {
        return _subjects[caseId];
    }

    /// @notice When and on which statement a root was added; all zero if it was not.
    function evidenceOf(bytes32 caseId, bytes32 root) external view returns (Evidence memory) {
        return _evidence[caseId][root];
    }

    /// @notice The registry whose records and cases are held.
    function rights() external view returns (RightsRegistry) {
        return _rights;
    }

    /// @notice The registry whose consents are held.
    function consents() external view returns (ConsentRegistry) {
        return _consents;
    }

    // ---------------------------------------------------------------- holds

    function _holdAll(DisputeOrder calldata order) private {
        for (uint256 i = 0; i < order.records.length; ++i) {
            bytes32 id = order.records[i];
            Record memory current = _rights.recordOf(id);
            if (current.status != Status.InForce) {
                revert IRightsRegistry.RecordNotIn(id, current.status, Status.InForce);
            }
            if (current.holds == type(uint16).max) revert HoldsExhausted(id);
            _rights.amend(id, _withHolds(current, current.holds + 1), order.statement);
        }
        for (uint256 i = 0; i < order.cases.length; ++i) {
            uint8 holds = _rights.caseOf(order.cases[i]).holds;
            if (holds == type(uint8).max) revert HoldsExhausted(order.cases[i]);
            _rights.holdCase(order.cases[i], holds + 1, order.statement);
        }
        for (uint256 i = 0; i < order.consents.length; ++i) {
            _consents.hold(order.consents[i], order.statement);
        }
    }

    /**
     * @dev What has nothing left to release must not keep the rest held: a case that was closed meanwhile, or a hold
     * that someone with MOVES took away behind this contract's back.
     */
    function _releaseAll(Subjects storage held, bytes32 outcome) private {
        for (uint256 i = 0; i < held.records.length; ++i) {
            Record memory current = _rights.recordOf(held.records[i]);
            if (current.holds == 0) continue;
            _rights.amend(held.records[i], _withHolds(current, current.holds - 1), outcome);
        }
        for (uint256 i = 0; i < held.cases.length; ++i) {
            Case memory current = _rights.caseOf(held.cases[i]);
            if (current.state != CaseState.Publicity || current.holds == 0) continue;
            _rights.holdCase(held.cases[i], current.holds - 1, outcome);
        }
        for (uint256 i = 0; i < held.consents.length; ++i) {
            if (_consents.withdrawalOf(held.consents[i]).holds == 0) continue;
            _consents.release(held.consents[i], outcome);
        }
    }

    function _withHolds(Record memory current, uint16 holds) private pure returns (Amendment memory) {
        return
            Amendment({
                status: current.status,
                remarks: current.remarks,
                holds: holds,
                objections: current.objections,
                reservedUntil: current.reservedUntil,
                reservedBy: current.reservedBy,
                ending: current.ending
            });
    }

    function _add(bytes32 caseId, bytes32 root, bytes32 statement) private {
        if (_evidence[caseId][root].addedAt != 0) revert RootKnown(caseId, root);
        Dispute storage current = _disputes[caseId];
        uint32 index = current.roots++;
        current.root = root;
        _evidence[caseId][root] = Evidence(_now(), index, statement);
        emit EvidenceAdded(caseId, root, statement, index);
    }

    // ---------------------------------------------------------------- rules

    function _requireLists(DisputeOrder calldata order) private pure returns (uint256 subjects) {
        uint256 parties = order.parties.length;
        if (parties < MIN_PARTIES || parties > MAX_PARTIES) revert PartyCount(parties, MIN_PARTIES, MAX_PARTIES);
        for (uint256 i = 0; i < parties; ++i) {
            if (order.parties[i] <= (i == 0 ? address(0) : order.parties[i - 1])) revert ListNotAscending(i);
        }
        subjects = order.records.length + order.cases.length + order.consents.length;
        if (subjects == 0 || subjects > MAX_SUBJECTS) revert SubjectCount(subjects, MAX_SUBJECTS);
        _requireAscending(order.records);
        _requireAscending(order.cases);
        _requireAscending(order.consents);
    }

    /// @dev Ascending from above zero: each different and none zero.
    function _requireAscending(bytes32[] calldata list) private pure {
        bytes32 last = 0;
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] <= last) revert ListNotAscending(i);
            last = list[i];
        }
    }

    function _requireOpener(
        DisputeOrder calldata order,
        bytes[] calldata approvals
    ) private view returns (address signer) {
        if (order.kind == OpeningKind.None) revert OpeningKindMissing();
        _requireCount(approvals, 1);
        signer = _signer(_hashTypedDataV4(_openingHash(order)), approvals, 0);
        bool isParty = _isListed(order.parties, signer);
        if (order.kind == OpeningKind.Forum) {
            _requireForum(order.caseId, signer, isParty);
            return signer;
        }
        if (order.root == 0) revert IdentifierZero();
        if (!isParty) revert SignerNotParty(order.caseId, signer);
    }

    /// @dev The forum that signed, or zero if all parties did.
    function _requireReleasers(
        bytes32 caseId,
        bytes32 digest,
        bytes[] calldata approvals
    ) private view returns (address forum) {
        address[] memory parties = _parties[caseId];
        if (approvals.length == 1) {
            forum = _signer(digest, approvals, 0);
            _requireForum(caseId, forum, _isListed(parties, forum));
            return forum;
        }
        _requireCount(approvals, parties.length);
        for (uint256 i = 0; i < parties.length; ++i) {
            address signer = _signer(digest, approvals, i);
            if (signer != parties[i]) revert SignerNotParty(caseId, signer);
        }
    }

    function _requireForum(bytes32 caseId, address signer, bool isParty) private view {
        if (!_hasRole(FORUM_ROLE, signer)) revert ApproverNotEntitled(signer, FORUM_ROLE);
        if (isParty) revert ForumIsParty(caseId, signer);
    }

    function _requireDispute(bytes32 caseId, DisputeState expected) private view {
        DisputeState actual = _disputes[caseId].state;
        if (actual != expected) revert DisputeNotIn(caseId, actual, expected);
    }

    function _isListed(address[] memory parties, address account) private pure returns (bool) {
        for (uint256 i = 0; i < parties.length; ++i) {
            if (parties[i] == account) return true;
        }
        return false;
    }

    /// @dev EIP-712 hashes an array as the concatenation of its elements, each padded to 32 bytes.
    function _openingHash(DisputeOrder calldata order) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    OPENING_TYPEHASH,
                    order.caseId,
                    order.root,
                    order.kind,
                    keccak256(abi.encodePacked(order.parties)),
                    keccak256(abi.encodePacked(order.records)),
                    keccak256(abi.encodePacked(order.cases)),
                    keccak256(abi.encodePacked(order.consents)),
                    order.statement
                )
            );
    }
}
