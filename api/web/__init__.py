"""Pages and JSON for whoever checks a certificate. Reads only and holds no key (docs/adr/0003)."""

from api.web.app import create_app
from api.web.limits import Limits
from api.web.ports import ReaderPort
from api.web.serve import serve

__all__ = ["Limits", "ReaderPort", "create_app", "serve"]
