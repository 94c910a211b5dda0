"""Which packages the imports of a Python project ask for, and which of pytest's plugins its tests do."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping

from .spelled import spelled
from .trusted.broken import is_test


def imported(tree: ast.Module) -> Iterator[str]:
    """Modules imported outside of `try` and `if TYPE_CHECKING`."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Try) or (isinstance(node, ast.If) and "TYPE_CHECKING" in spelled(node.test)):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]
        todo.extend(ast.iter_child_nodes(node))


def local_modules(paths: Iterable[str]) -> frozenset[str]:
    """Names under which the project's own files can be imported from its root, `src` or beside a test."""
    names: set[str] = set()
    for path in paths:
        names.update(part.removesuffix(".py") for part in path.split("/"))
    return frozenset(names)


_DISTRIBUTIONS = {
    "attr": "attrs", "bs4": "beautifulsoup4", "crypto": "pycryptodome", "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil", "discord": "discord.py", "docx": "python-docx", "dotenv": "python-dotenv",
    "fitz": "pymupdf", "git": "gitpython", "jose": "python-jose", "jwt": "pyjwt", "magic": "python-magic",
    "mysqldb": "mysqlclient", "openssl": "pyopenssl", "pil": "pillow", "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary", "serial": "pyserial", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "slugify": "python-slugify", "socks": "pysocks", "telegram": "python-telegram-bot", "usb": "pyusb",
    "websocket": "websocket-client", "yaml": "pyyaml", "zmq": "pyzmq",
}  # fmt: skip


def distribution(module: str) -> str:
    """The package that most likely provides `module`."""
    return _DISTRIBUTIONS.get(module.lower(), module.lower().replace("_", "-"))


def foreign_imports(imports: Mapping[str, str], paths: Iterable[str]) -> dict[str, str]:
    """Of `imports`, module -> a file that has it, those that neither Python nor the project itself provides."""
    own = local_modules(paths)
    return {m: path for m, path in imports.items() if m not in sys.stdlib_module_names and m not in own}


def plugins_wanted(texts: Mapping[str, str]) -> list[str]:
    """Plugins of the base environment that these tests need; loading costs time, so only then."""
    sources = [t for p, t in texts.items() if is_test(p) or p.endswith((".ini", ".toml", ".cfg"))]
    wanted = {"pytest_asyncio.plugin": r"asyncio|async def test", "pytest_mock": r"\bmocker\b|pytest_mock"}
    return [plugin for plugin, word in wanted.items() if any(re.search(word, text) for text in sources)]
