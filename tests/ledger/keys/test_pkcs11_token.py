"""What can be wrong with a token or its PIN is said in our own terms, and no PIN is tried twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pkcs11 import TokenFlag, exceptions

from tests.ledger.keys.softhsm import LABEL, MODULE, PIN, Hsm, needs_softhsm
from yinzheng.ledger.keys import token as token_module
from yinzheng.ledger.keys import token as tokens
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.pkcs11 import Pkcs11Provider, make_in_token
from yinzheng.ledger.keys.provider import KEK, RELAY
from yinzheng.ledger.keys.token import Gate, open_token, translated
from yinzheng.ledger.keys.token_config import (
    FILE,
    PIN_FILE,
    TokenConfig,
    TokenEntry,
    TokenSm2,
    find_pin,
    read_config,
)
from yinzheng.ledger.keys.token_config import PIN as PIN_VARIABLE
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError

ABSENT = TokenConfig("/nowhere/lib.so", LABEL, "")


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(YinzhengError) as caught:
        action()
    assert caught.value.hint or not isinstance(caught.value, EnvironmentFault)
    assert PIN not in str(caught.value) + caught.value.hint + repr(caught.value.data)
    return caught.value.code


@needs_softhsm
class TestSoftHsm:
    def test_a_refused_pin_is_presented_once_however_often_keys_are_asked_for(
        self, hsm: Hsm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        presented: list[str] = []
        log_in = token_module._log_in

        def counted(token: Any, pin: str) -> Any:
            presented.append(pin)
            return log_in(token, pin)

        monkeypatch.setattr(token_module, "_log_in", counted)
        for _ in range(5):
            assert code_of(lambda: open_token(hsm.config, lambda: "wrong one")) == "token-pin-wrong"
        threads = [
            threading.Thread(target=lambda: code_of(lambda: open_token(hsm.config, lambda: "wrong two")))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert presented == ["wrong one", "wrong two"]
        open_token(hsm.config, lambda: PIN)
        open_token(hsm.config, lambda: pytest.fail("the process has logged in already"))
        assert presented[2:] == [PIN]

    def test_no_token_several_tokens_the_wrong_serial(self, hsm: Hsm) -> None:
        serial = open_token(hsm.config, lambda: PIN).serial
        hsm.make(LABEL)
        hsm.restart()
        assert code_of(lambda: open_token(hsm.config, lambda: PIN)) == "token-ambiguous"
        assert open_token(replace(hsm.config, serial=serial), lambda: PIN).serial == serial
        assert code_of(lambda: open_token(replace(hsm.config, serial="0"), lambda: PIN)) == "token-absent"
        assert code_of(lambda: open_token(replace(hsm.config, label="x"), lambda: PIN)) == "token-absent"

    def test_a_token_taken_out_and_put_back(self, hsm: Hsm, tmp_path: Path) -> None:
        config = make_in_token(hsm.config, open_token(hsm.config, lambda: PIN), KEK)
        keys = Pkcs11Provider(Keystore.create(tmp_path / "keys", b"p" * 12), config, lambda: PIN)
        wrapper = keys.wrapper()
        wrapped = wrapper.wrap(bytes(16), b"owner")
        open_token(config, lambda: PIN).run(lambda session: session.close())
        assert code_of(lambda: wrapper.unwrap(wrapped, b"owner")) == "token-session-lost"
        assert code_of(lambda: wrapper.wrap(bytes(16), b"owner")) == "token-session-lost"
        assert keys.wrapper().unwrap(wrapped, b"owner") == bytes(16)
        hsm.disconnect()
        assert code_of(keys.wrapper) == "token-absent"
        hsm.reconnect()
        assert keys.wrapper().unwrap(wrapped, b"owner") == bytes(16)
        tokens._GATE.close()
        assert keys.wrapper().unwrap(wrapped, b"owner") == bytes(16)

    def test_a_library_that_is_none(self, tmp_path: Path) -> None:
        other = tmp_path / "lib.so"
        other.write_bytes(b"no library")
        for module in (str(other), str(tmp_path / "nowhere.so")):
            assert code_of(lambda module=module: open_token(TokenConfig(module, LABEL, ""), lambda: PIN)) == (  # type: ignore[misc]
                "token-module"
            )


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pkcs11", None)
    assert code_of(lambda: open_token(ABSENT, lambda: PIN)) == "pkcs11-missing"


class TestLogin:
    """By a token that says of itself what SoftHSM2 never does."""

    @pytest.mark.parametrize(
        ("flag", "code"),
        [
            (TokenFlag.USER_PIN_LOCKED, "token-pin-locked"),
            (TokenFlag.USER_PIN_FINAL_TRY, "token-pin-last-try"),
        ],
    )
    def test_no_pin_is_risked(self, flag: TokenFlag, code: str) -> None:
        token = SimpleNamespace(flags=flag, open=lambda **_: pytest.fail("a PIN was presented"))
        assert code_of(lambda: token_module._log_in(token, PIN)) == code

    def test_a_login_that_is_there_already_serves(self) -> None:
        def opened(user_pin: str | None = None) -> str:
            if user_pin is not None:
                raise exceptions.UserAlreadyLoggedIn
            return "session"

        token = SimpleNamespace(flags=TokenFlag(0), open=opened)
        assert token_module._log_in(token, PIN) == "session"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.PinIncorrect(), "token-pin-wrong"),
        (exceptions.PinLocked(), "token-pin-locked"),
        (exceptions.PinExpired(), "token-pin-expired"),
        (exceptions.UserPinNotInitialized(), "token-not-ready"),
        (exceptions.DeviceRemoved(), "token-session-lost"),
        (exceptions.SessionHandleInvalid(), "token-session-lost"),
        (exceptions.MechanismInvalid(), "key-mechanism"),
        (exceptions.DeviceError(), "token-failed"),
        (exceptions.GeneralError(), "token-failed"),
    ],
)
def test_every_error_has_a_code_a_hint_and_no_text_of_the_library_s(error: Exception, code: str) -> None:
    fault = translated(error)
    assert isinstance(fault, EnvironmentFault)
    assert (fault.code, bool(fault.hint)) == (code, True)
    assert translated(ValueError("ours")).args == ("ours",)


class TestGate:
    def test_a_token_that_does_not_answer_is_never_entered_again(self) -> None:
        gate, waiting = Gate(seconds=0.05), threading.Event()
        assert code_of(lambda: gate.run(lambda: waiting.wait(30))) == "token-timeout"
        entered = []
        assert code_of(lambda: gate.run(lambda: entered.append(1))) == "token-timeout"
        waiting.set()
        assert not entered

    def test_one_at_a_time(self) -> None:
        gate, inside, most = Gate(), [0], [0]

        def enter() -> None:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            threading.Event().wait(0.001)
            inside[0] -= 1

        threads = [threading.Thread(target=lambda: gate.run(enter)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert most == [1]


class TestConfiguration:
    CONFIG = TokenConfig(
        MODULE or "/lib.so",
        LABEL,
        "0123",
        TokenSm2(0x80000001, 0x80000002, 0x80000003, "digest"),
        (TokenEntry(KEK, "yinzheng kek", b"k" * 16, None), TokenEntry(RELAY, "r", b"r" * 16, b"\4" * 65)),
    )

    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        assert read_config(tmp_path) is None
        self.CONFIG.write(tmp_path)
        assert read_config(tmp_path) == self.CONFIG
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
        assert self.CONFIG.without_key(KEK).entry(KEK) is None

    def test_is_no_key_of_the_keystore(self, tmp_path: Path) -> None:
        keystore = Keystore.create(tmp_path / "keys", b"p" * 12, scrypt_n=2)
        self.CONFIG.write(tmp_path / "keys")
        assert keystore.names() == []
        assert code_of(lambda: keystore.ethereum("pkcs11")) == "key-name"

    @pytest.mark.parametrize(
        "content", [b"", b"{}", b"[]", b'{"format":"yinzheng/pkcs11/2"}', b"x" * (64 * 1024 + 1)]
    )
    def test_anything_else_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(DataFault):
            read_config(tmp_path)


class TestPin:
    def test_from_a_file_before_the_environment(self, tmp_path: Path) -> None:
        file = tmp_path / "pin"
        file.write_text(PIN + "\n")
        file.chmod(0o600)
        assert find_pin({PIN_FILE: str(file), PIN_VARIABLE: "other"}) == PIN
        assert find_pin({PIN_VARIABLE: PIN}) == PIN
        file.chmod(0o640)
        assert code_of(lambda: find_pin({PIN_FILE: str(file)})) == "pin-exposed"
        assert code_of(lambda: find_pin({PIN_FILE: str(tmp_path / "none")})) == "pin-missing"

    @pytest.mark.parametrize(
        ("environment", "code"),
        [
            ({}, "pin-missing"),
            ({PIN_VARIABLE: ""}, "pin-malformed"),
            ({PIN_VARIABLE: "1" * 256}, "pin-malformed"),
            ({PIN_VARIABLE: "\udcff"}, "pin-malformed"),
        ],
    )
    def test_missing_or_malformed(self, environment: dict[str, Any], code: str) -> None:
        with pytest.raises(YinzhengError) as caught:
            find_pin(environment)
        assert caught.value.code == code
