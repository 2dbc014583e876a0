"""Many licences under one right make nothing dearer than few do; `tests.contracts.growth` counts further."""

import pytest

from tests.contracts.growth import growth


@pytest.mark.slow
def test_licences_cost_the_same_however_many_there_are() -> None:
    few, many = growth([10, 60])
    for index in (1, 2):
        assert abs(many[index] - few[index]) < 200, "zeros in hashes, and no more"
