// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Holders} from "./Holders.sol";
import {Holding, Holdings} from "./Holdings.sol";
import {IRightsMoves} from "./IRightsMoves.sol";
import {Module} from "./Module.sol";
import {
    Licence,
    LicenceEnding,
    LicenceOrder,
    LicenceState,
    Line,
    SuccessionOrder,
    TransferOrder
} from "./MoveTypes.sol";
import {Preservation} from "./Preservation.sol";
import {Case, CaseState, DepositOrder, Procedure, Record} from "./RightsTypes.sol";
import {WorkingDays} from "./WorkingDays.sol";

/**
 * @title RightsMoves
 * @notice Licences, and what follows a certificate (S5.20 to S5.23). Whatever the server that sends the transactions
 * does: no right moves without its holder's key, no exclusive licence of a right overlaps another licence given
 * after it, and a certificate ends in the transaction in which its successors begin.
 *
 * | what     | by         | certificate           | signatures after registry and, in the ordinary procedure, committee |
 * |----------|------------|-----------------------|----------------------------------------------------------------------|
 * | licence  | license    | stays                 | licensor, licensee; the exchange that reserved it                    |
 * | its end  | endLicence | stays                 | licensor, licensee; or a forum alone, without registry               |
 * | transfer | transfer   | superseded by 1 or 2  | transferor, transferee; the exchange that reserved it                |
 * | change   | change     | superseded by 1       | every holder                                                         |
 * | renewal  | renew      | superseded by 1       | every holder                                                         |
 *
 * A holder signs with its current account; a forum's signature replaces a holder's. The certificate is in force, its
 * validity not past, not held, not objected to, not seized, and reserved by the exchange that signs or by nobody.
 *
 * Rights keep their line, from first registration through every successor, and exclusive licences hang on it: what a
 * transferor gave binds the transferee (S5.22).
 *
 * @dev Anyone may send any of these: signatures alone decide. Of licences only those that are exclusive and not over
 * are ever scanned, at most {MAX_EXCLUSIVES} for each right of a line; all others cost the same however many there are.
 */
contract RightsMoves is IRightsMoves, Module {
    using Holdings for Holding[];

    /// @notice Most exclusive licences of one right of a line that are not over.
    uint256 public constant MAX_EXCLUSIVES = 16;

    /// @notice How far before its block a licence may begin.
    uint64 public constant MAX_BACKDATE = 86_400;

    /// @notice How long before the end of validity renewal begins: six months of at most 184 days (R10).
    uint64 public constant RENEWAL_PERIOD = 184 days;

    /// @dev Store, process, use, transmit, provide, publish.
    uint8 private constant ACTS = 0x3f;

    /// @dev The 34 province-level codes of GB/T 2260, ascending.
    uint40 private constant TERRITORY = (1 << 34) - 1;

    bytes32 private constant LICENCE_TYPEHASH =
        keccak256(
            "Licence(bytes32 id,bytes32 certificate,bytes32 licensor,bytes32 licensee,uint8 rights,uint8 acts,"
            "uint40 territory,uint64 validFrom,uint64 validUntil,bool exclusive,address exchange,bytes32 statement)"
        );
    bytes32 private constant LICENCE_END_TYPEHASH = keccak256("LicenceEnd(bytes32 id,bytes32 statement)");
    bytes32 private constant TRANSFER_TYPEHASH =
        keccak256(
            "Transfer(bytes32 predecessor,bytes32 caseId,bytes32 transferor,bytes32 transferee,uint8 rights,"
            "bytes32 successor,bytes32 content,bytes32 remainder,bytes32 remainderContent,uint64 registeredAt,"
            "uint64 validUntil,uint8 remarks,address exchange,bytes32 statement)"
        );
    bytes32 private constant CHANGE_TYPEHASH =
        keccak256(
            "Change(bytes32 predecessor,bytes32 caseId,bytes32 successor,bytes32 content,uint64 registeredAt,"
            "uint64 validUntil,uint8 remarks,bytes32 statement)"
        );
    bytes32 private constant RENEWAL_TYPEHASH =
        keccak256(
            "Renewal(bytes32 predecessor,bytes32 caseId,bytes32 successor,bytes32 content,uint64 registeredAt,"
            "uint64 validUntil,uint8 remarks,bytes32 statement)"
        );

    /// @dev Readers prove against these mappings: see artifacts/layout.json.
    mapping(bytes32 id => Licence) private _licences;
    mapping(bytes32 certificate => bytes32[] ids) private _given;
    mapping(bytes32 certificate => Line) private _lines;

    mapping(bytes32 line => mapping(uint256 right => bytes32[] ids)) private _exclusives;

    constructor(
        address authority,
        Preservation preservation_,
        Holders holders_
    ) Module(authority, preservation_, holders_, "Yinzheng RightsMoves") {}

    // ---------------------------------------------------------------- licences

    /**
     * @notice Gives a licence (R4, R5). The licensor's right stays whole.
     *
     * Requirements: the licence is new; licensor and licensee differ; `listed` are the certificate's holdings, and the
     * licensor's hold the rights; acts and territory are some; it begins at most {MAX_BACKDATE} before the block, ends
     * after it and within the certificate's validity; no exclusive licence of these rights that is not over covers some
     * of its acts, territory and time, and of each right there are less than {MAX_EXCLUSIVES} if it is exclusive itself;
     * certificate and signatures as above.
     *
     * Emits {LicenceGiven}.
     */
    function license(LicenceOrder calldata order, Holding[] calldata listed, bytes[] calldata approvals) external {
        if (order.id == 0 || order.licensee == 0 || order.statement == 0) revert IdentifierZero();
        _requireLicence(order.id, LicenceState.None);
        if (order.licensor == order.licensee) revert SameOrganisation(order.licensor);
        Record memory current = _free(order.certificate, order.exchange);
        listed.requireRecorded(current.holdings);
        listed.requireHeld(order.licensor, order.rights);
        _requireTerms(order, current.validUntil);
        _requireMove(
            keccak256(abi.encode(LICENCE_TYPEHASH, order)),
            approvals,
            current.procedure == Procedure.Ordinary,
            _pair(order.licensor, order.licensee),
            order.exchange
        );
        _requireNoExclusive(order, lineOf(order.certificate, order.licensor));
        _store(order);
        _given[order.certificate].push(order.id);
        emit LicenceGiven(
            order.id,
            order.certificate,
            order.licensee,
            order.licensor,
            order.exclusive,
            order.statement
        );
        if (order.exchange == address(0)) return;
        current.reservedUntil = 0;
        current.reservedBy = address(0);
        _amend(order.certificate, current, order.statement);
    }

    /**
     * @notice Ends a licence before its term, whatever has become of the certificate.
     *
     * Requirements: the licence was given, has neither ended nor run out; `approvals` are one signature of a forum, or
     * those of both parties as above.
     *
     * Emits {LicenceEnded}.
     */
    function endLicence(bytes32 id, bytes32 statement, bytes[] calldata approvals) external {
        if (statement == 0) revert IdentifierZero();
        _requireLicence(id, LicenceState.Given);
        Licence storage ended = _licences[id];
        if (_now() > ended.validUntil) revert LicenceOver(id, ended.validUntil, _now());
        bytes32 structHash = keccak256(abi.encode(LICENCE_END_TYPEHASH, id, statement));
        address forum = address(0);
        if (approvals.length == 1) {
            forum = _requireApproval(_hashTypedDataV4(structHash), approvals, 0, FORUM_ROLE);
        } else {
            bool ordinary = rights().recordOf(ended.certificate).procedure == Procedure.Ordinary;
            _requireMove(structHash, approvals, ordinary, _pair(ended.licensor, ended.licensee), address(0));
        }
        ended.state = LicenceState.Ended;
        ended.ending = forum == address(0) ? LicenceEnding.Parties : LicenceEnding.Forum;
        ended.endedAt = _now();
        ended.outcome = statement;
        emit LicenceEnded(id, statement, forum);
    }

    // ---------------------------------------------------------------- successors

    /**
     * @notice Transfers all or some rights of a holder (R4): the transferee gets a certificate of its own, and what
     * stays, the transferor's other rights and the other holders', another, unless nothing stays. The end of validity
     * stays, and so do licences.
     *
     * Requirements: transferor and transferee differ; `listed` are the predecessor's holdings, and the transferor's hold
     * the rights; `remainder` is named exactly if something stays; validity ends as before; control and pledge stand on
     * the successors, too; the case is new or, if it was published, over with its publicity; certificate and signatures
     * as above, the committee's by the procedure of a published case.
     *
     * Emits {Transferred}.
     */
    function transfer(TransferOrder calldata order, Holding[] calldata listed, bytes[] calldata approvals) external {
        if (order.transferee == 0) revert IdentifierZero();
        if (order.transferor == order.transferee) revert SameOrganisation(order.transferor);
        Record memory current = _free(order.predecessor, order.exchange);
        listed.requireRecorded(current.holdings);
        listed.requireHeld(order.transferor, order.rights);
        if (order.validUntil != current.validUntil) revert ValidityRefused(order.validUntil, current.validUntil);
        _requireRemarks(order.predecessor, current.remarks, order.remarks);
        _requireMove(
            keccak256(abi.encode(TRANSFER_TYPEHASH, order)),
            approvals,
            _isOrdinary(order.caseId, current.procedure),
            _pair(order.transferor, order.transferee),
            order.exchange
        );
        DepositOrder[] memory following = _following(order, listed.without(order.transferor, order.rights));
        _draw(order);
        preservation().succeed(order.predecessor, following, false, order.statement);
        emit Transferred(
            order.predecessor,
            order.transferor,
            order.transferee,
            order.rights,
            order.successor,
            order.remainder,
            order.statement
        );
    }

    /**
     * @notice Replaces a certificate after a change of source, description or rights status, or a wrong entry (R6).
     * Who holds what, and the end of validity, stay.
     *
     * Requirements: `listed` are the predecessor's holdings; validity ends as before; control and pledge stand on the
     * successor, too; the case was published and is over with its publicity; certificate and signatures as above, the
     * committee's by the case's procedure.
     *
     * Emits {Changed}.
     */
    function change(SuccessionOrder calldata order, Holding[] calldata listed, bytes[] calldata approvals) external {
        Record memory current = _free(order.predecessor, address(0));
        if (order.validUntil != current.validUntil) revert ValidityRefused(order.validUntil, current.validUntil);
        _succeed(order, CHANGE_TYPEHASH, current, listed, approvals);
        emit Changed(order.predecessor, order.successor, order.statement);
    }

    /**
     * @notice Replaces a certificate by one for a further term (R10).
     *
     * Requirements: from {RENEWAL_PERIOD} before the end of validity to before the day of it, at +08:00; validity ends
     * later than before; else as {change}.
     *
     * Emits {Renewed}.
     */
    function renew(SuccessionOrder calldata order, Holding[] calldata listed, bytes[] calldata approvals) external {
        Record memory current = _free(order.predecessor, address(0));
        if (order.validUntil <= current.validUntil) revert ValidityRefused(order.validUntil, current.validUntil);
        uint64 earliest = current.validUntil - RENEWAL_PERIOD;
        uint64 end = WorkingDays.startOf(WorkingDays.dayOf(current.validUntil));
        if (_now() < earliest || _now() >= end) revert RenewalOutside(order.predecessor, earliest, end, _now());
        _succeed(order, RENEWAL_TYPEHASH, current, listed, approvals);
        emit Renewed(order.predecessor, order.successor, order.statement);
    }

    // ---------------------------------------------------------------- views

    /// @notice The licence `id`; of state None if there is none.
    function licenceOf(bytes32 id) external view returns (Licence memory) {
        return _licences[id];
    }

    /// @notice How many licences were given under a certificate; its predecessors' are theirs.
    function licencesOf(bytes32 certificate) external view returns (uint256) {
        return _given[certificate].length;
    }

    /// @notice The licence given under a certificate as number `index`, from zero.
    function licenceAt(bytes32 certificate, uint256 index) external view returns (bytes32) {
        return _given[certificate][index];
    }

    /// @notice The exclusive licences kept for one right (1, 2 or 4) of a line; some may be over.
    function exclusivesOf(bytes32 line, uint8 right) external view returns (bytes32[] memory) {
        return _exclusives[line][right];
    }

    /// @notice The line of an organisation's rights under a certificate (S5.22), whether it has any or not.
    function lineOf(bytes32 certificate, bytes32 organisation) public view returns (bytes32) {
        Line memory line = _line(certificate);
        return keccak256(abi.encode(line.root, line.holder == 0 ? organisation : line.holder));
    }

    // ---------------------------------------------------------------- rules

    function _requireLicence(bytes32 id, LicenceState expected) private view {
        LicenceState actual = _licences[id].state;
        if (actual != expected) revert LicenceNotIn(id, actual, expected);
    }

    function _requireTerms(LicenceOrder calldata order, uint64 latest) private view {
        if (order.acts == 0 || order.acts & ~ACTS != 0) revert ActsUnknown(order.acts);
        if (order.territory == 0 || order.territory & ~TERRITORY != 0) revert TerritoryUnknown(order.territory);
        uint64 earliest = _now() - MAX_BACKDATE;
        bool inside = order.validFrom >= earliest && order.validUntil <= latest;
        if (!inside || order.validUntil < order.validFrom || order.validUntil < _now()) {
            revert TermOutside(order.validFrom, order.validUntil, earliest, latest);
        }
    }

    /// @dev Looks through what is exclusive of each right; one that is exclusive itself takes its place among them.
    function _requireNoExclusive(LicenceOrder calldata order, bytes32 line) private {
        for (uint8 right = 1; right <= Holdings.RIGHTS; right <<= 1) {
            if (order.rights & right == 0) continue;
            bytes32[] storage kept = _exclusives[line][right];
            uint256 i = 0;
            while (i < kept.length) {
                Licence storage other = _licences[kept[i]];
                if (other.state == LicenceState.Given && other.validUntil >= _now()) {
                    if (_overlaps(other, order)) revert ExclusiveOverlaps(order.id, kept[i]);
                    ++i;
                } else if (order.exclusive) {
                    kept[i] = kept[kept.length - 1];
                    kept.pop();
                } else {
                    ++i;
                }
            }
            if (!order.exclusive) continue;
            if (kept.length >= MAX_EXCLUSIVES) revert ExclusivesExhausted(line, right, MAX_EXCLUSIVES);
            kept.push(order.id);
        }
    }

    function _overlaps(Licence storage other, LicenceOrder calldata order) private view returns (bool) {
        return
            other.acts & order.acts != 0 &&
            other.territory & order.territory != 0 &&
            other.validFrom <= order.validUntil &&
            order.validFrom <= other.validUntil;
    }

    function _store(LicenceOrder calldata order) private {
        Licence storage given = _licences[order.id];
        given.certificate = order.certificate;
        given.licensor = order.licensor;
        given.licensee = order.licensee;
        given.state = LicenceState.Given;
        given.exclusive = order.exclusive;
        given.rights = order.rights;
        given.acts = order.acts;
        given.territory = order.territory;
        given.validFrom = order.validFrom;
        given.validUntil = order.validUntil;
        given.statement = order.statement;
        given.givenAt = _now();
    }

    /// @dev The certificates that follow a transfer: what passed, and what stayed.
    function _following(
        TransferOrder calldata order,
        Holding[] memory left
    ) private pure returns (DepositOrder[] memory following) {
        bool stays = left.length != 0;
        if (stays != (order.remainder != 0)) revert RemainderRefused(order.remainder, stays);
        following = new DepositOrder[](stays ? 2 : 1);
        bytes32 passed = Holdings.digestOf(order.transferee, order.rights);
        following[0] = _deposited(order, order.successor, order.content, passed);
        if (stays) following[1] = _deposited(order, order.remainder, order.remainderContent, left.digest());
    }

    function _deposited(
        TransferOrder calldata order,
        bytes32 id,
        bytes32 content,
        bytes32 holdings
    ) private pure returns (DepositOrder memory) {
        return
            DepositOrder({
                id: id,
                caseId: order.caseId,
                content: content,
                registeredAt: order.registeredAt,
                validUntil: order.validUntil,
                remarks: order.remarks,
                holdings: holdings
            });
    }

    /// @dev Draws the lines of a transfer on: the transferee's rights are of the transferor's line.
    function _draw(TransferOrder calldata order) private {
        Line memory line = _line(order.predecessor);
        _lines[order.successor] = Line(line.root, line.holder == 0 ? order.transferor : line.holder);
        if (order.remainder != 0) _lines[order.remainder] = line;
    }

    function _succeed(
        SuccessionOrder calldata order,
        bytes32 typehash,
        Record memory current,
        Holding[] calldata listed,
        bytes[] calldata approvals
    ) private {
        listed.requireRecorded(current.holdings);
        _requireRemarks(order.predecessor, current.remarks, order.remarks);
        bytes32 structHash = keccak256(abi.encode(typehash, order));
        bool ordinary = _isOrdinary(order.caseId, current.procedure);
        _requireMove(structHash, approvals, ordinary, listed.organisations(), address(0));
        _lines[order.successor] = _line(order.predecessor);
        DepositOrder[] memory following = new DepositOrder[](1);
        following[0] = DepositOrder({
            id: order.successor,
            caseId: order.caseId,
            content: order.content,
            registeredAt: order.registeredAt,
            validUntil: order.validUntil,
            remarks: order.remarks,
            holdings: current.holdings
        });
        preservation().succeed(order.predecessor, following, true, order.statement);
    }

    function _requireRemarks(bytes32 id, uint8 current, uint8 next) private pure {
        uint8 missing = current & (CONTROL | PLEDGE) & ~next;
        if (missing != 0) revert RemarksDropped(id, missing);
    }

    /// @dev Whether the committee signs: by the case's procedure or, of one never published, the certificate's.
    function _isOrdinary(bytes32 caseId, Procedure current) private view returns (bool) {
        Case memory decided = rights().caseOf(caseId);
        return (decided.state == CaseState.None ? current : decided.procedure) == Procedure.Ordinary;
    }

    function _line(bytes32 certificate) private view returns (Line memory line) {
        line = _lines[certificate];
        if (line.root == 0) line.root = certificate;
    }

    function _pair(bytes32 one, bytes32 two) private pure returns (bytes32[] memory both) {
        both = new bytes32[](2);
        both[0] = one;
        both[1] = two;
    }
}
