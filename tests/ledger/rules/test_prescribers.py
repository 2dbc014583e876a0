"""Prescriber statistics 统方 as field names show them: however they are written, and nothing else (R20)."""

from __future__ import annotations

import pytest

from yinzheng.ledger.rules.prescribers import prescriber_statistics

FOLLOW_UP = [
    "随机编号", "随访日期", "年龄段", "性别", "病种", "收缩压", "舒张压", "空腹血糖", "糖化血红蛋白",
    "用药依从性", "随访结局",
]  # fmt: skip
"""The fields of an ordinary follow-up, among them how well medicine is taken."""

SHOWN = [
    [*FOLLOW_UP, "医生姓名", "药品名称", "用量"],
    [*FOLLOW_UP, "医生姓名", "高值耗材名称", "耗材使用量"],
    ["处方医师", "药品名称", "数量"],
    ["处方者", "药物", "总额"],
    ["开单人", "卫生材料", "消耗"],
    ["开单医生", "药占比"],
    ["医师工号", "植入物", "采购量"],
    ["工号", "耗材", "金额"],
    ["医生药品用量排名"],
    ["月份", "统方"],
    ["統方明細"],
    ["醫師姓名", "藥品名稱", "數量"],
    ["開單醫生", "耗材", "金額"],
    ["医 生 姓 名", "药 品", "用 量"],
    ["医生／姓名", "药－品", "用·量"],
    ["ｙｓｘｍ", "ｙｐｍｃ", "ｓｌ"],
    ["YS_XM", "YPMC", "JE"],
    ["ysgh", "hcmc", "syl"],
    ["gh", "yp", "sl"],
    ["kdysDm", "hc_je"],
    ["yisheng xingming", "yaopin", "yongliang"],
    ["yīshēng", "hàocái", "jīn'é"],
    ["gong hao", "haocaimingcheng", "shu_liang"],
    ["prescriberId", "drugCode", "qty"],
    ["doctor_name", "consumable_name", "total_cost"],
    ["Physician", "Medication", "Dosage"],
    ["d o c t o r", "medicine", "amount"],
    ["医生", "drug", "jine"],
    ["医生", "药", "量"],
    ["接诊医生", "药品通用名", "剂数"],
    ["医生代码", "试剂", "支出"],
    ["责任医生", "疫苗", "支"],
    ["医生", "支架", "数目"],
    ["主诊", "介入器材", "使用次数"],
    ["医务人员编号", "一次性用品", "合计"],
    ["执业医师编号", "中成药", "开具量"],
    ["医生", "药品编码", "发药量"],
    ["医生", "抗菌药物", "使用强度"],
    ["医生", "药品", "营业额"],
    ["Doctor", "Drug", "Total"],
    ["ysname", "drugname", "num"],
    ["physician", "antibiotic", "number"],
    ["医嘱人", "化疗药", "例数"],
    ["开医嘱者", "集采药品规", "使用人次"],
    ["诊疗组长", "人血白蛋白", "出库量"],
    ["医生", "敷料", "笔数"],
    ["术者", "骨水泥", "使用频次"],
    ["术者", "人工瓣膜", "名次"],
    ["医生", "通用名", "用药频度"],
    ["医生", "输液", "提成"],
    ["医生", "物资编码", "进货"],
    ["ordering_provider", "medical_supplies", "percent"],
    ["prescribed by", "deviceName", "frequency"],
]


@pytest.mark.parametrize("fields", SHOWN, ids="·".join)
def test_whatever_way_it_is_written(fields: list[str]) -> None:
    shown = prescriber_statistics(fields)
    assert shown
    assert set(shown) <= set(fields)


PLAIN = [["处方医师", "药品名称", "数量"], ["kdys", "hcmc", "je"], ["doctor", "drug", "quantity"]]


@pytest.mark.parametrize("left_out", range(3))
@pytest.mark.parametrize("fields", PLAIN, ids="·".join)
def test_two_of_the_three_are_not_enough(fields: list[str], left_out: int) -> None:
    assert prescriber_statistics(fields) == tuple(fields)
    assert not prescriber_statistics([field for at, field in enumerate(fields) if at != left_out])


@pytest.mark.parametrize(
    "fields",
    [
        FOLLOW_UP,
        # Totals of a hospital, a department, a district: no doctor in them.
        ["医院名称", "药品名称", "用量", "金额"],
        ["科室", "耗材名称", "使用量"],
        ["开单科室", "药品名称", "数量"],
        ["区县", "药品费用", "人均费用"],
        ["hospital", "drug", "quantity", "cost"],
        # Doctors counted, not named.
        ["医院名称", "医师人数", "药品收入", "金额"],
        ["区县", "执业医师数", "药品费用"],
        ["医生数量", "药品种类"],
        # A doctor, but neither drug nor consumable; or no amount.
        ["随访医生", "收缩压", "数量"],
        ["医生姓名", *FOLLOW_UP],
        ["主治医师", "手术名称", "费用"],
        ["doctor", "ecg", "result"],
        ["患者药物史", "过敏药品", "医生"],
        # Pharmacists, and words that only look like it.
        ["药师", "病种", "数量"],
        ["身高", "工号"],
        ["symptom", "class", "label", "system", "yaw"],
    ],
    ids="·".join,
)
def test_what_is_none_passes(fields: list[str]) -> None:
    assert prescriber_statistics(fields) == ()


@pytest.mark.parametrize(
    "fields",
    [
        ["prescription date", "drug", "total"],
        ["医生", "胶囊内镜", "例数"],
        ["医生", "心脏瓣膜病", "例数"],
        ["医生", "血清白蛋白", "次数"],
        ["医嘱日期", "药品", "数量"],
        ["医生建议", "用药剂量"],
        ["医院", "药品", "质量", "医生人数"],
    ],
    ids="·".join,
)
def test_advice_and_quality_are_no_statistics(fields: list[str]) -> None:
    assert prescriber_statistics(fields) == ()
