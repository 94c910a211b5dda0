"""How the settings are found and read: config.yaml, and a project's tumbler.yaml laid over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from providers import available

from .config import AUTO, AgentProviders, Config, Overrides, ProjectLimits
from .config_error import ConfigError, Problem, explain, nearest
from .program import command
from .yaml_source import Document, Path_, YamlError, decode, parse

_NAME = "config.yaml"
_M = TypeVar("_M", bound=BaseModel)


def find(explicit: Path | None = None, *folders: Path) -> Path | None:
    """The settings file: `explicit`, else the first config.yaml in the current directory and `folders`."""
    if explicit is not None:
        return explicit
    for folder in (Path.cwd(), *folders):
        if (folder / _NAME).is_file():
            return folder / _NAME
    return None


def load(path: Path | None) -> Config:
    """The settings in `path`, or the defaults for None, with an absolute workspace. Raises ConfigError."""
    if path is None:
        return Config(workspace=Path.cwd() / "projects")
    document = _document(_read(path), str(path))
    config = _validated(Config, document.values, document, str(path))
    _check_names(config, config.agent_providers, document, str(path))
    _check_types(config, document, str(path))
    return config.model_copy(update={"workspace": path.absolute().parent / config.workspace.expanduser()})


def for_project(config: Config, text: str | bytes, source: str = "tumbler.yaml") -> Config:
    """`config` with a project's own settings laid over it. Raises ConfigError."""
    document = _document(text, source)
    base = config.model_dump(include=set(Overrides.model_fields))
    base["limits"] = {key: base["limits"][key] for key in ProjectLimits.model_fields}
    overrides = _validated(Overrides, _laid_over(base, document.values), document, source)
    _check_names(config, overrides.agent_providers, document, source)
    changes = {name: getattr(overrides, name) for name in Overrides.model_fields}
    changes["limits"] = config.limits.model_copy(update=dict(overrides.limits))
    return config.model_copy(update=changes)


def _laid_over(base: Any, changes: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(changes, dict)):
        return changes
    return {**base, **{key: _laid_over(base.get(key), value) for key, value in changes.items()}}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file; write one with: {command()} config > {path}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; name a file with --config FILE") from error


def _document(text: str | bytes, source: str) -> Document:
    try:
        return parse(decode(text) if isinstance(text, bytes) else text.removeprefix("\ufeff"))
    except YamlError as error:
        lines = text.splitlines() if isinstance(text, str) else text.decode("utf-8", "replace").splitlines()
        problem = Problem(str(error), place=error.place)
        raise ConfigError.listing(source, [problem], tuple(lines)) from error


def _validated(model: type[_M], values: Any, document: Document, source: str) -> _M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError.listing(source, explain(error, model, document), document.lines) from error


def _check_names(config: Config, chosen: AgentProviders, document: Document, source: str) -> None:
    names: dict[Path_, str] = {("agent_providers", agent): name for agent, name in chosen}
    _check_known("providers", names, [AUTO, *config.providers], document, source)


def _check_types(config: Config, document: Document, source: str) -> None:
    types: dict[Path_, str] = {
        ("providers", name, "type"): settings.type for name, settings in config.providers.items()
    }
    _check_known("types", types, available(), document, source)


def _check_known(
    kind: str, written: Mapping[Path_, str], known: Sequence[str], document: Document, source: str
) -> None:
    """Raises ConfigError when what is written at a place is none of the `known`."""
    problems = [
        Problem(
            f"`{word}` is none of the {kind}: {', '.join(known)}",
            path=path,
            place=document.places.get(path),
            advice=nearest(word, known),
        )
        for path, word in written.items()
        if word not in known
    ]
    if problems:
        raise ConfigError.listing(source, problems, document.lines)
