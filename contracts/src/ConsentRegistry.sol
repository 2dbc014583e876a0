// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Receipt, ReceiptState, Withdrawal, WithdrawalState} from "./ConsentTypes.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";

/**
 * @title ConsentRegistry
 * @notice Withdrawals of consents and the two clocks of R32, R33 and R35 (S5.10 to S5.12). A consent that nobody
 * withdraws or disputes never appears here. Whatever the server that sends the transactions does: the clocks start at
 * receipt, at most a day before the block that tells it; nothing stops them; completion needs every recipient's
 * receipt; whether a duty is overdue anyone can compute.
 *
 * Lawful moves, and what each needs besides the role:
 *
 * | from                         | by       | to         | needs                                                   |
 * |------------------------------|----------|------------|---------------------------------------------------------|
 * | None                         | open     | Requested  | received within the last day; 1 to 32 recipients        |
 * | Requested                    | frozen   | Frozen     |                                                         |
 * | Requested, Frozen, Restricted| receipt  | (the same) | a recipient of this withdrawal that gave none yet       |
 * | Requested, Frozen, Restricted| announced| (the same) | the same, and the announcement                          |
 * | Frozen                       | complete | Completed  | every receipt; no hold                                  |
 * | Frozen, Restricted           | restrict | Restricted | an end in the future, at most 50 years ahead            |
 * | Restricted                   | complete | Completed  | every receipt; no hold; the restriction has ended       |
 *
 * The first withdrawal of a consent has the consent's identifier and every later one an identifier of its own; the
 * contract counts those opened for each consent, so that one slot proves that nothing was withdrawn later.
 *
 * Holds come and go in any state, also before there is a withdrawal. They stop completion alone (R36): everything that
 * narrows the use of the data passes.
 *
 * @dev Identifiers are random for each consent, recipients are salted for each consent and listed in ascending order:
 * nothing here joins two consents of one person, nor says who received what; an announced receipt says it only to who is
 * shown what it is a commitment to, and its account may be made for it. That a later withdrawal is of which
 * consent the public log says as well, whose entry its request is the leaf hash of. Organisations sign with SM2, which this
 * chain cannot verify: their signatures are in the statements whose leaf hashes are given here.
 */
contract ConsentRegistry is IConsentRegistry, AccessManaged {
    /// @notice Time from receipt, or from the end of a restriction, to destruction (R32).
    uint64 public constant DESTRUCTION_PERIOD = 72 hours;

    /// @notice Time from receipt to frozen data interfaces, for minors (R33).
    uint64 public constant FREEZE_PERIOD = 48 hours;

    /// @notice How far before its block a withdrawal may have been received (S5.10).
    uint64 public constant MAX_BACKDATE = 86_400;

    /// @notice Longest restriction: beyond every period of retention (R42), and yet not for ever.
    uint64 public constant MAX_RESTRICTION = 50 * 366 days;

    /// @notice Most recipients of one consent.
    uint256 public constant MAX_RECIPIENTS = 32;

    /// @dev Readers prove against this mapping: see artifacts/layout.json.
    mapping(bytes32 id => Withdrawal) private _withdrawals;

    mapping(bytes32 id => mapping(bytes32 recipient => Receipt)) private _receipts;

    mapping(bytes32 consent => uint256) private _opened;

    /// @dev When a receipt was announced, by the withdrawal and the receipt's name; zero once it counts.
    mapping(bytes32 id => mapping(bytes32 receipt => uint64)) private _announced;

    constructor(address authority) AccessManaged(authority) {}

    // ---------------------------------------------------------------- withdrawal

    /**
     * @notice Opens the withdrawal `id` of the consent `consent`, once. A hold does not hinder it (R36).
     *
     * Requirements: the caller holds RELAY; there is no withdrawal `id`; `id` is `consent` if it is the first of that
     * consent, and another if not; `receivedAt` is not after the block and at most {MAX_BACKDATE} before it; `request`
     * is the leaf hash of the request; `recipients` are 1 to {MAX_RECIPIENTS} salted hashes, ascending.
     *
     * Emits {WithdrawalOpened}.
     */
    function open(
        bytes32 id,
        bytes32 consent,
        uint64 receivedAt,
        bool minor,
        bytes32 request,
        bytes32[] calldata recipients
    ) external restricted {
        if (id == 0 || consent == 0 || request == 0) revert IdentifierZero();
        Withdrawal storage opened = _withdrawals[id];
        _requireState(id, opened, WithdrawalState.None);
        uint256 before = _opened[consent];
        if ((id == consent) != (before == 0)) revert WithdrawalOutOfTurn(id, consent, before);
        _opened[consent] = before + 1;
        uint64 earliest = _now() > MAX_BACKDATE ? _now() - MAX_BACKDATE : 0;
        if (receivedAt < earliest || receivedAt > _now()) revert ReceivedTimeOutside(receivedAt, earliest, _now());
        _expect(id, recipients);

        opened.state = WithdrawalState.Requested;
        opened.minor = minor;
        opened.recipients = uint8(recipients.length);
        opened.receivedAt = receivedAt;
        opened.openedAt = _now();
        opened.changedAt = _now();
        opened.request = request;
        emit WithdrawalOpened(id, consent, request, receivedAt, minor, recipients);
    }

    /**
     * @notice Records that the data interfaces are frozen, at the time of this block.
     *
     * Requirements: the caller holds RELAY; the withdrawal is requested; `statement` is not zero.
     *
     * Emits {WithdrawalFrozen}.
     */
    function frozen(bytes32 id, bytes32 statement) external restricted {
        if (statement == 0) revert IdentifierZero();
        Withdrawal storage current = _withdrawals[id];
        _requireState(id, current, WithdrawalState.Requested);
        _touch(current);
        current.state = WithdrawalState.Frozen;
        current.frozenAt = _now();
        emit WithdrawalFrozen(id, statement, current.late);
    }

    /**
     * @notice Records a recipient's proof of destruction, with the time of this block. One that comes late is recorded
     * and is late. It may come before the controller has frozen, and during a hold: what is proved is proved.
     *
     * Requirements: the caller holds RELAY; the withdrawal is requested, frozen or restricted; `recipient` is one of
     * its recipients and gave no receipt yet; `statement` is not zero.
     *
     * Emits {ReceiptGiven}.
     */
    function receipt(bytes32 id, bytes32 recipient, bytes32 statement) external restricted {
        _give(id, recipient, statement, _now());
    }

    /**
     * @notice Announces a receipt past the registry. Anyone may, from any account: it takes nothing from anybody, and
     * is good for nothing but its time until it is opened. `digest` is that of a commitment to the signed receipt.
     *
     * It is named for withdrawal, `digest` and account together, so that nobody takes the name of somebody else's.
     *
     * Requirements: the withdrawal is requested, frozen or restricted; `digest` is not zero; there is none of that name.
     *
     * Emits {ReceiptAnnounced}.
     */
    function announceReceipt(bytes32 id, bytes32 digest) external {
        if (digest == 0) revert IdentifierZero();
        _requireOpen(id);
        bytes32 name = keccak256(abi.encode(id, digest, _msgSender()));
        if (_announced[id][name] != 0) revert AnnouncementNotIn(id, name, false);
        _announced[id][name] = _now();
        emit ReceiptAnnounced(id, name);
    }

    /**
     * @notice Records a recipient's proof of destruction that was announced, with the time of the block that has the
     * announcement: it is not late for being held back. An announcement counts once.
     *
     * Requirements: as of {receipt}; `name` was announced for this withdrawal.
     *
     * Emits {ReceiptGiven}.
     */
    function announced(bytes32 id, bytes32 recipient, bytes32 statement, bytes32 name) external restricted {
        uint64 since = _announced[id][name];
        if (since == 0) revert AnnouncementNotIn(id, name, true);
        _announced[id][name] = 0;
        _give(id, recipient, statement, since);
    }

    /**
     * @notice Completes the withdrawal: what it covers is destroyed everywhere.
     *
     * Requirements: the caller holds RELAY; the withdrawal is frozen, or restricted and the restriction has ended;
     * every recipient gave a receipt; the consent is not held; `statement` is not zero.
     *
     * Emits {WithdrawalCompleted}.
     */
    function complete(bytes32 id, bytes32 statement) external restricted {
        if (statement == 0) revert IdentifierZero();
        Withdrawal storage current = _withdrawals[id];
        _requireFrozenOrRestricted(id, current);
        if (current.holds != 0) revert ConsentHeld(id, current.holds);
        uint8 missing = current.recipients - current.receipts;
        if (missing != 0) revert ReceiptsMissing(id, missing);
        uint64 until = current.restrictedUntil;
        if (_now() < until) revert RestrictionNotEnded(id, until, _now());
        _touch(current);
        current.state = WithdrawalState.Completed;
        current.completedAt = _now();
        current.outcome = statement;
        emit WithdrawalCompleted(id, statement, current.late);
    }

    /**
     * @notice Restricts the data to storage and protection until `until` (R35), on the legal ground that the statement
     * names: a statutory retention, or a hold. A later restriction replaces the end, by a later one or, as when the
     * hold it rested on is released, by an earlier one.
     *
     * Requirements: the caller holds RELAY; the withdrawal is frozen or restricted; `until` is after the block and at
     * most {MAX_RESTRICTION} ahead; `statement` is not zero.
     *
     * Emits {WithdrawalRestricted}.
     */
    function restrict(bytes32 id, bytes32 statement, uint64 until) external restricted {
        if (statement == 0) revert IdentifierZero();
        Withdrawal storage current = _withdrawals[id];
        _requireFrozenOrRestricted(id, current);
        uint64 latest = _now() + MAX_RESTRICTION;
        if (until <= _now() || until > latest) revert RestrictionOutside(until, _now() + 1, latest);
        _touch(current);
        current.state = WithdrawalState.Restricted;
        current.restrictedAt = _now();
        current.restrictedUntil = until;
        current.outcome = statement;
        emit WithdrawalRestricted(id, statement, until, current.late);
    }

    // ---------------------------------------------------------------- holds

    /**
     * @notice Holds the consent `id` for a dispute (R38, R39), withdrawn or not.
     *
     * Requirements: the caller holds MOVES; `id` and `ground` are not zero.
     *
     * Emits {ConsentHoldsChanged}.
     */
    function hold(bytes32 id, bytes32 ground) external restricted {
        if (id == 0 || ground == 0) revert IdentifierZero();
        Withdrawal storage current = _withdrawals[id];
        if (current.holds == type(uint16).max) revert HoldsOutside(id, current.holds);
        _setHolds(id, current, current.holds + 1, ground);
    }

    /**
     * @notice Releases one hold of the consent `id`.
     *
     * Requirements: the caller holds MOVES; the consent is held; `ground` is not zero.
     *
     * Emits {ConsentHoldsChanged}.
     */
    function release(bytes32 id, bytes32 ground) external restricted {
        if (ground == 0) revert IdentifierZero();
        Withdrawal storage current = _withdrawals[id];
        if (current.holds == 0) revert HoldsOutside(id, 0);
        _setHolds(id, current, current.holds - 1, ground);
    }

    // ---------------------------------------------------------------- views

    /// @notice The withdrawal of the consent `id`; of state None if there is none, though it may be held.
    function withdrawalOf(bytes32 id) external view returns (Withdrawal memory) {
        return _withdrawals[id];
    }

    /// @notice How many withdrawals of the consent `consent` were opened.
    function openedOf(bytes32 consent) external view returns (uint256) {
        return _opened[consent];
    }

    /// @notice What `recipient` owes the withdrawal, or gave; of state None if it is no recipient.
    function receiptOf(bytes32 id, bytes32 recipient) external view returns (Receipt memory) {
        return _receipts[id][recipient];
    }

    /// @notice Last second for destruction: 72 h from receipt or, once restricted, from the end of the restriction.
    function deadline(bytes32 id) external view returns (uint64) {
        return _deadline(_known(id));
    }

    /// @notice Last second for freezing, 48 h from receipt; zero if the person is of age.
    function freezeDeadline(bytes32 id) external view returns (uint64) {
        return _freezeDeadline(_known(id));
    }

    /**
     * @notice Whether a duty is overdue at `instant`, if nothing happens between the block and then. Reverts
     * for an instant before the last change, which an earlier block tells.
     */
    function isOverdue(bytes32 id, uint64 instant) external view returns (bool) {
        Withdrawal storage current = _known(id);
        if (instant < current.changedAt) revert InstantBeforeChange(id, instant, current.changedAt);
        return instant > _due(current);
    }

    /// @notice The deadline that has passed by this block with its duty open; zero if there is none.
    function overdueSince(bytes32 id) external view returns (uint64) {
        uint64 due = _due(_known(id));
        return _now() > due ? due : 0;
    }

    // ---------------------------------------------------------------- rules

    function _give(bytes32 id, bytes32 recipient, bytes32 statement, uint64 since) private {
        if (statement == 0) revert IdentifierZero();
        Withdrawal storage current = _requireOpen(id);
        Receipt storage given = _receipts[id][recipient];
        if (given.state != ReceiptState.Expected) {
            revert ReceiptNotIn(id, recipient, given.state, ReceiptState.Expected);
        }
        bool late = since > _deadline(current);
        _touch(current);
        given.state = ReceiptState.Given;
        given.late = late;
        given.givenAt = since;
        given.statement = statement;
        uint8 missing = current.recipients - ++current.receipts;
        emit ReceiptGiven(id, recipient, statement, missing, late);
    }

    function _requireOpen(bytes32 id) private view returns (Withdrawal storage current) {
        current = _withdrawals[id];
        WithdrawalState state = current.state;
        if (state == WithdrawalState.None || state == WithdrawalState.Completed) {
            revert WithdrawalNotIn(id, state, WithdrawalState.Frozen);
        }
    }

    /// @dev Marks each of `recipients` as owing a receipt. Ascending order makes each different and none zero.
    function _expect(bytes32 id, bytes32[] calldata recipients) private {
        uint256 count = recipients.length;
        if (count == 0 || count > MAX_RECIPIENTS) revert RecipientCount(count, MAX_RECIPIENTS);
        bytes32 last = 0;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 recipient = recipients[i];
            if (recipient <= last) revert RecipientsNotAscending(i);
            _receipts[id][recipient].state = ReceiptState.Expected;
            last = recipient;
        }
    }

    /// @dev Before any other change: a move that finds a duty overdue leaves the withdrawal late for good.
    function _touch(Withdrawal storage current) private {
        if (_now() > _due(current)) current.late = true;
        current.changedAt = _now();
    }

    function _setHolds(bytes32 id, Withdrawal storage current, uint16 holds, bytes32 ground) private {
        _touch(current);
        current.holds = holds;
        emit ConsentHoldsChanged(id, ground, _msgSender(), holds);
    }

    /// @dev The first deadline whose duty is open; the end of time if none is.
    function _due(Withdrawal storage current) private view returns (uint64) {
        WithdrawalState state = current.state;
        if (state == WithdrawalState.None || state == WithdrawalState.Completed) return type(uint64).max;
        if (state == WithdrawalState.Requested && current.minor) return _freezeDeadline(current);
        return _deadline(current);
    }

    function _deadline(Withdrawal storage current) private view returns (uint64) {
        uint64 until = current.restrictedUntil;
        return (until == 0 ? current.receivedAt : until) + DESTRUCTION_PERIOD;
    }

    function _freezeDeadline(Withdrawal storage current) private view returns (uint64) {
        return current.minor ? current.receivedAt + FREEZE_PERIOD : 0;
    }

    function _known(bytes32 id) private view returns (Withdrawal storage current) {
        current = _withdrawals[id];
        if (current.state == WithdrawalState.None) revert WithdrawalUnknown(id);
    }

    function _requireState(bytes32 id, Withdrawal storage current, WithdrawalState expected) private view {
        if (current.state != expected) revert WithdrawalNotIn(id, current.state, expected);
    }

    function _requireFrozenOrRestricted(bytes32 id, Withdrawal storage current) private view {
        if (current.state != WithdrawalState.Restricted) _requireState(id, current, WithdrawalState.Frozen);
    }

    function _now() private view returns (uint64) {
        return uint64(block.timestamp);
    }
}
