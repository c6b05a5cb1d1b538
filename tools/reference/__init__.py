"""The API reference, gen/reference/api.md, generated from the contract and its comments. tools/generate calls `render`.

image (descriptor set with comments) ──► contract ──► page ──► Markdown
                                              └─ rules ─┘

contract    what the image holds, with the comment of each thing
rules       the buf.validate options of a field, in words
page        the page: RPCs first, then messages and enums, one section for each file of proto/

Except for the page's introduction, everything comes from the contract: a new RPC, field, enum value or error reason appears
on the page once it is in proto/. A rule without words in `rules` ends the run with an error.
"""

from __future__ import annotations

from .contract import Contract
from .page import page


def render(image: bytes) -> str:
    """Return the page as Markdown. `image` is a serialised FileDescriptorSet with imports and source info. LookupError when
    a comment or the words for a rule are missing."""
    return page(Contract(image))
