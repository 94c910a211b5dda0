"""How real models write the files of an answer: each dialect takes files and gives a reply."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

Files = dict[str, str]
Dialect = Callable[[Files], str]


def entries(files: Files) -> list[dict[str, Any]]:
    return [{"path": path, "content": content} for path, content in files.items()]


def as_json(files: Files, **options: Any) -> str:
    return json.dumps({"files": entries(files)}, **options)


def fence(path: str, body: str, *, language: str = "", marks: str = "```", head: str = "### FILE: {}\n") -> str:
    return f"{head.format(path)}{marks}{language}\n{body}{marks}\n"


def _each(template: str) -> Dialect:
    return lambda files: "".join(template.format(path=path, content=content) for path, content in files.items())


def _calls(files: Files, arguments: Callable[[Any], Any] = lambda value: value) -> list[dict[str, Any]]:
    return [{"name": "write_file", "arguments": arguments(entry)} for entry in entries(files)]


def _message(content: Any, **members: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **members}


def _function(files: Files) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "write_files", "arguments": as_json(files)}}


_HARMONY = "<|channel|>analysis<|message|>Hm {{.<|end|><|start|>assistant<|channel|>{}<|message|>"

EXACT: dict[str, Dialect] = {
    "plain": as_json,
    "after a byte order mark": lambda files: "\ufeff" + as_json(files),
    "after a zero-width space": lambda files: "\u200b" + as_json(files),
    "one object a line": lambda files: "\n".join(map(json.dumps, entries(files))),
    "language as a word": lambda files: "json\n" + as_json(files, indent=1),
    "json5 fence": lambda files: f"```json5\n{as_json(files)}\n```",
    "long fence and prose": lambda files: f"See {{x}} [1]:\n\n````json\n{as_json(files, indent=2)}\n````\nDone {{y}}.",
    "answer tag": lambda files: f"<answer>\n{as_json(files)}\n</answer>",
    "llama header": lambda files: f"<|start_header_id|>assistant<|end_header_id|>\n\n{as_json(files)}<|eot_id|>",
    "python tag": lambda files: f"<|python_tag|>{as_json(files)}<|eom_id|>",
    "gemma turn": lambda files: f"<start_of_turn>model\n{as_json(files)}<end_of_turn>",
    "mistral calls": lambda files: "[TOOL_CALLS] " + json.dumps(_calls(files)),
    "mistral arguments": lambda files: f"[TOOL_CALLS]write_files[ARGS]{as_json(files)}",
    "hermes calls": lambda files: "".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>\n" for call in _calls(files)),
    "calls with text arguments": lambda files: json.dumps(_calls(files, json.dumps)),
    "llama function": lambda files: f"<function=write_files>{as_json(files)}</function>",
    "deepseek call": lambda files: (
        "<\uff5ctool\u2581calls\u2581begin\uff5c><\uff5ctool\u2581call\u2581begin\uff5c>function<\uff5ctool\u2581sep\uff5c>"
        f"write_files\n```json\n{as_json(files)}\n```<\uff5ctool\u2581call\u2581end\uff5c><\uff5ctool\u2581calls\u2581end\uff5c>"
    ),
    "kimi call": lambda files: (
        f"<|tool_call_begin|>functions.write:0<|tool_call_argument_begin|>{as_json(files)}<|tool_call_end|>"
    ),
    "harmony final": lambda files: _HARMONY.format("final <|constrain|>json") + as_json(files) + "<|return|>",
    "harmony call": lambda files: (
        _HARMONY.format("commentary to=functions.w <|constrain|>json") + as_json(files) + "<|call|>"
    ),
    "openai message": lambda files: json.dumps(_message(None, tool_calls=[_function(files)])),
    "openai choices": lambda files: json.dumps({"choices": [{"index": 0, "message": _message(as_json(files))}]}),
    "anthropic parts": lambda files: json.dumps(
        _message(
            [{"type": "text", "text": "Here."}, {"type": "tool_use", "name": "w", "input": {"files": entries(files)}}]
        )
    ),
    "json in a json string": lambda files: json.dumps(as_json(files)),
    "list as text": lambda files: json.dumps({"files": json.dumps(entries(files))}),
    "map": json.dumps,
    "map of objects": lambda files: json.dumps({path: {"content": content} for path, content in files.items()}),
    "objects in objects": lambda files: json.dumps({"files": [{"file": entry} for entry in entries(files)]}),
    "camel case": lambda files: json.dumps(
        {"files": [{"filePath": path, "fileContent": content} for path, content in files.items()]}
    ),
    "name beside path": lambda files: json.dumps(
        {
            "files": [
                {"file": path.rsplit("/", 1)[-1], "language": "x", **entry}
                for path, entry in zip(files, entries(files), strict=True)
            ]
        }
    ),
    "plain encoding, action": lambda files: json.dumps(
        {"files": [{**entry, "encoding": "utf-8", "action": "create"} for entry in entries(files)]}
    ),
    "base64 in lines": lambda files: json.dumps(
        {
            "files": [
                {"path": path, "encoding": "base64", "content": base64.encodebytes(content.encode()).decode()}
                for path, content in files.items()
            ]
        }
    ),
    "trailing comma": lambda files: as_json(files)[:-2] + ",]}",
    "comment": lambda files: '{ // "files"\n' + as_json(files)[1:],
    "think with an attribute": lambda files: f'<think time="3">{{"files": [</think>{as_json(files)}',
    "analysis with a draft": lambda files: f"<analysis>{as_json({'draft.py': 'bad = 1'})}</analysis>\n{as_json(files)}",
    "thought tokens": lambda files: f"<|begin_of_thought|>{as_json({'d.py': 'bad'})}<|end_of_thought|>{as_json(files)}",
    "kimi thinking": lambda files: f"\u25c1think\u25b7{as_json({'d.py': 'bad'})}\u25c1/think\u25b7{as_json(files)}",
    "our fences": lambda files: "\n".join(fence(path, content, marks="``````") for path, content in files.items()),
    "fences and a special token": lambda files: (
        "".join(fence(path, content, marks="``````") for path, content in files.items()).rstrip() + "<|end_of_text|>"
    ),
}
"""Read exactly, whatever the content."""

MAYBE: dict[str, Dialect] = {
    **{
        f"equal fences, {head!r}": _each(head + "\n```\n{content}```\n\n")
        for head in (
            "### FILE: {path}",
            "`{path}`:",
            "## File 1: {path}",
            "Create `{path}` with this:",
            "FILE\uff1a {path}",
        )
    },
    "info string": _each("```python {path}\n{content}```\n"),
    "tilde fences": _each("### FILE: {path}\n~~~\n{content}~~~\n"),
    "without fences": _each("### FILE: {path}\n{content}\n"),
    "file tags": _each('<file path="{path}">\n{content}</file>\n'),
    "file tags with content tags": _each("<file><path>{path}</path><content>\n{content}</content></file>\n"),
    "qwen coder": _each(
        "<tool_call>\n<function=write>\n<parameter=path>\n{path}\n</parameter>\n<parameter=content>\n{content}</parameter>\n"
        "</function>\n</tool_call>\n"
    ),
    "glm": _each(
        "<tool_call>write\n<arg_key>path</arg_key>\n<arg_value>{path}</arg_value>\n<arg_key>content</arg_key>\n"
        "<arg_value>{content}</arg_value>\n</tool_call>\n"
    ),
    "claude": _each(
        '<invoke name="write">\n<parameter name="path">{path}</parameter>\n'
        '<parameter name="content">{content}</parameter>\n</invoke>\n'
    ),
    "cline": _each("<write_to_file>\n<path>{path}</path>\n<content>\n{content}</content>\n</write_to_file>\n"),
    "bolt": _each('<boltAction type="file" filePath="{path}">\n{content}</boltAction>\n'),
    "create tag": _each('<create_file path="{path}">\n{content}</create_file>\n'),
    "here document": _each("cat > {path} <<'EOF'\n{content}EOF\n"),
    "patch envelope": _each("*** Begin Patch\n*** Add File: {path}\n+{content}\n*** End Patch\n"),
    "template": lambda files: "files:\n" + _each("  - path: {path}\n    content: `{content}`\n")(files),
    "backtick strings": lambda files: (
        '{"files": ['
        + ", ".join(f'{{"path": "{path}", "content": `{content}`}}' for path, content in files.items())
        + "]}"
    ),
    "triple quotes": lambda files: (
        '{"files": ['
        + ", ".join(f'{{"path": "{path}", "content": """{content}"""}}' for path, content in files.items())
        + "]}"
    ),
    "raw line ends, escapes kept": lambda files: as_json(files).replace("\\n", "\n"),
    "bare quotes": lambda files: as_json(files).replace('\\"', '"'),
    "smart quotes": lambda files: as_json(files).replace('"', "\u201d"),
    "low quotes": lambda files: as_json(files).replace('{"', "{\u201e").replace('"', "\u201c"),
    "every quote escaped for HTML": lambda files: as_json(files).replace("<", "&lt;").replace('"', "&quot;"),
    "first brace lost": lambda files: as_json(files)[1:],
    "beginning lost": lambda files: as_json(files)[25:],
    "first colon lost": lambda files: as_json(files).replace(":", "", 1),
    "draft tag": lambda files: f"<draft>{as_json({'draft.py': 'bad = 1'})}</draft>\n{as_json(files)}",
    "draft in prose": lambda files: (
        f"First attempt: {as_json({'draft.py': 'bad'})}\nActually, better:\n{as_json(files)}"
    ),
}
"""Read exactly or refused: it depends on the content."""
