"""Write the examples of both OpenAPI documents to api/http/exchanges, as a running registry says them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.scripts.talk import Said, say_all, talking

FOLDER: Final = Path(__file__).resolve().parents[2] / "api" / "http" / "exchanges"


def shape_of(value: Any) -> Any:
    """What two tellings of one thing share: names and kinds, whatever the values and however many."""
    if isinstance(value, dict):
        return {name: shape_of(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape_of(inner), sort_keys=True) for inner in value})
    return type(value).__name__


def text_of(said: Said) -> str:
    """As it is written to a file."""
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Have everything said, and keep it."""
    with tempfile.TemporaryDirectory() as name, talking(Path(name)) as talk:
        say_all(talk)
    FOLDER.mkdir(exist_ok=True)
    for service, said in (("desk", talk.of_desk), ("pages", talk.of_pages)):
        (FOLDER / f"{service}.json").write_text(text_of(said), encoding="utf-8")


if __name__ == "__main__":
    main()
