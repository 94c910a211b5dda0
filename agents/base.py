"""What an agent is given and what it gives back. Agents return values; only the orchestrator writes files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from providers import Completion, Message, Provider


class AgentError(Exception):
    """The agent could not do its work; the text says what, where and what to do next. The project becomes `failed`."""


class Model(Protocol):
    """A provider as an agent sees it: every completion is durable in the journal before it is returned.

    Asking the same thing again after a restart returns the journal's answer and costs nothing.
    """

    @property
    def name(self) -> str:
        """The model's name, which often tells its size."""

    @property
    def profile(self) -> str:
        """How much to ask of it at once: `XS`, `S`, `M` or `L`, or `auto`, by its name."""

    @property
    def context_tokens(self) -> int: ...

    @property
    def max_output_tokens(self) -> int: ...

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        purpose: str = "",
        schema: Mapping[str, Any] | None = None,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        thinking: bool | None = None,
        stop: Sequence[str] = (),
    ) -> Completion:
        """One completion. `purpose` is a short word for logs and the journal's file name ("plan", "retry", "file").

        It ends before any of the texts in `stop`, at most four, where the server can do that.

        Raises providers.ProviderError; agents let it pass, the orchestrator knows what to do.
        """


@dataclass(frozen=True)
class Work:
    """Everything an agent may know about a project at one moment. Paths are relative, with `/`."""

    project: str
    iteration: int
    """From 1 for Engineer and Verifier; 0 for the Architect."""
    requirements: str
    """The user's words, decoded, otherwise verbatim."""
    model: Model
    plan: str = ""
    acceptance: str = ""
    """ACCEPTANCE.md: checks that the Architect wrote down before there was any code; empty when there are none."""
    staged: Mapping[str, str] = field(default_factory=dict)
    """Text files in 03_staging, without the manifest and without caches."""
    report: str = ""
    """The newest REPORT_iterN.md, as a person may have edited it; empty in the first iteration."""
    edited: frozenset[str] = frozenset()
    """Staged files that a person changed since the Engineer delivered them."""
    notes: str = ""
    """Hints from the user (NOTES.md); empty when there are none."""
    feedback: str = ""
    """What the Engineer needs of the last verification: the failures, cut and ordered (`Verified.feedback`)."""
    fruitless: int = 0
    """For the Engineer: how many rounds in a row were dropped because they did not improve on the best."""
    causes: tuple[str, ...] = ()
    """For the Engineer: what each round so far failed of first (`Verified.cause`), where it failed."""
    cause: str = ""
    """For the Engineer: what `staged` failed of first, as far as it was verified."""
    drafts: tuple[Mapping[str, str], ...] = ()
    """For the Engineer of a small model: text files of earlier drafts that have not seen `staged`, nor each other."""
    replies: tuple[str, ...] = ()
    """For the Engineer of a small model: its whole answers of earlier iterations; some hold programs that were not
    taken."""
    snapshot: Path | None = None
    """For the Verifier: a private copy of 03_staging that nothing else writes to."""
    sources: frozenset[str] = frozenset()
    """For the Engineer: every path in staging, also those that are not text."""
    previous_tests: Mapping[str, str] = field(default_factory=dict)
    """For the Verifier: the text files of the best iteration so far, to see deleted and weakened tests."""
    previous_passed: frozenset[str] = frozenset()
    """For the Verifier: ids of the tests that passed in the best iteration so far."""
    failed_before: Mapping[str, int] = field(default_factory=dict)
    """For the Verifier: id of an example -> how many different programs failed it in earlier iterations."""


@dataclass(frozen=True)
class Planned:
    """The Architect's result."""

    plan: str
    """PLAN.md, whole."""
    acceptance: str = ""
    """ACCEPTANCE.md, whole; empty when nothing could be written down."""


@dataclass(frozen=True)
class Built:
    """The Engineer's result: what changes in 03_staging. Paths are checked by the orchestrator again."""

    files: Mapping[str, str]
    deleted: frozenset[str] = frozenset()
    rejected: Mapping[str, str] = field(default_factory=dict)
    """Path -> why the new version was not taken; the old one stays."""
    raw: str = ""
    """The reply as it came, for `test_output/`."""
    afresh: bool = False
    """A new draft that has not seen the best one: its tests are not compared with that one's."""


@dataclass(frozen=True)
class Verified:
    """The Verifier's result."""

    report: str
    """REPORT_iterN.md, whole; its first line carries the score."""
    score: float
    """0 to 10, one decimal."""
    green: bool
    """It builds, there are tests, and every test, example and criterion that could be checked holds."""
    passed: frozenset[str]
    """Ids of the tests that passed."""
    failed: frozenset[str]
    """Ids of tests and examples that did not."""
    feedback: str
    """For the Engineer: at most 5 failures, root causes first, about 2,000 tokens."""
    summary: str = ""
    """One line for the console: `8 of 10 tests passed, 2 examples failed`."""
    cause: str = ""
    """What failed first: `NameError: name 'x' is not defined (main.py, line 3)`; empty when no test did."""
    sandbox: str = ""
    """How the code was kept in, for state.json: `bwrap`, `landlock` ..."""
    acceptance: str = ""
    """ACCEPTANCE.md with what a trial changed in it; empty when nothing is to be written."""


Outcome = Planned | Built | Verified


class UnusableReply(AgentError):
    """The model's reply could not be used, also after asking again."""

    def __init__(self, message: str, raw: str = "") -> None:
        super().__init__(message)
        self.raw = raw
        """The last reply as it came; the orchestrator keeps it under `test_output/`."""


class Agent(Protocol):
    """Architect, Engineer or Verifier."""

    @property
    def provider(self) -> Provider:
        """Whose model the orchestrator hands in as `Work.model`."""

    async def run(self, work: Work) -> Outcome: ...
