"""How pages look: their templates and static files, and how a page is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from yinzheng.api.http.language import HTML_LANG, Language, negotiate, other
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words.speaker import speaker

ASSETS: Final = {
    "style.css": "text/css; charset=utf-8",
    "rights.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "receipt.js": "text/javascript; charset=utf-8",
    "scan.js": "text/javascript; charset=utf-8",
}
"""The only static files, with their media types."""

_WEB: Final = "yinzheng.api.web"


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file, read once; its address changes with its content, so it may be kept for ever."""

    content: bytes
    media: str
    version: str


_HEADLINE: Final = Markup('{}<span class="apart">{}</span>')


def _headline(said: str) -> Markup | str:
    """What was found, and apart from it as of when: on a phone a line ends between them, within no word."""
    found, bracket, when = said.partition("（")
    return _HEADLINE.format(found, bracket + when) if bracket else said


class Look:
    """The templates of `packages`, and of `api.web` behind them, with its static files."""

    def __init__(self, *packages: str) -> None:
        self.assets = {name: _asset(name, media) for name, media in ASSETS.items()}
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(one) for one in (*packages, _WEB)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["headline"] = _headline

    def page(
        self,
        template: str,
        *,
        language: Language,
        switch: str | None = None,
        demonstration: bool = False,
        status: int = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
        policy: TrustPolicy | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """Render a page for people.

        `switch` is the address of the same page in the other language, by default the one asked for.
        `policy` is the one under which the page speaks: its registry stands at the foot.
        """
        text = self._templates.get_template(template).render(
            lang=language,
            html_lang=HTML_LANG[language],
            other_html_lang=HTML_LANG[other(language)],
            switch=switch or f"?lang={other(language)}",
            t=(lambda zh, _en: zh) if language == "zh" else (lambda _zh, en: en),
            asset=lambda name: f"/static/{name}?v={self.assets[name].version}",
            demonstration=demonstration,
            speaker=None if policy is None else speaker(policy, language),
            **{"here": "", **values},
        )
        vary = {"Content-Language": HTML_LANG[language], "Vary": "Accept-Language"}
        return HTMLResponse(text, status_code=status, headers={**vary, **(headers or {})})


def language_of(request: Request) -> Language:
    """The language of a request."""
    return negotiate(request.query_params.get("lang"), request.headers.get("accept-language"))


def _asset(name: str, media: str) -> Asset:
    content = files(_WEB).joinpath("static", name).read_bytes()
    return Asset(content, media, sha256(content).hexdigest()[:12])
