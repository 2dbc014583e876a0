"""`yinzheng review`: the checklist asked item by item, filled in an editor, or handed in as a file."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.files import read_file
from yinzheng.api.cli.output import Json, err, print_json, tell
from yinzheng.api.cli.registry.asking import agreed, require_agreed
from yinzheng.api.cli.registry.common import DEFAULT_STATE, CaseId, State, acting, allowed, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.verifier.errors import DataFault, UsageFault, found_in

if TYPE_CHECKING:
    from yinzheng.ledger.dossiers.checklist import Checklist
    from yinzheng.ledger.rules.review import Answer, CaseFacts, ItemAnswer
    from yinzheng.ledger.rules.review_items import Item
    from yinzheng.ledger.rules.terms import Problem
    from yinzheng.ledger.rules.volume import FlagDecision


def review(
    case: CaseId,
    as_: As,
    checklist: Annotated[Path | None, typer.Option(help="The filled-in checklist, JSON. 审查清单。")] = None,
    show_template: Annotated[
        bool, typer.Option("--template", help="Print the checklist to fill in. 输出空白清单。")
    ] = False,
    editor: Annotated[
        bool, typer.Option("--editor", help="Fill it in in the editor of VISUAL or EDITOR. 用编辑器填写。")
    ] = False,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Record the registry's review with its checklist. 登记机构审查。

    At a terminal each item is asked in turn, and what is missing said before anything is recorded.
    """
    from yinzheng.ledger.cases import deciding
    from yinzheng.ledger.dossiers.checklist import MAX_BYTES, parse_checklist, template

    if show_template:
        asked = _asked(state, case, as_)
        print_json(template(asked.facts))
        for line in () if json_ else asked.needs():
            err.print(line, markup=False)
        return
    if checklist is not None:
        if not checklist.is_file():
            raise UsageFault(
                f"there is no checklist {checklist}", code="checklist-missing", hint="Check the path."
            )
        with found_in(checklist):
            filled = parse_checklist(read_file(checklist, MAX_BYTES))
    elif sys.stdin.isatty():
        asked = _asked(state, case, as_)
        filled = _edited(asked, case) if editor else _answered(asked, case)
    else:
        raise UsageFault(
            "a review needs --checklist",
            code="review-incomplete",
            hint=f"Print it with `yinzheng review {case} --as {as_} --template`, fill it in, then pass it; "
            "at a terminal each item is asked.",
        )
    with writing(state, json_) as (registry, _):
        move = deciding.review(registry, case, acting(registry, as_), filled.answers, filled.decisions)
    if checklist is None:
        _kept(case).unlink(missing_ok=True)
    tell(json_, {"case": case, "outcome": move.value}, f"{case}: {move.value} 已审查")


@dataclass(frozen=True)
class _Asked:
    """What a reviewer is asked in a case, and the files of its dossier."""

    facts: CaseFacts
    files: tuple[str, ...]

    def needs(self) -> Iterable[str]:
        """Which items need evidence where the answer is yes, by their words."""
        from yinzheng.ledger.rules.review import needs_evidence
        from yinzheng.ledger.rules.review_items import CHECKLIST, ITEMS

        items = [item for item in ITEMS[self.facts.kind] if needs_evidence(item, self.facts)]
        if items:
            yield "These need evidence if answered yes 以下各项答 yes 须写 evidence（材料中的文件或文号）:"
        for item in items:
            yield f"  {item.value}: {CHECKLIST[item].label.zh} {CHECKLIST[item].label.en}"
        if self.files:
            yield f"Files of the dossier 材料文件: {', '.join(self.files)}"


def _asked(state: Path, case: str, as_: str) -> _Asked:
    """What is asked; that the officer looked is written down. The registry is closed again on return."""
    from yinzheng.ledger.accesses.noting import Access
    from yinzheng.ledger.cases.asked import facts_of, materials_of
    from yinzheng.ledger.cases.work import work_on
    from yinzheng.ledger.rules.states import Capacity

    with writing(state, True) as (registry, _):
        allowed(registry, as_, Access("see", "dossier", case, "registration"), Capacity.REGISTRY)
        with work_on(registry, case) as work:
            return _Asked(facts_of(work), materials_of(work))


# ---------------------------------------------------------------- item by item


def _answered(asked: _Asked, case: str) -> Checklist:
    """Ask each item, then whether to record it; nothing is recorded while a question is open."""
    from yinzheng.ledger.dossiers.checklist import Checklist
    from yinzheng.ledger.rules.refusals import GROUND_LABELS
    from yinzheng.ledger.rules.review import Answer, grounds_against, review_problems
    from yinzheng.ledger.rules.review_items import CHECKLIST, ITEMS
    from yinzheng.ledger.rules.volume import flags

    for number, path in enumerate(asked.files, 1):
        _say(f"  [{number}] {path}")
    items = ITEMS[asked.facts.kind]
    answers = [_answer(asked, item, f"{n}/{len(items)}") for n, item in enumerate(items, 1)]
    decisions = [_decision(asked, flag.value) for flag in sorted(flags(asked.facts.volume))]
    _say("")
    for one in answers:
        note = f"  {one.note}" if one.note else ""
        evidence = f"  [{', '.join(one.evidence)}]" if one.evidence else ""
        mark = {Answer.YES: "✓", Answer.NO: "✗"}.get(one.answer, "–")
        _say(f"{mark} {CHECKLIST[one.item].label.zh} {CHECKLIST[one.item].label.en}{note}{evidence}")
    for decision in decisions:
        _say(f"{'✓' if decision.confirmed else '✗'} {decision.flag.value}  {decision.reason}")
    _listed(review_problems(asked.facts, answers, decisions))
    against = grounds_against(answers, decisions)
    if against:
        named = "; ".join(f"{said.zh} {said.en}" for said in map(GROUND_LABELS.__getitem__, against))
        _say(f"This is a review against registration 这是不予登记的审查意见: {named}")
    filled = Checklist(tuple(answers), tuple(decisions))
    if not agreed("Record this review 记录这份审查?"):
        _keep(case, filled.to_json())
        raise typer.Abort
    return filled


def _answer(asked: _Asked, item: Item, place: str) -> ItemAnswer:
    """One item: yes, no, or not applicable where it may be; a note and evidence where they must be."""
    from yinzheng.ledger.rules.review import Answer, ItemAnswer, mandatory_items, needs_evidence
    from yinzheng.ledger.rules.review_items import CHECKLIST

    text = CHECKLIST[item].label
    mandatory = item in mandatory_items(asked.facts)
    _say(f"\n{place} {text.zh}\n    {text.en}")
    words: dict[str, Answer] = {"y": Answer.YES, "n": Answer.NO}
    if not mandatory:
        words["-"] = Answer.NOT_APPLICABLE
    shown = "y 是 / n 否" + ("" if mandatory else " / - 不适用 not applicable")
    given = ""
    while given not in words:
        given = str(typer.prompt(f"    {shown}", err=True)).strip().lower()[:1]
    answer = words[given]
    note = _text("    note 说明", needed=answer is not Answer.YES)
    needed = answer is Answer.YES and needs_evidence(item, asked.facts)
    return ItemAnswer(item, answer, note, _evidence(asked.files, needed=needed))


def _evidence(files: Sequence[str], *, needed: bool) -> tuple[str, ...]:
    """Files by their numbers in the list shown, or references as they are written; between semicolons."""
    while True:
        said = _text("    evidence 依据 (numbers or references; 用分号隔开)", needed=needed)
        parts = [part.strip() for part in said.replace("；", ";").split(";") if part.strip()]
        if len(parts) <= 1 and said and all(part.isdecimal() for part in said.replace(",", " ").split()):
            parts = said.replace(",", " ").split()
        wrong = [part for part in parts if part.isdecimal() and not 1 <= int(part) <= len(files)]
        if wrong:
            _say(f"    there is no file 没有这个编号: {', '.join(wrong)}")
            continue
        return tuple(files[int(part) - 1] if part.isdecimal() else part for part in parts)


def _decision(asked: _Asked, name: str) -> FlagDecision:
    """Whether flagged data is such data (R23), why, and on which assessment that rests."""
    from yinzheng.ledger.rules.volume import FLAG_LABELS, Flag, FlagDecision

    flag = Flag(name)
    _say(f"\n{FLAG_LABELS[flag].zh} {FLAG_LABELS[flag].en} (R23)")
    reports = sorted(asked.facts.reports)
    if not reports:
        raise DataFault(
            "the dossier has no assessment of important data, a file of role risk",
            code="review-incomplete",
            hint="Ask for it: `yinzheng request-supplement`. The review was not recorded.",
        )
    confirmed = agreed("    is it 属于吗?")
    reason = _text("    reason 理由", needed=True)
    assessment = reports[0]
    while len(reports) > 1:
        assessment = str(typer.prompt(f"    assessment 评估文件: {', '.join(reports)}", err=True)).strip()
        if assessment in reports:
            break
    return FlagDecision(flag, confirmed, reason, assessment)


def _text(prompt: str, *, needed: bool) -> str:
    """One line; asked again while it is needed and blank."""
    mark = " *" if needed else ""
    while True:
        said = str(typer.prompt(f"{prompt}{mark}", default="", show_default=False, err=True)).strip()
        if said or not needed:
            return said
        _say("    needed here 此处必填")


# ---------------------------------------------------------------- in the editor


def _kept(case: str) -> Path:
    """Where a list lies while it is filled in, its owner's alone; gone once the review is recorded."""
    return Path(f"{case}.review.json")


def _keep(case: str, value: dict[str, Any]) -> None:
    from yinzheng.ledger.state.files import write_durably

    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    write_durably(_kept(case), text.encode(), mode=0o600)
    _say(f"{_kept(case)}: kept 已保存; the same command with --editor goes on with it 加 --editor 可接着填写")


def _edited(asked: _Asked, case: str) -> Checklist:
    """Have the list filled in; opened again with what was written, for as long as something is missing."""
    from yinzheng.ledger.dossiers.checklist import parse_checklist, template
    from yinzheng.ledger.rules.review import review_problems

    if not _kept(case).exists():
        _keep(case, template(asked.facts))
    for line in asked.needs():
        _say(line)
    while True:
        _open_editor(_kept(case))
        try:
            filled = parse_checklist(_kept(case).read_bytes())
        except DataFault as fault:
            _say(f"✗ {fault.message}")
        else:
            problems = review_problems(asked.facts, filled.answers, filled.decisions)
            if not problems:
                return filled
            _listed(problems)
        require_agreed("Open it again 重新打开?", default=True)


def _open_editor(file: Path) -> None:
    """Have the editor of VISUAL or EDITOR at work on a file until it ends. `UsageFault` `editor`."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        subprocess.run([*words, str(file)], check=True)  # noqa: S603 - the user's own choice
    except (OSError, subprocess.CalledProcessError, IndexError) as fault:
        raise UsageFault(
            f"the editor did not end well: {' '.join(words)}",
            code="editor",
            hint="Name one in VISUAL or EDITOR. What was written is kept.",
        ) from fault


def _listed(problems: Sequence[Problem]) -> None:
    for problem in problems:
        _say(f"✗ {problem.zh} · {problem}")


def _say(line: str) -> None:
    err.print(line, markup=False)
