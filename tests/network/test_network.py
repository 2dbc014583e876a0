"""All tests of a real network in one file: one worker has them then, and one network does for all."""

from __future__ import annotations

import pytest

from tests.network.clocks import (
    test_a_validator_whose_clock_is_ahead_seals_for_itself_and_is_left,
    test_a_validator_whose_clock_is_behind_lags_and_is_left,
    test_with_two_ahead_nothing_is_final_and_nothing_lost,
)
from tests.network.faults import (
    test_a_clock_that_is_not_the_networks,
    test_a_fee_that_the_network_has_outgrown_is_raised,
    test_a_node_that_lags_is_left_and_named,
    test_a_node_that_lies_is_caught_and_left,
    test_a_transaction_whose_nonce_another_takes_is_signed_anew,
    test_an_absurd_fee_that_a_node_tells_costs_no_nonce,
    test_init_takes_no_others_than_seal,
    test_ours_is_killed_with_transactions_pending,
    test_with_one_validator_down_it_goes_on,
    test_with_two_down_it_records_and_waits,
)
from tests.network.orphaned import (
    test_publicity_and_deposit,
    test_the_network_is_read,
    test_withdrawal_and_opening,
)
from tests.network.quorum import test_a_qbft_network
from tests.network.standing import test_two_pairs_that_wait_for_each_other_are_named_and_healed
from tests.network.validators import test_a_member_goes_and_comes_back

__all__ = [
    "test_a_clock_that_is_not_the_networks",
    "test_a_fee_that_the_network_has_outgrown_is_raised",
    "test_a_member_goes_and_comes_back",
    "test_a_node_that_lags_is_left_and_named",
    "test_a_node_that_lies_is_caught_and_left",
    "test_a_qbft_network",
    "test_a_transaction_whose_nonce_another_takes_is_signed_anew",
    "test_a_validator_whose_clock_is_ahead_seals_for_itself_and_is_left",
    "test_a_validator_whose_clock_is_behind_lags_and_is_left",
    "test_an_absurd_fee_that_a_node_tells_costs_no_nonce",
    "test_init_takes_no_others_than_seal",
    "test_ours_is_killed_with_transactions_pending",
    "test_publicity_and_deposit",
    "test_the_network_is_read",
    "test_two_pairs_that_wait_for_each_other_are_named_and_healed",
    "test_with_one_validator_down_it_goes_on",
    "test_with_two_ahead_nothing_is_final_and_nothing_lost",
    "test_with_two_down_it_records_and_waits",
    "test_withdrawal_and_opening",
]
pytestmark = [pytest.mark.network, pytest.mark.slow]
