"""The tree of errors."""

import pickle

import pytest

from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError, found_in


@pytest.mark.parametrize("kind", [UsageFault, DataFault, EnvironmentFault])
def test_carries_what_it_was_given(kind: type[YinzhengError]) -> None:
    error = kind("it broke", code="it-broke", hint="mend it", size=3)

    assert str(error) == error.message == "it broke"
    assert (error.code, error.hint, error.data) == ("it-broke", "mend it", {"size": 3})
    assert isinstance(error, YinzhengError)


def test_faults_are_distinct() -> None:
    assert not issubclass(DataFault, UsageFault | EnvironmentFault)
    assert not issubclass(UsageFault, EnvironmentFault)


def test_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(DataFault("it broke", code="it-broke", hint="mend it", size=3)))

    assert type(error) is DataFault
    assert (str(error), error.code, error.hint, error.data) == (
        "it broke",
        "it-broke",
        "mend it",
        {"size": 3},
    )


def test_what_was_read_is_named_once() -> None:
    with pytest.raises(DataFault) as told, found_in("folder"), found_in("request.json"):
        raise DataFault("$.format is missing", code="field-missing", hint="Mend it.", at=3)
    assert (told.value.message, told.value.code, told.value.hint, told.value.data["at"]) == (
        "request.json: $.format is missing",
        "field-missing",
        "Mend it.",
        3,
    )
    with pytest.raises(UsageFault, match=r"^no$"), found_in("request.json"):
        raise UsageFault("no", code="no-such")
