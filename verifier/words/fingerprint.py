"""A policy's fingerprint: what two people compare on the telephone (S8.3, ADR 72).

Two words name the registry, its chain and its contract of rights, and stay as long as it does. 24 digits
cover whatever a document is believed by, and change with each key, seal or contract of it. What a reader asks
beyond that (age, witnesses, insisted seals, time-stamping authorities) is the reader's own and in neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words.phrase import Phrase

COMPARE: Final = Phrase(
    "请核对：这是否就是您的登记机构公布的信任策略指纹。",
    "Check that this is the fingerprint your registry publishes.",
)
FROM_PACK: Final = Phrase(
    "注意：所用的信任策略就是证据包内的那一份，由制作证据包的人选定。请先致电登记机构核对指纹"
    "（号码另行查找，不要用这份策略所载的），或改用您自己取得的策略。",
    "Mind: the policy used is the copy inside the pack, which whoever made the pack chose. "
    "Check its fingerprint with the registry by telephone, at a number found elsewhere and not the one that "
    "this policy names, or use a policy that you obtained yourself.",
)
LABEL: Final = Phrase("信任策略指纹", "Fingerprint of the policy")

DIGITS: Final = 24
_WORDS_PREFIX: Final = b"yinzheng/fingerprint-words/1\n"
_DIGITS_PREFIX: Final = b"yinzheng/fingerprint/1\n"

_NAMES: Final = (
    "松树/pine 竹子/bamboo 梅花/plum 兰花/orchid 荷花/lotus 柳树/willow 枫叶/maple 桃子/peach 苹果/apple "
    "香蕉/banana 西瓜/melon 葡萄/grape 玉米/corn 大米/rice 茶叶/tea 蜂蜜/honey 白鹤/crane 老鹰/eagle "
    "燕子/swallow 母鸡/hen 天鹅/swan 孔雀/peacock 骏马/horse 水牛/buffalo 山羊/goat 老虎/tiger 狮子/lion "
    "熊猫/panda 兔子/rabbit 小鹿/deer 大象/elephant 猴子/monkey 鲤鱼/carp 乌龟/turtle 海豚/dolphin "
    "蝴蝶/butterfly 高山/mountain 大河/river 海洋/ocean 湖泊/lake 岛屿/island 沙漠/desert 白云/cloud "
    "雪花/snow 闪电/lightning 彩虹/rainbow 星星/star 月亮/moon 太阳/sun 黄金/gold 白银/silver "
    "青铜/bronze 钢铁/steel 玉石/jade 帆船/sail 石桥/bridge 宝塔/tower 铜钟/bell 大鼓/drum 毛笔/brush "
    "灯笼/lantern 雨伞/umbrella 风筝/kite 围棋/chess"
)
WORDS: Final = tuple(Phrase(*pair.split("/")) for pair in _NAMES.split())
"""64 things, each told from the others by ear, in both languages."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a policy."""

    words: tuple[Phrase, Phrase]
    digits: str
    """24 of them, without spaces."""

    @property
    def grouped(self) -> str:
        """The digits in groups of four."""
        return " ".join(self.digits[at : at + 4] for at in range(0, DIGITS, 4))

    @property
    def said(self) -> Phrase:
        """As it is read out, in either language."""
        zh, en = (" ".join(getattr(word, lang) for word in self.words) for lang in ("zh", "en"))
        return Phrase(f"{zh} {self.grouped}", f"{en} {self.grouped}")

    def __str__(self) -> str:
        """In one line for both languages, as paper has it."""
        names = (" ".join(getattr(word, lang) for word in self.words) for lang in ("zh", "en"))
        return f"{' '.join(names)} {self.grouped}"

    def to_json(self) -> dict[str, str]:
        """JSON values."""
        return {"zh": self.said.zh, "en": self.said.en, "digits": self.digits}


def fingerprint(trust: TrustPolicy) -> Fingerprint:
    """The fingerprint of a policy; the same however its file is written."""
    return trust.derived("fingerprint", lambda: _fingerprint(trust))


def _fingerprint(trust: TrustPolicy) -> Fingerprint:
    named = sha256(_WORDS_PREFIX + trust.registry_id).digest()
    number = int.from_bytes(sha256(_DIGITS_PREFIX + dumps(covered(trust))).digest())
    return Fingerprint(
        (WORDS[named[0] % len(WORDS)], WORDS[named[1] % len(WORDS)]),
        str(number % 10**DIGITS).zfill(DIGITS),
    )


def covered(trust: TrustPolicy) -> dict[str, Any]:
    """What the digits cover, as members of a policy (S8.1), each list in ascending order."""
    contracts = {
        name: place
        for name in ("anchor", "rights", "consents", "preservation", "holders", "moves", "standing")
        if (place := getattr(trust, name)) is not None
    }
    return {
        "issuers": [
            {
                "key": issuer.key.point.hex(),
                "registry": issuer.registry.to_json(),
                "prefix": issuer.prefix,
                "not_before": issuer.not_before,
                "not_after": issuer.not_after,
                "compromised_at": issuer.compromised_at,
            }
            for _, issuer in sorted(trust.issuers.items())
        ],
        "log": {"origin": trust.origin, "keys": sorted(key.vkey for key in trust.log_keys)},
        "chain": {
            "id": trust.chain_id,
            "genesis": trust.genesis.hex(),
            "consensus": trust.consensus.name,
            "validators": [span.to_json() for span in trust.validators],
            "contracts": {
                name: {"address": place.address.hex(), "code_hash": place.code_hash.hex()}
                for name, place in contracts.items()
            },
        },
        "operators": [one.to_json() for one in sorted(trust.operators, key=lambda one: (one.code, one.name))],
    }
