"""Write cases as a configuration of promptfoo, with the rules that JavaScript can judge.

Source of the shape: promptfoo's config-schema.json and its example openai-tools-call. A test's
`options` are merged over the configuration of the provider, so each brings its own tools. It
looks for what a `$ref` names from the top of the whole file, so references are written out.
"""

import json
from collections.abc import Sequence
from typing import Any

import yaml

from clarifai_chat.evidence.cases import Case
from clarifai_chat.evidence.causes import Strings
from clarifai_chat.llm.endpoints import base_of
from clarifai_chat.messages import ToolSpec
from clarifai_chat.tools.schema.references import target

SCHEMA = "# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json\n"
ONLY_HERE = ("$schema", "$instant", "$result")  # rules that need this app
MAX_DEPTH, MAX_PARTS = 40, 20_000  # of a schema without references

# Rules 1 to 13, 17 to 20 and 22 of docs/EVIDENCE.md. `output` is a text, the calls, or both.
JUDGE = r"""
const { calls: wanted = [], order, asks, says = [], never = [] } = JSON.parse(context.vars.expect);
const loose = context.vars.strings === 'loose';
const plain = (text) => loose
  ? text.toLowerCase().replace(/[ ,./\-_*^]/g, '').replaceAll("'", '"') : text;
const has = (text, part) => text.includes(part) || plain(text).includes(plain(part));
const own = Object.hasOwn;
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const equal = (one, other) => {
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length
    && one.every((each, place) => equal(each, other[place]));
  if (!isObject(one)) return one === other;
  return isObject(other) && Object.keys(one).length === Object.keys(other).length
    && Object.keys(one).every((name) => own(other, name) && equal(one[name], other[name]));
};
const types = {
  string: (v) => typeof v === 'string', integer: (v) => Number.isInteger(v),
  number: (v) => typeof v === 'number', boolean: (v) => typeof v === 'boolean',
  array: Array.isArray, object: isObject, null: (v) => v === null,
};
const paired = (rules, values, fit) => rules.length === 0 || values.some((value, place) =>
  fit(rules[0], value) && paired(rules.slice(1), values.toSpliced(place, 1), fit));
const rules = {
  $any: () => true,
  $one_of: (rule, v) => rule.$one_of.some((each) => fits(each, v)),
  $type: (rule, v) => types[rule.$type](v),
  $pattern: (rule, v) => typeof v === 'string' && new RegExp(rule.$pattern, 'u').test(v),
  $near: (rule, v) => typeof v === 'number'
    && Math.abs(v - rule.$near) <= Math.max(rule.$within ?? 1e-9, 1e-9 * Math.abs(v)),
  $contains: (rule, v) => typeof v === 'string'
    && [rule.$contains].flat().every((part) => has(v, part)),
  $unordered: (rule, v) => Array.isArray(v) && v.length === rule.$unordered.length
    && paired(rule.$unordered, v, fits),
  $optional: (rule, v) => fits(rule.$optional, v),
  $equals: (rule, v) => equal(rule.$equals, v),
};
const fits = (rule, value) => {
  if (typeof rule === 'string') return typeof value === 'string' && plain(rule) === plain(value);
  if (Array.isArray(rule)) return Array.isArray(value) && rule.length === value.length
    && rule.every((each, place) => fits(each, value[place]));
  if (!isObject(rule)) return equal(rule, value);
  const name = Object.keys(rule).find((key) => own(rules, key));
  if (name) return rules[name](rule, value);
  return isObject(value)
    && Object.keys(rule).every((key) => key === '$others' || (own(value, key)
      ? fits(rule[key], value[key]) : isObject(rule[key]) && own(rule[key], '$optional')))
    && (rule.$others === true || Object.keys(value).every((key) => own(rule, key)));
};
const found = Array.isArray(output) ? output : output?.tool_calls ?? [];
const words = typeof output === 'string' ? output : output?.content ?? '';
if (never.some((part) => has(words, part)) || !says.every((part) => has(words, part))) return false;
if (asks) return found.length === 0 && words.includes('?')
  && (asks.length === 0 || asks.some((word) => has(words, word)));
if (wanted.length === 0) return found.length === 0 && words.trim() !== '';
if (found.length !== wanted.length) return false;
let called;
try {
  called = found.map((call) =>
    ({ tool: call.function.name, arguments: JSON.parse(call.function.arguments || '{}') }));
} catch { return false; }
const same = (one, other) => one.tool === other.tool && fits(one.arguments, other.arguments);
return order === 'given'
  ? wanted.every((each, place) => same(each, called[place])) : paired(wanted, called, same);
""".strip("\n")


def left_out(case: Case, tools: Sequence[ToolSpec] = ()) -> str:
    """Return why a case is not in the file, in a sentence; "" if it is."""
    if case.get("steps", 1) > 1:
        return f"{case['id']} needs several requests, and answers of tools between them."
    text = json.dumps(case["expect"])
    if rule := next((name for name in ONLY_HERE if f'"{name}"' in text), ""):
        return f"{case['id']} has the rule {rule}, which only this app judges."
    try:
        _without_references(tools)
    except ValueError:
        return f"{case['id']} has a tool whose $ref cannot be written out."
    return ""


def as_promptfoo(
    asked: Sequence[tuple[Case, Sequence[ToolSpec], str]], model_url: str, strings: Strings
) -> str:
    """Return the configuration: each case with its tools and the set's system prompt."""
    provider = {
        "id": f"openai:chat:{model_url}",
        "config": {"apiBaseUrl": base_of(model_url), "apiKeyEnvar": "CLARIFAI_PAT"},
    }
    whole = {
        "description": "Whether a model calls tools as it should",
        "prompts": ["{{messages}}"],
        "providers": [provider],
        "defaultTest": {"assert": [{"type": "javascript", "value": JUDGE}]},
        "tests": [
            _test(case, tools, system, strings)
            for case, tools, system in asked
            if not left_out(case, tools)
        ],
    }
    notes = [f"# Left out: {why}\n" for case, tools, _ in asked if (why := left_out(case, tools))]
    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=100)
    return SCHEMA + "".join(notes) + text


def _test(case: Case, tools: Sequence[ToolSpec], system: str, strings: str) -> dict[str, Any]:
    said = "\n\n".join(filter(None, [case.get("system", ""), system]))
    messages: list[Any] = [{"role": "system", "content": said}] if said else []
    messages += case.get("messages", [])
    if case["prompt"]:
        messages.append({"role": "user", "content": case["prompt"]})
    return {
        "description": case["id"],
        "metadata": {"topic": case["topic"], "about": case["about"]},
        "vars": {
            "messages": json.dumps(messages, ensure_ascii=False),
            "expect": json.dumps(case["expect"], ensure_ascii=False),
            "strings": strings,
        },
        "options": {"tools": _without_references(tools)},
    }


def _without_references(tools: Sequence[ToolSpec]) -> list[Any]:
    """Return a copy whose schemas have what a `$ref` means in its place. Raises `ValueError`."""
    copy: list[Any] = json.loads(json.dumps(tools))  # without aliases of YAML
    for function in (tool["function"] for tool in copy):
        if '"$ref"' in json.dumps(function):
            schema = function["parameters"]
            written = _written_out(schema, schema)
            function["parameters"] = {
                name: each for name, each in written.items() if name not in ("$defs", "definitions")
            }
    return copy


def _written_out(schema: Any, root: Any) -> Any:
    left = MAX_PARTS

    def walk(part: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > MAX_DEPTH:
            raise ValueError("The references go in circles, or to very much.")
        if isinstance(part, list):
            return [walk(each, depth + 1) for each in part]
        if not isinstance(part, dict):
            return part
        if isinstance(part.get("$ref"), str):
            found = target(part["$ref"], root)
            if not isinstance(found, dict):
                raise ValueError("The reference is to no place in the schema.")
            rest = {name: each for name, each in part.items() if name != "$ref"}
            return walk({**found, **rest}, depth + 1)
        return {name: walk(each, depth + 1) for name, each in part.items()}

    return walk(schema, 0)
