"""Why a ledger that was asked told nothing that counts, in Chinese and English. `phrases` looks them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEDGER_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "other-chain": (
        "所问节点或账本属于另一条链，未予采信。",
        "The ledger asked is of another chain than your policy pins, and was not believed.",
    ),
    "state-unreadable": (
        "登记系统的状态目录已损坏或不完整，无法读取；这与文件真伪无关。",
        "The state folder is damaged or not whole and cannot be read; this says nothing about the document.",
    ),
    "live-refused": (
        "账本的应答不能自证，未予采信。",
        "The ledger's answer does not prove itself and was not believed.",
    ),
    "ledger-unreachable": (
        "登记机构的网站没有应答，或不可信（TLS）；这与文件真伪无关。",
        "The registry's web server does not answer, or is not who it says (TLS); this says nothing about the "
        "document.",
    ),
    "ledger-busy": (
        "登记机构的网站暂不受理更多查询，请过一分钟再试。",
        "The registry's web server grants no more look-ups for now; ask again in a minute.",
    ),
    "ledger-nonsense": (
        "该网址的应答不是登记机构账本的内容，请核对网址。",
        "What that web server answers is no ledger of ours; check its address.",
    ),
    "ledger-too-long": (
        "该网址的应答过长，未予读取，请核对网址。",
        "That web server answers more than is taken; check its address.",
    ),
    "ledger-now-alone": (
        "登记机构的网站只提供证书当前的状态；其他时间和其他内容请另加 --rpc 指定节点。",
        "A registry's web server tells how certificates stand now alone; name a node besides, --rpc.",
    ),
}
