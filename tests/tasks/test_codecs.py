"""What arguments and results may be, and how they travel."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from msgpack import ExtType

import pyjobs
from pyjobs import Tasks
from pyjobs.codec import decode, encode
from pyjobs.errors import DecodingError, EncodingError, InvalidArgument
from pyjobs.tasks import Codec, Encrypted, SignedPickle, Task
from tests.tasks import jobs
from tests.tasks.conftest import Run
from tests.tasks.jobs import Color, Order, Pair, Person, Point

KEY = UUID("12345678123456781234567812345678")
NAIVE = datetime(2026, 1, 2, 3, 4, 5, 6)  # noqa: DTZ001 - naive on purpose


def arguments(call: pyjobs.tasks.Prepared[Any]) -> Any:
    """Return the arguments as a worker gets them."""
    return call.task.arguments(decode(encode(call.data)))


def result(task: Task[..., Any], value: Any) -> Any:
    """Return a result as its handle gives it."""
    return task.read_result(decode(encode(task.pack_result(value))))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -1,
        1.5,
        "text",
        b"bytes",
        (1, (2, "3")),
        {1, 2},
        frozenset({"a", "b"}),
        {(1, 2): {"x": {Decimal(1)}}},
        Decimal("1.50"),
        KEY,
        date(2026, 1, 2),
        time(3, 4, 5, 6),
        timedelta(days=-3, microseconds=7),
        NAIVE,
        datetime(2026, 1, 2, tzinfo=timezone.utc),
        [[(), set(), {}]],
    ],
)
def test_without_annotations_a_value_says_itself_what_it_is(value: Any) -> None:
    (found,), _ = arguments(jobs.echo.prepare(value))

    assert found == value
    assert type(found) is type(value)
    assert result(jobs.echo, value) == value


def test_a_time_zone_is_an_instant_and_comes_back_in_utc() -> None:
    moment = datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=5)))

    (found,), _ = arguments(jobs.echo.prepare(moment))

    assert (found, found.utcoffset()) == (moment, timedelta(0))


def test_with_annotations_it_travels_plain() -> None:
    call = jobs.scalars.prepare(
        Decimal("1.50"), KEY, date(2026, 1, 2), time(3), timedelta(seconds=2), NAIVE, "fast"
    )

    assert call.data[0] == [
        *("1.50", str(KEY), "2026-01-02", "03:00:00", "2000000", NAIVE.isoformat(), "fast")
    ]
    assert arguments(call) == call.arguments


def test_containers_of_what_is_annotated() -> None:
    call = jobs.containers.prepare(
        {3, 1, 2}, frozenset({"b", "a"}), (date(2026, 1, 2), 7), (Decimal(1), Decimal(2))
    )

    assert call.data[0] == [[1, 2, 3], ["a", "b"], ["2026-01-02", 7], ["1", "2"]]
    assert arguments(call) == call.arguments


POINT = Point(1, Decimal("2.5"), Color.BLUE)
PERSON = Person(name="Ann", born=date(2000, 1, 1), aliases={"A"})
ORDER = Order(KEY, Decimal("9.90"))


@pytest.mark.parametrize(
    ("name", "value", "data"),
    [
        ("point", POINT, {"x": 1, "y": "2.5", "color": "blue"}),
        ("pair", Pair(POINT, [POINT]), None),
        ("person", PERSON, {"name": "Ann", "born": "2000-01-01", "aliases": ["A"]}),
        ("order", ORDER, {"number": str(KEY), "total": "9.90"}),
        ("color", Color.BLUE, "blue"),
    ],
)
def test_models_travel_as_maps_of_their_fields(name: str, value: Any, data: Any) -> None:
    call = jobs.shapes.prepare(**{name: value})

    assert data is None or data in (*call.data[0], *call.data[1].values())
    args, kwargs = arguments(call)
    assert value in (*args, *kwargs.values())


@pytest.mark.parametrize("value", [POINT, PERSON, Color.RED])
def test_where_several_are_allowed_it_says_which(value: Any) -> None:
    call = jobs.shapes.prepare(either=value)

    args, kwargs = arguments(call)

    assert value in (*args, *kwargs.values())


def test_a_result_by_its_annotation(run: Run) -> None:
    handle = jobs.point.later(3)

    run()

    assert handle.result() == Point(3, Decimal("0.5"), Color.BLUE)
    assert jobs.tasks.client.result(handle) == {"x": 3, "y": "0.5", "color": "blue"}


def test_a_result_that_is_not_what_the_annotation_says_comes_as_it_is(run: Run) -> None:
    handle = jobs.lies.later(("not", "a", "number"))

    run()

    assert handle.result() == ("not", "a", "number")  # type: ignore[comparison-overlap]


def test_a_subclass_is_refused_as_it_would_be_lost() -> None:
    class Special(Point):
        pass

    with pytest.raises(InvalidArgument, match="must be Point or None, not Special"):
        jobs.shapes.prepare(point=Special(1, Decimal(1)))


@pytest.mark.parametrize(
    "data",
    [
        {"point": {"x": 1}},
        {"point": {"x": 1, "y": "2", "z": 3}},
        {"point": 3},
        {"person": {"name": "Ann"}},
        {"order": {"number": "none", "total": "1"}},
        {"color": "green"},
        {"either": ExtType(73, b"\x93\x01\x02\x03")},
    ],
)
def test_data_that_is_no_such_model_is_refused(data: Any) -> None:
    with pytest.raises(DecodingError):
        jobs.shapes.arguments(data)


def test_a_payload_names_no_class_that_the_annotation_does_not() -> None:
    other = pyjobs.tasks.plain.name(Person, {"name": "Ann"})

    with pytest.raises(DecodingError, match="point: must be Point or None"):
        jobs.shapes.arguments({"point": other})
    (found,), _ = jobs.echo.arguments([[other], {}])
    assert found == {"name": "Ann"}


@pytest.mark.parametrize("number", [67, 68, 69])
def test_a_broken_extension_is_refused(number: int) -> None:
    with pytest.raises(DecodingError, match=f"type {number} is not readable"):
        jobs.echo.arguments([[ExtType(number, b"?")], {}])


# Codecs that one has to ask for

SECRET = b"a key of at least 16 bytes"


def with_codec(codec: Codec, function: Callable[..., Any] = jobs.echo.function) -> Task[..., Any]:
    """Return a task with a codec of its own."""
    return Tasks(jobs.tasks.client, keep_result=5).add(function, {"codec": codec})


def test_signed_pickle_carries_any_object() -> None:
    task = with_codec(SignedPickle(SECRET))

    call = task.prepare(complex(1, 2))

    assert isinstance(call.data, ExtType)
    assert arguments(call) == ((complex(1, 2),), {})
    assert result(task, {POINT.color: 1}) == {Color.BLUE: 1}


def test_what_is_not_signed_with_a_key_of_ours_is_not_unpickled() -> None:
    task = with_codec(SignedPickle(SECRET))
    signed = task.prepare(1).data
    foreign = with_codec(SignedPickle("another key of 16 bytes")).prepare(1).data

    for data in (foreign, ExtType(80, signed.data[:-1] + b"?"), ExtType(80, b"")):
        with pytest.raises(DecodingError, match="signed with another key, or was changed"):
            task.arguments(data)
    for data in ([[1], {}], ExtType(81, signed.data), pickle.dumps(1)):
        with pytest.raises(DecodingError, match="is not signed"):
            task.arguments(data)


def test_a_key_is_replaced_while_the_old_one_is_still_read() -> None:
    old = with_codec(SignedPickle(SECRET)).prepare("x")
    new = with_codec(SignedPickle("the next key of 16 bytes", SECRET))

    assert new.arguments(old.data) == (("x",), {})


@pytest.mark.parametrize("keys", [(), ("short",)])
def test_a_weak_key_is_refused(keys: Any) -> None:
    with pytest.raises(InvalidArgument, match="each of 16 bytes"):
        SignedPickle(*keys)


def test_what_cannot_be_pickled_is_refused() -> None:
    with pytest.raises(EncodingError, match="echo: cannot be pickled"):
        with_codec(SignedPickle(SECRET)).prepare(lambda: 1)


def test_encrypted_arguments_and_results_cannot_be_read_in_the_server(
    client: pyjobs.Client, server: Any
) -> None:
    task = with_codec(Encrypted(Fernet.generate_key()), jobs.resize.function)

    handle = task.later("secret.png", 3)

    assert task.arguments(handle.job.data) == (("secret.png", 3), {})
    dump = b"".join(
        server.admin.dump(key) or b"" for key in server.admin.keys(f"{{{client.namespace}/*")
    )
    assert b"resize" in dump
    assert b"secret" not in dump
    assert result(task, "secret") == "secret"
    with pytest.raises(InvalidArgument, match="width: must be int"):
        task.later("secret.png", "wide")


def test_what_is_encrypted_with_another_key_is_not_read() -> None:
    task, other = (with_codec(Encrypted(Fernet.generate_key())) for _ in range(2))

    with pytest.raises(DecodingError, match="encrypted with another key"):
        task.arguments(other.prepare(1).data)
    with pytest.raises(DecodingError, match="is not encrypted"):
        task.arguments([[1], {}])


@pytest.mark.parametrize("keys", [(), ("nonsense",)])
def test_a_key_that_is_none_is_refused(keys: Any) -> None:
    with pytest.raises(InvalidArgument, match="keys: "):
        Encrypted(*keys)


def test_encrypted_pickle() -> None:
    task = with_codec(Encrypted(Fernet.generate_key(), codec=SignedPickle(SECRET)))

    assert arguments(task.prepare(complex(1))) == ((complex(1),), {})
