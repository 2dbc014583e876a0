// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ReceiptState, WithdrawalState} from "./ConsentTypes.sol";

/**
 * @title IConsentRegistry
 * @notice What {ConsentRegistry} tells the world: its events, and the reasons for which it refuses.
 */
interface IConsentRegistry {
    /// @notice `consent` is withdrawn by the withdrawal `id`; the clocks run from `receivedAt`, and each of `recipients` owes a receipt.
    event WithdrawalOpened(
        bytes32 indexed id,
        bytes32 indexed consent,
        bytes32 indexed request,
        uint64 receivedAt,
        bool minor,
        bytes32[] recipients
    );

    /// @notice The data interfaces are frozen; `late` if a duty was overdue by then.
    event WithdrawalFrozen(bytes32 indexed id, bytes32 indexed statement, bool late);

    /// @notice A recipient proved destruction; `missing` receipts are still owed.
    event ReceiptGiven(
        bytes32 indexed id,
        bytes32 indexed recipient,
        bytes32 indexed statement,
        uint8 missing,
        bool late
    );

    /// @notice Somebody announced a receipt of the withdrawal `id`, called `receipt`, past whoever sends for the registry.
    event ReceiptAnnounced(bytes32 indexed id, bytes32 indexed receipt);

    /// @notice Everything the withdrawal covers is destroyed.
    event WithdrawalCompleted(bytes32 indexed id, bytes32 indexed statement, bool late);

    /// @notice The data are only stored and protected until `until`, on the ground in `statement`.
    event WithdrawalRestricted(bytes32 indexed id, bytes32 indexed statement, uint64 until, bool late);

    /// @notice A dispute put a hold on a consent, or released one; `holds` are on it now.
    event ConsentHoldsChanged(bytes32 indexed id, bytes32 indexed ground, address indexed module, uint16 holds);

    /// @notice An identifier or leaf hash is zero.
    error IdentifierZero();

    /// @notice The withdrawal is in state `actual`; the function needs `expected`, or, where the table of
    /// {ConsentRegistry} allows it, Restricted.
    error WithdrawalNotIn(bytes32 id, WithdrawalState actual, WithdrawalState expected);

    /// @notice The first withdrawal of a consent has the consent's identifier, each later one another; `opened` there are.
    error WithdrawalOutOfTurn(bytes32 id, bytes32 consent, uint256 opened);

    /// @notice Nobody withdrew this consent.
    error WithdrawalUnknown(bytes32 id);

    /// @notice The time of receipt must lie in `earliest` to `latest`, both included.
    error ReceivedTimeOutside(uint64 receivedAt, uint64 earliest, uint64 latest);

    /// @notice A withdrawal has 1 to `most` recipients.
    error RecipientCount(uint256 given, uint256 most);

    /// @notice Recipients are listed in ascending order, each once; the one at `index` is not after the one before.
    error RecipientsNotAscending(uint256 index);

    /// @notice The recipient's receipt is in state `actual`; the function needs `expected`.
    error ReceiptNotIn(bytes32 id, bytes32 recipient, ReceiptState actual, ReceiptState expected);

    /// @notice A receipt of that name was announced already, or (`expected`) was not, or counts already.
    error AnnouncementNotIn(bytes32 id, bytes32 receipt, bool expected);

    /// @notice Completion needs the receipt of every recipient (R35); `missing` are owed.
    error ReceiptsMissing(bytes32 id, uint8 missing);

    /// @notice Nothing is completed by destruction while the consent is held (R39).
    error ConsentHeld(bytes32 id, uint16 holds);

    /// @notice A restriction lasts until `until`; the block is earlier.
    error RestrictionNotEnded(bytes32 id, uint64 until, uint64 blockTime);

    /// @notice The end of a restriction must lie in `earliest` to `latest`, both included.
    error RestrictionOutside(uint64 until, uint64 earliest, uint64 latest);

    /// @notice The consent has no hold to release, or takes no more.
    error HoldsOutside(bytes32 id, uint16 holds);

    /// @notice The state told is that since `changedAt`: for an earlier instant ask at an earlier block.
    error InstantBeforeChange(bytes32 id, uint64 instant, uint64 changedAt);
}
