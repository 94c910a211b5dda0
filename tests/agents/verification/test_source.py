"""What the text of a project says about itself."""

from __future__ import annotations

import pytest

from agents.verification.imported import distribution, foreign_imports, plugins_wanted
from agents.verification.source import parse, scan
from agents.verification.source import test_names as names_in

TESTS = """
import pytest, unittest


def test_plain(): ...


async def test_async(): ...


def helper():
    def test_nested(): ...


@pytest.fixture
def test_data(): ...


class TestClass:
    def test_method(self): ...
    def helper(self): ...
    class TestInner:
        def test_inner(self): ...


class TestWithInit:
    def __init__(self): ...
    def test_never(self): ...


class Unit(unittest.TestCase):
    def test_unit(self): ...


class Base:
    def test_of_base(self): ...


class Shared(unittest.TestCase):
    def test_of_shared(self): ...


class Heir(Shared): ...


del Shared


@dataclass(frozen=True)
class TestCase:
    def test_name(self): ...


class TestRow(NamedTuple):
    def test_row(self): ...


class TestKept:
    def __init__(self): ...
    def test_hidden(self):
        assert False


class TestGone:
    def test_gone(self): ...


del TestGone

if False:
    def test_conditional(): ...
"""


def test_tests_are_found_as_pytest_would() -> None:
    tree = parse(TESTS)
    assert tree is not None
    assert list(names_in(tree)) == [
        "test_plain",
        "test_async",
        "TestClass::test_method",
        "TestClass::TestInner::test_inner",
        "Unit::test_unit",
        "Heir::test_of_shared",
        "TestKept::test_hidden",
        "TestGone::test_gone",
    ]


@pytest.mark.parametrize("text", ["def broken(:", "\0", "(" * 5000, "-" * 100_000 + "1", "f(" * 3000 + ")" * 3000])
def test_text_that_cannot_be_parsed_is_no_error(text: str) -> None:
    assert parse(text) is None
    assert scan({"test_a.py": text}).tests == frozenset()


@pytest.mark.parametrize("odd", [f"0x{'f' * 4000}", " + ".join(["'a'"] * 900)], ids=["long", "deep"])
def test_what_can_be_parsed_and_not_written_is_no_error(odd: str) -> None:
    hook = f"def pytest_runtest_makereport(item):\n    setattr(item, {odd}, 1)\n"
    text = f"X = {odd}\nif X == {odd}:\n    import yaml\nY = ({odd}).ANY\n\n\ndef test_x():\n    assert X == {odd}\n"
    assert scan({"test_a.py": text, "conftest.py": hook, "app.py": text}).tests == {"test_a.py::test_x"}


SLOW = """
def pytest_collection_modifyitems(config, items):
    if config.getoption("--runslow"):
        return
    skip_slow = pytest.mark.skip(reason="need --runslow option to run")
    for item in items:
        if "slow" in item.keywords and not item.nodeid.startswith("unit"):
            item.add_marker(skip_slow)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"))
"""


SORTED = "def pytest_collection_modifyitems(items):\n    items.sort(key=lambda item: item.name)\n"
SORTED_ANEW = "def pytest_collection_modifyitems(items):\n    items[:] = sorted(items, key=lambda item: item.path)\n"
KEPT = """
@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    rep = outcome.get_result()
    setattr(item, "rep_" + rep.when, rep)
    if rep.when == "call":
        item.rep_last = rep
"""


@pytest.mark.parametrize(
    ("path", "text", "flag"),
    [
        ("conftest.py", "def pytest_pyfunc_call(pyfuncitem): ...", "defines pytest_pyfunc_call"),
        ("quiet.py", "def pytest_collection_modifyitems(items): ...", "defines pytest_collection_modifyitems"),
        ("conftest.py", SLOW + "            items.remove(item)\n", "defines pytest_collection_modifyitems"),
        ("conftest.py", SLOW + "            item.obj = len\n", "defines pytest_collection_modifyitems"),
        ("conftest.py", SORTED.replace("lambda item: item.name", "by"), "defines pytest_collection_modifyitems"),
        ("conftest.py", SORTED.replace("item.name", "item.remove(1)"), "defines pytest_collection_modifyitems"),
        ("conftest.py", SORTED_ANEW.replace("sorted(items", "sorted(few"), "defines pytest_collection_modifyitems"),
        ("conftest.py", SORTED_ANEW.replace("[:]", "[1:]"), "defines pytest_collection_modifyitems"),
        ("conftest.py", SLOW + "            items[:] = []\n", "defines pytest_collection_modifyitems"),
        ("conftest.py", SLOW + "            config.x.__setattr__('a', 1)\n", "defines pytest_collection_modifyitems"),
        ("conftest.py", KEPT + "    rep.outcome = 'passed'\n", "defines pytest_runtest_makereport"),
        ("conftest.py", KEPT + "    setattr(rep, 'outcome', 'passed')\n", "defines pytest_runtest_makereport"),
        ("conftest.py", KEPT + "    outcome.force_result(None)\n", "defines pytest_runtest_makereport"),
        ("app.py", "import os\nos._exit(0)", "calls os._exit"),
        ("test_a.py", "import os\ndef test_a():\n    os._exit(0)", "calls os._exit"),
        ("conftest.py", "item.obj = None", "assigns .obj"),
        ("test_a.py", "def test_a(n=5): ...\ntest_a.__defaults__ = (4,)", "replaces the code"),
        ("test_a.py", "import gc\ngc.get_objects()", "looks into the interpreter"),
        ("app.py", "import gc\nfor thing in gc.get_objects(): ...", "looks into the interpreter"),
        ("app.py", "from gc import get_referrers", "looks into the interpreter"),
        ("sitecustomize.py", "", "shadows a module"),
        ("app.py", "from unittest.mock import ANY", "equal to whatever"),
        ("app.py", "from unittest import mock\ndef f(): return mock.ANY", "equal to whatever"),
        ("app.py", "def f(): return type('N', (), {'__eq__': lambda s, o: True})()", "equal to whatever"),
    ],
)
def test_what_could_change_results_is_flagged(path: str, text: str, flag: str) -> None:
    assert any(flag in found for found in scan({path: text}).flags)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("conftest.py", "import pytest\n@pytest.fixture\ndef data(): return 1"),
        ("conftest.py", "def pytest_configure(config): config.addinivalue_line('markers', 'slow')"),
        ("app.py", "Point.__new__.__defaults__ = (None,)"),
        ("app.py", "self.obj = 1\nprint(self.outcome)"),
        ("test_a.py", "from unittest.mock import ANY"),
        ("app.py", "class A:\n    def __eq__(self, other): return self.a == other.a"),
        ("app.py", "class K(Enum):\n    ANY = 1\nprint(K.ANY)"),
        ("app.py", "import sys\nsys.exit(0)"),
        ("app.py", "import gc, sys\ngc.collect()\nname = sys._getframe(1).f_code.co_name"),
        ("app.py", "import os\ndef child():\n    if os.fork() == 0:\n        os._exit(0)"),
        ("conftest.py", SLOW),
        ("conftest.py", SORTED),
        ("conftest.py", SORTED_ANEW),
        ("conftest.py", KEPT),
        ("conftest.py", "def pytest_sessionfinish(session, exitstatus):\n    print('done', exitstatus)"),
    ],
)
def test_ordinary_code_is_not_flagged(path: str, text: str) -> None:
    assert scan({path: text}).flags == ()


def test_foreign_imports_leave_out_what_is_there() -> None:
    files = {
        "app.py": "import os, requests.sessions\nfrom pkg import x\nfrom . import y\nimport helper",
        "src/pkg/__init__.py": "try:\n    import ujson\nexcept ImportError:\n    ujson = None",
        "tests/helper.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas",
        "tests/test_a.py": "import cv2",
    }
    assert foreign_imports(scan(files).imports, files) == {"requests": "app.py", "cv2": "tests/test_a.py"}


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("cv2", "opencv-python-headless"),
        ("PIL", "pillow"),
        ("yaml", "pyyaml"),
        ("flask_cors", "flask-cors"),
        ("httpx", "httpx"),
    ],
)
def test_modules_are_named_after_their_packages(module: str, package: str) -> None:
    assert distribution(module) == package


@pytest.mark.parametrize(
    ("files", "plugins"),
    [
        ({"test_a.py": "def test_a(): ..."}, []),
        ({"test_a.py": "async def test_a(): ..."}, ["pytest_asyncio.plugin"]),
        ({"tests/test_a.py": "def test_a(mocker): ..."}, ["pytest_mock"]),
        ({"pytest.ini": "asyncio_mode = auto"}, ["pytest_asyncio.plugin"]),
        ({"app.py": "import asyncio"}, []),
    ],
)
def test_plugins_are_loaded_only_when_needed(files: dict[str, str], plugins: list[str]) -> None:
    assert plugins_wanted(files) == plugins


def test_files_that_speak_of_expected_failures_are_known() -> None:
    files = {"a.py": "@pytest.mark.xfail\ndef test_a(): ...", "b.py": "@unittest.expectedFailure\n", "c.py": "fail"}
    assert scan(files).expects_failures == {"a.py", "b.py"}
