"""Programs of earlier iterations that others were preferred to: wrong or right, they may vote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from agents.answers import Rejected, read_reply
from agents.base import Work
from agents.engineer_steps import planned_files
from agents.fixers import fix
from agents.plan import is_test
from agents.programs import Files, kind, program_of


def rivals(work: Work) -> list[Files]:
    """Whole programs in `work.replies`, each once, but for those that stand in `staged` or the drafts."""
    known = {kind(work.staged), *map(kind, work.drafts)}
    found: list[Files] = []
    for program in _whole(work):
        if kind(program) not in known:
            known.add(kind(program))
            found.append(program)
    return found


def _whole(work: Work) -> Iterator[Files]:
    """As an Engineer takes them: with what needs no model mended."""
    planned = planned_files(work)
    programs = {path for path in planned if not is_test(path)}
    for reply in work.replies:
        with suppress(Rejected):
            files = program_of(read_reply(reply, project=work.project, known=planned).files)
            if programs and programs <= files.keys():
                yield fix(files, {}, work.requirements)
