"""Packs whose reports are looked at: with the policy they were made under, and what a court may meet."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from typing import Any

from tests.verifier.pack.pack_world import (
    CONSENTS,
    CONSENTS_CODE,
    COURT,
    PRESERVATION,
    PRESERVATION_CODE,
    Dispute,
)
from tests.verifier.world import HOSPITAL, REGISTRY, trust_json
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.judge.pack.report import PackReport
from yinzheng.verifier.pack.writer import PackPlan
from yinzheng.verifier.words.court.planned import report_on


def policy(**changes: Any) -> dict[str, Any]:
    """The policy of `pack_trust`, as JSON."""
    value = copy.deepcopy(trust_json())
    value["issuers"][0]["not_after"] = None
    value["operators"] = [dict(REGISTRY), dict(COURT)]
    value["chain"]["contracts"] |= {
        "preservation": {"address": PRESERVATION.hex(), "code_hash": PRESERVATION_CODE.hex()},
        "consents": {"address": CONSENTS.hex(), "code_hash": CONSENTS_CODE.hex()},
    }
    return {**value, **changes}


def plan_of(dispute: Dispute, **changes: Any) -> PackPlan:
    """A plan without a report, under `policy`."""
    return replace(dispute.plan(), trust=dumps(policy(**changes)), report_html=None, report_pdf=None)


def planned(dispute: Dispute | None = None, **changes: Any) -> PackReport:
    """The report that would go into a pack."""
    return report_on(plan_of(dispute or Dispute(), **changes))


@cache
def hundred() -> PackReport:
    """A hundred items, two withheld, with long names and a Chinese case number."""
    forum = {"name": "广州互联网法院知识产权及数据纠纷审判庭" * 4, "code": COURT["code"]}
    item = {
        "title": "名称极长的证据" * 14,
        "collector": {
            "name": "Person of a very long name, 〇囍𠮷, of the department of information",
            "code": None,
        },
        "environment": "Windows 11 专业版，Chrome 141，" * 15,
        "custody": [],
    }
    dispute = Dispute(
        contents=[b"content %d" % number for number in range(100)],
        withheld=frozenset({7, 50}),
        released=True,
        item_changes={3: item},
        opening={"number": "（2026）粤0192民初12345号", "forum": forum},
    )
    return planned(dispute)


PARTY_OPERATES = {"operators": [dict(HOSPITAL)]}
"""A policy by which a party operates the only node."""
