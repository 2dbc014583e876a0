"""Write the examples of both OpenAPI documents to api/http/exchanges, as a running registry says them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.scripts.talk import Said, say_all, talking
from tests.scripts.talk_consents import consenting, say_the_rest

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


def everything(folder: Path) -> dict[str, Said]:
    """What desk and pages are asked and answer, said now, in the folder of two new registries."""
    with talking(folder / "rights") as talk:
        say_all(talk)
    with consenting(folder / "consents") as scene:
        say_the_rest(scene, talk.of_desk, talk.of_pages)
    return {"desk": talk.of_desk, "pages": talk.of_pages}


def main() -> None:
    """Have everything said, and keep it."""
    with tempfile.TemporaryDirectory() as name:
        made = everything(Path(name))
    FOLDER.mkdir(exist_ok=True)
    for service, said in made.items():
        (FOLDER / f"{service}.json").write_text(text_of(said), encoding="utf-8")


if __name__ == "__main__":
    main()
