"""An application to be filled in: every field empty, and what each takes (R18)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from yinzheng.ledger.dossiers.application import FORMAT
from yinzheng.ledger.rules.terms import (
    DataClass,
    FileRole,
    InformationRoute,
    Label,
    LawfulBasis,
    Procedure,
    Processing,
    Right,
    SourceKind,
    label,
)
from yinzheng.ledger.rules.volume import KIND_LABELS, SpecialKind
from yinzheng.ledger.state.files import create_durably, whole_folder
from yinzheng.verifier.errors import UsageFault

BLANK: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "format": FORMAT,
        "applicant": {"name": "", "code": "", "contact": None},
        "asset": dict.fromkeys(("name", "time", "region", "trade", "content", "type"), ""),
        "overview": "",
        "source": "",
        "public_data": None,
        "procedure": "",
        "rights": [],
        "holders": [{"name": "", "code": "", "rights": []}],
        "class": "",
        "level": {"scheme": "GB/T 39725-2020", "value": None},
        "use": "",
        "sample_fields": [],
        "scale": "",
        "time_span": {"from": "", "to": ""},
        "update_frequency": "",
        "form": "",
        "limits": "",
        "volume": {"persons": None, "sensitive_persons": None, "nationwide": None, "kinds": []},
        "personal_information": {"route": "", "basis": None, "ground": "", "retrospective": None},
        "processing": [],
        "declarations": dict.fromkeys(("state_secrets", "public_security", "prescriber_statistics")),
        "validity_years": None,
        "files": [{"path": "", "role": "", "title": ""}],
    }
)
"""Every field once. What is left empty is refused by name: nothing is answered in the applicant's stead."""

_NAME = Label("单位全称，与登记证书上的一致", "full name, as on its registration")
_CODE = Label("统一社会信用代码，18 位", "unified social credit code, 18 characters")
_TRUE = Label("是 true，否 false：", "true or false: ")

FIELDS: Final[Mapping[str, tuple[Label, type[StrEnum] | None]]] = MappingProxyType(
    {
        "format": (Label("不要改动", "leave as it is"), None),
        "applicant.name": (_NAME, None),
        "applicant.code": (_CODE, None),
        "applicant.contact": (
            Label("联系人和电话，只给登记机构看；没有写 null", "contact, for the officer alone; or null"),
            None,
        ),
        "asset.name": (
            Label("名称，至多 40 字，由下面五项组成", "name, at most 40 characters, made of the next five"),
            None,
        ),
        "asset.time": (Label("时间", "time"), None),
        "asset.region": (Label("地域", "region"), None),
        "asset.trade": (Label("行业", "trade"), None),
        "asset.content": (Label("内容", "content"), None),
        "asset.type": (Label("类型，如 数据集", "type, such as 数据集 (data set)"), None),
        "overview": (
            Label("简介，至多 400 字，不分段", "overview, one paragraph of at most 400 characters"),
            None,
        ),
        "source": (Label("数据来源", "where the data came from"), SourceKind),
        "public_data": (
            Label(f"{_TRUE.zh}是否涉及公共数据", f"{_TRUE.en}is public data 公共数据 involved"),
            None,
        ),
        "procedure": (
            Label(
                "申请的程序；涉及公共数据的为普通程序", "procedure; ordinary where public data is involved"
            ),
            Procedure,
        ),
        "rights": (Label("申请登记的权利，可多项", "rights to be registered, one or more"), Right),
        "holders.name": (_NAME, None),
        "holders.code": (_CODE, None),
        "holders.rights": (Label("这一权利人享有的权利", "this holder's rights"), Right),
        "class": (Label("数据类别", "class of the data"), DataClass),
        "level.scheme": (Label("分级所依据的标准", "standard of the level"), None),
        "level.value": (Label("级别，1 至 5 的整数", "level, 1 to 5"), None),
        "use": (Label("用途，至多 400 字", "use, at most 400 characters"), None),
        "sample_fields": (Label("样例中的字段名，逐个列出", "names of the sample's columns, each"), None),
        "scale": (Label("规模，如 1200 条", "scale, such as 1200 rows"), None),
        "time_span.from": (Label("数据最早日期，写作 2021-01-01", "first date, as 2021-01-01"), None),
        "time_span.to": (Label("数据最晚日期，含当日", "last date, included"), None),
        "update_frequency": (Label("更新频率", "how often it is updated"), None),
        "form": (Label("形式，如 CSV 文件", "form, such as CSV files"), None),
        "limits": (Label('使用限制；没有写空文字 ""', 'limits of use; "" where there are none'), None),
        "volume.persons": (Label("涉及多少人；不涉及个人写 0", "how many persons; 0 for none"), None),
        "volume.sensitive_persons": (
            Label("其中涉及敏感个人信息的人数", "how many of them with sensitive information"),
            None,
        ),
        "volume.nationwide": (Label(f"{_TRUE.zh}是否覆盖全国", f"{_TRUE.en}does it cover the country"), None),
        "volume.kinds": (
            Label("属于下列特殊种类的；没有写 []", "special kinds it belongs to; [] for none"),
            SpecialKind,
        ),
        "personal_information.route": (
            Label("个人信息如何处理过", "how personal information was treated"),
            InformationRoute,
        ),
        "personal_information.basis": (
            Label("处理个人信息的依据；不需要写 null", "lawful basis; null where none is needed"),
            LawfulBasis,
        ),
        "personal_information.ground": (
            Label(
                '同意以外的依据，写明法条、批文；否则 ""', 'law or approval of a basis but consent; else ""'
            ),
            None,
        ),
        "personal_information.retrospective": (
            Label(f"{_TRUE.zh}是否为回顾性数据", f"{_TRUE.en}is the data retrospective"),
            None,
        ),
        "processing": (Label("涉及的处理活动；没有写 []", "kinds of processing; [] for none"), Processing),
        "declarations.state_secrets": (
            Label(f"{_TRUE.zh}涉及国家秘密", f"{_TRUE.en}state secrets"),
            None,
        ),
        "declarations.public_security": (
            Label(f"{_TRUE.zh}危害公共安全", f"{_TRUE.en}a danger to public security"),
            None,
        ),
        "declarations.prescriber_statistics": (
            Label(f"{_TRUE.zh}统方（按医生统计用药、耗材）", f"{_TRUE.en}statistics by prescriber"),
            None,
        ),
        "validity_years": (Label("有效期，1 至 5 年", "validity, 1 to 5 years"), None),
        "files.path": (
            Label("文件名；在子文件夹里的写 样例/数据.csv", "file name; with / where it lies in a folder"),
            None,
        ),
        "files.role": (Label("证明什么", "what it proves"), FileRole),
        "files.title": (Label("文件标题", "its title"), None),
    }
)
"""Field → what to write, and its words where only certain ones are allowed. Of a list: of each item."""


def make_blank(folder: Path) -> Path:
    """Make a new folder with a blank `application.json`; beside it its guide, whose path is given.

    The guide is no part of the dossier: a folder may hold nothing that the application does not list.
    Raises `UsageFault` `folder-exists`, of the folder or the guide.
    """
    guide = folder.with_name(f"{folder.name}.fields.md")
    for place in (folder, guide):
        if place.exists() or place.is_symlink():
            raise UsageFault(f"{place} exists already", code="folder-exists", hint="Name a new folder.")
    with whole_folder(folder) as draft:
        create_durably(draft / "application.json", f"{json.dumps(dict(BLANK), indent=2)}\n".encode())
    create_durably(guide, "\n".join([*guide_lines(), ""]).encode())
    return guide


def guide_lines() -> Iterator[str]:
    """Markdown in both languages: what each field takes."""
    yield "# application.json 填写说明 · What to fill in"
    yield ""
    yield "用文本编辑器填写，存为 UTF-8；材料文件放进同一文件夹，逐个列入 files。空着的，提交时逐项指出。"
    yield "Fill it in with a text editor, as UTF-8; put the files beside it and list each under `files`."
    yield ""
    for path, (said, words) in FIELDS.items():
        yield f"- `{path}`：{said.zh} · {said.en}"
        yield from _words(words or ())


def _words(words: Iterable[StrEnum]) -> Iterator[str]:
    for word in words:
        named = KIND_LABELS[word] if isinstance(word, SpecialKind) else label(word)
        yield f"  - `{word}` {named.zh} · {named.en}"
