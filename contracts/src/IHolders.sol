// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {AccountState} from "./HolderTypes.sol";

/**
 * @title IHolders
 * @notice What {Holders} tells the world: its events, and the reasons for which it refuses.
 */
interface IHolders {
    /// @notice An organisation entered its account and the digest of its SM2 key.
    event HolderEnrolled(
        bytes32 indexed organisation,
        address indexed account,
        bytes32 indexed statement,
        bytes32 key
    );

    /// @notice From `effectiveFrom` on, `account` signs for the organisation; `contestable` says that the account before
    /// may veto until then.
    event AccountChanged(
        bytes32 indexed organisation,
        address indexed account,
        bytes32 indexed statement,
        bytes32 key,
        uint64 effectiveFrom,
        bool contestable
    );

    /// @notice The account before vetoed what was announced: only a forum replaces it now.
    event ReplacementVetoed(bytes32 indexed organisation, address indexed refused, bytes32 indexed statement);

    /// @notice The account signs nothing more; it was lost or compromised `since`.
    event AccountRevoked(
        bytes32 indexed organisation,
        address indexed account,
        bytes32 indexed statement,
        AccountState reason,
        uint64 since
    );

    /// @notice An identifier, account, digest or leaf hash is zero.
    error IdentifierZero();

    /// @notice The organisation is entered already.
    error HolderKnown(bytes32 organisation);

    /// @notice Nobody entered this organisation.
    error HolderUnknown(bytes32 organisation);

    /// @notice The account is, or was, that of `organisation`; an account is one organisation's for ever.
    error AccountTaken(address account, bytes32 organisation);

    /// @notice The account holds `role` in the authority; whoever approves, sends or decides holds no rights with it.
    error AccountHasRole(address account, uint64 role);

    /// @notice The next change of the organisation is number `expected`.
    error SerialNotNext(bytes32 organisation, uint32 given, uint32 expected);

    /// @notice The account is in state `actual`; the function needs `expected`.
    error AccountNotIn(bytes32 organisation, AccountState actual, AccountState expected);

    /// @notice Whoever signed is not the account expected, or signed something else.
    error SignerNotAccount(bytes32 organisation, address signer, address expected);

    /// @notice A replacement is announced already, and takes effect at `effectiveFrom`.
    error ReplacementAnnounced(bytes32 organisation, uint64 effectiveFrom);

    /// @notice There is nothing to veto.
    error NothingAnnounced(bytes32 organisation);

    /// @notice The account before vetoed: only a forum replaces it.
    error ReplacementContested(bytes32 organisation);

    /// @notice An account is revoked as lost or compromised.
    error ReasonMissing();

    /// @notice The instant of loss must lie in `earliest` to `latest`, both included.
    error LossOutside(uint64 since, uint64 earliest, uint64 latest);
}
