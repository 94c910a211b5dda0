"""From pairs as a reply gave them to files that may be written: paths, duplicates, conflicts, contents."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from agents.answers.contents import checked_content
from agents.answers.paths import parents, safe_path, same_file_key, without_prefix
from agents.answers.rejection import Reason, Rejected
from agents.answers.shapes import Pairs

_MOST_FILES = 5000
_MOST_DELETED = 50


def checked_files(pairs: Pairs, project: str, known: Collection[str] = ()) -> dict[str, str]:
    """Path -> content, all or nothing. Rejected has the files without fault as `salvage`, the others as `missing`."""
    if len(pairs) > _MOST_FILES:
        raise Rejected(Reason.TOO_LARGE, f"Received {len(pairs)} files; at most {_MOST_FILES} are taken at a time.")
    renamed = without_prefix((path for path, _ in pairs), project, known)
    files: dict[str, str] = {}
    keys: dict[str, str] = {}
    problems: list[Rejected] = []
    missing: list[str] = []
    for given, content in pairs:
        try:
            path = safe_path(renamed[given])
            _check_once(path, content, files, keys)
            files[path] = checked_content(path, content)
            keys[same_file_key(path)] = path
        except Rejected as problem:
            problems.append(problem)
            missing += problem.missing
    problems += _conflicts(files, keys)
    if not problems and not any(content.strip() for content in files.values()):
        problems.append(Rejected(Reason.EMPTY, "Received only empty files; send each file with its content."))
        return _fail(problems, {}, list(files))
    return _fail(problems, files, missing) if problems else files


def checked_deleted(paths: Iterable[str], files: dict[str, str]) -> frozenset[str]:
    deleted = frozenset(safe_path(path) for path in paths)
    if len(deleted) > _MOST_DELETED:
        raise Rejected(
            Reason.SCHEMA,
            f"Received {len(deleted)} paths to delete; at most {_MOST_DELETED} are allowed in one answer.",
        )
    if both := deleted.intersection(files):
        raise Rejected(Reason.AMBIGUOUS, f"{min(both)!r} is both sent and to be deleted; choose one.")
    return deleted


def _check_once(path: str, content: str, files: dict[str, str], keys: dict[str, str]) -> None:
    other = keys.get(same_file_key(path))
    if other is None or (other == path and files.get(path, content) == content):
        return
    files.pop(other, None)
    sentence = f"{path!r} and {other!r} are one file, given twice with different content; give each file once."
    if other == path:
        sentence = f"{path!r} is given twice with different content; give each file once."
    raise Rejected(Reason.DUPLICATE_PATH, sentence, missing=(path,))


def _conflicts(files: dict[str, str], keys: dict[str, str]) -> list[Rejected]:
    """A path cannot be a file and the folder of another file."""
    found = []
    for path in list(files):
        for folder in parents(path):
            if (file := keys.get(same_file_key(folder))) is not None:
                files.pop(path, None)
                sentence = f"{file!r} is a file and at the same time the folder of {path!r}; rename one of them."
                found.append(Rejected(Reason.PATH_CONFLICT, sentence, missing=(path,)))
                break
    return found


def _fail(problems: list[Rejected], files: dict[str, str], missing: list[str]) -> dict[str, str]:
    sentences = list(dict.fromkeys(problem.sentence for problem in problems))[:3]
    raise Rejected(problems[0].reason, " ".join(sentences), files, tuple(dict.fromkeys(missing)))
