"""revoked: the klasses whose jobs are not to run."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused


def test_they_are_listed_by_name_while_they_are(engine: Engine) -> None:
    engine.call("revoke", "klass", "b", 1000)
    engine.call("revoke", "klass", "a", "", 1)

    assert [b"a", 0, 1, b"b", 1000, 0] == engine.call("revoked")
    assert [b"a", 0, 1] == engine.call("revoked", now=1000)


def test_they_are_no_settings_of_people_s(engine: Engine) -> None:
    engine.call("revoke", "klass", "a")

    assert not [name for name in engine.call("settings") if b"revoked" in bytes(name)]


def test_at_first_there_are_none(engine: Engine) -> None:
    assert [] == engine.call("revoked")


def test_it_takes_no_arguments(engine: Engine) -> None:
    assert refused(engine, "revoked", "a").startswith("INVALID arguments")
