// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev State of the withdrawal of one consent (S5.10). Only Completed is final.
enum WithdrawalState {
    None,
    Requested,
    Frozen,
    Completed,
    Restricted
}

/// @dev What a recipient owes a withdrawal.
enum ReceiptState {
    None,
    Expected,
    Given
}

/// @dev The withdrawal of one consent, four slots (S5.10). `holds` may be set before there is a withdrawal.
struct Withdrawal {
    WithdrawalState state;
    bool minor;
    uint8 recipients;
    uint8 receipts;
    uint16 holds;
    bool late;
    uint8 spare;
    uint64 receivedAt;
    uint64 frozenAt;
    uint64 restrictedAt;
    uint64 openedAt;
    uint64 restrictedUntil;
    uint64 completedAt;
    uint64 changedAt;
    bytes32 request;
    bytes32 outcome;
}

/// @dev One recipient's proof of destruction, two slots (S5.11).
struct Receipt {
    ReceiptState state;
    bool late;
    uint64 givenAt;
    bytes32 statement;
}
