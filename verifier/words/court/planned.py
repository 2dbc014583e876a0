"""The report that goes into a pack (S14.6): made of the plan, so that no content is read twice.

It is what its own reader will find, but for what only the finished file can show: that the zip has its layout
and that the issuer signed. A writer guarantees both, and that every content is what its item names; whoever
reads the report in a pack still has a registry's own words before them, and is told so.
"""

from __future__ import annotations

from yinzheng.verifier.judge.pack.exhibits import Ground
from yinzheng.verifier.judge.pack.report import PackReport
from yinzheng.verifier.judge.pack.verify import written_report
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.pack.reading import take_as_named
from yinzheng.verifier.pack.writer import PackPlan, lay_out


def report_on(plan: PackPlan) -> PackReport:
    """What a reader under the plan's own policy will find in its pack, as of the time it is made.

    The same plan gives the same report. Raises `DataFault` as `write_pack` where the plan gives no pack, and
    as `parse_trust`.
    """
    trust = parse_trust(plan.trust)
    manifest, sources = lay_out(plan)
    contents = take_as_named(sources, {item.leaf for item in manifest.items})
    return written_report(Ground(manifest, contents, trust))
