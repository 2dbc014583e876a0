"""The report that goes into a pack (S14.6): made of the plan, so that no content is read twice.

It is what its own reader will find, but for what only the finished file can show: that the zip has its layout
and that the issuer signed. A writer guarantees both, and that every content is what its item names; whoever
reads the report in a pack still has a registry's own words before them, and is told so.
"""

from __future__ import annotations

from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.pack.checks import pinned_issuer
from yinzheng.verifier.judge.pack.exhibits import Ground
from yinzheng.verifier.judge.pack.report import PackReport
from yinzheng.verifier.judge.pack.verify import conclude, stopped
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
    findings = Findings()
    # (1): what the writer finishes has the one layout.
    findings.settle(1, lambda: None)
    # (2): the policy pins the key that will sign; the writer's pack is not finished without the signature.
    issuer = findings.settle(2, lambda: pinned_issuer(manifest.signer, trust))
    if issuer is None:
        return stopped(findings, trust, plan.made_at, written_with_pack=True)
    contents = take_as_named(sources, {item.leaf for item in manifest.items})
    ground = Ground(manifest, contents, trust)
    return conclude(ground, issuer, findings, plan.made_at, written_with_pack=True)
