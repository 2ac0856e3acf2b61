"""Make tools of the functions and models in Python source. It is parsed and never executed."""

import ast
import re
from typing import Any

from clarifai_chat.text import counted, listed
from clarifai_chat.tools.formats import docstrings, python_classes, python_values
from clarifai_chat.tools.formats.dialects import Notes
from clarifai_chat.tools.formats.python_names import PASTED, Names, last_name
from clarifai_chat.tools.formats.python_types import Types
from clarifai_chat.tools.formats.tool_import import (
    MAX_TOOLS,
    Found,
    FoundTool,
    NotTools,
    code,
    codes,
    tool_of,
    with_valid_names,
)

MAX_CHARS = 500_000
MAX_DEPTH = 90  # of brackets; Python's own parser stops at 200
_LOOKS_LIKE_SOURCE = re.compile(r"^(?:async[ \t]+def|def|class|@[\w.]+)\b[^\n]*", re.MULTILINE)
_MOST_LEVELS = 400  # of the syntax tree
_BRACKETS = re.compile(r"[\[\](){}]")
_DECORATORS = (
    "tool", "function_tool", "function_schema", "ai_function", "kernel_function", "tool_plain",
    "beta_tool", "action", "agent_tool",
)  # fmt: skip
# Arguments that a framework passes, not the model.
_GIVEN_TYPES = {
    "Context", "RunContext", "RunContextWrapper", "ToolContext", "CallbackManagerForToolRun",
    "AsyncCallbackManagerForToolRun", "RunnableConfig", "ToolRuntime", "Request",
}  # fmt: skip
_GIVEN_MARKS = {"InjectedToolArg", "InjectedState", "InjectedStore", "InjectedToolCallId",
                "Depends", "CurrentContext"}  # fmt: skip
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def looks_like_source(text: str) -> bool:
    """Return whether a text defines functions or classes."""
    return bool(_LOOKS_LIKE_SOURCE.search(text))


def read(text: str) -> Found:
    """Return the tools in Python source. Raises `NotTools`."""
    if len(text) > MAX_CHARS:
        raise NotTools(f"Python source of up to {MAX_CHARS:,} characters is read.")
    names = Names(_parsed(text))
    functions, others = _chosen(names)
    if functions:
        tools = [_of_function(function, names) for function in functions[:MAX_TOOLS]]
        form = counted(len(tools), "Python function", one="a")
    else:
        classes = _outermost(names)
        if not classes:
            raise NotTools("This Python source defines no function and no model.")
        tools = [_of_class(name, names) for name in classes[:MAX_TOOLS]]
        form = counted(len(tools), "Python class", "Python classes", one="a")
    notes = ["The source was read, not run."]
    if others:
        notes.append(f"Left out: {listed(codes(others), most=5)}.")
    return Found(form, with_valid_names(tools), tuple(notes))


def _parsed(text: str) -> ast.Module:
    depth = 0
    for bracket in _BRACKETS.findall(text):  # in strings too: a limit, not a grammar
        depth = max(0, depth + (1 if bracket in "[({" else -1))
        if depth > MAX_DEPTH:
            raise NotTools(f"The Python source is nested more than {MAX_DEPTH} brackets deep.")
    for source in (text, _unprompted(text)):
        try:
            tree = ast.parse(source, PASTED)
        except SyntaxError as error:
            why = f"line {error.lineno}: {error.msg}"
        except (ValueError, MemoryError, RecursionError):
            why = "it is nested too deeply, or too long"
        else:
            _check_depth(tree)
            return tree
    raise NotTools(f"The Python source cannot be read: {why}.")


def _check_depth(tree: ast.Module) -> None:
    """Raise `NotTools` for what only some versions of Python can read: `int | int | …` nests."""
    level: list[ast.AST] = [tree]
    for _ in range(_MOST_LEVELS):
        level = [inner for node in level for inner in ast.iter_child_nodes(node)]
        if not level:
            return
    raise NotTools("The Python source is nested too deeply.")


def _unprompted(text: str) -> str:
    """Return source without the prompts of a Python shell, and without its common indent."""
    lines = text.expandtabs(4).splitlines()
    if any(line.startswith(">>> ") for line in lines):
        lines = [line[4:] for line in lines if line[:4] in (">>> ", "... ")]
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    common = min(indents, default=0)
    return "\n".join(line[common:] for line in lines)


def _chosen(names: Names) -> tuple[list[_Function], list[str]]:
    """Return the functions that are tools, and the names of the others."""
    every = [*names.functions.values()]
    methods = [each for node in names.classes.values() for each in _methods(node)]
    every += [each for each in methods if _decorator(each) is not None]
    if not every and not any(python_classes.is_data(name, names) for name in names.classes):
        every = methods
    marked = [each for each in every if _decorator(each) is not None]
    public = [each for each in every if not each.name.startswith("_")]
    chosen = marked or public
    return chosen, [each.name for each in every if each not in chosen]


def _methods(node: ast.ClassDef) -> list[_Function]:
    return [each for each in node.body if isinstance(each, _Function)]


def _decorator(function: _Function) -> ast.expr | None:
    """Return the decorator that makes a function a tool: `@tool`, `@mcp.tool(…)`."""
    for decorator in function.decorator_list:
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(node) in _DECORATORS:
            return decorator
    return None


def _outermost(names: Names) -> list[str]:
    """Return the classes of data that no other class of the source uses."""
    data = [name for name in names.classes if python_classes.is_data(name, names)]
    used = {
        each.id
        for name in data
        for node in names.classes[name].body
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and each.id != name
    }
    used |= {base for name in data for base in names.bases(name)}
    return [name for name in data if name not in used] or data[:1]


def _of_class(name: str, names: Names) -> FoundTool:
    notes = Notes()
    types = Types(names, notes, python_classes.schema_of)
    types.above.append(name)
    schema = python_classes.schema_of(name, types)
    if types.definitions:
        schema["$defs"] = types.definitions
    function: dict[str, Any] = {"name": python_classes.title_of(name, names)}
    if "description" in schema:
        function["description"] = schema.pop("description")
    return tool_of({**function, "parameters": schema}, notes.changed, notes.lost, f"class {name}")


def _of_function(function: _Function, names: Names) -> FoundTool:
    notes = Notes()
    types = Types(names, notes, python_classes.schema_of)
    doc = docstrings.read(ast.get_docstring(function))
    name, description = _said(function)
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    required: list[str] = []
    for argument, default in _arguments(function):
        if _is_given(argument, default, names):
            notes.lose(f"`{code(argument.arg)}`, which a program passes itself")
            continue
        hint = argument.annotation
        if hint is None and argument.arg in doc.types:
            hint = ast.Constant(doc.types[argument.arg])
        inner = dict(types.schema(hint))
        if default is None or not _take_default(inner, argument.arg, default, types):
            required.append(_alias(argument, types))
        if (said := doc.parameters.get(argument.arg)) and "description" not in inner:
            inner["description"] = said
        schema["properties"][_alias(argument, types)] = inner
    if required:
        schema["required"] = required
    if function.args.vararg:
        notes.lose(f"`*{code(function.args.vararg.arg)}`")
    if function.args.kwarg is None:
        schema["additionalProperties"] = False
    elif function.args.kwarg.annotation is not None:
        schema["additionalProperties"] = types.schema(function.args.kwarg.annotation) or True
    if types.definitions:
        schema["$defs"] = types.definitions
    made: dict[str, Any] = {"name": name or function.name}
    if text := description or doc.text:
        made["description"] = text
    made["parameters"] = schema
    return tool_of(made, notes.changed, notes.lost, f"def {function.name}")


def _said(function: _Function) -> tuple[str, str]:
    """Return the name and the description in a decorator: `@tool("name", description=…)`."""
    decorator = _decorator(function)
    if not isinstance(decorator, ast.Call):
        return "", ""
    name = python_values.text(decorator.args[0]) if decorator.args else ""
    given = {each.arg: python_values.text(each.value) for each in decorator.keywords}
    name = given.get("name") or given.get("name_override") or name
    return name, given.get("description") or given.get("description_override") or ""


def _arguments(function: _Function) -> list[tuple[ast.arg, ast.expr | None]]:
    """Return the arguments with their defaults, without `self` and `cls`."""
    args = function.args
    plain = [*args.posonlyargs, *args.args]
    gap: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
    found = list(zip(plain, [*gap, *args.defaults], strict=True))
    if found and found[0][0].arg in ("self", "cls"):
        found = found[1:]
    return [*found, *zip(args.kwonlyargs, args.kw_defaults, strict=True)]


def _is_given(argument: ast.arg, default: ast.expr | None, names: Names) -> bool:
    """Return whether a framework passes an argument, by its type or a mark."""
    hint = argument.annotation
    if isinstance(default, ast.Call) and names.real(last_name(default.func)) in _GIVEN_MARKS:
        return True
    if hint is None:
        return False
    outer = hint.value if isinstance(hint, ast.Subscript) else hint
    if names.real(last_name(outer)) in _GIVEN_TYPES - names.classes.keys():
        return True
    inner = hint.slice if isinstance(hint, ast.Subscript) else None
    marks = inner.elts[1:] if isinstance(inner, ast.Tuple) else []
    return any(
        names.real(last_name(m.func if isinstance(m, ast.Call) else m)) in _GIVEN_MARKS
        for m in marks
    )


def _alias(argument: ast.arg, types: Types) -> str:
    """Return the name that a model uses: that of `Annotated[…, Field(alias=…)]`, or its own."""
    for call in python_classes.beside(argument.annotation):
        given = {each.arg: each.value for each in call.keywords}
        if name := python_values.text(given.get("alias")):
            types.notes.change(f"`{code(argument.arg)}` is called `{code(name)}`, its alias")
            return name
    return argument.arg


def _take_default(schema: dict[str, Any], name: str, default: ast.expr, types: Types) -> bool:
    """Add a default, or what `= Field(…)` says, to a schema; return whether there is a default."""
    if isinstance(default, ast.Call) and types.names.real(last_name(default.func)) in (
        "Field", "Query", "Path", "Body",
    ):  # fmt: skip
        types.refine(schema, default)
        given = {each.arg: each.value for each in default.keywords}
        inner = default.args[0] if default.args else given.get("default")
        if inner is None or (isinstance(inner, ast.Constant) and inner.value is ...):
            return "default_factory" in given
        default = inner
    if not (isinstance(default, ast.Constant) and default.value is ...):  # a stub's default
        python_classes.put_default(schema, name, default, types)
    return True
