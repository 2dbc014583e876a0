"""docs/guide/glossary.md, written by `scripts/glossary`: English in code, Chinese in the interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from yinzheng.ledger.rules import terms
from yinzheng.ledger.rules.terms import label
from yinzheng.verifier.words import phrases, receipt

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "guide" / "glossary.md"

HEAD: Final = """# 术语表 Glossary

代码里用英文，界面上用中文；本表由 `scripts/glossary` 写成，测试逐词与程序对照。 \
English in code, Chinese in the interface; written by \
`scripts/glossary`, and a test compares each word with the program.
"""

ROLES: Final = (
    ("registry", "登记机构", "审查并登记，运行本系统", "reviews and registers; runs this software"),
    ("committee", "合规委员会", "普通程序中的第二审查人", "second reviewer of the ordinary procedure"),
    ("applicant", "登记主体", "提出登记申请的单位", "asks for a right"),
    ("holder", "权利人", "权利登记于其名下的单位", "has the right registered to it"),
    ("controller", "数据处理者", "处理患者数据的医院或企业", "the hospital or firm that processes the data"),
    ("guardian", "监护人", "代未成年患者行事的人", "acts for a minor"),
    ("publicity", "公示", "决定生效前向社会公布", "public notice before a decision takes effect"),
    ("objection", "异议", "任何人附理由和材料的反对", "anyone's reasoned protest"),
    ("deposit", "存证", "写入账本；登记在此刻完成", "recording on the ledger; registration is complete then"),
    ("certificate", "证书", "载明所登记内容的签名文件", "the signed statement of what is registered"),
    ("dossier", "登记材料", "申请所附的文件和事实，加密保存", "files and facts of an application, encrypted"),
    ("receipt", "回执", "患者所持、能自证的同意凭证", "the patient's proof of a consent"),
    ("withdrawal", "撤回", "个人收回全部或部分同意", "a person takes a consent back"),
    (
        "preservation",
        "保全",
        "争议期间固定证据、停止变动",
        "evidence fixed for a dispute",
    ),
    ("pack", "证据包", "供法院离线核验的一个文件", "one file that a court checks offline"),
    ("log", "日志", "只增不减的公开记录", "the public record that only grows"),
    ("checkpoint", "检查点", "日志当前状态的签名摘要", "the log's signed head"),
    ("block", "区块", "链上带时间和签名的一批记录", "a sealed batch of records on the chain"),
    ("trust policy", "信任策略", "核验者自己固定的文件 trust.json", "what a reader pins: trust.json"),
)
"""Words for a person or a thing, without a value of their own in formats: English, Chinese, meaning."""


def valued() -> Iterator[tuple[str, Mapping[str, tuple[str, str]]]]:
    """Tables of values as they stand in statements and certificates, with the program's own words."""

    def of(kind: type) -> dict[str, tuple[str, str]]:
        return {one.value: (label(one).zh, label(one).en) for one in kind}  # type: ignore[attr-defined]

    yield "权利 Rights (R3)", of(terms.Right)
    yield "登记类型 Types of registration (R1)", of(terms.RegistrationType)
    yield "程序 Procedures (R8)", of(terms.Procedure)
    yield "数据来源 Sources (R18)", of(terms.SourceKind)
    yield "数据类别 Classes (R22)", of(terms.DataClass)
    yield "备注 Remarks (R16)", of(terms.RemarkKind)
    yield "重要性认定 Importance (R23)", of(terms.Importance)
    yield "个人信息处理方式 Forms of the data (R19)", of(terms.InformationRoute)
    yield "其他合法性基础 Lawful bases (R27)", of(terms.LawfulBasis)
    yield "同意的用途 Scopes of a consent (R26)", {k: (v.zh, v.en) for k, v in receipt.SCOPES.items()}
    yield "核验结论 Verdicts", {str(k.value): (v.zh, v.en) for k, v in phrases.AUTHENTIC.items()}
    yield (
        "证书状态 Status of a certificate",
        {str(k.value): (v.zh, v.en) for k, v in phrases.STATUSES.items()},
    )
    yield "证书字段 Fields of a certificate (R13)", {k: (v.zh, v.en) for k, v in phrases.FIELDS.items()}


def document() -> str:
    """The whole document."""
    parts = [HEAD, "\n## 人与事 People and things\n\n| English | 中文 | 含义 Meaning |\n|---|---|---|\n"]
    parts += [f"| {english} | {chinese} | {zh}。 {en} |\n" for english, chinese, zh, en in ROLES]
    for title, words in valued():
        parts.append(f"\n## {title}\n\n| code | 中文 | English |\n|---|---|---|\n")
        parts += [f"| `{code}` | {zh} | {en} |\n" for code, (zh, en) in words.items()]
    return "".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
