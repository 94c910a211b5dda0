"""What the runner notices of changes to pytest, unittest and the project's own files."""

from __future__ import annotations

import json
import os
import sys
import types
import unittest
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio
from _pytest.config import PytestPluginManager
from _pytest.python import Function

from agents.verification.trusted.intact import OUTCOME_HOOKS, Intact
from agents.verification.trusted.records import Channel

CODE = "def add(a, b):\n    return a + b\n"


@pytest.fixture
def plugins() -> PytestPluginManager:
    return PytestPluginManager()


@pytest.fixture
def intact(tmp_path: Path, plugins: PytestPluginManager) -> Intact:
    (tmp_path / "app.py").write_text(CODE, encoding="utf-8")
    found = Intact(tmp_path, ["app.py"])
    found.begin(plugins)
    return found


def test_nothing_is_new_while_nothing_was_changed(intact: Intact, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "new.py").write_text(CODE, encoding="utf-8")
    assert intact.news() == []


def of_pytest(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(Function, "runtest", lambda self: None)
    return "_pytest.python.Function.runtest was replaced"


def of_unittest(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(unittest.TestCase, "assertEqual", lambda *_: None)
    return "unittest.case.TestCase.assertEqual was replaced"


def of_code(patch: pytest.MonkeyPatch) -> str:
    patch.setattr(Function.setup, "__code__", (lambda self: None).__code__)
    return "the code of _pytest.python.Function.setup was replaced"


@pytest.mark.parametrize("change", [of_pytest, of_unittest, of_code])
def test_a_change_of_the_machinery_is_told_once_also_when_it_is_taken_back(
    change: Callable[[pytest.MonkeyPatch], str], intact: Intact
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        expected = change(patch)
        news = intact.news()
    assert news == [expected]
    assert intact.news() == []


def test_a_file_that_is_rewritten_or_gone_is_told(intact: Intact, tmp_path: Path) -> None:
    (tmp_path / "app.py").unlink()
    assert intact.news() == ["app.py was rewritten while the tests ran"]


def test_a_test_that_replaces_how_files_are_asked_for_changes_none(intact: Intact) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("as a test of error handling has it")

    with pytest.MonkeyPatch.context() as patch:
        for name in ("stat", "open", "read"):
            patch.setattr(os, name, refused)
        news = intact.news()
    assert news == []


def test_a_tracer_of_the_project_is_told(intact: Intact) -> None:
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    news = intact.news()
    sys.settrace(before)
    assert news == ["the tests run under a tracer of the project's"]


def test_hooks_that_decide_are_told_whatever_name_they_were_made_by(
    intact: Intact, plugins: PytestPluginManager
) -> None:
    plugin = types.ModuleType("conftest")
    plugin.__file__ = "/job/conftest.py"
    setattr(plugin, "pytest_" + "pyfunc_call", pytest.hookimpl(lambda pyfuncitem: True))
    setattr(plugin, "pytest_" + "configure", pytest.hookimpl(lambda config: None))
    plugins.register(plugin)
    assert intact.news() == ["conftest.py hooks pytest_pyfunc_call, which can change what tests report"]


def whitewash(pyfuncitem: object) -> bool:
    return True


def disguised() -> types.FunctionType:
    code = whitewash.__code__.replace(co_filename=json.__file__)
    return types.FunctionType(code, vars(json))


@pytest.mark.parametrize("hook", [whitewash, disguised(), lambda pyfuncitem: True])
def test_a_hook_is_judged_by_its_function_and_not_by_the_module_that_it_was_put_into(
    hook: Callable[..., object], intact: Intact, plugins: PytestPluginManager
) -> None:
    installed = types.ModuleType("json")
    vars(installed).update(__file__=json.__file__, pytest_pyfunc_call=hook)
    plugins.register(installed)
    assert [what.partition(",")[0] for what in intact.news()] == ["__init__.py hooks pytest_pyfunc_call"]


def test_a_hook_that_is_given_another_function_is_told(tmp_path: Path, plugins: PytestPluginManager) -> None:
    plugins.register(sys.modules["_pytest.python"])
    intact = Intact(tmp_path, [])
    intact.begin(plugins)
    assert intact.news() == []
    plugins.hook.pytest_pyfunc_call.get_hookimpls()[0].function = whitewash  # type: ignore[misc]
    assert [what.partition(",")[0] for what in intact.news()] == ["python.py hooks pytest_pyfunc_call"]


def test_a_hook_of_an_installed_file_that_nobody_has_loaded_before_is_not_told(
    intact: Intact, plugins: PytestPluginManager
) -> None:
    file = str(Path(pytest_asyncio.__file__).with_name("plugin.py"))
    names: dict[str, object] = {"__name__": "late"}
    exec(compile(Path(file).read_bytes(), file, "exec", dont_inherit=True), names)
    late = types.ModuleType("late")
    vars(late).update({hook: names[hook] for hook in OUTCOME_HOOKS if hook in names}, __file__=file)
    plugins.register(late)
    assert plugins.hook.pytest_pyfunc_call.get_hookimpls()
    assert intact.news() == []


def test_records_are_written_although_the_project_replaced_how_processes_are_told_apart() -> None:
    reading, writing = os.pipe()
    channel = Channel(writing, b"k")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        channel.emit("changed", what="x")
    assert os.read(reading, 100).startswith(b'{"t":"changed"')
    os.close(reading)


def test_hooks_of_installed_packages_are_not(intact: Intact, plugins: PytestPluginManager) -> None:
    plugins.register(sys.modules["_pytest.skipping"])
    assert intact.news() == []
