"""What went wrong where a right, the register or a consent was asked about (`fault_words`)."""

from __future__ import annotations

from typing import Final

from yinzheng.api.http.fault import Fault
from yinzheng.verifier.words.phrase import Phrase as Label

RIGHTS: Final = {
    "codes-contradict": Fault(
        Label(
            "两个二维码编号相同，却不是同一份文件。",
            "Two of the codes have one number and are of different documents.",
        ),
        Label(
            "登记机构出具的纸面不会如此：在登记机构查明之前，请勿依据其中任何一个。",
            "No paper of the registry has both: rely on neither before the registry has told which it is.",
        ),
    ),
    "receipt-short": Fault(
        Label(
            "这是回执的小码，只供本人查看或撤回，不能证明任何事。",
            "This is a receipt's smaller code: its holder sees or withdraws with it, and it proves nothing.",
        ),
        Label(
            "要核验，请扫描回执上较大的二维码（离线核验码），或提供回执的 PDF。",
            "To check the receipt, scan the larger code on it, or give its PDF.",
        ),
    ),
    "instant": Fault(
        Label("无法读懂所填的时间。", "The time given cannot be read."),
        Label(
            "请写成 2026-11-21 或 2026-11-21 15:00（北京时间）。",
            "Write it as 2026-11-21 or 2026-11-21 15:00 (UTC+8).",
        ),
    ),
    "register-short": Fault(
        Label("至少需要资产名称中连续的四个字。", "At least four characters of an asset’s name are needed."),
        Label(
            "也可以填写完整的证书编号、机构名称全称或统一社会信用代码。",
            "Or give a whole number, or an organisation’s whole name or credit code.",
        ),
    ),
    "register-long": Fault(
        Label("查询内容过长。", "That is too long to be searched for."),
        Label("请只写编号、机构名称或资产名称的一部分。", "Give a number, a name, or part of a name."),
    ),
    "usage-instants": Fault(
        Label("一次只能问一至八个时间。", "Between one and eight times can be asked about."),
        Label("请返回表单重试。", "Go back to the form and try again."),
    ),
    "time-future": Fault(
        Label("所填时间尚未到来。", "The time given is yet to come."),
        Label(
            "请填写已经过去的时间；只写日期指当天结束之时，问今天的请写明几点几分。",
            "Ask about a time that has passed; a date alone means its end: for today, write the time too.",
        ),
    ),
}
