"""How to check a pack with common tools alone (S14.6): one text for every pack, and a short script.

Every command is one that a shell runs as it stands, in the order given, beside `case.zip` and `policy.json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from yinzheng.verifier.words.phrases import Phrase


@dataclass(frozen=True, slots=True)
class HowtoStep:
    """What to do, and the commands that do it."""

    text: Phrase
    commands: tuple[str, ...] = ()


INTRODUCTION: Final = Phrase(
    "一切结论都可以不依赖我们的软件重算。规则见登记机构公布的规范 S1–S5、S7、S10、S14。信任的起点只有一份："
    "您自己取得的"
    "信任策略 policy.json（发证公钥、日志公钥、验证节点、合约地址），而不是本包内的 trust.json。",
    "Every conclusion can be computed anew without our software. The rules are sections S1–S5, S7, S10 and "
    "S14 of "
    "the registry's published specification. Trust begins in one place: policy.json, the policy you obtained "
    "yourself (issuer key, log keys, validators, contract addresses), not the trust.json of this pack.",
)
CLOSING: Final = Phrase(
    "摘要与链只说明“自存证之时起未改动”，不说明存证之前的真实性：来源、生成与保管由采集人陈述，标为陈述。",
    "Digests and chain say “unchanged since the deposit”. They say nothing about the truth before it: "
    "source, "
    "making and keeping are what the collector claims, and are marked as claims.",
)
TITLE: Final = Phrase("如何用常见工具复核本证据包", "How to check this pack with common tools alone")

_EVIDENCE: Final = '[.[] | select(.statement.type == "dispute.evidence" and .secret != null)][0]'

STEPS: Final = (
    HowtoStep(
        Phrase(
            "解包。manifest.json 列出每个文件的大小与两种摘要，逐个核对；不应有清单之外的文件。",
            "Unpack. manifest.json lists size and two digests of every file: compare them all. No other "
            "file may be "
            "there.",
        ),
        (
            "unzip -q case.zip -d case",
            "cd case",
            """jq -r '.files[] | .digest.sha256 + "  " + .path' manifest.json | sha256sum -c --quiet""",
            """jq -r '.files[] | .digest.sm3 + " *" + .path' manifest.json > sm3.expected""",
            "jq -r '.files[].path' manifest.json | xargs openssl dgst -sm3 -r | cmp - sm3.expected",
        ),
    ),
    HowtoStep(
        Phrase(
            "清单由登记机构签名（SM2/SM3，标识 1234567812345678）。signer 是公钥 SHA-256 的前 8 字节；"
            "以下从您的信任策略取该公钥。",
            "The registry signed the manifest (SM2 with SM3, ID 1234567812345678). signer is the first 8 "
            "bytes of "
            "the key's SHA-256; the key is taken from your policy.",
        ),
        (
            'KEY=$(jq -r --arg k "$(jq -r .signer manifest.json)" '
            "'.issuers[] | select(.kid == $k).key' ../policy.json)",
            "printf '3059301306072A8648CE3D020106082A811CCF5501822D034200%s' \"$KEY\" | tr a-f A-F "
            "| basenc -d --base16 | openssl pkey -pubin -inform DER -out ../issuer.pem",
            "(printf 'yinzheng/pack/1\\n'; cat manifest.json) > ../signed.bin",
            "openssl pkeyutl -verify -pubin -inkey ../issuer.pem -rawin -digest sm3 "
            "-pkeyopt distid:1234567812345678 -in ../signed.bin -sigfile manifest.sig",
        ),
    ),
    HowtoStep(
        Phrase(
            "证据项：items/NNNN/item.json 记载内容的摘要、采集人、工具、环境、时间与保管链。statements.json "
            "中该项的陈述"
            "（dispute.evidence，按顺序）有 secret；以它为密钥对 item.json 算 HMAC，应等于陈述的 "
            "commitment。以下为第一个"
            "披露的项。",
            "Items: items/NNNN/item.json names the digests of the content, collector, tool, environment, "
            "times and "
            "custody. The item's statement in statements.json (dispute.evidence, in order) has a secret: "
            "the HMAC of "
            "item.json under it is the statement's commitment. Here for the first item that is disclosed.",
        ),
        (
            "ITEM=$(ls -d items/*/ | head -n 1)",
            f"SECRET=$(jq -r '{_EVIDENCE}.secret' statements.json)",
            f"jq -r '{_EVIDENCE}.statement.commitment | .sha256, .sm3' statements.json > ../expected",
            'for D in sha256 sm3; do openssl dgst -$D -r -mac HMAC -macopt hexkey:$SECRET "${ITEM}item.json" '
            "| cut -c1-64; done | cmp - ../expected",
        ),
    ),
    HowtoStep(
        Phrase(
            "陈述的叶子是 SHA-256(0x00 || 陈述的规范字节)，规范字节为 RFC 8785（键排序、无空格）；该项的叶子"
            "列在 "
            "manifest.json 的 items 中。",
            "The leaf of a statement is SHA-256(0x00 || its canonical bytes), which are RFC 8785 (names "
            "sorted, no "
            "spaces); an item's leaf is listed in manifest.json under items.",
        ),
        (
            f"(printf '\\000'; jq -cjS '{_EVIDENCE}.statement' statements.json) | sha256sum | cut -c1-64 "
            "| grep -F -f - manifest.json -q",
        ),
    ),
    HowtoStep(
        Phrase(
            "日志：proof 是 C2SP tlog-proof，叶子与路径按 RFC 9162 第 2.1.3.2 节算出检查点的根（见第 6 "
            "步）。检查点是 C2SP "
            "signed-note，首行签名为 Ed25519，次行为 SM2（64 字节 r || s）；每行前 4 字节是公钥的编号，"
            "据此在信任策略中取公钥。",
            "The log: proof is a C2SP tlog-proof; leaf and path lead to the checkpoint's root (RFC 9162 "
            "section "
            "2.1.3.2, see step 6). The checkpoint is a C2SP signed-note: its first line is signed with "
            "Ed25519, its "
            "second with SM2 (64 bytes r || s); the first 4 bytes of each are the key's ID, by which "
            "the policy's key is found.",
        ),
        (
            "jq -j '.[0].proof' statements.json | sed '1,/^$/d' > ../checkpoint",
            "sed '/^$/,$d' ../checkpoint > ../head",
            "sed -n 's/^— [^ ]* //p' ../checkpoint | head -n 1 | base64 -d > ../line",
            "ID=$(head -c 4 ../line | basenc --base16 | tr A-F a-f)",
            "tail -c +5 ../line > ../head.sig",
            '(printf 302A300506032B6570032100 | basenc -d --base16; jq -r --arg id "$ID" '
            '\'.log.keys[] | split("+") | select(.[1] == $id) | .[2:] | join("+")\' ../policy.json '
            "| base64 -d | tail -c 32) | openssl pkey -pubin -inform DER -out ../log.pem",
            "openssl pkeyutl -verify -pubin -inkey ../log.pem -rawin -in ../head -sigfile ../head.sig",
        ),
    ),
    HowtoStep(
        Phrase(
            "第 1 至 5 步的全部、包含证明与证据根，由包内百余行的 recheck.py 重做，只用 Python 标准库与 "
            "openssl。"
            "先读它再运行，或从别处取得同一文本；它不是核验的依据，只是一种写法。",
            "All of steps 1 to 5 for every item, with inclusion proofs and roots of evidence, is repeated by "
            "recheck.py in this pack: some hundred lines, Python's standard library and openssl alone. "
            "Read it "
            "before you run it, or get the same text elsewhere; it is one way to write it, and proves "
            "nothing itself.",
        ),
        ("cd ..", "python3 case/recheck.py case.zip policy.json"),
    ),
    HowtoStep(
        Phrase(
            "链：chain.json 的区块头以 keccak256 逐个相连，签封者（由 extraData 末 65 字节恢复的地址）是信任"
            "策略中的验证节点"
            "且过半数；账户与存储的证明（eth_getProof）由首个区块头的状态根验证，可用任何以太坊程序库。锚定"
            "合约存有检查点"
            "的根，保全合约存有争议、证据根、当事人与标的，权利与同意合约存有冻结计数（槽位见 S5）。",
            "The chain: the headers in chain.json are linked by keccak256 and sealed (address recovered "
            "from the last "
            "65 bytes of extraData) by more than half of the policy's validators; account and storage proofs "
            "(eth_getProof) are checked against the first header's state root, by any Ethereum library. The "
            "anchor "
            "contract holds the checkpoint's root; the preservation contract the dispute, its roots, "
            "parties and "
            "subjects; the contracts of rights and consents the holds (slots: S5).",
        ),
        ("yinzheng verify case.zip --trust policy.json --report report.html",),
    ),
    HowtoStep(
        Phrase(
            "时间戳（如有）盖在检查点上；旁边有同名 .json 的，盖在其中的 checkpoint 上，其 consistency 是它"
            "与第 5 步检查点之间的 RFC 9162 一致性证明。authority.pem 是您自己取得的时间戳机构根证书。",
            "Time stamps, if any, are over the checkpoint; one with a .json of its name is over the "
            "checkpoint in that, whose consistency is the RFC 9162 proof between it and the checkpoint "
            "of step 5. authority.pem is the authority's root certificate, which you obtained yourself.",
        ),
        (
            "V='openssl ts -verify -CAfile authority.pem -in'",
            'for T in case/timestamps/*.tsr; do [ -e "$T" ] || continue; cp checkpoint stamped; '
            'L="${T%.tsr}.json"; [ ! -e "$L" ] || jq -j .checkpoint "$L" > stamped; '
            '$V "$T" -data stamped -token_in || $V "$T" -data stamped; done',
        ),
    ),
)


def recheck() -> str:
    """The text of `recheck.py`, which goes into every pack."""
    return files("yinzheng.verifier.pack").joinpath("recheck.py.txt").read_text(encoding="utf-8")


def _said(language: int) -> Iterable[str]:
    yield TITLE[language]
    yield ""
    yield INTRODUCTION[language]
    for number, step in enumerate(STEPS, start=1):
        yield ""
        yield f"{number}. {step.text[language]}"
        yield from (f"   {command}" for command in step.commands)
    yield ""
    yield CLOSING[language]


HOWTO: Final = "\n".join((*_said(0), "", "—" * 40, "", *_said(1), ""))
"""The text of `HOWTO.txt`: Chinese, then English."""
