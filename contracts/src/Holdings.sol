// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev Which rights an organisation has under a certificate: 1 hold, 2 use, 4 operate (R3).
struct Holding {
    bytes32 organisation;
    uint8 rights;
}

/**
 * @title Holdings
 * @notice Who holds what under a certificate: a list whose digest the record keeps (S5.17). Whoever moves something
 * shows the list.
 */
library Holdings {
    /// @notice Most holders of one certificate (S6.1).
    uint256 internal constant MOST = 20;

    uint8 internal constant RIGHTS = 0x07;

    /// @notice The list is not the one the record keeps the digest of.
    error HoldingsDiffer(bytes32 given, bytes32 recorded);

    /// @notice A list has 1 to 20 entries, ascending by organisation, each once, each with rights.
    error HoldingsMalformed(uint256 index);

    /// @notice The organisation has the rights `held` under the certificate, not all of `asked`.
    error RightsNotHeld(bytes32 organisation, uint8 asked, uint8 held);

    /// @notice Rights are some of 1, 2 and 4.
    error RightsUnknown(uint8 rights);

    /// @dev Requires the list to be the one recorded, and well formed.
    function requireRecorded(Holding[] calldata list, bytes32 recorded) internal pure {
        bytes32 given = digest(list);
        if (given != recorded) revert HoldingsDiffer(given, recorded);
        uint256 count = list.length;
        if (count == 0 || count > MOST) revert HoldingsMalformed(count);
        bytes32 last = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (list[i].organisation <= last || list[i].rights == 0 || list[i].rights & ~RIGHTS != 0) {
                revert HoldingsMalformed(i);
            }
            last = list[i].organisation;
        }
    }

    /// @dev Requires the organisation to have at least these rights, and rights to be some.
    function requireHeld(Holding[] calldata list, bytes32 organisation, uint8 rights) internal pure {
        if (rights == 0 || rights & ~RIGHTS != 0) revert RightsUnknown(rights);
        uint8 held = 0;
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].organisation == organisation) held = list[i].rights;
        }
        if (rights & ~held != 0) revert RightsNotHeld(organisation, rights, held);
    }

    /// @dev The organisations, in the order of the list.
    function organisations(Holding[] calldata list) internal pure returns (bytes32[] memory all) {
        all = new bytes32[](list.length);
        for (uint256 i = 0; i < list.length; ++i) all[i] = list[i].organisation;
    }

    /// @dev The list without these rights of an organisation, and without the organisation if it has no others.
    function without(
        Holding[] calldata list,
        bytes32 organisation,
        uint8 rights
    ) internal pure returns (Holding[] memory left) {
        left = new Holding[](list.length);
        uint256 count = 0;
        for (uint256 i = 0; i < list.length; ++i) {
            uint8 kept = list[i].organisation == organisation ? list[i].rights & ~rights : list[i].rights;
            if (kept != 0) left[count++] = Holding(list[i].organisation, kept);
        }
        // Shorten the array to what was filled.
        assembly ("memory-safe") {
            mstore(left, count)
        }
    }

    /// @dev The digest of one organisation's rights alone.
    function digestOf(bytes32 organisation, uint8 rights) internal pure returns (bytes32) {
        Holding[] memory list = new Holding[](1);
        list[0] = Holding(organisation, rights);
        return digest(list);
    }

    function digest(Holding[] memory list) internal pure returns (bytes32) {
        return keccak256(abi.encode(list));
    }
}
