"""What one project has asked of models and what that has cost, kept on disk; whether another answer could be kept."""

from __future__ import annotations

import json

from .files import DiskFull, Folder
from .journal import Entry, Journal
from .project import Project
from .steering import require_leave
from .usage import Row, Spent, Today, Totals

LEAST_FREE_BYTES = 50 << 20
"""No call is made whose reply might not be kept."""
PROBE_BYTES = 256 << 10
"""What is written and removed again before a call; longer than most entries of the journal."""


class Ledger:
    """What one project has asked of models and what it cost: journal, usage.json and logs."""

    def __init__(self, folder: Folder, journal: Journal, today: Today) -> None:
        self._folder = folder
        self.journal = journal
        self.spent = Totals()
        """Of all calls that ended, also while their entries are being written."""
        self.kept = Spent(Row.of(entry) for entry in journal.entries())
        """The calls in the journal; usage.json says this."""
        for row in self.kept.rows:
            self.spent.add(row)
        self.today = today

    @classmethod
    def open(cls, folder: Folder, today: Today) -> Ledger:
        """The project's ledger; usage.json is written again when it is not what the journal says."""
        ledger = cls(folder, Journal.open(folder), today)
        if folder.read(Project.USAGE) != ledger.document() and ledger.kept.rows:
            ledger.write_usage()
        return ledger

    def count(self, entry: Entry) -> None:
        """Let `entry` count for the budgets; what is spent is spent, wherever it is written down."""
        row = Row.of(entry)
        self.spent.add(row)
        self.today.add(row)

    def keep(self, entry: Entry, prompt: str) -> None:
        """Make `entry` durable, then fold it into usage.json and write the logs for people. Raises FileProblem."""
        self.journal.append(entry)
        self.kept.add(Row.of(entry))
        self.write_usage()
        stem = f"{Project.LOGS}/{entry.id:04}-{entry.agent}-iter{entry.iteration}-{entry.purpose or 'call'}"
        self._folder.append(f"{stem}.prompt.md", prompt)
        self._folder.append(f"{stem}.reply.md", entry.text or entry.error or "")

    def write_usage(self) -> None:
        self._folder.write(Project.USAGE, self.document())

    def document(self) -> bytes:
        return (json.dumps(self.kept.document(), indent=2) + "\n").encode()

    def require_leave(self) -> None:
        """Raises steering.Held when the person wants no further call."""
        require_leave(self._folder)

    def require_room(self) -> None:
        """Raises DiskFull, ReadOnly or Denied when a reply might not be kept."""
        free = self._folder.free_bytes()
        if free < LEAST_FREE_BYTES:
            raise DiskFull(
                f"only {free >> 20} MiB are free below {self._folder.path}; no model is called before there are "
                f"{LEAST_FREE_BYTES >> 20} MiB, so that no paid answer is lost"
            )
        self._folder.probe(Project.JOURNAL, PROBE_BYTES)  # a quota does not show in what is free
