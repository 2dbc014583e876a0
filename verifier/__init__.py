"""Should I believe this certificate?

A pure verifier: bytes in, report out. It imports nothing else of the project, opens no database, no file
and no connection, and has no clock of its own; readers of a live ledger are passed in.

    trust = parse_trust(trust_json)
    report = verify(read_target(data), trust, now=now)
    report.authentic, report.status
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from yinzheng.verifier.containers.certfile import CertificateFile, format_file, parse_file
    from yinzheng.verifier.containers.target import Presented, read_target
    from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
    from yinzheng.verifier.formats.body import (
        Body,
        Holder,
        Level,
        Party,
        Remark,
        is_number,
        parse_body,
    )
    from yinzheng.verifier.formats.certificate import Core, decode_qr, encode_qr, key_id, statement_of
    from yinzheng.verifier.formats.creditcode import is_credit_code
    from yinzheng.verifier.judge.certificate.verify import verify
    from yinzheng.verifier.judge.live import LiveReader, LiveRecord
    from yinzheng.verifier.judge.report import Authentic, Difference, Finding, Outcome, Report, Status
    from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust

__all__ = [
    "Authentic",
    "Body",
    "CertificateFile",
    "Core",
    "DataFault",
    "Difference",
    "EnvironmentFault",
    "Finding",
    "Holder",
    "Level",
    "LiveReader",
    "LiveRecord",
    "Outcome",
    "Party",
    "Presented",
    "Remark",
    "Report",
    "Status",
    "TrustPolicy",
    "UsageFault",
    "YinzhengError",
    "decode_qr",
    "encode_qr",
    "format_file",
    "is_credit_code",
    "is_number",
    "key_id",
    "parse_body",
    "parse_file",
    "parse_trust",
    "read_target",
    "statement_of",
    "verify",
]

_WHERE: Final = {
    "Authentic": "judge.report",
    "Body": "formats.body",
    "CertificateFile": "containers.certfile",
    "Core": "formats.certificate",
    "DataFault": "errors",
    "Difference": "judge.report",
    "EnvironmentFault": "errors",
    "Finding": "judge.report",
    "Holder": "formats.body",
    "Level": "formats.body",
    "LiveReader": "judge.live",
    "LiveRecord": "judge.live",
    "Outcome": "judge.report",
    "Party": "formats.body",
    "Presented": "containers.target",
    "Remark": "formats.body",
    "Report": "judge.report",
    "Status": "judge.report",
    "TrustPolicy": "judge.trust",
    "UsageFault": "errors",
    "YinzhengError": "errors",
    "decode_qr": "formats.certificate",
    "encode_qr": "formats.certificate",
    "format_file": "containers.certfile",
    "is_credit_code": "formats.creditcode",
    "is_number": "formats.body",
    "key_id": "formats.certificate",
    "parse_body": "formats.body",
    "parse_file": "containers.certfile",
    "parse_trust": "judge.trust",
    "read_target": "containers.target",
    "statement_of": "formats.certificate",
    "verify": "judge.certificate.verify",
}
"""Which module each name comes from: loaded when it is asked for, so that what needs an error alone, such as
the command line's help, loads no cryptography."""


def __getattr__(name: str) -> Any:
    """A name of `__all__` (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
