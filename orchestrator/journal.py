"""Every model call that ended, one immutable file each: the truth from which all else can be rebuilt."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from providers import Completion, FinishReason, Usage

from .files import Folder
from .project import Project
from .state import State

LARGEST_ENTRY = 64 << 20
_NAME = re.compile(r"^(\d{4,})-([a-z]+)-iter(\d+)-turn(\d+)-call(\d+)-(ok|aborted|failed)\.json$")


@dataclass(frozen=True)
class Asked:
    """What tells a call from any other of its project, also after a restart."""

    agent: str
    turn: int
    call: int
    """Counts the completions of an agent within its turn, from 1."""
    purpose: str = ""
    work_sha256: str = ""
    """Hash of what the agent was given: after a change of it the reply is none to what stands now."""
    question_sha256: str = ""
    """Hash of what was asked, without what differs from run to run. After a restart another test may fail than before,
    and the call in this place be about that one."""


class Tokens(BaseModel):
    """Tokens of one call; None where nobody knows."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    estimated: bool = False


class Entry(BaseModel):
    """One model call, or one HTTP request that came to nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    """Counts from 1 in the project."""
    turn: int
    call: int
    """Counts the completions of an agent within its turn, from 1."""
    agent: str
    iteration: int
    purpose: str = ""
    outcome: Literal["ok", "aborted", "failed"]
    provider: str
    model: str
    temperature: float | None = None
    """As it was sent, like the next three, or, where the provider does not tell, as the agent asked; None: not said."""
    seed: int | None = None
    thinking: bool | None = None
    max_output_tokens: int | None = None
    request_sha256: str
    work_sha256: str = ""
    """As in `Asked`, like the next; empty in entries of before it was noted."""
    question_sha256: str = ""
    started: datetime
    seconds: float
    finish: FinishReason | None = None
    text: str = ""
    """The raw reply; of an aborted or failed call what had come until then."""
    reasoning: str = ""
    tokens: Tokens = Tokens()
    cost: float | None = None
    """USD; None when the price is not known."""
    request_id: str | None = None
    error: str | None = None
    state: State | None = None
    """The project's state when the call was made; state.json can be rebuilt from the newest."""

    @property
    def path(self) -> str:
        """Relative to the project root; holds what a look-up needs."""
        return (
            f"{Project.JOURNAL}/{self.id:04}-{self.agent}-iter{self.iteration}"
            f"-turn{self.turn}-call{self.call}-{self.outcome}.json"
        )

    def answers(self, asked: Asked) -> bool:
        """Whether it is the answer to what is asked."""
        same_work = self.work_sha256 in ("", asked.work_sha256)
        return self.purpose == asked.purpose and same_work and self.question_sha256 in ("", asked.question_sha256)

    def completion(self) -> Completion:
        """The completion as it was first returned. Only for outcome `ok`."""
        assert self.finish is not None
        tokens = self.tokens
        return Completion(
            text=self.text,
            finish=self.finish,
            usage=Usage(tokens.input, tokens.output, tokens.cached, tokens.reasoning, tokens.estimated),
            provider=self.provider,
            model=self.model,
            reasoning=self.reasoning,
            cost=self.cost,
            seconds=self.seconds,
            request_id=self.request_id,
        )


class Journal:
    """The journal of one project. The names are read once; the entries when they are needed."""

    def __init__(self, folder: Folder, names: list[str]) -> None:
        self._folder = folder
        self._names = names
        self._last_id = _id(names[-1]) if names else 0

    @classmethod
    def open(cls, folder: Folder) -> Journal:
        names = [name for name in folder.names(Project.JOURNAL) if _NAME.match(name)]
        return cls(folder, sorted(names, key=_id))

    def __len__(self) -> int:
        return len(self._names)

    def next_id(self) -> int:
        """One more than the highest so far; it is given out once, so that entries can be written later."""
        self._last_id += 1
        return self._last_id

    def append(self, entry: Entry) -> None:
        """Keep `entry`, durably. Raises FileProblem."""
        self._folder.create(entry.path, entry.model_dump_json(indent=1) + "\n")
        self._names.append(entry.path.rpartition("/")[2])

    def find(self, asked: Asked) -> Entry | None:
        """The completed call in this place that put the same question about the same work, None when there is none."""
        ending = f"-turn{asked.turn}-call{asked.call}-ok.json"
        for name in reversed(self._names):
            if name.endswith(ending) and name.split("-")[1] == asked.agent:
                entry = self._read(name)
                if entry is not None and entry.answers(asked):
                    return entry
        return None

    def entries(self) -> Iterator[Entry]:
        """All readable entries, oldest first."""
        for name in self._names:
            entry = self._read(name)
            if entry is not None:
                yield entry

    def completed(self, agent: str, turns: Collection[int]) -> Iterator[Entry]:
        """The completed calls of an agent in these turns, oldest first."""
        for name in self._names:
            named = _NAME.match(name)
            if named and named[2] == agent and int(named[4]) in turns and named[6] == "ok":
                entry = self._read(name)
                if entry is not None:
                    yield entry

    def newest_state(self) -> State | None:
        """The state at the newest call that kept one."""
        for name in reversed(self._names):
            entry = self._read(name)
            if entry is not None and entry.state is not None:
                return entry.state
        return None

    def _read(self, name: str) -> Entry | None:
        data = self._folder.read(f"{Project.JOURNAL}/{name}", limit=LARGEST_ENTRY)
        try:
            return None if data is None else Entry.model_validate_json(data)
        except ValidationError:
            return None  # somebody damaged it; an entry of ours appears whole or not at all


def _id(name: str) -> int:
    return int(name.split("-", 1)[0])
