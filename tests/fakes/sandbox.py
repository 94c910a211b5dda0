"""A sandbox for tests that plays back what it was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agents.verification.box import Ended, Job, Ran


def ended(code: int = 0, output: bytes = b"", **more: object) -> Ran:
    """A run that came to its end."""
    return Ran(Ended.EXITED, code, 0.1, output, len(output), stdout=output, **more)  # type: ignore[arg-type]


@dataclass
class ScriptedSandbox:
    """Implements Sandbox: answers each job by `play` and remembers it; runs nothing."""

    play: Callable[[Job], Ran] = field(default=lambda job: ended())
    jobs: list[Job] = field(default_factory=list)
    name: str = "scripted"
    description: str = "runs nothing"
    network: str = "none"

    async def run(self, job: Job) -> Ran:
        self.jobs.append(job)
        return self.play(job)

    @property
    def commands(self) -> Sequence[str]:
        return [" ".join(job.argv) for job in self.jobs]
