// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev State of a licence; one that has run out stays Given, and its term says so.
enum LicenceState {
    None,
    Given,
    Ended
}

/// @dev Who ended a licence before its term: both parties, a forum's signature standing in for one perhaps, or a forum.
enum LicenceEnding {
    None,
    Parties,
    Forum
}

/// @dev A licence, seven slots (S5.21).
struct Licence {
    bytes32 certificate;
    bytes32 licensor;
    bytes32 licensee;
    LicenceState state;
    bool exclusive;
    uint8 rights;
    uint8 acts;
    uint40 territory;
    uint64 validFrom;
    uint64 validUntil;
    LicenceEnding ending;
    bytes32 statement;
    bytes32 outcome;
    uint64 givenAt;
    uint64 endedAt;
}

/// @dev What gives a licence (S5.23 `Licence`).
struct LicenceOrder {
    bytes32 id;
    bytes32 certificate;
    bytes32 licensor;
    bytes32 licensee;
    uint8 rights;
    uint8 acts;
    uint40 territory;
    uint64 validFrom;
    uint64 validUntil;
    bool exclusive;
    address exchange;
    bytes32 statement;
}

/// @dev What transfers rights (S5.23 `Transfer`); `remainder` and `remainderContent` are zero if nothing stays.
struct TransferOrder {
    bytes32 predecessor;
    bytes32 caseId;
    bytes32 transferor;
    bytes32 transferee;
    uint8 rights;
    bytes32 successor;
    bytes32 content;
    bytes32 remainder;
    bytes32 remainderContent;
    uint64 registeredAt;
    uint64 validUntil;
    uint8 remarks;
    address exchange;
    bytes32 statement;
}

/// @dev What changes or renews a certificate (S5.23 `Change`, `Renewal`).
struct SuccessionOrder {
    bytes32 predecessor;
    bytes32 caseId;
    bytes32 successor;
    bytes32 content;
    uint64 registeredAt;
    uint64 validUntil;
    uint8 remarks;
    bytes32 statement;
}

/**
 * @dev Where a certificate's rights come from (S5.22): from the holders `root` first registered, each its own line, or,
 * after a transfer, all from the line of the one organisation `holder`. Zero: the certificate is itself a first one.
 */
struct Line {
    bytes32 root;
    bytes32 holder;
}
