// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/**
 * @title WorkingDays
 * @notice A calendar of one bit a day (1 = working day), days counted from 1970-01-01 at +08:00 (S5.7).
 * @dev It only grows at its end; a known day may be corrected until it begins.
 */
library WorkingDays {
    /// @dev Days [first, end) are known. Bit `day % 256` of word `day / 256` tells whether `day` is a working day.
    struct Calendar {
        mapping(uint256 word => uint256 bits) words;
        uint32 first;
        uint32 end;
    }

    uint256 private constant DAY = 86_400;

    /// @dev +08:00 in seconds: the mainland's one time zone, without summer time.
    uint256 private constant OFFSET = 28_800;

    /// @notice An extension must begin where the calendar ends.
    error CalendarNotContiguous(uint32 given, uint32 expected);

    /// @notice An extension has 1 to 256 days and no bit beyond them.
    error CalendarExtensionMalformed(uint16 count, uint256 bits);

    /// @notice The calendar knows days from `first` to before `end` only.
    error CalendarDayUnknown(uint256 day, uint32 first, uint32 end);

    /// @notice Only a day that has not begun can be corrected.
    error CalendarDayBegun(uint256 day, uint256 today);

    /// @dev Appends `count` days from `firstDay`; bit `i` of `bits` is day `firstDay + i`.
    function extend(Calendar storage self, uint32 firstDay, uint16 count, uint256 bits) internal {
        uint32 end = self.end;
        if (end == 0) {
            self.first = firstDay;
        } else if (firstDay != end) {
            revert CalendarNotContiguous(firstDay, end);
        }
        if (count == 0 || count > 256 || (count < 256 && bits >> count != 0)) {
            revert CalendarExtensionMalformed(count, bits);
        }
        uint256 word = uint256(firstDay) / 256;
        uint256 shift = uint256(firstDay) % 256;
        self.words[word] |= bits << shift;
        if (shift + count > 256) self.words[word + 1] |= bits >> (256 - shift);
        self.end = firstDay + count;
    }

    /// @dev Corrects a known day that begins after `timestamp`.
    function correct(Calendar storage self, uint32 day, bool working, uint256 timestamp) internal {
        uint256 today = dayOf(timestamp);
        if (day <= today) revert CalendarDayBegun(day, today);
        _requireKnown(self, day);
        uint256 mask = 1 << (uint256(day) % 256);
        if (working) {
            self.words[uint256(day) / 256] |= mask;
        } else {
            self.words[uint256(day) / 256] &= ~mask;
        }
    }

    /// @dev 24:00 (+08:00) of the `count`-th working day after the day of `timestamp`, in UTC seconds.
    function endAfter(Calendar storage self, uint256 timestamp, uint16 count) internal view returns (uint64) {
        uint256 day = dayOf(timestamp);
        for (uint256 left = count; left > 0; ) {
            if (isWorking(self, ++day)) --left;
        }
        return startOf(day + 1);
    }

    /// @dev Whether `day` is a working day. Reverts for a day the calendar does not know.
    function isWorking(Calendar storage self, uint256 day) internal view returns (bool) {
        _requireKnown(self, day);
        return (self.words[day / 256] >> (day % 256)) & 1 == 1;
    }

    /// @dev The day, counted at +08:00, in which `timestamp` lies.
    function dayOf(uint256 timestamp) internal pure returns (uint256) {
        return (timestamp + OFFSET) / DAY;
    }

    /// @dev The second in which a day, counted at +08:00, begins.
    function startOf(uint256 day) internal pure returns (uint64) {
        return uint64(day * DAY - OFFSET);
    }

    function _requireKnown(Calendar storage self, uint256 day) private view {
        if (day < self.first || day >= self.end) revert CalendarDayUnknown(day, self.first, self.end);
    }
}
