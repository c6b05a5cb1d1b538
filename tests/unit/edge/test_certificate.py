"""A certificate and its key are checked before Envoy is started with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.certificates import certify
from virtuoso.domain.certificates import check_pair
from virtuoso.domain.errors import ConfigError
from virtuoso.edge.certificate import write_secrets
from virtuoso.edge.spec import EdgeSpec


def test_a_certificate_and_its_key_are_accepted(tmp_path: Path) -> None:
    check_pair(*certify(tmp_path))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("", "one/key.pem"), "TLS_KEY is set and TLS_CERTIFICATE is not: expected both or neither"),
        (("one/certificate.pem", ""), "TLS_CERTIFICATE is set and TLS_KEY is not: expected both or neither"),
        (("none.pem", "one/key.pem"), "TLS_CERTIFICATE='.*none.pem' cannot be read: No such file"),
        (("one/certificate.pem", "one"), "TLS_KEY='.*one' cannot be read: Is a directory"),
        (("one/certificate.pem", "two/key.pem"), "TLS_KEY='.*two/key.pem' is not the key of TLS_CERTIFICATE='.*one/cert"),
        (("one/key.pem", "one/certificate.pem"), "are not a certificate and its key: expected PEM files"),
        (("locked/certificate.pem", "locked/key.pem"), "the key without a password"),
    ],
)
def test_the_error_for_files_that_do_not_match_has_their_settings(
    tmp_path: Path, names: tuple[str, str], words: str
) -> None:
    certify(tmp_path / "one")
    certify(tmp_path / "two")
    certify(tmp_path / "locked", password=b"secret")
    with pytest.raises(ConfigError, match=words):
        check_pair(*(str(tmp_path / name) if name else "" for name in names))


def test_the_file_for_envoy_has_only_the_paths_of_certificate_and_key(tmp_path: Path) -> None:
    certificate, key = certify(tmp_path / "pair")
    here = ("127.0.0.1", 1)
    write_secrets(tmp_path, EdgeSpec(address=here, servers=[here], monitors=[here], certificate=certificate, key=key))
    text = (tmp_path / "edge.json").read_text()
    assert certificate in text
    assert key in text
    assert "PRIVATE" not in text
