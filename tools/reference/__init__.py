"""Generate the API reference, gen/reference/api.md, from the contract and its comments. tools/generate calls `render`.

image (descriptor set with comments) ──► contract ──► page ──► Markdown
                                              └─ rules ─┘

contract    the content of the image, with the comment of each element
rules       the buf.validate options of a field, in words
page        the page: RPCs first, then messages and enums, with one section for each file of proto/

Everything except the page's introduction comes from the contract. A new RPC, field, enum value or error reason appears on
the page once it is in proto/. A rule without words in `rules` ends the run with an error.
"""

from __future__ import annotations

from .contract import Contract
from .page import page


def render(image: bytes) -> str:
    """Return the page as Markdown. `image` is a serialised FileDescriptorSet with imports and source info. Raise LookupError
    when a comment or the words for a rule are missing."""
    return page(Contract(image))
