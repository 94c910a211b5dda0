"""Programs that crashed, told from those that ended with exit code 1 by their own will."""

from __future__ import annotations

import pytest

from agents.verification.box import Ended, Ran
from agents.verification.crash import crashed
from agents.verification.examples import Example
from agents.verification.examples_judged import judge

TRACE = "Traceback (most recent call last):\n"
MAIN = '  File "/job/notes.py", line 9, in <module>\n    main()\n'
OPENS = '  File "/job/notes.py", line 4, in main\n    open(path)\n    ^^^^^^^^^^\n'
RAISES = '  File "/job/notes.py", line 4, in main\n    raise Broken(path)\n'
ASSERTS = '  File "/job/notes.py", line 4, in main\n    assert path, "usage: notes.py PATH"\n'
LIBRARY = '  File "/usr/lib/python3.12/json/decoder.py", line 355, in raw_decode\n    raise JSONDecodeError("x")\n'
MISSING = "FileNotFoundError: [Errno 2] No such file or directory: 'none'"
STACK = "    at main (file:///job/app.js:2:4) {\n  errno: -2\n}\n\nNode.js v20.20.2\n"


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (f"{TRACE}{MAIN}{OPENS}{MISSING}\n", MISSING),
        (f"reading\n{TRACE}{MAIN}{OPENS}{LIBRARY}json.decoder.JSONDecodeError: x\n", "json.decoder.JSONDecodeError: x"),
        (
            f"{TRACE}{MAIN}{OPENS}KeyError: 'a'\n\nDuring it, another:\n\n{TRACE}{MAIN}{OPENS}KeyError: 'b'\n",
            "KeyError: 'b'",
        ),
        (f"node:fs:573\n  return open(\n         ^\n\nError: ENOENT: none\n{STACK}", "Error: ENOENT: none"),
        (f"file:///job/app.js:2\n a.b.c = 1;\n       ^\n\nTypeError: no\n{STACK}", "TypeError: no"),
        (f"{TRACE}{MAIN}{OPENS}{MISSING}\nerror: not a number\n", ""),
        (f"{TRACE}{MAIN}{ASSERTS}AssertionError: usage: notes.py PATH\n", ""),
        (f"{TRACE}{MAIN}{RAISES.replace('raise', 'if not path: raise')}notes.Broken: none\n", ""),
        ("cannot read none\n", ""),
        ("", ""),
        (f"{TRACE}{MAIN}{RAISES}notes.Broken: none\n", ""),
        (f'file:///job/app.js:2\nthrow new Error("x")\n      ^\n\nError: x\n{STACK}', ""),
    ],
)
def test_an_error_that_nothing_caught_is_read_from_what_was_printed(output: str, error: str) -> None:
    assert crashed(output) == error


@pytest.mark.parametrize(
    ("run", "code", "passes"),
    [
        (("python", "notes.py", "none"), 1, False),
        (("notes.py", "none"), 1, False),
        (("python", "-m", "notes", "none"), 1, False),
        (("python", "-u", "notes.py", "none"), 1, False),
        (("python", "notes.py", "-c", "none"), 1, False),
        (("python", "-Ic", "import notes; notes.main('none')"), 1, True),
        (("node", "--input-type=module", "--eval", "import './notes.js'"), 1, True),
        (("python", "-c", "import notes; notes.main('none')"), 1, True),
        (("python", "notes.py", "none"), 3, True),
    ],
)
def test_a_crash_is_not_the_exit_code_that_was_asked_for(run: tuple[str, ...], code: int, passes: bool) -> None:
    output = f"{TRACE}{MAIN}{OPENS}{MISSING}\n".encode()
    result = judge(Example(run, stdout="", exit=code), Ran(Ended.EXITED, code, 0.1, output, len(output)))
    assert result.passed is passes
    assert passes or result.problem.startswith("crashed with FileNotFoundError")
