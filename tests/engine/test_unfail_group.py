"""unfail_group: puts the oldest failed jobs of a group back, a slice at a time."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused


def failed(engine: Engine, count: int, group: str = "g") -> list[str]:
    jids = [f"{group}{n}" for n in range(count)]
    for n, jid in enumerate(jids):
        engine.put(jid, queue=f"q{n % 2}")
        (lease,) = engine.pop(f"q{n % 2}")
        engine.fail(lease, group, now=n)
    return jids


def test_the_oldest_go_back_first_each_into_its_own_queue(engine: Engine) -> None:
    jids = failed(engine, 5)
    failed(engine, 1, "other")
    assert 3 == engine.call("unfail_group", "g", "", 3, "", now=100)

    assert ["waiting"] * 3 + ["failed"] * 2 == [engine.state(jid) for jid in jids]
    assert ["g0", "g2"] == engine.order("q0")
    assert ["g1"] == engine.order("q1")
    assert "failed" == engine.state("other0")


def test_they_may_all_go_to_one_queue(engine: Engine) -> None:
    jids = failed(engine, 4)
    assert 4 == engine.call("unfail_group", "g", "new", 100, "", now=100)

    assert jids == engine.order("new")


def test_slices_end_even_if_jobs_fail_again_meanwhile(engine: Engine) -> None:
    failed(engine, 5)
    back = 0
    for _ in range(10):
        count = engine.call("unfail_group", "g", "again", 2, 50, now=100)
        back += count
        for lease in engine.pop("again", count=2, now=100):
            engine.fail(lease, "g", now=100)
        if count < 2:
            break

    assert 5 == back
    assert {"failed": 5} == engine.counts("again")


def test_an_unknown_group_has_nobody(engine: Engine) -> None:
    assert 0 == engine.call("unfail_group", "nobody", "", 100, "")


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    failed(engine, 1)
    for argument, args in {
        "group": ("", "", 1, ""),
        "queue": ("g", "x" * 256, 1, ""),
        "count": ("g", "", 0, ""),
        "count:": ("g", "", 101, ""),
        "before": ("g", "", 1, -1),
        "arguments": ("g", "", 1),
    }.items():
        answer = refused(engine, "unfail_group", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
