// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev Who opened a dispute (S5.13).
enum OpeningKind {
    None,
    Forum,
    Party
}

/// @dev State of a dispute; Released is final.
enum DisputeState {
    None,
    Open,
    Released
}

/// @dev A dispute, six slots (S5.13).
struct Dispute {
    DisputeState state;
    OpeningKind kind;
    uint8 parties;
    uint8 subjects;
    uint32 roots;
    uint64 openedAt;
    uint64 releasedAt;
    uint64 changedAt;
    bytes32 statement;
    bytes32 root;
    bytes32 outcome;
    address openedBy;
    address releasedBy;
}

/// @dev What a dispute holds: certificates, cases before deposit, consents; each list ascending.
struct Subjects {
    bytes32[] records;
    bytes32[] cases;
    bytes32[] consents;
}

/// @dev When a root of evidence reached the chain, as the how-manieth, and on which statement.
struct Evidence {
    uint64 addedAt;
    uint32 index;
    bytes32 statement;
}

/// @dev What opens a dispute (S5.14 `Opening`).
struct DisputeOrder {
    bytes32 caseId;
    bytes32 root;
    OpeningKind kind;
    address[] parties;
    bytes32[] records;
    bytes32[] cases;
    bytes32[] consents;
    bytes32 statement;
}
