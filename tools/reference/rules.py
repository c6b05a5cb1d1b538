"""The buf.validate rules of a field in words."""

from __future__ import annotations

from typing import Any

MAX_PATTERN = 60
"""A longer pattern does not fit a table. The field's comment describes it."""


def words(rules: Any) -> str:
    """Return the rules of a FieldRules in words, such as "0 to 100", or empty text without rules. Raise LookupError for a
    rule without words in this module."""
    if rules is None:
        return ""
    phrases = []
    for field, value in rules.ListFields():
        if field.name == "required":
            phrases.append("must be there")
        elif field.name in {"double", "float", "int32", "uint32", "duration"}:
            phrases += _number(value)
        elif field.name in {"string", "enum", "repeated"}:
            phrases += {"string": _string, "enum": _enum, "repeated": _repeated}[field.name](value)
        else:
            raise LookupError(f"no words for the rule {field.name}: add them to tools/reference/rules.py")
    return ", ".join(phrases)


def _number(rules: Any) -> list[str]:
    """Return the bounds of a number. The page states once that every number is finite."""
    present = {field.name: _value(value) for field, value in rules.ListFields()}
    _known(present, {"gt", "gte", "lt", "lte", "finite"})
    low = f"above {present['gt']}" if "gt" in present else f"at least {present['gte']}" if "gte" in present else ""
    high = f"below {present['lt']}" if "lt" in present else f"at most {present['lte']}" if "lte" in present else ""
    if {"gte", "lte"} <= present.keys():
        low, high = f"{present['gte']} to {present['lte']}", ""
    return [part for part in (low, high) if part]


def _string(rules: Any) -> list[str]:
    present = {field.name: value for field, value in rules.ListFields()}
    _known(present, {"min_len", "max_len", "pattern", "not_contains"})
    low, high = present.get("min_len", 0), present.get("max_len")
    phrases = []
    if low and high:
        phrases.append(f"{low} to {high} characters")
    elif low or high:
        phrases.append(f"at least {low} characters" if low else f"at most {high} characters")
    if pattern := present.get("pattern"):
        phrases.append(f"matches `{pattern}`" if len(pattern) <= MAX_PATTERN else "of that form")
    if "not_contains" in present:
        phrases.append(f"never holds `{present['not_contains']}`")
    return phrases


def _enum(rules: Any) -> list[str]:
    present = {field.name: value for field, value in rules.ListFields()}
    _known(present, {"defined_only", "not_in"})
    if list(present.get("not_in", [])) not in ([], [0]):
        raise LookupError(f"no words for enum.not_in {list(present['not_in'])}: add them to tools/reference/rules.py")
    return ["never UNSPECIFIED"] if "not_in" in present else []


def _repeated(rules: Any) -> list[str]:
    present = {field.name: value for field, value in rules.ListFields()}
    _known(present, {"min_items", "max_items", "items"})
    low, high = present.get("min_items"), present.get("max_items")
    if low is not None and low != high:
        raise LookupError(f"no words for repeated.min_items {low}: add them to tools/reference/rules.py")
    phrases = [f"at most {high}" if low is None else f"exactly {high}"] if high is not None else []
    each = words(present.get("items"))
    return phrases + ([f"each {each}"] if each else [])


def _known(rules: Any, with_words: set[str]) -> None:
    if missing := set(rules) - with_words:
        raise LookupError(f"no words for the rules {sorted(missing)}: add them to tools/reference/rules.py")


def _value(value: Any) -> str:
    """Return a bound as text."""
    if hasattr(value, "seconds"):
        return f"{value.seconds}s"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)
