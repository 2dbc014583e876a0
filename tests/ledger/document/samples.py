"""Certificate bodies as they really look, and as they look at their worst."""

from __future__ import annotations

import copy
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import encode_qr

REGISTERED: Final = 1_795_500_000  # 24 November 2026 at +08:00
HOST: Final = "registry.example"
ISSUER: Final = Sm2PrivateKey(0x5EED)
ATTACHMENT: Final = '{"format": "yinzheng/certificate/1", "qr": "…"}\r\n\x00'.encode()

FACTS: Final[dict[str, Any]] = {
    "leaf": "3f786850e387550fdab836ed7e6dc881de23001b9f2c5d6d0c1f6a1c54f0a1d2",
    "log": "registry.example/log",
    "index": 1284,
    "chain": 20_261_121,
    "contract": "5fbdb2315678afecb367f032d93f642f64180aa3",
    "block": 977,
}

USUAL: Final[dict[str, Any]] = {
    "v": 1,
    "number": "SJ4412026110001",
    "type": "first",
    "profile": "GD-HEALTH/1",
    "procedure": "simplified",
    "holders": [
        {"name": "广州市示例人民医院", "code": "124401004553501004", "rights": ["hold", "use"]},
        {"name": "岭南示例健康数据科技有限公司", "code": "91440101MA5CX0L21T", "rights": ["operate"]},
    ],
    "limits": "仅限用于糖尿病并发症预测模型的研究与训练；不得向境外提供；不得用于保险定价；"
    "不得尝试重新识别个人；再许可须经全体权利人书面同意。",
    "asset": "2019—2024年粤港澳大湾区糖尿病门诊随访去标识化数据集",
    "class": "health",
    "level": {"scheme": "GB/T 39725—2020", "value": 3},
    "source": "collected",
    "scale": "126,480名患者，3,412,905条随访记录，约41.7 GB",
    "registry": {"name": "示例健康数据登记中心", "code": "12440000455350123A"},
    "registered_at": REGISTERED,
    "valid_until": REGISTERED + 3 * 365 * 86_400,
    "remarks": [{"kind": "agreed", "text": "经营权期限至2028年12月31日，届满后由持有权人另行约定。"}],
    "prev": "ab" * 32,
}


def changed(**fields: Any) -> dict[str, Any]:
    """The usual body with other fields."""
    return copy.deepcopy(USUAL) | fields


def demonstration() -> dict[str, Any]:
    """Public data, ordinary procedure, no limits and no remarks, under the demonstration's rules."""
    return changed(
        profile="DEMO/1",
        procedure="ordinary",
        source="open",
        limits="",
        remarks=[],
        holders=[USUAL["holders"][0] | {"rights": ["hold", "use", "operate"]}],
    )


def longest() -> dict[str, Any]:
    """Twenty holders, and every text as long as the page has to bear."""
    name = "粤港澳大湾区心血管疾病多中心临床研究数据联合实验室（广州）暨岭南示例健康数据研究院"
    codes = [holder["code"] for holder in USUAL["holders"]]
    rights = [["hold"], ["hold", "use"], ["hold", "use", "operate"], ["operate"]]
    clause = "仅限用于糖尿病并发症预测模型的研究与训练，不得向境外提供，不得用于保险定价；"
    return changed(
        asset=("粤港澳大湾区多中心糖尿病门诊随访去标识化数据集" * 3)[:40],
        scale=("十二家医院、一百二十六万名患者、三千四百万条随访记录；" * 4)[:60],
        limits=(clause * 20)[:400],
        holders=[{"name": name[:40], "code": codes[i % 2], "rights": rights[i % 4]} for i in range(20)],
        remarks=[
            {"kind": kind, "text": ("依据某市中级人民法院民事裁定书及协助执行通知书办理；" * 10)[:200]}
            for kind in ("agreed", "seizure", "control", "other")
        ],
    )


def hostile() -> dict[str, Any]:
    """Texts that would be markup, and words without a place to break."""
    return changed(
        asset='#import "x": *; $x^2$ \\ *b* _i_ <a> @c',
        limits="#panic(1) " + "A" * 180 + " [*_$`\\\\] //x /*y*/ " + "0123456789" * 15,
        scale="w" * 60,
        holders=[{"name": "#sys.inputs ][ {{ }} ~ -- ---", "code": "124401004553501004", "rights": ["use"]}],
    )


def qr_text(body: dict[str, Any]) -> str:
    """The signed QR text of a body, which also proves that the body is well formed."""
    return encode_qr(parse_body(body), ISSUER, HOST)
