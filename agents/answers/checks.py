"""From pairs as a reply gave them to files that may be written: paths, duplicates, conflicts, contents."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from agents.answers.contents import checked_content
from agents.answers.paths import parents, safe_path, same_file_key, without_prefix
from agents.answers.rejection import Reason, Rejected
from agents.answers.shapes import Pairs

_MOST_FILES = 5000
_MOST_DELETED = 50


@dataclass(frozen=True)
class Check:
    """What must hold for the files of an answer in one project."""

    project: str = ""
    """The folder that models put in front of all paths."""
    known: Collection[str] = ()
    """Paths that are staged or planned."""

    def files(self, pairs: Pairs) -> dict[str, str]:
        """Path -> content, all or nothing. Rejected has the faultless files as `salvage`, the others as `missing`."""
        if len(pairs) > _MOST_FILES:
            raise Rejected(Reason.TOO_LARGE, f"Received {len(pairs)} files; at most {_MOST_FILES} are taken at a time.")
        renamed = without_prefix((path for path, _ in pairs), self.project, self.known)
        problems: list[Rejected] = []
        copies: dict[str, dict[tuple[str, str], None]] = {}
        for given, content in pairs:
            try:
                path = safe_path(renamed[given])
                copies.setdefault(same_file_key(path), {})[path, content] = None
            except Rejected as problem:
                problems.append(problem)
        files: dict[str, str] = {}
        for (path, content), *others in copies.values():
            try:
                _check_once(path, [other for other, _ in others])
                files[path] = checked_content(path, content)
            except Rejected as problem:
                problems.append(problem)
        problems += _conflicts({key: path for key, ((path, _), *_) in copies.items()})
        if not problems and not any(content.strip() for content in files.values()):
            problems.append(Rejected(Reason.EMPTY, "Received only empty files; send each file with its content."))
            return _fail(problems, files, missing=files)
        return _fail(problems, files) if problems else files

    def deleted(self, paths: Iterable[str], pairs: Pairs, files: Iterable[str]) -> frozenset[str]:
        """The paths in plain form, none of them one of the `files` that came of `pairs`, or the folder of one."""
        given = [path for path, _ in pairs]
        plain = frozenset(safe_path(without_prefix((*given, path), self.project, self.known)[path]) for path in paths)
        if len(plain) > _MOST_DELETED:
            raise Rejected(
                Reason.SCHEMA,
                f"Received {len(plain)} paths to delete; at most {_MOST_DELETED} are allowed in one answer.",
            )
        kept = {same_file_key(one) for path in files for one in (path, *parents(path))}
        if both := [path for path in plain if same_file_key(path) in kept]:
            raise Rejected(Reason.AMBIGUOUS, f"{min(both)!r} is both sent and to be deleted; choose one.")
        return plain


def _check_once(path: str, others: list[str]) -> None:
    if not others:
        return
    sentence = f"{path!r} and {others[0]!r} are one file, given twice; give each file once."
    if others[0] == path:
        sentence = f"{path!r} is given twice with different content; give each file once."
    raise Rejected(Reason.DUPLICATE_PATH, sentence, missing=(path, *others))


def _conflicts(paths: dict[str, str]) -> list[Rejected]:
    """A path cannot be a file and the folder of another file. `paths` has them by `same_file_key`."""
    found = []
    for path in paths.values():
        for folder in parents(path):
            if (file := paths.get(same_file_key(folder))) is not None:
                sentence = f"{file!r} is a file and at the same time the folder of {path!r}; rename one of them."
                found.append(Rejected(Reason.PATH_CONFLICT, sentence, missing=(path, file)))
                break
    return found


def _fail(problems: list[Rejected], files: dict[str, str], missing: Iterable[str] = ()) -> dict[str, str]:
    sentences = list(dict.fromkeys(problem.sentence for problem in problems))[:3]
    names = dict.fromkeys((*missing, *(path for problem in problems for path in problem.missing)))
    whole = {path: content for path, content in files.items() if path not in names}
    raise Rejected(problems[0].reason, " ".join(sentences), whole, tuple(names))
