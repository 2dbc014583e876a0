// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Approvals} from "./Approvals.sol";
import {AccountOrder, AccountState, Organisation, RevocationOrder} from "./HolderTypes.sol";
import {IHolders} from "./IHolders.sol";

/**
 * @title Holders
 * @notice Which account signs for an organisation, and the digest of its SM2 key (S5.18, S5.19). An organisation is
 * the identifier that follows from its credit code, never a name. Without the account of before nothing takes its
 * place at the registry's word alone.
 *
 * | what                 | by      | takes effect        | signatures, in this order                               |
 * |----------------------|---------|---------------------|---------------------------------------------------------|
 * | entering             | enrol   | at once             | `Enrolment`: the account, registry                      |
 * | rotation             | rotate  | at once             | `Rotation`: new account, current account, registry      |
 * | announced            | replace | after {DELAY}       | `Replacement`: new account, registry                    |
 * | by a document        | replace | at once             | `Replacement`: new account, registry, a forum           |
 * | veto                 | veto    | at once             | `Veto`: the account that is to be replaced              |
 * | loss, compromise     | revoke  | at once             | `Revocation`: the account itself, or registry           |
 *
 * @dev Anyone may send any of these: signatures alone decide, and no role can close the way. `serial` counts the
 * changes of an organisation, so that a signature is good once, and one slot proves that nothing came later. A
 * replacement whose time has come is in force without a transaction: {accountOf} and every reader compute it, and the
 * next change writes it down. A revoked account signs no move and no rotation, but still vetoes: or a registry
 * could first revoke and then replace.
 */
contract Holders is IHolders, Approvals {
    /// @notice How long an announced replacement waits: longer than the longest public holiday.
    uint64 public constant DELAY = 15 days;

    bytes32 private constant ENROLMENT_TYPEHASH =
        keccak256("Enrolment(bytes32 organisation,uint32 serial,address account,bytes32 key,bytes32 statement)");
    bytes32 private constant ROTATION_TYPEHASH =
        keccak256("Rotation(bytes32 organisation,uint32 serial,address account,bytes32 key,bytes32 statement)");
    bytes32 private constant REPLACEMENT_TYPEHASH =
        keccak256("Replacement(bytes32 organisation,uint32 serial,address account,bytes32 key,bytes32 statement)");
    bytes32 private constant VETO_TYPEHASH = keccak256("Veto(bytes32 organisation,uint32 serial,bytes32 statement)");
    bytes32 private constant REVOCATION_TYPEHASH =
        keccak256(
            "Revocation(bytes32 organisation,uint32 serial,address account,uint8 reason,uint64 since,bytes32 statement)"
        );

    /// @dev Readers prove against this mapping: see artifacts/layout.json.
    mapping(bytes32 organisation => Organisation) private _organisations;

    mapping(address account => bytes32 organisation) private _owners;

    constructor(address authority) Approvals(authority, "Yinzheng Holders") {}

    // ---------------------------------------------------------------- accounts

    /**
     * @notice Enters an organisation with its account and the digest of its SM2 key.
     *
     * Requirements: the organisation is new, and `order.serial` is 1; the account was never another's and holds no role
     * in the authority; nothing is zero; signatures as in the table.
     *
     * Emits {HolderEnrolled}.
     */
    function enrol(AccountOrder calldata order, bytes[] calldata approvals) external {
        Organisation storage entered = _organisations[order.organisation];
        if (entered.state != AccountState.None) revert HolderKnown(order.organisation);
        _count(entered, order.organisation, order.serial, order.statement);
        bytes32 digest = _digest(ENROLMENT_TYPEHASH, order);
        _requireCount(approvals, 2);
        _requireAccount(order.organisation, digest, approvals, 0, order.account);
        _requireApproval(digest, approvals, 1, REGISTRY_ROLE);
        _take(order);
        _set(entered, order.account, order.key);
        emit HolderEnrolled(order.organisation, order.account, order.statement, order.key);
    }

    /**
     * @notice Exchanges account or SM2 key, or both, with the signature of the account that signs now. What was
     * announced meanwhile is void.
     *
     * Requirements: the current account is neither lost nor compromised; `order.account` is that account, or was never
     * anyone's and holds no role; signatures as in the table.
     *
     * Emits {AccountChanged}.
     */
    function rotate(AccountOrder calldata order, bytes[] calldata approvals) external {
        Organisation storage current = _known(order.organisation);
        if (current.state != AccountState.Current) {
            revert AccountNotIn(order.organisation, current.state, AccountState.Current);
        }
        _count(current, order.organisation, order.serial, order.statement);
        bytes32 digest = _digest(ROTATION_TYPEHASH, order);
        _requireCount(approvals, 3);
        _requireAccount(order.organisation, digest, approvals, 0, order.account);
        _requireAccount(order.organisation, digest, approvals, 1, current.account);
        _requireApproval(digest, approvals, 2, REGISTRY_ROLE);
        if (order.account != current.account) _take(order);
        _set(current, order.account, order.key);
        emit AccountChanged(order.organisation, order.account, order.statement, order.key, _now(), false);
    }

    /**
     * @notice Replaces an account whose key is gone: announced by the registry, after {DELAY} and unless the account
     * vetoes; with a forum's signature at once.
     *
     * Requirements: `order.account` was never anyone's and holds no role; signatures as in the table; without a forum,
     * nothing is announced already and no earlier announcement was vetoed.
     *
     * Emits {AccountChanged}.
     */
    function replace(AccountOrder calldata order, bytes[] calldata approvals) external {
        bytes32 organisation = order.organisation;
        Organisation storage current = _known(organisation);
        _count(current, organisation, order.serial, order.statement);
        bool byForum = approvals.length > 2;
        if (!byForum && current.contested) revert ReplacementContested(organisation);
        if (!byForum && current.next != address(0)) revert ReplacementAnnounced(organisation, current.nextFrom);
        bytes32 digest = _digest(REPLACEMENT_TYPEHASH, order);
        _requireCount(approvals, byForum ? 3 : 2);
        _requireAccount(organisation, digest, approvals, 0, order.account);
        _requireApproval(digest, approvals, 1, REGISTRY_ROLE);
        if (byForum) _requireApproval(digest, approvals, 2, FORUM_ROLE);
        _take(order);
        uint64 from = byForum ? _now() : _now() + DELAY;
        if (byForum) {
            _set(current, order.account, order.key);
        } else {
            current.next = order.account;
            current.nextFrom = from;
            current.nextKey = order.key;
        }
        emit AccountChanged(organisation, order.account, order.statement, order.key, from, !byForum);
    }

    /**
     * @notice Refuses an announced replacement, for the account that was to be replaced. From then on only a forum
     * replaces it, until one has, or the account is rotated.
     *
     * Requirements: a replacement is announced and its time has not come; signature as in the table, also of an
     * account that was reported lost or compromised.
     *
     * Emits {ReplacementVetoed}.
     */
    function veto(bytes32 organisation, uint32 serial, bytes32 statement, bytes[] calldata approvals) external {
        Organisation storage current = _known(organisation);
        _count(current, organisation, serial, statement);
        address refused = current.next;
        if (refused == address(0)) revert NothingAnnounced(organisation);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(VETO_TYPEHASH, organisation, serial, statement)));
        _requireCount(approvals, 1);
        _requireAccount(organisation, digest, approvals, 0, current.account);
        current.contested = true;
        _forget(current);
        emit ReplacementVetoed(organisation, refused, statement);
    }

    /**
     * @notice Records that the current account is lost or compromised: it signs nothing more. What it signed before
     * stands (R41).
     *
     * Requirements: the account is current and the one named; `since` is not after the block and not before it
     * became the organisation's; signature as in the table.
     *
     * Emits {AccountRevoked}.
     */
    function revoke(RevocationOrder calldata order, bytes[] calldata approvals) external {
        bytes32 organisation = order.organisation;
        Organisation storage current = _known(organisation);
        if (current.state != AccountState.Current) {
            revert AccountNotIn(organisation, current.state, AccountState.Current);
        }
        _count(current, organisation, order.serial, order.statement);
        if (order.reason != AccountState.Lost && order.reason != AccountState.Compromised) revert ReasonMissing();
        if (order.since < current.since || order.since > _now()) {
            revert LossOutside(order.since, current.since, _now());
        }
        _requireCount(approvals, 1);
        address signer = _signer(_hashTypedDataV4(keccak256(abi.encode(REVOCATION_TYPEHASH, order))), approvals, 0);
        if (order.account != current.account) {
            revert SignerNotAccount(organisation, order.account, current.account);
        }
        if (signer != current.account && !_hasRole(REGISTRY_ROLE, signer)) {
            revert SignerNotAccount(organisation, signer, current.account);
        }
        current.state = order.reason;
        current.endedAt = _now();
        current.lostAt = order.since;
        emit AccountRevoked(organisation, order.account, order.statement, order.reason, order.since);
    }

    // ---------------------------------------------------------------- views

    /// @notice The account that signs for an organisation in this block; zero if none does.
    function accountOf(bytes32 organisation) external view returns (address) {
        Organisation storage current = _organisations[organisation];
        if (_isReplaced(current)) return current.next;
        return current.state == AccountState.Current ? current.account : address(0);
    }

    /// @notice What is kept of an organisation: `next` has taken the account's place once `nextFrom` has come.
    function organisationOf(bytes32 organisation) external view returns (Organisation memory) {
        return _organisations[organisation];
    }

    /// @notice The organisation that an account is or was of, or is announced for; zero if of none.
    function ownerOf(address account) external view returns (bytes32) {
        return _owners[account];
    }

    // ---------------------------------------------------------------- rules

    /// @dev The organisation, with a replacement whose time has come written down.
    function _known(bytes32 organisation) private returns (Organisation storage current) {
        current = _organisations[organisation];
        if (current.state == AccountState.None) revert HolderUnknown(organisation);
        if (!_isReplaced(current)) return current;
        uint64 since = current.nextFrom;
        _set(current, current.next, current.nextKey);
        current.since = since;
    }

    function _isReplaced(Organisation storage current) private view returns (bool) {
        return current.next != address(0) && current.nextFrom <= _now();
    }

    function _count(Organisation storage current, bytes32 organisation, uint32 serial, bytes32 statement) private {
        if (organisation == 0 || statement == 0) revert IdentifierZero();
        uint32 expected = current.serial + 1;
        if (serial != expected) revert SerialNotNext(organisation, serial, expected);
        current.serial = serial;
        current.changedAt = _now();
        current.statement = statement;
    }

    function _set(Organisation storage current, address account, bytes32 key) private {
        if (current.account != account) current.since = _now();
        current.state = AccountState.Current;
        current.account = account;
        current.key = key;
        current.contested = false;
        current.endedAt = 0;
        current.lostAt = 0;
        _forget(current);
    }

    function _forget(Organisation storage current) private {
        current.next = address(0);
        current.nextFrom = 0;
        current.nextKey = 0;
    }

    /// @dev An account for an organisation, for ever.
    function _take(AccountOrder calldata order) private {
        address account = order.account;
        bytes32 owner = _owners[account];
        if (owner != 0) revert AccountTaken(account, owner);
        // The authority's own roles, the registry's, the committee's, the relay's, a forum's, an exchange's.
        uint64[6] memory roles = [uint64(0), REGISTRY_ROLE, COMMITTEE_ROLE, RELAY_ROLE, FORUM_ROLE, EXCHANGE_ROLE];
        for (uint256 i = 0; i < roles.length; ++i) {
            if (_hasRole(roles[i], account)) revert AccountHasRole(account, roles[i]);
        }
        _owners[account] = order.organisation;
    }

    function _requireAccount(
        bytes32 organisation,
        bytes32 digest,
        bytes[] calldata approvals,
        uint256 index,
        address expected
    ) private pure {
        address signer = _signer(digest, approvals, index);
        if (signer != expected) revert SignerNotAccount(organisation, signer, expected);
    }

    function _digest(bytes32 typehash, AccountOrder calldata order) private view returns (bytes32) {
        if (order.key == 0) revert IdentifierZero();
        return _hashTypedDataV4(keccak256(abi.encode(typehash, order)));
    }
}
