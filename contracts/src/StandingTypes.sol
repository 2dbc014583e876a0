// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev Why a certificate is cancelled: the grounds of R7, (a) to (f).
enum CancellationGround {
    None,
    Asked,
    DataGone,
    Document,
    RectificationRefused,
    PublicInterest,
    Law
}

/// @dev Who has a certificate cancelled.
enum Initiator {
    None,
    Holders,
    Registry,
    Forum
}

/**
 * @dev A remark entered after the deposit, four slots (S5.24); or, `setAt` zero, the lifting of one that came with the
 * certificate, under the lifting's own statement.
 */
struct Remark {
    bytes32 certificate;
    bytes32 document;
    uint8 kind;
    bool byForum;
    uint64 setAt;
    uint64 liftedAt;
    bool liftedByForum;
    bytes32 lifting;
}

/// @dev Why one kind of remark stands on a certificate: by how many entries, and whether it came with the certificate.
struct Marks {
    uint16 entered;
    bool deposited;
    bool known;
}

/// @dev What enters a remark (S5.25 `RemarkEntry`).
struct RemarkOrder {
    bytes32 id;
    uint8 kind;
    bytes32 document;
    bytes32 statement;
}

/// @dev What lifts a remark (S5.25 `RemarkLifting`): the one entered on the statement `remark` or, zero, the one that
/// came with the certificate.
struct LiftingOrder {
    bytes32 id;
    uint8 kind;
    bytes32 remark;
    bytes32 document;
    bytes32 statement;
}

/// @dev What cancels a certificate (S5.25 `Cancellation`).
struct CancellationOrder {
    bytes32 id;
    CancellationGround ground;
    Initiator initiator;
    bytes32 caseId;
    bytes32 statement;
}
