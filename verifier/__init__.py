"""Should I believe this certificate?

A pure verifier: bytes in, report out. It imports nothing else of the project, opens no database, no file
and no connection, and has no clock of its own; readers of a live ledger are passed in.

    trust = parse_trust(trust_json)
    report = verify(read_target(data), trust, now=now)
    report.authentic, report.status
"""

from yinzheng.verifier.containers.certfile import CertificateFile, format_file, parse_file
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.body import (
    Body,
    Holder,
    Level,
    Party,
    Remark,
    is_credit_code,
    is_number,
    parse_body,
)
from yinzheng.verifier.formats.certificate import Core, decode_qr, encode_qr, key_id, statement_of
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
