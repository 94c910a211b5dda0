"""What keeps a project from going on: a person's word, a wait that a server asked for, a spent budget, no server."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime

from . import steering
from .budget import Budget, BudgetExceeded
from .config import Config
from .crew import AGENT, serving
from .events import Event
from .files import Folder
from .ledger import Ledger
from .machine import WORK, Action
from .program import program
from .shell import Shell
from .state import State, Status
from .threads import off_loop
from .trouble import AskedToWait, kept_waiting


@dataclass(frozen=True)
class Hold:
    """One project at one moment; `first`: since the daemon was started."""

    shell: Shell
    folder: Folder
    state: State
    config: Config
    first: bool

    def begins_again(self) -> bool:
        """Whether a daemon that has just been started goes on with what was cut off or held."""
        return self.first and self.state.status is not Status.PAUSED and not self._leaves_server_alone()

    async def is_over(self) -> bool:
        """Whether what held the project is over, as far as can be told without asking a server.

        A person's word that was taken back is, also when there is nothing left to spend: the work says that itself.
        """
        if self._is_kept():
            return False
        if self.state.status is Status.PAUSED:
            return steering.halted_by(self.state) is not None or await self._may_spend_again()
        return self._work_for_a_server() is None

    def awaited(self) -> Action | None:
        """The work that goes on as soon as its server is well; None when something else is missing."""
        return None if self._is_kept() else self._work_for_a_server()

    def still_waiting(self) -> str | None:
        """What to say of a server that has been left alone since before the daemon was started."""
        until = self.state.not_before
        if until is None or not self.first or not self._leaves_server_alone():
            return None
        now = f"{program()} rerun {shlex.quote(self.state.name)}"
        return f"still waiting until {until.astimezone():%H:%M:%S}: {self.state.error}; to try at once: {now}"

    def waits_on(self, event: Event) -> str | None:
        """What `State.waits_on` is to be after `event`."""
        return self._providers() if isinstance(event, AskedToWait) else None

    def _is_kept(self) -> bool:
        """Whether the person, or a server that said how long, wants nothing to be done now."""
        return bool(steering.told(self.folder)) or self._leaves_server_alone()

    def _leaves_server_alone(self) -> bool:
        """Whether the time is not over for which nothing is to be asked.

        What a server said holds over a restart, until its settings are others; our own waits end with a restart.
        """
        if not kept_waiting(self.state, datetime.now(UTC)):
            return False
        return not self.first if self.state.waits_on is None else self.state.waits_on == self._providers()

    def _providers(self) -> str:
        action = WORK.get(self.state.current_phase)
        return serving(action, self.config) if action else ""

    def _work_for_a_server(self) -> Action | None:
        """The work that waits, when it needs a server; the sandbox and the disk are seen by the work itself."""
        action = WORK.get(self.state.current_phase)
        return action if self.state.status is Status.WAITING and action in AGENT else None

    async def _may_spend_again(self) -> bool:
        """Nothing is spent while a project is paused, so only other caps or another day can change the answer."""
        caps = (self.config.limits, self.shell.today.day)
        if self.shell.spent_out.get(self.state.name) == caps:
            return False
        ledger = await off_loop(lambda: Ledger.open(self.folder, self.shell.today))
        try:
            Budget(self.config.limits, ledger.spent, self.shell.today).check()
        except BudgetExceeded:
            self.shell.spent_out[self.state.name] = caps
            return False
        return True
