"""docs/CONFIGURATION.md, made from the settings' models: `python -m orchestrator.reference > docs/CONFIGURATION.md`."""

from __future__ import annotations

import ast
import inspect
import math
import sys
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agents.verification.settings import VerificationSettings
from providers.settings import Prices, ProviderSettings

from .config import (
    UNLIMITED,
    AgentProviders,
    ArchitectSettings,
    Config,
    DailyLimits,
    EngineerSettings,
    Limit,
    Limits,
    Overrides,
    ProjectLimits,
    Watch,
)
from .reference_examples import EXAMPLES

_HEAD = """\
# Configuration

Made by `python -m orchestrator.reference` from the models that read the settings; a test holds that it is up to date.

`config.yaml` is looked for in the current directory, then beside `run_orchestrator.py`; `--config FILE` names another.
Without one the defaults below count. `code-tumbler config` prints the file as it is shipped, `code-tumbler doctor` says
whether yours is right. A key that is left out has its default. A key that is not known, a value of the wrong type and a
provider that does not exist are errors that name the line, the column and the nearest right word; nothing is started.

A project may have a `tumbler.yaml` of its own, see the end of this page. API keys stand in neither file: `api_key_env`
names the environment variable that holds the key.
"""

_TAIL = """\
A project's own `tumbler.yaml`, beside its `01_input/`, may hold {keys}, with the meaning that they have here;
of `limits`: {limits}. What it leaves out is as in `config.yaml`. It is read whenever work begins.
"""

_SECTIONS: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("", Config, "At the top of the file."),
    ("agent_providers", AgentProviders, ""),
    ("providers.NAME", ProviderSettings, "`NAME` is yours to choose. `auto` takes the providers in the order listed."),
    ("providers.NAME.prices", Prices, ""),
    ("limits", Limits, ""),
    ("limits.daily", DailyLimits, ""),
    ("watch", Watch, ""),
    ("verification", VerificationSettings, ""),
    ("architect", ArchitectSettings, ""),
    ("engineer", EngineerSettings, ""),
)


def render() -> str:
    """The whole page."""
    parts = [_HEAD, *(_section(*section) for section in _SECTIONS)]
    named = {"keys": _listed(Overrides), "limits": _listed(ProjectLimits)}
    parts.append("## tumbler.yaml\n\n" + _TAIL.format(**named))
    return "\n".join(parts)


def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """What a person may write; a provider's name is the key above it."""
    return {name: field for name, field in model.model_fields.items() if (model, name) != (ProviderSettings, "name")}


def _listed(model: type[BaseModel]) -> str:
    *most, last = (f"`{name}`" for name in model.model_fields)
    return f"{', '.join(most)} and {last}"


def _section(path: str, model: type[BaseModel], remark: str) -> str:
    said = _sentences(model)
    intro = " ".join(filter(None, (inspect.getdoc(model) if path else "", remark)))
    rows = [
        f"| `{name}` | {_cell(field.description or said[name])} | {_cell(_kind(field))} | {_default(field)} |"
        for name, field in keys(model).items()
    ]
    table = "\n".join(["| key | meaning | type | default |", "|---|---|---|---|", *rows])
    return f"## {path or 'config.yaml'}\n\n{intro}\n\n{table}\n\n```yaml\n{EXAMPLES[path]}```\n"


def _sentences(model: type[BaseModel]) -> dict[str, str]:
    """The docstrings below a model's fields, its own before those that it inherits."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= _docstrings(each)
    return found


def _docstrings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(tree, ast.ClassDef)
    for node, following in pairwise(tree.body):
        match node, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel) or (isinstance(value, dict) and value):
        return "see below" if isinstance(value, BaseModel) else ", ".join(f"`{name}`" for name in value)
    return f"`{_written(value)}`"


def _written(value: Any) -> str:
    """As it would stand in the file."""
    if value == math.inf:
        return UNLIMITED
    return str(value) if isinstance(value, str | Path) else str(yaml.safe_dump(value)).splitlines()[0]


def _kind(field: FieldInfo) -> str:
    """The type in words, with its bounds."""
    if Limit.__metadata__[0] in field.metadata:  # type: ignore[attr-defined]
        return f"number above 0, or `{UNLIMITED}`"
    words, null = _words(field.annotation), " or `null`"
    return words.removesuffix(null) + _bounds(field.metadata) + (null if words.endswith(null) else "")


def _words(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _either(f"`{value}`" for value in inner)
    if hasattr(kind, "__metadata__"):
        return _words(inner[0]) + _bounds(kind.__metadata__)
    if origin is dict:
        return "section"
    if origin is list:
        return f"list of {_words(inner[0])}"
    if inner:
        return _either("`null`" if each is NoneType else _words(each) for each in inner)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "section"
    return _NAMES[kind]


_NAMES: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path",
}


def _either(words: Iterator[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _bounds(metadata: Any) -> str:
    """`, above 0`, `, 1 to 1000` ... as the constraints say."""
    found = {name: value for each in metadata for name, value in _constraints(each)}
    low = f"{found['ge']:g}" if "ge" in found else ""
    match low, found.get("gt"), found.get("le"):
        case "", None, None:
            return ""
        case _, None, None:
            return f" from {low}"
        case "", above, None:
            return f" above {above:g}"
        case "", None, most:
            return f" up to {most:g}"
        case "", above, most:
            return f" above {above:g}, up to {most:g}"
        case _, _, most:
            return f" from {low} to {most:g}"


def _constraints(each: object) -> Iterator[tuple[str, float]]:
    for part in (each, *getattr(each, "metadata", ())):
        for name in ("ge", "gt", "le"):
            if (value := getattr(part, name, None)) is not None:
                yield name, value


if __name__ == "__main__":
    sys.stdout.write(render())
