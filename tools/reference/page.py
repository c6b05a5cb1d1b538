"""The reference page: Markdown with tables and links, for developers who call the service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor

from .contract import PACKAGE, Contract, kinds
from .rules import words

HTTP_STATUS = {  # the mapping of google.rpc.Code
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
RULES_OPTION = "buf.validate.field"
REASON_PREFIX = "ERROR_REASON_"
ERROR_KINDS = ("ErrorReason", "ErrorDetails")
SCALARS = {
    getattr(FieldDescriptor, name): name.removeprefix("TYPE_").lower()
    for name in dir(FieldDescriptor)
    if name.startswith("TYPE_")
}
INTRODUCTION = """\
# The API

*`tools/generate` makes this page from the comments in [proto/](../../proto/virtuoso/market/v1). Do not edit it.*

There is one service, `{service}`. It speaks gRPC and gRPC-Web. Each call with a path also answers plain JSON.

```console
$ curl http://127.0.0.1:8003{path}
$ buf curl --protocol grpc --http2-prior-knowledge http://127.0.0.1:50051/{service}/{rpc}
$ buf curl --protocol grpcweb --http2-prior-knowledge http://127.0.0.1:8003/{service}/{rpc}
```

- **A number that was not measured is absent.** Such a field is marked *optional*. It is never 0 instead. Other fields
  without a value are 0, an empty text, an empty list, or an absent message. Every number is finite.
- **In JSON** names are in lowerCamelCase: `turnover_24h_usd` is `turnover24hUsd`. Enums are their names. Times are like
  `2025-10-20T22:40:00.250Z`, and durations like `1.204s`. 64-bit integers are strings. In a query both spellings of a name
  are allowed. For a list, repeat its name: `symbols=BTCUSDT&symbols=ETHUSDT`. Unknown parameters are refused.
- **Errors** are a google.rpc.Status, in JSON as the body: `code`, `message` and [details](#errors).
- **Unknown values** of enums and unknown fields come with later versions: ignore them.
"""


def page(contract: Contract) -> str:
    """Return the whole page. Raise LookupError when a comment does not have the expected form."""
    return "\n".join(_Page(contract).lines()).rstrip("\n") + "\n"


class _Page:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        requests = {method.input_type.full_name for method in contract.methods}
        replies = {method.output_type.full_name for method in contract.methods}
        self._requests_and_replies = requests | replies  # shown with their RPC only
        self._reasons = [
            value.name.removeprefix(REASON_PREFIX) for value in contract.enums["ErrorReason"].values if value.number
        ]
        shown = [
            kind.name for file in contract.files for kind in kinds(file) if kind.full_name not in self._requests_and_replies
        ]
        self._links = {name: name.lower() for name in (*shown, *(method.name for method in contract.methods))}
        self._links |= dict.fromkeys([*self._reasons, *ERROR_KINDS], "errors")

    def lines(self) -> Iterator[str]:
        first = self._contract.methods[0]
        yield INTRODUCTION.format(service=self._contract.service.full_name, rpc=first.name, path=self._path(first))
        yield "## Contents\n"
        yield from self._contents()
        yield "## Calls\n"
        yield self._prose(self._contract.comment(self._contract.service.full_name)) + "\n"
        for method in self._contract.methods:
            yield from self._call(method)
        yield from self._error_reasons()
        for title, members in self._sections():
            yield f"## {title}\n"
            for kind in members:
                yield from self._kind(kind)

    def _contents(self) -> Iterator[str]:
        yield "| call | JSON | what |\n|---|---|---|"
        for method in self._contract.methods:
            text = self._prose(_first_sentence(self._contract.comment(method.full_name)))
            yield f"| [{method.name}](#{method.name.lower()}) | {_code(self._path(method)) or 'stream'} | {text} |"
        yield "\n| topic | messages and enums |\n|---|---|"
        yield "| errors | [reasons and details](#errors) |"
        for title, members in self._sections():
            yield f"| {title} | {', '.join(f'[{kind.name}](#{kind.name.lower()})' for kind in members)} |"
        yield ""

    def _sections(self) -> Iterator[tuple[str, list[Descriptor | EnumDescriptor]]]:
        """Yield (title, messages and enums under it). There is one section for each file that has any outside the calls."""
        for file in self._contract.files:
            if own := [
                kind
                for kind in kinds(file)
                if kind.full_name not in self._requests_and_replies and kind.name not in ERROR_KINDS
            ]:
                yield file.name.rpartition("/")[2], own

    def _call(self, method: MethodDescriptor) -> Iterator[str]:
        path = self._path(method)
        yield f"### {method.name}\n"
        yield (f"`GET {path}`" if path else f"A stream of `{method.output_type.name}`; not as JSON.") + "\n"
        yield self._prose(self._contract.comment(method.full_name)) + "\n"
        yield from self._fields("Request", method.input_type)
        yield from self._fields("Each message" if method.server_streaming else "Reply", method.output_type)
        if errors := self._named(method):
            yield f"**Errors** of its own: {', '.join(f'[{name}](#errors)' for name in errors)}.\n"

    def _path(self, method: MethodDescriptor) -> str:
        rule = self._contract.option(method, "google.api.http")
        return "" if rule is None else str(rule.get)

    def _named(self, method: MethodDescriptor) -> list[str]:
        """Return the error reasons of an RPC. They come from its comment, from the comments of RPCs that it refers to, and
        from the rules of its request."""
        text = self._contract.comment(method.full_name)
        reasons = {name for name in self._reasons if re.search(rf"\b{name}\b", text)}
        for other in self._contract.methods:
            if re.search(rf"\b[Ee]rrors (are )?as of {other.name}\b", text):
                reasons |= set(self._named(other))
        if any(self._contract.option(field, RULES_OPTION) is not None for field in method.input_type.fields):
            reasons.add("INVALID_FIELD")
        if "page_token" in method.input_type.fields_by_name:
            reasons |= {name for name in self._reasons if name.startswith("PAGE_TOKEN_")}
        return [name for name in self._reasons if name in reasons]

    def _error_reasons(self) -> Iterator[str]:
        enum = self._contract.enums["ErrorReason"]
        yield f"## Errors\n\n{self._prose(self._contract.comment(enum.full_name))}\n"
        yield "Errors about the server, its data or its load may come from any call.\n"
        yield "| reason | code | HTTP | meaning |\n|---|---|---|---|"
        for value in enum.values:
            code, colon, meaning = self._contract.comment(f"{enum.full_name}.{value.name}").partition(": ")
            if not value.number:
                continue
            if not colon or code not in HTTP_STATUS:
                raise LookupError(
                    f"{value.name}: its comment does not begin with a code that tools/reference has an HTTP status for"
                )
            text = _cell(self._prose(meaning[:1].upper() + meaning[1:]))
            yield f"| `{value.name.removeprefix(REASON_PREFIX)}` | {code} | {HTTP_STATUS[code]} | {text} |"
        details = self._contract.messages["ErrorDetails"]
        yield f"\n{self._prose(self._contract.comment(details.full_name))}\n"
        yield from self._fields("Details", details)

    def _kind(self, kind: Descriptor | EnumDescriptor) -> Iterator[str]:
        yield f"### {kind.name}\n\n{self._prose(self._contract.comment(kind.full_name))}\n"
        if isinstance(kind, Descriptor):
            yield from self._fields("", kind)
            return
        yield "| value | no. | meaning |\n|---|---|---|"
        for value in kind.values:
            text = _cell(self._prose(self._contract.comment(f"{kind.full_name}.{value.name}")))
            yield f"| `{value.name}` | {value.number} | {text} |"
        yield ""

    def _fields(self, title: str, message: Descriptor) -> Iterator[str]:
        named = f"**{title}** `{message.name}`" if title else ""
        if not message.fields:
            yield f"{named or 'It'} has no fields.\n"
            return
        if named:
            yield f"{named}\n"
        rules = [_cell(self._rules(field)) for field in message.fields]
        ruled = any(rules)
        yield "| field | no. | type | meaning |" + (" allowed |" if ruled else "")
        yield "|---|---|---|---|" + ("---|" if ruled else "")
        for field, allowed in zip(message.fields, rules, strict=True):
            text = _cell(self._prose(self._contract.comment(field.full_name)))
            row = f"| `{field.name}` | {field.number} | {self._type(field)} | {text} |"
            yield row + (f" {allowed} |" if ruled else "")
        yield ""

    def _rules(self, field: FieldDescriptor) -> str:
        return words(self._contract.option(field, RULES_OPTION))

    def _type(self, field: FieldDescriptor) -> str:
        kind = field.message_type or field.enum_type
        if kind is None:
            name = SCALARS[field.type]
        elif kind.file.package == PACKAGE:
            name = f"[{kind.name}](#{kind.name.lower()})"
        else:
            name = kind.full_name.removeprefix("google.protobuf.")
        if field.is_repeated:
            return f"list of {name}"
        oneof = field.containing_oneof
        if oneof is not None and len(oneof.fields) > 1:
            return f"{name}, one of `{oneof.name}`"
        return f"{name}, *optional*" if oneof is not None else name

    def _prose(self, text: str) -> str:
        """Return a comment as Markdown. Names of RPCs, messages, enums and reasons become links, except within backticks."""
        parts = re.split(r"(`[^`]*`)", text)
        return "".join(part if part.startswith("`") else self._linked(part) for part in parts)

    def _linked(self, text: str) -> str:
        text = text.replace("<", "&lt;").replace("*", r"\*")
        return re.sub(r"\b[A-Z][A-Za-z_]+\b", lambda match: _link(match[0], self._links), text)


def _link(word: str, links: Mapping[str, str]) -> str:
    return f"[{word}](#{links[word]})" if word in links and not _is_ordinary(word) else word


def _is_ordinary(word: str) -> bool:
    """Return whether a name may also be an ordinary word, such as Signal at the start of a sentence."""
    return word[1:].islower()


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n\n", "<br><br>")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _first_sentence(text: str) -> str:
    """Return the first sentence of a text."""
    return re.split(r"(?<=\.) (?=[A-Z])", text)[0]
