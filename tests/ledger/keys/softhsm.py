"""SoftHSM2 tokens for one test: a folder of its own, as if freshly bought."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from yinzheng.ledger.keys import token as tokens
from yinzheng.ledger.keys.token_config import TokenConfig

PIN = "a PIN of the tests"
LABEL = "registry"
_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
MODULE = next((path for path in _MODULES if Path(path).exists()), "")

needs_softhsm = pytest.mark.skipif(
    not MODULE or shutil.which("softhsm2-util") is None, reason="the package softhsm2 is not installed"
)


@dataclass
class Hsm:
    """A folder of tokens, one of which is called `LABEL`."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def config(self) -> TokenConfig:
        return TokenConfig(MODULE, LABEL, "")

    def make(self, label: str) -> None:
        """One more token; seen after `restart`."""
        command = ["softhsm2-util", "--init-token", "--free", "--label", label]
        subprocess.run(
            [*command, "--pin", PIN, "--so-pin", "12345678"], check=True, capture_output=True, timeout=30
        )

    def restart(self) -> None:
        """What a new process would find: no login, the tokens that are there now."""
        import pkcs11

        tokens._GATE.close()
        pkcs11.lib(MODULE).reinitialize()

    def connect(self, folder: Path) -> None:
        """Have the library look into `folder` for tokens."""
        folder.mkdir(exist_ok=True)
        configuration = folder.with_suffix(".conf")
        configuration.write_text(
            f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        self.monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))

    def disconnect(self) -> None:
        """Take all tokens out."""
        self.connect(self.folder.with_name("nothing"))
        self.restart()

    def reconnect(self) -> None:
        """Put them back."""
        self.connect(self.folder)
        self.restart()

    @contextmanager
    def session(self) -> Iterator[Any]:
        """A session of our own, beside the program's; it must be logged in."""
        import pkcs11

        with pkcs11.lib(MODULE).get_token(token_label=LABEL).open(rw=True) as session:
            yield session

    def objects(self) -> list[Any]:
        """Everything that lies in the token."""
        with self.session() as session:
            return list(session.get_objects())


@contextmanager
def softhsm(folder: Path) -> Iterator[Hsm]:
    """The tokens for the length of a block."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        hsm = Hsm(folder / "tokens", monkeypatch)
        hsm.connect(hsm.folder)
        hsm.make(LABEL)
        hsm.restart()
        yield hsm
        hsm.reconnect()
        tokens._GATE.close()
