"""The API reference, gen/reference/api.md, out of the contract and its comments; tools/generate calls `render`.

image (descriptor set with comments) ──► contract ──► page ──► Markdown
                                              └─ rules ─┘

contract    what the image holds, with the comment of each thing
rules       the buf.validate options of a field, in words
page        the one page: calls first, then messages and enums, a section per file of proto/

Nothing is written here that the contract does not say, but for the page's introduction: a further RPC, field, enum value or
error reason is on the page as soon as it is in proto/. A rule that `rules` has no words for ends the run.
"""

from __future__ import annotations

from .contract import Contract
from .page import page


def render(image: bytes) -> str:
    """The whole page as Markdown; `image` is a serialised FileDescriptorSet with imports and source info."""
    return page(Contract(image))
