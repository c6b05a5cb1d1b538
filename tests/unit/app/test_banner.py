"""The text that a node prints when it is serving."""

from __future__ import annotations

import pytest

from virtuoso.app.banner import text


@pytest.mark.parametrize(
    ("edge", "page", "expected"),
    [
        ("http://127.0.0.1:8003", True, "web page         http://127.0.0.1:8003/"),
        ("https://127.0.0.1:8003", True, "web page         https://127.0.0.1:8003/"),
        ("http://127.0.0.1:8003", False, "web page         not built"),
        (None, False, "web page         not served: no edge answers"),
    ],
)
def test_the_page_comes_first_and_the_text_says_when_it_is_missing(edge: str | None, page: bool, expected: str) -> None:
    output = text("SIMULATED", 1.0, "127.0.0.1:50051", edge, ["http://127.0.0.1:8001/healthz"], page=page)
    addresses = output.split("\n\n")[1].splitlines()
    assert addresses[0].strip().startswith(expected)
    assert ("curl -k https:" in output) == (edge is not None and edge.startswith("https:"))
