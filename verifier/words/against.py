"""What comparing with something kept earlier came to, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.judge.against import Comparison, Head
from yinzheng.verifier.words.phrase import Language, Phrase
from yinzheng.verifier.words.times import moment

_SAID: Final[Mapping[str, Phrase]] = {
    "against-same-head": Phrase("与留存件出自同一日志头", "The same head of the log as what you kept"),
    "against-empty": Phrase("日志当时为空", "The log was empty then"),
    "against-extended": Phrase(
        "与留存件属于同一日志，前后一致", "Of one log with what you kept: each head extends the one before"
    ),
    "against-same-size": Phrase(
        "日志分叉：同一长度有两个不同的签名日志头，其中之一是伪造或改写的",
        "The log forked: two signed heads of one size differ; one was invented, or the log was rewritten",
    ),
    "against-not-extended": Phrase(
        "日志分叉或被改写：现行日志不包含其中至少一份所依据的签名日志头",
        "The log forked or was rewritten: it does not extend a signed head that one of the two rests on",
    ),
    "against-no-log": Phrase(
        "无法比对：两者长度不同，需要日志（--log 目录或网址）",
        "Cannot be compared: the two differ in size, and the log is needed (--log FOLDER or URL)",
    ),
    "against-log-unreachable": Phrase(
        "无法比对：日志无法读取", "Cannot be compared: the log is not to be had"
    ),
    "against-log-smaller": Phrase(
        "无法比对：所给日志比其中一份还短", "Cannot be compared: the log given is smaller than one of the two"
    ),
    "against-log-tiles": Phrase(
        "无法比对：所给日志与其签名日志头不符",
        "Cannot be compared: what the log serves does not lead to a head that its pinned keys signed",
    ),
    "against-kept-none": Phrase(
        "无法比对：留存件中没有日志头", "Cannot be compared: what you kept holds no head of a log"
    ),
    "against-kept-unsigned": Phrase(
        "无法比对：留存件的日志头没有您所信任的签名",
        "Cannot be compared: the head in what you kept is not signed by the keys you pin",
    ),
    "against-shown-none": Phrase(
        "无法比对：待核验件中没有日志头", "Cannot be compared: what is checked holds no head of a log"
    ),
    "against-shown-unsigned": Phrase(
        "无法比对：待核验件的日志头没有您所信任的签名",
        "Cannot be compared: the head in what is checked is not signed by the keys you pin",
    ),
}

CODES: Final = tuple(_SAID)


def line(found: Comparison, language: Language) -> str:
    """One line: what it came to, with both sizes and times."""
    said = _SAID[found.code].said(language)
    pairs = (("留存", "kept", found.kept), ("本件", "this one", found.shown))
    heads = [
        f"{zh if language == 'zh' else en} {_head(head, language)}"
        for zh, en, head in pairs
        if head is not None
    ]
    return said + (f" ({'; '.join(heads)})" if heads else "")


def _head(head: Head, language: Language) -> str:
    size = head.checkpoint.size
    said = f"{size} 条" if language == "zh" else counted(size, "entry", "entries")
    if head.at is None:
        return said
    return f"{said}, {moment(head.at).said(language)}"
