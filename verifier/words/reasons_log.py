"""Reasons about the log's heads, who signed and who cosigned them, and where they are anchored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LOG_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "inclusion-proof": (
        "公开日志中没有这条记录：证明不成立。",
        "The proof that the log contains it does not hold.",
    ),
    "checkpoint-origin": ("检查点属于另一份日志。", "The checkpoint is of another log."),
    "not-anchored": (
        "所示区块中没有锚定该检查点，可能是区块太早。",
        "The chain does not hold that checkpoint; the block may be too early.",
    ),
    "root-differs": (
        "链上锚定的是另一份检查点：日志曾被改写。",
        "The chain holds another checkpoint of that size.",
    ),
    "note-signature": ("日志检查点的签名不成立。", "A signature of the log's checkpoint is wrong."),
    "note-unsigned": ("日志检查点没有您信任的签名。", "No key you trust has signed the log's checkpoint."),
    "checkpoint-signature-missing": (
        "日志检查点缺少一项应有的签名。",
        "A signature of the checkpoint is missing.",
    ),
    "witnesses-missing": (
        "日志检查点上见证方的联署不足您要求的数目：这不说明有人伪造，但无法排除日志对他人出示别的内容。"
        "请稍后索取新的文件，或询问登记机构。",
        "Fewer witnesses than you ask for have cosigned the log's checkpoint. That shows no forgery, and "
        "does not rule out that the log tells others something else. Ask for a newer file "
        "later, or the registry.",
    ),
    "cosignature-wrong": (
        "日志检查点上以见证方名义的联署不成立。",
        "A line of the checkpoint that claims to be a witness's cosignature is wrong.",
    ),
}
"""Reason code → Chinese, English."""
