// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {ObjectionState} from "./RightsTypes.sol";
import {CancellationGround, Initiator} from "./StandingTypes.sol";

/**
 * @title IStanding
 * @notice What {Standing} tells the world: its events, and the reasons for which it refuses.
 */
interface IStanding {
    /// @notice A remark of this kind was entered on the ground of `statement`, by a forum or the registry.
    event RemarkEntered(
        bytes32 indexed id,
        uint8 indexed kind,
        bytes32 indexed statement,
        bytes32 document,
        bool byForum
    );

    /// @notice The remark entered on the statement `remark`, or, zero, that came with the certificate, was lifted.
    event RemarkLifted(
        bytes32 indexed id,
        uint8 indexed kind,
        bytes32 indexed statement,
        bytes32 remark,
        bytes32 document,
        bool byForum
    );

    /// @notice Someone objects to a registered certificate (R25); `open` objections are open now.
    event LaterObjectionRaised(bytes32 indexed id, bytes32 indexed objection, uint16 open);

    /// @notice An objection to a registered certificate was concluded.
    event LaterObjectionConcluded(
        bytes32 indexed id,
        bytes32 indexed objection,
        bytes32 indexed conclusion,
        bool upheld,
        uint16 open
    );

    /// @notice `exchange` reserved the certificate until `until` (R46).
    event Reserved(bytes32 indexed id, address indexed exchange, bytes32 indexed statement, uint64 until);

    /// @notice A reservation ended before its time, by the exchange or a forum, `by`.
    event ReservationReleased(bytes32 indexed id, address indexed by, bytes32 indexed statement);

    /// @notice The certificate lapsed when its validity ended; this records it (R10).
    event LapseRecorded(bytes32 indexed id, bytes32 indexed statement);

    /// @notice The certificate is cancelled, for good (R7).
    event CertificateCancelled(
        bytes32 indexed id,
        bytes32 indexed statement,
        CancellationGround indexed ground,
        Initiator initiator
    );

    /// @notice A statement decides one thing, once.
    error StatementSpent(bytes32 statement);

    /// @notice A remark is of one kind: 1, 2, 4, 8 or 16.
    error RemarkKindUnknown(uint8 kind);

    /// @notice A seizure by the registry's signature names its document, a pledge its register's reference (R16, R55).
    error DocumentMissing(uint8 kind);

    /// @notice No such remark stands on the certificate.
    error RemarkNotStanding(bytes32 id, uint8 kind, bytes32 remark);

    /// @notice What a forum seized only a forum releases.
    error SeizedByForum(bytes32 id, bytes32 remark);

    /// @notice Nobody answers for the account: objections to what is registered come through the registry, or from a
    /// forum, an exchange or an organisation's account.
    error ObjectorUnknown(address account);

    /// @notice The later objection is in state `actual`; the function needs `expected`.
    error LaterObjectionNotIn(bytes32 id, bytes32 objection, ObjectionState actual, ObjectionState expected);

    /// @notice A reservation ends after the block, at most 72 hours ahead, and within validity: at `latest`.
    error ReservationOutside(uint64 until, uint64 latest);

    /// @notice The exchange's last reservation of it lapsed or was released less than a day ago: the next one is from
    /// `earliest`.
    error ReservationTooSoon(bytes32 id, address exchange, uint64 earliest);

    /// @notice The certificate is not reserved.
    error NotReserved(bytes32 id);

    /// @notice Whoever signed is neither the exchange that reserved, `expected`, nor a forum.
    error SignerNotReserver(address signer, address expected);

    /// @notice Holders cancel on the grounds (a) and (b), a forum on (c), the registry on all others.
    error GroundRefused(CancellationGround ground, Initiator initiator);

    /// @notice What the registry cancels on its own motion nobody asked it to keep quiet (R24, N37).
    error PublicityWaived(bytes32 caseId);

    /// @notice A cancellation that a forum signs has no case to be published.
    error CaseSurplus(bytes32 caseId);
}
