"""With `CI=true` no test is optional: one that would be skipped fails and says what is missing."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

_ALLOWED = ("this Python's OpenSSL has no SM3", "making devices is not allowed", "may not mount")
"""What depends on the kernel or the interpreter of the machine and no package can bring."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where everything must run."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed in reason for allowed in _ALLOWED):
            report.outcome = "failed"
            report.longrepr = f"skipped, but nothing is optional here: {reason}"
    return report
