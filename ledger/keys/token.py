"""One login to one token, shared by the whole process, for PKCS#11 counts logins by process.

Everything PKCS#11 does goes through `Token.run`: one caller at a time (python-pkcs11 initialises the vendor's
library without locking, so it must never be entered twice), for a bounded time, and with the library's
errors said in our own terms:

    pkcs11-missing       the Python package is not installed      token-module    the library does not load
    token-absent         no such token is connected               token-ambiguous several tokens fit
    token-pin-wrong      refused; it is not presented again       token-pin-locked, token-pin-expired,
    token-pin-last-try   one try is left, which is not ours       token-not-ready
    token-session-lost   it was there a moment ago                token-timeout   no answer
    key-mechanism        the token cannot do it                   token-failed    anything else, with its name

A PIN that was refused is never presented again by this process, however often a key is asked for: tokens
lock after a few wrong ones. PINs and what is signed or wrapped never reach a message or a log.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from yinzheng.ledger.keys.token_config import TokenConfig
from yinzheng.verifier.errors import EnvironmentFault, YinzhengError

if TYPE_CHECKING:
    from pkcs11 import Session

CALL_SECONDS = 30.0
"""How long one call may take. Signing takes milliseconds; generating a key in a slow card a few seconds."""

T = TypeVar("T")

_Fault = tuple[str, str, str]
_LOST: Final[_Fault] = (
    "token-session-lost",
    "the token was taken out, reset or logged out",
    "connect it again and run the same command again; nothing acknowledged is lost",
)
_WRONG: Final[_Fault] = (
    "token-pin-wrong",
    "the token refuses the PIN",
    "correct it before the next command: after a few wrong tries the token locks itself",
)
_UNABLE: Final[_Fault] = (
    "key-mechanism",
    "the token cannot do what this key is for",
    "keep this key in the keystore, or use a token whose documentation lists the mechanism",
)
_FAULTS: Final[dict[str, _Fault]] = {
    **dict.fromkeys(("PinIncorrect", "PinInvalid", "PinLenRange"), _WRONG),
    "PinLocked": (
        "token-pin-locked",
        "the token has locked itself after too many wrong PINs",
        "its security officer unlocks it with the vendor's tool",
    ),
    "PinExpired": (
        "token-pin-expired",
        "the token wants a new PIN",
        "change it with the vendor's tool, then give the new one",
    ),
    "UserPinNotInitialized": (
        "token-not-ready",
        "the token has no user PIN yet",
        "its security officer sets one with the vendor's tool",
    ),
    **dict.fromkeys(
        (
            "TokenNotPresent",
            "TokenNotRecognised",
            "DeviceRemoved",
            "SlotIDInvalid",
            "SessionHandleInvalid",
            "SessionClosed",
            "UserNotLoggedIn",
            "KeyHandleInvalid",
            "ObjectHandleInvalid",
        ),
        _LOST,
    ),
    **dict.fromkeys(
        (
            "MechanismInvalid",
            "MechanismParamInvalid",
            "FunctionNotSupported",
            "DomainParamsInvalid",
            "KeyTypeInconsistent",
            "KeySizeRange",
            "AttributeTypeInvalid",
            "AttributeValueInvalid",
            "TemplateInconsistent",
        ),
        _UNABLE,
    ),
}


class Token:
    """An open session, logged in. Made by `open_token`."""

    def __init__(self, session: Session, where: tuple[str, str], gate: Gate) -> None:
        self._session = session
        self._where = where
        self._gate = gate
        self.alive = True
        """Whether the session was there when it was last used; its handles die with it."""

    @property
    def serial(self) -> str:
        """The token's serial number, as its maker prints it."""
        return self._where[1]

    def run(self, action: Callable[[Session], T]) -> T:
        """Do one thing in the session. Raises `EnvironmentFault`, see above."""
        try:
            return self._gate.run(lambda: action(self._session))
        except EnvironmentFault as fault:
            if fault.code in ("token-session-lost", "token-timeout"):
                self._gate.forget(self._where)
            raise

    def mechanisms(self) -> frozenset[int]:
        """What the token says it can do."""
        return self.run(lambda session: frozenset(map(int, session.token.slot.get_mechanisms())))


class Gate:
    """The process's one way into PKCS#11: who is inside, which logins are open, which PINs were refused."""

    def __init__(self, seconds: float = CALL_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._opening = threading.Lock()  # or two threads would spend two tries on one wrong PIN
        self._stuck = False
        self._tokens: dict[tuple[str, str], Token] = {}
        self._refused: set[bytes] = set()

    def run(self, action: Callable[[], T]) -> T:
        """Do one thing alone, within the time; raise what PKCS#11 raises in our terms."""
        with self._lock:
            if self._stuck:
                raise _timeout()
            answer: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
            # A call into the vendor's library cannot be interrupted, only left behind.
            threading.Thread(target=_answer, args=(action, answer), daemon=True).start()
            try:
                value, error = answer.get(timeout=self._seconds)
            except queue.Empty:
                self._stuck = True  # somebody may still be inside: nobody enters any more
                raise _timeout() from None
        if error is not None:
            raise translated(error) from None
        return value  # type: ignore[return-value]

    def open(self, config: TokenConfig, pin: Callable[[], str]) -> Token:
        """See `open_token`."""
        with self._opening:
            serial = self.run(lambda: _find(config).serial.decode("latin-1"))
            where = config.module, serial
            token = self._tokens.get(where)
            if token is None:
                session = self._login(config, where, pin())
                token = self._tokens[where] = Token(session, where, self)
            return token

    def forget(self, where: tuple[str, str]) -> None:
        """Drop a session that is no more; whoever opens the token next logs in afresh."""
        token = self._tokens.pop(where, None)
        if token is not None:
            token.alive = False

    def close(self) -> None:
        """End every session, and with it the logins."""
        while self._tokens:
            _, token = self._tokens.popitem()
            token.alive = False
            token.run(lambda session: session.close())

    def _login(self, config: TokenConfig, where: tuple[str, str], pin: str) -> Session:
        tried = hashlib.sha256("\0".join((*where, pin)).encode()).digest()
        if tried in self._refused:
            raise _fault(*_WRONG)
        try:
            return self.run(lambda: _log_in(_find(config), pin))
        except EnvironmentFault as fault:
            if fault.code.startswith("token-pin"):
                self._refused.add(tried)
            raise


_GATE: Final = Gate()
"""Not a cache: PKCS#11 itself keeps one state for the process, and this is our view of it."""


def open_token(config: TokenConfig, pin: Callable[[], str]) -> Token:
    """Log in to the configured token, or take the login this process has. `pin` is asked only if needed.

    Raises `EnvironmentFault` as the table above, and whatever `pin` raises.
    """
    return _GATE.open(config, pin)


def translated(error: BaseException) -> BaseException:
    """An error of python-pkcs11 in our terms; any other as it is."""
    kind = type(error)
    if isinstance(error, YinzhengError) or kind.__module__ != "pkcs11.exceptions":
        return error
    known = _FAULTS.get(kind.__name__)
    if known is not None:
        return _fault(*known, reason=kind.__name__)
    return EnvironmentFault(
        f"the token reports {kind.__name__}",
        code="token-failed",
        hint="see the token's own log; nothing was signed or stored",
        reason=kind.__name__,
    )


def _answer(
    action: Callable[[], T], answer: queue.SimpleQueue[tuple[T | None, BaseException | None]]
) -> None:
    try:
        answer.put((action(), None))
    except BaseException as error:  # carried over to the thread that waits
        answer.put((None, error))


def _find(config: TokenConfig) -> Any:
    """The configured token, freshly looked for: slots come and go."""
    found = [
        token
        for token in _library(config.module).get_tokens(token_label=config.label)
        if not config.serial or token.serial.decode("latin-1") == config.serial
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise EnvironmentFault(
            f"several connected tokens are called {config.label}",
            code="token-ambiguous",
            hint="name the serial number too",
        )
    raise EnvironmentFault(
        f"the token {config.label} is not connected",
        code="token-absent",
        hint="connect it and run the same command again; without it nothing is signed or opened",
    )


def _library(module: str) -> Any:
    try:
        import pkcs11
    except ImportError:
        raise EnvironmentFault(
            "keys in a token need the package python-pkcs11",
            code="pkcs11-missing",
            hint="install yinzheng[hardware]",
        ) from None
    try:
        return pkcs11.lib(str(Path(module)))
    except pkcs11.PKCS11Error:
        raise EnvironmentFault(
            f"the PKCS#11 library {module} does not load",
            code="token-module",
            hint="install the vendor's library, and name it by its full path",
        ) from None


def _log_in(token: Any, pin: str) -> Session:
    from pkcs11 import TokenFlag, UserAlreadyLoggedIn

    if token.flags & TokenFlag.USER_PIN_LOCKED:
        raise _fault(*_FAULTS["PinLocked"])
    if token.flags & TokenFlag.USER_PIN_FINAL_TRY:
        raise EnvironmentFault(
            "wrong PINs were given to the token; it allows one more try, and this program does not take it",
            code="token-pin-last-try",
            hint="log in once with the vendor's tool, which resets the count",
        )
    try:
        session: Session = token.open(user_pin=pin)
    except UserAlreadyLoggedIn:
        session = token.open()  # a login outlives the session it was made in
    return session


def _fault(code: str, message: str, hint: str, **data: str) -> EnvironmentFault:
    return EnvironmentFault(message, code=code, hint=hint, **data)


def _timeout() -> EnvironmentFault:
    return EnvironmentFault(
        "the token does not answer",
        code="token-timeout",
        hint="check its connection; a new command starts afresh. Whether the last call was done is unknown",
    )
