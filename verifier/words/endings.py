"""Who ended what is registered, and why, as the chain keeps it, in words (R7, S5.3, S5.21)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.chain.layout import Ending
from yinzheng.verifier.words.phrase import Phrase

INITIATORS: Final[Mapping[str, Phrase]] = {
    "holders": Phrase("由权利人申请注销", "cancelled by its holders"),
    "registry": Phrase("由登记机构依职权注销", "cancelled by the registry on its own motion"),
    "forum": Phrase("由裁判机构注销", "cancelled by a forum"),
}
"""Who had a certificate cancelled."""

GROUNDS: Final[Mapping[str, Phrase]] = {
    "asked": Phrase("权利人申请或主体资格丧失", "the holders asked, or lost their standing"),
    "data_gone": Phrase("数据灭失或丧失价值", "the data is gone or worthless"),
    "document": Phrase("生效法律文书", "an effective court or arbitral document"),
    "rectification_refused": Phrase("拒不改正", "rectification was refused"),
    "public_interest": Phrase("国家或公共利益", "public or state interest"),
    "law": Phrase("法律法规或登记规则", "law or registry rules"),
}
"""On which ground."""

LICENCES: Final[Mapping[str, Phrase]] = {
    "agreed": Phrase("双方合意终止", "ended by both parties"),
    "document": Phrase("依生效法律文书终止", "ended by an effective document"),
}
"""Who ended a licence before its term."""


def cancelled(ending: Ending) -> Phrase:
    """Who had a certificate cancelled, and on which ground."""
    by, ground = INITIATORS[ending.initiator], GROUNDS[ending.ground]
    return Phrase(f"{by.zh}，事由：{ground.zh}", f"{by.en}, on the ground: {ground.en}")
