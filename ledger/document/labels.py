"""The words a certificate is printed with, Chinese and English; terms as in the rules of the field."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

Label = tuple[str, str]
"""Chinese, English."""

BEIJING: Final = timezone(timedelta(hours=8))

# Written out, because `calendar.month_name` follows the locale of whoever runs this.
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

# R1
TYPES: Final[dict[str, Label]] = {"first": ("首次登记", "First registration")}
# R8
PROCEDURES: Final[dict[str, Label]] = {
    "ordinary": ("普通程序", "Ordinary procedure"),
    "simplified": ("简易程序", "Simplified procedure"),
}
# R3
RIGHTS: Final[dict[str, Label]] = {
    "hold": ("持有权", "Hold"),
    "use": ("使用权", "Use"),
    "operate": ("经营权", "Operate"),
}
# R22
CLASSES: Final[dict[str, Label]] = {
    "personal": ("个人属性数据", "Personal attributes"),
    "health": ("健康状况数据", "Health status"),
    "medical": ("医疗应用数据", "Medical application"),
    "payment": ("医疗支付数据", "Medical payment"),
    "resource": ("卫生资源数据", "Health resources"),
    "public": ("公共卫生数据", "Public health"),
}
# R18
SOURCES: Final[dict[str, Label]] = {
    "collected": ("自行采集", "Collected by the applicant"),
    "agreement": ("协议取得", "Obtained by agreement"),
    "public": ("公开数据自动采集", "Public data, gathered automatically"),
    "derived": ("加工衍生", "Derived by processing"),
}
# R16
REMARKS: Final[dict[str, Label]] = {
    "agreed": ("约定期限或条件", "Agreed term or conditions"),
    "seizure": ("司法查封", "Judicial seizure"),
    "control": ("行政限制", "Administrative control"),
    "other": ("其他", "Other"),
}


def date_zh(seconds: int) -> str:
    """The day, at +08:00, of UTC seconds since 1970: 2026年11月21日."""
    day = datetime.fromtimestamp(seconds, BEIJING)
    return f"{day.year}年{day.month}月{day.day}日"


def date_en(seconds: int) -> str:
    """The same day as 21 November 2026."""
    day = datetime.fromtimestamp(seconds, BEIJING)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
