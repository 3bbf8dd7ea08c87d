"""Job data travels as msgpack: what comes back is what went in, or it never went."""

import contextlib
import datetime as dt
import decimal
import enum
import math
import uuid
from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyjobs.codec import decode, encode
from pyjobs.errors import DecodingError, EncodingError, PyjobsError

UTC = dt.timezone.utc


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Name(str):
    __slots__ = ()


class Moment(dt.datetime):
    pass


class Room:
    pass


Point = namedtuple("Point", "x y")  # noqa: PYI024 -- any named tuple will do


offsets = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
# A day from the ends of the calendar, so that every one of them has a date in UTC.
moments = st.datetimes(
    dt.datetime(1, 1, 3),  # noqa: DTZ001 -- hypothesis wants its limits naive
    dt.datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.just(UTC) | offsets,
)
integers = st.integers(-(2**63), 2**64 - 1)
leaves = (
    st.none()
    | st.booleans()
    | integers
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | moments
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary())
)
carried = st.recursive(
    leaves,
    lambda members: st.lists(members) | st.dictionaries(leaves, members),
    max_leaves=30,
)


def assert_same(left: Any, right: Any) -> None:
    """Equal, of the same types all the way down, and with dicts in the same order."""
    assert type(left) is type(right)
    if isinstance(left, dict):
        assert len(left) == len(right)
        for (left_key, left_value), (right_key, right_value) in zip(
            left.items(), right.items(), strict=True
        ):
            assert_same(left_key, right_key)
            assert_same(left_value, right_value)
    elif isinstance(left, list):
        assert len(left) == len(right)
        for left_member, right_member in zip(left, right, strict=True):
            assert_same(left_member, right_member)
    elif isinstance(left, float):
        assert left == right
        assert math.copysign(1, left) == math.copysign(1, right)
    else:
        assert left == right


@given(carried)
def test_what_comes_back_is_what_went_in(data: object) -> None:
    """Values, types and the order of dicts survive the way there and back."""
    assert_same(decode(encode(data)), data)


@given(carried)
def test_the_bytes_are_stable(data: object) -> None:
    """Data that is read and written again unchanged is the same bytes again."""
    payload = encode(data)
    assert encode(decode(payload)) == payload


@given(st.recursive(leaves, lambda members: st.lists(members).map(tuple), max_leaves=20))
def test_tuples_come_back_as_lists(data: object) -> None:
    """A tuple is carried as the list of its members, at any depth."""

    def as_lists(value: object) -> object:
        return [as_lists(member) for member in value] if type(value) is tuple else value

    assert_same(decode(encode(data)), as_lists(data))


@pytest.mark.parametrize(
    "data",
    [
        None,
        True,
        0,
        -(2**63),
        2**63,
        2**64 - 1,
        -0.0,
        5e-324,
        math.inf,
        -math.inf,
        "",
        "Grüße \U0001f9e6 \0",
        b"\xff\x00",
        [],
        {},
        {"a": 1, 1: "b", b"a": 2, None: 3, 1.5: 4, False: 5},
        {"z": 0, "a": 1, "m": 2},
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        dt.datetime(1, 1, 1, tzinfo=UTC),
        dt.datetime.max.replace(tzinfo=UTC),
        [dt.datetime(3000, 1, 1, tzinfo=UTC), b"\xc7\x0c\xff"],
        {dt.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC): "leap"},
        msgpack.ExtType(5, b"abc"),
        [0] * 70_000,
        dict.fromkeys(range(70_000)),
        ["x" * 200_000, b"y" * 200_000],
    ],
    ids=lambda data: repr(data)[:40],
)
def test_the_corners_of_what_is_carried(data: object) -> None:
    """The least, the largest, the empty and the odd come back as they were."""
    assert_same(decode(encode(data)), data)


def test_nan_is_carried() -> None:
    """NaN is a float like any other to msgpack."""
    assert math.isnan(decode(encode({"mean": math.nan}))["mean"])


def test_datetimes_come_back_in_utc() -> None:
    """The instant is carried, the zone is not."""
    there = dt.datetime(2024, 6, 1, 12, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    back = decode(encode(there))
    assert back == there
    assert back.utcoffset() == dt.timedelta(0)
    assert back.microsecond == 123456


def test_other_bytes_come_back_as_bytes() -> None:
    """A bytearray and a memoryview are carried as the bytes that they hold."""
    assert_same(decode(encode([bytearray(b"ab"), memoryview(b"cd")])), [b"ab", b"cd"])


def test_msgpack_timestamps_come_back_as_datetimes() -> None:
    """A msgpack.Timestamp is the same instant as a datetime, cut to the microsecond."""
    assert decode(encode(msgpack.Timestamp(1, 2_999))) == dt.datetime(
        1970, 1, 1, 0, 0, 1, 2, tzinfo=UTC
    )


NAIVE = dt.datetime(2024, 1, 1)  # noqa: DTZ001 -- naive is what it is here for


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (NAIVE, "data: a naive datetime, which names no instant; give it a time zone"),
        ({"rooms": [1, 2, NAIVE]}, "data['rooms'][2]: a naive datetime"),
        ({"a": ({"b": [NAIVE]},)}, "data['a'][0]['b'][0]: a naive datetime"),
        ([[1, [2]], {"x": [{}]}, NAIVE], "data[2]: a naive datetime"),
        ({b"k": {1: {None: {1.5: NAIVE}}}}, "data[b'k'][1][None][1.5]: a naive datetime"),
        ({NAIVE: 1}, "data: the key is a naive datetime"),
        (
            {dt.datetime(2024, 1, 1, tzinfo=UTC): NAIVE},
            "data[<datetime.datetime>]: a naive datetime",
        ),
        ({"a": {1, 2}}, "data['a']: a set, which msgpack cannot carry; pass a list"),
        ([frozenset()], "data[0]: a frozenset, which"),
        ({frozenset(): 1}, "data: the key is a frozenset"),
        (2**64, "data: an integer of 65 bits; msgpack carries -2**63 to 2**64 - 1"),
        ({"n": -(2**63) - 1}, "data['n']: an integer of 64 bits"),
        ({"x": {2**64: 1}}, "data['x']: the key is an integer of 65 bits"),
        ({10**5000: 1}, "data: the key is an integer of"),
        (["ok", "a\ud800"], "data[1]: text with a lone surrogate at index 1"),
        ({"\udfff": 1}, "data: the key is text with a lone surrogate at index 0"),
        ({"a": {(1, 2): 3}}, "data['a']: the key is a tuple, which would come back as a list"),
        ([(), {(): 1}], "data[1]: the key is a tuple"),
        ({"c": Colour.RED}, "Colour); pass its .value"),
        ([Level.LOW], "data[0]: an Enum member ("),
        ({Level.LOW: 1}, "data: the key is an Enum member ("),
        ([Name("x")], "Name, which would come back as a plain str; pass a str itself"),
        ({Name("x"): 1}, "data: the key is a "),
        (
            defaultdict(int),
            "data: a collections.defaultdict, which would come back as a plain dict",
        ),
        ({"o": OrderedDict()}, "data['o']: a collections.OrderedDict, which would come back"),
        ([Point(1, 2)], "Point, which would come back as a plain tuple"),
        ([Moment(2024, 1, 1, tzinfo=UTC)], "Moment, which would come back as a plain datetime"),
        ([decimal.Decimal(1)], "data[0]: a decimal.Decimal, which msgpack cannot carry; pass str("),
        ([uuid.UUID(int=0)], "data[0]: a uuid.UUID, which msgpack cannot carry; pass str(value)"),
        (
            [dt.date(2024, 1, 1)],
            "data[0]: a datetime.date, which msgpack cannot carry; pass value.",
        ),
        ([dt.time(1)], "data[0]: a datetime.time, "),
        ([dt.timedelta(1)], "data[0]: a datetime.timedelta, "),
        ([1j], "data[0]: a complex, which msgpack cannot carry; pass text, numbers, lists or"),
        ({"room": Room()}, "Room, which msgpack cannot carry"),
        ([Room], "data[0]: a type, "),
        ([len], "data[0]: a builtin_function_or_method, "),
        ([iter(())], "data[0]: a tuple_iterator, "),
        (
            dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=1))),
            "data: a datetime that lies outside the years 1 to 9999 in UTC",
        ),
        (
            {"until": dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-1)))},
            "data['until']: a datetime that lies outside",
        ),
        ([msgpack.Timestamp(2**62)], "data[0]: a Timestamp that lies outside the years 1 to 9999"),
        ([memoryview(b"abcd")[::2]], "data: "),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)
def test_what_cannot_be_carried_is_refused_by_its_path(data: object, message: str) -> None:
    """The text says where the value is, what it is, and what to pass instead."""
    with pytest.raises(EncodingError) as caught:
        encode(data)
    assert message in str(caught.value)
    assert str(caught.value).startswith("data")


class ZoneOfNowhere(dt.tzinfo):
    def utcoffset(self, when: dt.datetime | None) -> None:
        return None

    def tzname(self, when: dt.datetime | None) -> None:
        return None

    def dst(self, when: dt.datetime | None) -> None:
        return None


def test_a_zone_without_an_offset_is_naive() -> None:
    """A tzinfo that knows no offset does not make a datetime aware."""
    with pytest.raises(EncodingError, match=r"data\[0\]: a naive datetime"):
        encode([dt.datetime(2024, 1, 1, tzinfo=ZoneOfNowhere())])


def test_the_first_offender_is_named() -> None:
    """With several, it is the first in the order of the data."""
    with pytest.raises(EncodingError, match=r"^data\['b'\]\[1\]: a set"):
        encode({"a": [1, {"x": ()}], "b": [0, set(), NAIVE], "c": {1}})


def test_a_container_inside_itself_is_refused() -> None:
    """The path ends where the circle closes."""
    rooms: list[object] = ["hall"]
    rooms.append({"again": rooms})
    with pytest.raises(EncodingError, match=r"^data\[1\]\['again'\]: a list that contains itself$"):
        encode(rooms)


def test_the_same_container_twice_is_no_circle() -> None:
    """What is shared but not circular is carried once for each place."""
    shared = [1]
    assert decode(encode({"a": shared, "b": (shared, shared)})) == {"a": [1], "b": [[1], [1]]}


def nested(depth: int, *, kind: str) -> object:
    data: object = 1
    for _ in range(depth):
        data = {"list": [data], "tuple": (data,), "dict": {"k": data}}[kind]
    return data


@pytest.mark.parametrize("kind", ["list", "dict"])
def test_deep_data_is_carried(kind: str) -> None:
    """Five hundred levels are within every version of msgpack."""
    payload = encode(nested(500, kind=kind))
    assert encode(decode(payload)) == payload


@pytest.mark.parametrize("depth", [1025, 2000, 50_000])
@pytest.mark.parametrize("kind", ["list", "tuple", "dict"])
def test_data_that_is_too_deep_is_refused(kind: str, depth: int) -> None:
    """The error is ours and short, not Python's recursion limit."""
    with pytest.raises(EncodingError, match=r"^data.*nested deeper than the 1024 levels") as caught:
        encode(nested(depth, kind=kind))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("kind", ["list", "tuple", "dict"])
def test_what_is_encoded_can_be_decoded_at_any_depth(kind: str) -> None:
    """At every depth near the limit, data is carried both ways or refused at once."""
    for depth in (*range(505, 516), *range(1018, 1030)):
        try:
            payload = encode(nested(depth, kind=kind))
        except EncodingError:
            continue
        decode(payload)


def test_a_long_path_is_shortened() -> None:
    """Long keys and deep paths do not make long messages."""
    with pytest.raises(EncodingError) as caught:
        encode({"k" * 10_000: {"l" * 10_000: {b"m" * 10_000: [{"n" * 90: {NAIVE}}] * 2}}})
    assert len(str(caught.value)) < 400
    assert str(caught.value).startswith(f"data['{'k' * 40}'...]['lll")
    assert "[0]['nnn" in str(caught.value)


def test_values_are_not_shown() -> None:
    """What data holds may be secret, so the message names types and places, not values."""

    class Secret:
        def __repr__(self) -> str:
            raise AssertionError("not to be shown")

    with pytest.raises(EncodingError, match=r"data\['password'\]: a .*Secret"):
        encode({"password": Secret()})


def test_encoding_leaves_the_data_alone() -> None:
    """Neither the data nor a tuple in it is changed by being carried."""
    data = {"a": (1, [2, (3,)])}
    encode(data)
    assert data == {"a": (1, [2, (3,)])}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        b"\x01\x02",
        b"\x93\x01",
        b"\xa1\xff",
        b"\xa5ab",
        b"\x81\x90\x01",
        b"\x81\x80\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xc7\x0c\xff\0\0\0\0\x3f" + b"\xff" * 7,
        b"\xc7\x03\xffabc",
        b"\xd4\xf0a",
        b"\x91" * 5_000 + b"\x01",
        b"\x91" * 500_000,
        b'{"json": true}',
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_bytes_that_are_no_data_are_refused(payload: bytes) -> None:
    """Broken, cut, hostile and foreign bytes raise DecodingError with their length."""
    with pytest.raises(DecodingError, match=rf"^a payload of {len(payload)} bytes is not readable"):
        decode(payload)


@given(st.binary(max_size=64))
def test_any_bytes_are_data_or_refused(payload: bytes) -> None:
    """No bytes raise anything but DecodingError."""
    with contextlib.suppress(DecodingError):
        decode(payload)


@given(carried, st.data())
def test_cut_data_is_refused(data: object, draw: st.DataObject) -> None:
    """A payload that lost its end is never taken for a smaller one."""
    payload = encode(data)
    length = draw.draw(st.integers(0, len(payload) - 1))
    with pytest.raises(DecodingError):
        decode(payload[:length])


def test_other_producers_timestamps_are_cut_to_the_microsecond() -> None:
    """Nanoseconds that another language wrote are read as far as a datetime goes."""
    payload = b"\xd7\xff" + ((999_999_999 << 34) | 1).to_bytes(8, "big")
    assert decode(payload) == dt.datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)


def test_large_payloads_have_no_limit_of_their_own() -> None:
    """Only the payload's own length limits what is in it."""
    data = {"blob": b"x" * (20 * 1024 * 1024), "numbers": list(range(300_000))}
    assert decode(encode(data)) == data


def test_both_errors_are_ours_and_value_errors() -> None:
    """They can be caught as pyjobs errors or as the ValueError that they are."""
    for kind in (EncodingError, DecodingError):
        assert issubclass(kind, PyjobsError)
        assert issubclass(kind, ValueError)
