// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev How an organisation's account stands (S5.18).
enum AccountState {
    None,
    Current,
    Lost,
    Compromised
}

/// @dev An organisation and its current account, six slots (S5.18).
struct Organisation {
    address account;
    AccountState state;
    bool contested;
    uint32 serial;
    address next;
    uint64 nextFrom;
    bytes32 key;
    bytes32 nextKey;
    uint64 since;
    uint64 endedAt;
    uint64 lostAt;
    uint64 changedAt;
    bytes32 statement;
}

/// @dev Enters, rotates or replaces an account (S5.19 `Enrolment`, `Rotation`, `Replacement`).
struct AccountOrder {
    bytes32 organisation;
    uint32 serial;
    address account;
    bytes32 key;
    bytes32 statement;
}

/// @dev Says that an account is lost or compromised (S5.19 `Revocation`).
struct RevocationOrder {
    bytes32 organisation;
    uint32 serial;
    address account;
    AccountState reason;
    uint64 since;
    bytes32 statement;
}
