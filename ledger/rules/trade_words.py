"""What names of fields and words of limits plainly say; whatever they find only ever adds a refusal (R45).

A person reads the rest: silence of these tables is no leave.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Final

from yinzheng.ledger.rules.licences import Act
from yinzheng.verifier.bytes.naming import spell
from yinzheng.verifier.formats.trade import SHARE, TRANSFER

_PERSONAL: Final = re.compile(
    r"姓名|名字|身份证|证件号|护照|手机|电话|联系方式|住址|地址|邮箱|电子邮件|病历号|住院号|门诊号|就诊卡"
    r"|社保[卡号]|医保[卡号]|银行[卡账]|车牌|微信|人脸|指纹|虹膜|声纹"
)
_LATIN: Final = "xm idno sfz sfzh sfzhm tel sjh address addr mail mrn zyh mzh wechat iris ssn"
_WORDS: Final[Collection[str]] = frozenset(re.findall("[a-z]+", _LATIN))
_INSIDE: Final = re.compile(
    "fullname|patientname|xingming|idcard|passport|phone|mobile|email|openid|fingerprint"
)
_SIMPLIFIED: Final = str.maketrans(
    "證號電話機聯繫郵歷門診醫銀車臉紋聲護", "证号电话机联系邮历门诊医银车脸纹声护"
)
_THING: Final = re.compile(
    r"药|疾病|诊断|机构|医院|科室|项目|指标|drug|disease|hospital|dept|item|file|field", re.I
)
"""A drug, a disease or a hospital has a name or an address too, and nobody's."""
_PERSON: Final = re.compile(r"患者|病人|本人|家属|医生|医师|patient", re.I)


def personal_fields(fields: Collection[str]) -> tuple[str, ...]:
    """Give the fields whose names say that they tell who somebody is."""
    return tuple(field for field in fields if _tells_who(field))


@lru_cache(maxsize=4096)  # the same data is traded again and again
def _tells_who(field: str) -> bool:
    # Full width, traditional characters and what cannot be seen only change how a name looks.
    written = spell(unicodedata.normalize("NFKC", field)).translate(_SIMPLIFIED)
    field = "".join(written.split())
    if _THING.search(field) and not _PERSON.search(field):
        return bool(re.search("病历号|身份证|手机", field))
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", written)}
    whole = "".join(re.findall("[a-z]", field.lower()))
    return (
        bool(_PERSONAL.search(field) or _INSIDE.search(whole))
        or whole == "name"
        or not {whole, *words}.isdisjoint(_WORDS)
    )


_FORBIDDING: Final = r"(?:不得|禁止|不允许|不可|严禁|不能)[^，。；;,]{0,12}?"
_BY_KIND: Final[Mapping[str, re.Pattern[str]]] = {
    TRANSFER: re.compile(_FORBIDDING + "(?:转让|交易|买卖|出售)"),
    SHARE: re.compile(_FORBIDDING + "(?:许可|授权他人|共享|交易|买卖|出售)"),
}
_BY_ACT: Final[Mapping[str, re.Pattern[str]]] = {
    Act.STORE: re.compile(_FORBIDDING + "(?:存储|留存)"),
    Act.PROCESS: re.compile(_FORBIDDING + "加工"),
    Act.TRANSMIT: re.compile(_FORBIDDING + "(?:传输|出境)"),
    Act.PROVIDE: re.compile(_FORBIDDING + "提供"),
    Act.PUBLISH: re.compile(_FORBIDDING + "(?:公开|发布)"),
}
_COMMERCE: Final = re.compile(r"商业|营利|盈利|销售|营销|保险定价|commercial|marketing", re.I)
_NO_COMMERCE: Final = re.compile(
    _FORBIDDING + "(?:商业|营利|盈利)|非商业|仅限[^，。；;,]{0,8}?(?:公益|非营利)"
)


def forbidden(limits: str, kind: str, acts: Collection[str], purpose: str | None) -> Iterator[str]:
    """Give what of a trade or move these words plainly forbid: its kind (S20.1), acts, or `purpose`."""
    if _BY_KIND[kind].search(limits):
        yield kind
    yield from (act for act in acts if act in _BY_ACT and _BY_ACT[act].search(limits))
    if purpose is not None and _COMMERCE.search(purpose) and _NO_COMMERCE.search(limits):
        yield "purpose"
