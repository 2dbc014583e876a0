"""Prescriber statistics 统方 as the names of fields show them (R20): who ordered, what, and how much of it.

Any statistics by doctor of drugs or consumables are refused. The check reads names of fields as people write
them: full width, spaced out, in traditional characters, English, pinyin, or as the initials that hospital
systems use. It only ever adds a refusal to the reviewer's own: whoever names fields so that nobody can tell
what they hold gets past it, and not past the reviewer.

Totals of a hospital, department or district name no doctor and pass; so do counts *of* doctors.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_SIMPLIFIED: Final = str.maketrans(
    "醫師處開單藥數額費銷號總價統採購員診術職産產劑領執業証證責經療護務書編碼種類養針",
    "医师处开单药数额费销号总价统采购员诊术职产产剂领执业证证责经疗护务书编码种类养针",
)
_LATIN_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one of the three is written: in Chinese; as English or pinyin in a name; as a word of its own."""

    chinese: re.Pattern[str]
    inside: re.Pattern[str]
    words: frozenset[str]
    whole: frozenset[str] = frozenset()
    """Says it where it is the whole name alone."""

    def is_in(self, name: "_Name") -> bool:
        """Tell whether a field's name says it."""
        return bool(
            self.chinese.search(name.squeezed)
            or self.inside.search(name.letters)
            or self.words & name.words
            or name.squeezed.lower() in self.whole
        )


@dataclass(frozen=True, slots=True)
class _Name:
    """A field's name without what only changes how it looks."""

    squeezed: str
    """Simplified characters, nothing between them."""
    letters: str
    """Its Latin letters in a row."""
    words: frozenset[str]
    """Its Latin words, and all of them as one."""


def _kind(chinese: str, inside: str, words: str, whole: str = "") -> _Kind:
    return _Kind(re.compile(chinese), re.compile(inside), frozenset(words.split()), frozenset(whole.split()))


_COUNTED: Final = r"(?!人数|总数|数量|数|配比|比例|密度|学历|资格|建议|意见)"
_PRESCRIBER: Final = _kind(
    rf"(?:医生|医师|大夫){_COUNTED}"
    r"|处方(?:者|人|医|师)|(?:开方|开单|开药|开立|开具)(?!科|部门|机构|医院|日期|时间|数|量|金额)"
    r"|开医嘱(?!日期|时间)|医嘱(?:人|者|开立人|下达人)|下达医嘱(?:人|者)|诊疗组长"
    r"|主刀|术者|主诊|经治|医疗组长|带组|工号|职工编号|员工编号|执业证|医护人员(?!数|人数)|医务人员(?!数|人数)",
    r"prescriber|prescribedby|orderedby|orderingprovider|providerid|providername|providerno|doctor|physician|clinician|surgeon|yisheng|chufangyi|chufangzhe|chufangren|kaidanyi"
    r"|kaifangyi|kaiyaoyi|kaidanren|gonghao|zhigonghao|staffid|staffno|employeeid|employeeno|jobnumber|attending",
    "dr drs yishi daifu kaidan ys ysxm ysdm ysbm ysgh ysid ysbh gh zgh yggh kdys kdysxm kdysdm kdr cfys"
    " cfysxm cfysdm cfysgh cfr kfys kfysxm zzys zgys jzys ysmc ysname npi",
    whole="医 大夫 医者 主治 主管",
)
_ITEM: Final = _kind(
    r"药品|药物|药名|药费|药占|药量|西药|中药|成药|草药|抗菌药|抗生素|注射液|制剂"
    r"|用药(?!依从|史|指导|咨询|反应|教育|禁忌)"
    r"|处方药|口服药|疫苗|针剂|麻醉药|精神药|生物制品|血液制品|胰岛素"
    r"|耗材|耗占|卫材|卫生材料|医用材料|高值材料|低值材料|材料费|植入物|植入材料|一次性(?:用品|材料|物品)"
    r"|[化放]疗药|靶向药|[国医]谈药|谈判药|基药|基本药|集采药|监控药|口服液|注射剂|片剂|滴眼液|胶囊(?!内)|输液(?!反应|港|泵)"
    r"|品规|通用名|人血白蛋白|敷料|纱布|缝合|钉仓|止血材料|骨水泥|螺钉|透析器|(?:人工|心脏|机械|生物)瓣(?!膜?病)"
    r"|物资(?:名|编码|代码)|材料(?:名|编码|代码)"
    r"|试剂|器材|器械|支架|导管|导丝|球囊|起搏器|假体|人工关节|人工晶体|吻合器|缝线|钢板",
    r"drugname|devicename|medicalsuppl|materialname|materialcode|drugcode|drugid|antibiotic|vaccine|reagent|catheter|prosthes|disposable|medicine|medication|pharmaceutical|consumable|yaopin|yaowu|yaoming|yaofei|haocai|weicai|implant",
    "drug drugs med meds rx yp ypmc ypdm ypbm ypbh ypid ypgg ypje ypsl ypfy ypyl yw ywmc xy zcy hc hcmc hcdm"
    " hcbm hcbh hcje hcsl hcfy gzhc wsclf stent stents suture sutures",
    whole="药 药名 材料 物资 yp hc",
)
_AMOUNT: Final = _kind(
    r"(?<!医师)(?<!医生)(?<!人)数[量目]|(?<![质流变测容])[用剂总销耗购药发领取出开具立方入]量|采购量|领用|消耗|使用强度|限定日剂量"
    r"|金额|总额|销售额|费用|药费|材料费|总价"
    r"|支出|收入|收益|营业额|回款|应收|实收|花费|计费|总计|合计|累计|小计|使用率|使用情况"
    r"|占比|药占|耗占|使用数|次数|总数|处方数|处方量|开单数|开单量|开药量"
    r"|使用(?:人次|例数|频[次率度]|比例|天数)|用药(?:频[次率度]|天数|人次|例数)|开方数|订单数|笔数|人份"
    r"|出库|领药|发药|购入|进货|出货|提成|回扣|返点|单价|零售价|名次"
    r"|[张支盒片件个瓶袋包粒根枚套剂]数|排名|排行",
    r"quantity|amount|dosage|expenditure|revenue|turnover|shuliang|yongliang|shiyongliang|zongliang|xiaoliang|jine|feiyong",
    "qty amt dose doses cost costs fee fees usage sales spend sl je yl fy zje zsl syl xse ypje ypsl ypfy ypyl"
    " hcje hcsl hcfy total totals count counts units volume ddd"
    " ddds dddd ranking percent percentage share price frequency",
    whole="例数 人次 频次 频率 比例 台数 价格 量 数 次 盒 支 瓶 片 件 张 套 个 number num n ddd ddds",
)
_OUTRIGHT: Final = re.compile(r"统方|tongfang")


def prescriber_statistics(sample_fields: Iterable[str]) -> tuple[str, ...]:
    """Give the fields that together name a doctor, a drug or consumable, and an amount; empty where none do.

    A field may say two or all three of it, or say 统方 outright.
    """
    return _named_together(tuple(sample_fields))


@lru_cache(maxsize=128)
def _named_together(fields: tuple[str, ...]) -> tuple[str, ...]:
    """As `prescriber_statistics`; the same data are checked again with each of their trades."""
    named = [(field, _name(field)) for field in fields]
    for field, name in named:
        if _OUTRIGHT.search(name.squeezed) or _OUTRIGHT.search(name.letters):
            return (field,)
    found = [
        next((field for field, name in named if kind.is_in(name)), None)
        for kind in (_PRESCRIBER, _ITEM, _AMOUNT)
    ]
    return () if None in found else tuple(dict.fromkeys(field for field in found if field is not None))


def _name(field: str) -> _Name:
    plain = unicodedata.normalize("NFKC", field).translate(_SIMPLIFIED)
    words = [word.lower() for word in _LATIN_WORD.findall(_bare(plain))]
    squeezed = "".join(c for c in plain if c.isalnum())
    letters = "".join(word for word in words if word.isalpha())
    return _Name(squeezed, letters, frozenset([*words, letters]))


def _bare(text: str) -> str:
    """Take accents off Latin letters: pinyin may carry its tones."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
