"""The buf.validate rules of a field in words."""

from __future__ import annotations

from typing import Any

LONGEST_PATTERN = 60  # what is longer is told by the comment, and would not fit a table


def words(rules: Any) -> str:
    """Of a FieldRules, such as "0 to 100"; empty without any. LookupError for a rule that has no words here."""
    if rules is None:
        return ""
    said = []
    for field, value in rules.ListFields():
        if field.name == "required":
            said.append("must be there")
        elif field.name in {"double", "int32", "uint32", "duration"}:
            said += _number(value)
        elif field.name in {"string", "enum", "repeated"}:
            said += {"string": _string, "enum": _enum, "repeated": _repeated}[field.name](value)
        else:
            raise LookupError(f"no words for the rule {field.name}: add them to tools/reference/rules.py")
    return ", ".join(said)


def _number(rules: Any) -> list[str]:
    """The bounds. That every number is finite the page says once."""
    set_ = {field.name: _value(value) for field, value in rules.ListFields()}
    _known(set_, {"gt", "gte", "lt", "lte", "finite"})
    low = f"above {set_['gt']}" if "gt" in set_ else f"at least {set_['gte']}" if "gte" in set_ else ""
    high = f"below {set_['lt']}" if "lt" in set_ else f"at most {set_['lte']}" if "lte" in set_ else ""
    if {"gte", "lte"} <= set_.keys():
        low, high = f"{set_['gte']} to {set_['lte']}", ""
    return [part for part in (low, high) if part]


def _string(rules: Any) -> list[str]:
    set_ = {field.name: value for field, value in rules.ListFields()}
    _known(set_, {"min_len", "max_len", "pattern", "not_contains"})
    low, high = set_.get("min_len", 0), set_.get("max_len")
    said = []
    if low and high:
        said.append(f"{low} to {high} characters")
    elif low or high:
        said.append(f"at least {low} characters" if low else f"at most {high} characters")
    if pattern := set_.get("pattern"):
        said.append(f"matches `{pattern}`" if len(pattern) <= LONGEST_PATTERN else "of that form")
    if "not_contains" in set_:
        said.append(f"never holds `{set_['not_contains']}`")
    return said


def _enum(rules: Any) -> list[str]:
    set_ = {field.name: value for field, value in rules.ListFields()}
    _known(set_, {"defined_only", "not_in"})
    if list(set_.get("not_in", [])) not in ([], [0]):
        raise LookupError(f"no words for enum.not_in {list(set_['not_in'])}: add them to tools/reference/rules.py")
    return ["never UNSPECIFIED"] if "not_in" in set_ else []


def _repeated(rules: Any) -> list[str]:
    set_ = {field.name: value for field, value in rules.ListFields()}
    _known(set_, {"max_items", "items"})
    said = [f"at most {set_['max_items']}"] if "max_items" in set_ else []
    each = words(set_.get("items"))
    return said + ([f"each {each}"] if each else [])


def _known(rules: Any, with_words: set[str]) -> None:
    if missing := set(rules) - with_words:
        raise LookupError(f"no words for the rules {sorted(missing)}: add them to tools/reference/rules.py")


def _value(value: Any) -> str:
    """A bound as one writes it."""
    if hasattr(value, "seconds"):
        return f"{value.seconds}s"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)
