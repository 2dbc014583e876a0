"""What typer says of a command that is written wrongly, in Chinese."""

from __future__ import annotations

import re
from typing import Final

_SAID: Final = (
    (r"Missing option '([^' ]+).*", "缺少选项 {0}。"),
    (r"Missing argument '([^']+)'.*", "缺少参数 {0}。"),
    (r"No such option:? '?([^' .]+)'?\.?(.*)", "没有选项 {0}。{1}"),
    (r"No such command '([^']+)'\.?(.*)", "没有命令 {0}。{1}"),
    (r"Got unexpected extra arguments? \((.+)\)", "多余的参数：{0}。"),
    (r"Option '([^']+)' requires an? .*", "选项 {0} 后面须有值。"),
    (r"Invalid value for '([^']+)': (.*)", "{0} 的值不对：{1}"),
)


def in_chinese(said: str) -> str:
    """One sentence; what is not known among typer's sentences stays as it is."""
    for pattern, words in _SAID:
        if found := re.fullmatch(pattern, " ".join(said.split())):
            return words.format(*found.groups())
    return said
