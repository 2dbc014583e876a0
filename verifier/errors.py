"""The tree of errors: whose fault it was, what happened, and what to do next.

Every error the project raises on purpose is one of the three faults below. Anything else that escapes
(`TypeError`, `AssertionError`, …) is a defect of ours.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class YinzhengError(Exception):
    """Base of all errors of the project.

    `message` says what is wrong, `hint` what to do about it, `code` is a stable slug (`qr-malformed`) that
    interfaces and tests may rely on, `data` carries further facts. None of them holds personal data or
    secrets: they are logged and shown.
    """

    message: str
    code: str
    hint: str
    data: Mapping[str, Any]

    def __init__(self, message: str, *, code: str, hint: str = "", **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.data = data

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by positional arguments alone; without this one raised in a worker process
        # could not be carried back.
        return _rebuild, (type(self), self.message, self.code, self.hint, dict(self.data))


def _rebuild(kind: type[YinzhengError], message: str, code: str, hint: str, data: dict[str, Any]) -> Any:
    return kind(message, code=code, hint=hint, **data)


class UsageFault(YinzhengError):  # noqa: N818 - named for whose fault it is
    """The caller asked for something that makes no sense or is not allowed; nothing was done."""


class DataFault(YinzhengError):  # noqa: N818 - named for whose fault it is
    """What was read is malformed, inconsistent or forged; whoever made it must mend it."""


class EnvironmentFault(YinzhengError):  # noqa: N818 - named for whose fault it is
    """Disk, node, network or lock failed; the same request may succeed later. Says nothing about the data."""


@contextmanager
def found_in(source: object) -> Iterator[None]:
    """Name the file (or what else was read) in whatever `DataFault` its content raises, once.

    A command may be given several files, and `$.format is missing` says of none which it is.
    """
    try:
        yield
    except DataFault as fault:
        if "found_in" in fault.data:
            raise
        data = {**fault.data, "found_in": str(source)}
        raise DataFault(f"{source}: {fault.message}", code=fault.code, hint=fault.hint, **data) from None
