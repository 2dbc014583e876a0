// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev Status of a certificate's record (S5.3). All but InForce are final.
enum Status {
    None,
    InForce,
    Superseded,
    Cancelled,
    Lapsed
}

/// @dev Procedure of R8: ordinary needs registry and committee, simplified the registry alone.
enum Procedure {
    None,
    Ordinary,
    Simplified
}

/// @dev State of a case (S5.4).
enum CaseState {
    None,
    Publicity,
    Deposited,
    Closed
}

/// @dev State of one objection to a case (R24).
enum ObjectionState {
    None,
    Open,
    Dismissed,
    Upheld
}

/**
 * @dev A certificate on the ledger, eight slots (S5.3). `ending`: 16 times who had it cancelled and the ground on which
 * (S5.25); zero unless it is cancelled.
 */
struct Record {
    bytes32 content;
    Status status;
    Procedure procedure;
    uint8 remarks;
    uint8 ending;
    uint16 holds;
    uint16 objections;
    uint64 depositedAt;
    uint64 validUntil;
    uint64 changedAt;
    bytes32 successor;
    uint64 reservedUntil;
    address reservedBy;
    bytes32 caseId;
    bytes32 holdings;
    bytes32 predecessor;
    bytes32 remainder;
}

/**
 * @dev A case from its publication on, four slots (S5.4). Anyone may raise `objections` while publicity lasts: so many
 * as would fill their count no chain takes up in that time.
 */
struct Case {
    CaseState state;
    Procedure procedure;
    bool waived;
    uint8 holds;
    uint32 objections;
    uint64 publishedAt;
    uint64 publicityEnd;
    uint64 changedAt;
    bytes32 profile;
    bytes32 notice;
    bytes32 outcome;
}

/// @dev How long publicity lasts: exactly one of the two is not zero (S5.8).
struct Profile {
    uint16 publicityWorkingDays;
    uint32 publicitySeconds;
}

/// @dev What a deposit records (S5.5 `Deposit`).
struct DepositOrder {
    bytes32 id;
    bytes32 caseId;
    bytes32 content;
    uint64 registeredAt;
    uint64 validUntil;
    uint8 remarks;
    bytes32 holdings;
}

/// @dev Everything about a record that later moves may alter; what is not here is fixed at the deposit.
struct Amendment {
    Status status;
    uint8 remarks;
    uint16 holds;
    uint16 objections;
    uint64 reservedUntil;
    address reservedBy;
    uint8 ending;
}
