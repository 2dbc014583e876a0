"""`yinzheng challenge …`: ask whoever shows a certificate to prove that they are its holder (R15, S21)."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.codes import CodeFile, read_given, show_code, write_code
from yinzheng.api.cli.files import write_new
from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.verifier.containers.holderfile import HolderFile
    from yinzheng.verifier.judge.challenge import AnswerReport
    from yinzheng.verifier.words.phrase import Language

MINUTES = 10


def new(
    target: Annotated[
        str,
        typer.Argument(
            metavar="CERTIFICATE", help="What was shown: a file, a picture, the code's text. 出示的证书。"
        ),
    ],
    asker: Annotated[
        str | None, typer.Option("--asker", help="Who asks; the holder is shown it. 询问者。")
    ] = None,
    minutes: Annotated[int, typer.Option(help="How long it may be answered, 1–60. 有效分钟。")] = MINUTES,
    out_file: Annotated[
        Path, typer.Option("--out", help="A new file to keep it in, for `check`. 留存文件。")
    ] = Path("challenge.json"),
    code: CodeFile = None,
    json_: Json = False,
) -> None:
    """Ask whoever shows a certificate to sign a fresh question with the holder's key. 请出示者证明身份。"""
    from yinzheng.api.cli.verify_target import read_argument
    from yinzheng.verifier.formats.challenge import new_challenge

    asked = new_challenge(
        _number(read_argument(target)), int(time.time()), 60 * minutes, secrets.token_bytes, asker
    )
    if code is not None:
        write_code(asked.text, code)
    write_new(out_file, asked.canonical() + b"\n")
    value = {"challenge": asked.to_json(), "text": asked.text, "file": str(out_file)}

    def said() -> None:
        show_code(asked.text)
        tell(
            False,
            None,
            f"{asked.certificate}: {minutes} min. They run `yinzheng holder answer`. 请对方应答",
        )

    tell(json_, value, said)


def check(
    answer: Annotated[
        str, typer.Argument(metavar="ANSWER", help="A file, a picture, the code's text. 应答。")
    ],
    challenge: Annotated[Path, typer.Option(help="What `new` kept. 留存的询问。")],
    certificate: Annotated[str, typer.Option(help="What was shown. 出示的证书。")],
    trust: Annotated[Path, typer.Option(help="Your own pinned policy. 您信任的策略文件。")],
    holder: Annotated[
        Path | None, typer.Option(help="The organisation's holder.json, as the registry gives it. 密钥证明。")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody (the default). 离线核验。")] = False,
    state: Annotated[Path | None, typer.Option(help="Ask a registry's state folder. 状态目录。")] = None,
    rpc: Annotated[str | None, typer.Option(help="Ask a chain node over JSON-RPC. 链节点地址。")] = None,
    allow_attached: Annotated[
        bool,
        typer.Option(
            "--allow-attached", help="Where the ledger asked is silent, rest on files. 以所附为准。"
        ),
    ] = False,
    lang: Annotated[str, typer.Option(help="zh or en. 语言。")] = "",
    json_: Json = False,
) -> None:
    """Check the answer: did the holder of a right in force answer this question, now? 核验应答。

    Exit code: 0 the holder answered; 1 not; 2 usage; 3 cannot be determined. An answer is taken once.
    """
    from yinzheng.api.cli.policy import language_in, read_policy
    from yinzheng.api.cli.verify_target import Source, read_argument
    from yinzheng.verifier.formats.challenge import parse_challenge
    from yinzheng.verifier.judge.challenge import check_answer
    from yinzheng.verifier.words.verdict import verdict

    if offline + (state is not None) + (rpc is not None) > 1:
        raise UsageFault("choose one of --offline, --state and --rpc", code="usage-source")
    language, policy = language_in(lang), read_policy(trust)
    asked = parse_challenge(_bytes(challenge))
    shown, given = read_argument(certificate), read_given(answer)
    file = None if holder is None else _holder_file(holder)
    taken = challenge.with_name(challenge.name + ".answered")
    with Source(state, rpc=rpc).opened(policy) as live:
        report = check_answer(
            given,
            asked,
            shown,
            policy,
            now=int(time.time()),
            holder=file,
            live=live,
            used=taken.exists(),
            allow_attached=allow_attached,
        )
    if report.exit_code == 0:
        write_new(taken, asked.nonce.hex().encode() + b"\n")  # two at once: the second finds it there
    tell(json_, {"verdict": verdict(report).to_json(), **report.to_json()}, lambda: _print(report, language))
    raise typer.Exit(report.exit_code)


def _number(shown: object) -> str:
    """Of the certificate that was shown; whether it is genuine, `check` says."""
    from yinzheng.verifier.containers.certfile import parse_file
    from yinzheng.verifier.containers.target import Presented
    from yinzheng.verifier.formats.certificate import decode_qr

    assert isinstance(shown, Presented)
    if shown.number is not None:
        return shown.number
    qr = shown.qr if shown.file is None else parse_file(shown.file).qr
    return decode_qr(qr or "").body.number


def _holder_file(path: Path) -> HolderFile:
    from yinzheng.verifier.containers.holderfile import parse_holder_file

    return parse_holder_file(_bytes(path))


def _bytes(path: Path) -> bytes:
    from yinzheng.api.cli.files import read_file
    from yinzheng.verifier.containers.holderfile import MAX_FILE

    return read_file(path, MAX_FILE)


def _print(report: AnswerReport, language: Language) -> None:
    from yinzheng.api.cli.findings import print_findings
    from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, out
    from yinzheng.verifier.words import challenge as words
    from yinzheng.verifier.words import phrases
    from yinzheng.verifier.words.verdict import verdict

    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(phrases.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(words.advice(report).said(language), markup=False)
    out.print()
    out.print(f" {verdict(report.certificate).headline.said(language)}", markup=False)
    print_findings(
        (*report.certificate.findings, *report.findings), words.OBLIGATIONS, phrases.reason, language
    )
    for note in report.notes:
        out.print(f" · {phrases.NOTES[note.code].said(language)}", markup=False)
