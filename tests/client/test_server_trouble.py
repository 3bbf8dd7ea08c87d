"""Servers that are full, read-only, loading, strict, old, forgetful or killed."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import pyjobs
from pyjobs import engine
from pyjobs.library import lua_folder
from tests.client.proxy import Proxy
from tests.client.servers import LOADING, OwnServer, free_port, old_server

# What the engine's functions use inside the server.
ENGINE_COMMANDS = """
    del exists get hdel hget hgetall hincrby hlen hmget hscan hset incrby info lpush lrange mget
    mset persist pexpire pttl rpush sadd scan scard set sismember smembers srem sscan strlen time
    unlink xadd zadd zcard zcount zmscore zpopmin zrange zrank zrem zrevrange zrevrank zscan zscore
"""

# What the client sends.
CLIENT_COMMANDS = "fcall fcall_ro function|load blpop xread xrevrange info hello client"

# What it sends instead, where it may not load functions.
SCRIPT_COMMANDS = "evalsha evalsha_ro script|load blpop xread xrevrange info hello client"


@pytest.fixture
def executable(pytestconfig: pytest.Config) -> str:
    chosen: str = pytestconfig.option.redis_exec
    return chosen


@pytest.fixture
def own(executable: str) -> Iterator[OwnServer]:
    with OwnServer(executable) as own:
        yield own


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PAUSES", (0.0,) * 4)


# Memory is full


@contextmanager
def full(server: OwnServer) -> Iterator[None]:
    """Have the server refuse whatever may take memory."""
    server.admin.config_set("maxmemory", 1)
    yield
    server.admin.config_set("maxmemory", 0)


def test_what_puts_is_refused_by_a_full_server_and_changes_nothing(
    own: OwnServer, delivery: str
) -> None:
    with pyjobs.Client(own.url, delivery=delivery) as client:
        queue = client.queue("q")
        queue.put_many({"jid": jid} for jid in ("a", "b"))
        job = client.jobs["a"]
        assert isinstance(job, pyjobs.Job)
        puts: list[Callable[[], Any]] = [
            lambda: queue.put(None),
            lambda: queue.put(None, jid="a", priority=3),
            lambda: queue.put_many({"data": n} for n in range(300)),
            lambda: queue.recur(None, interval=60),
            lambda: job.depend("b"),
        ]
        before = own.dump()
        with full(own):
            for put in puts:
                with pytest.raises(pyjobs.OutOfMemory, match="nothing was applied"):
                    put()
                assert own.dump() == before
        for put in puts:
            put()


def test_a_full_server_can_be_drained(own: OwnServer, delivery: str) -> None:
    with pyjobs.Client(own.url, delivery=delivery) as client:
        queue = client.queue("q")
        queue.put_many({"data": n, "jid": f"{n}"} for n in range(12))
        failed, *_ = queue.pop(1)
        failed.fail("group")
        with full(own):
            first, second, third, fourth, fifth, sixth, seventh = queue.pop(7)
            assert first.heartbeat()
            assert first.complete() == "complete"
            assert second.complete("next") == "waiting"
            assert third.fail("group") == "failed"
            assert fourth.retry() == "waiting"
            assert fourth.retry() == "waiting"
            assert fifth.release() == "waiting"
            assert sixth.timeout() == "waiting"
            assert client.jobs.cancel(seventh) == 1
            assert client.unfail("group") == 2
            client.tick()
            held = queue.pop(3)
            while held:
                done = queue.complete(held, pop=3)
                assert set(done) == {"complete"}
                held = done.jobs
            assert [each.complete() for each in client.queue("next").pop(9)] == ["complete"]
        assert queue.counts.complete == 10
        assert len(queue) == 0


@pytest.mark.parametrize("payload", [100, 20_000])
def test_a_server_that_was_filled_takes_jobs_again_once_it_is_drained(
    own: OwnServer, delivery: str, payload: int
) -> None:
    with pyjobs.Client(own.url, delivery=delivery) as client:
        queue = client.queue("q")
        client.config.set("jobs-history-count", 0)
        queue.put(None)
        queue.pop(1)[0].complete()
        used = own.admin.info("memory")["used_memory"]
        own.admin.config_set("maxmemory", used + 2_000_000)
        endless: Any = itertools.repeat({"data": b"x" * payload})
        with pytest.raises(pyjobs.OutOfMemory):
            queue.put_many(endless)
        put = queue.counts.waiting
        assert put > 20
        held, done = queue.pop(50), 0
        while held:
            outcome = queue.complete(held, pop=50)
            assert set(outcome) == {"complete"}
            done += len(held)
            held = outcome.jobs
        assert done == put
        assert queue.put(None, b"x" * payload)


def test_a_full_server_that_lacks_the_engine_is_drained_by_scripts(
    own: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_DETOUR", 3)
    with pyjobs.Client(own.url) as client:
        client.queue("q").put_many({"data": n} for n in range(3))
    own.admin.function_flush()
    with pyjobs.Client(own.url) as client:
        with full(own):
            with pytest.raises(pyjobs.OutOfMemory):
                client.queue("q").put(None)
            popped = client.queue("q").pop(3)
            assert [each.data for each in popped] == [0, 1, 2]
            assert client.queue("q").counts.running == 3
        assert not own.admin.function_list()
        assert [each.complete() for each in popped] == ["complete"] * 3
        client.tick()
        assert own.admin.function_list()  # and by functions again, when they can be loaded


def test_a_put_whose_repeat_meets_a_full_server_may_have_been_applied(own: OwnServer) -> None:
    def fill() -> None:
        proxy.wait_until(lambda: proxy.counts.cuts == 1)
        own.admin.config_set("maxmemory", 1)

    with Proxy(own.socket) as proxy, pyjobs.Client(proxy.url) as client:
        client.tick()
        proxy.clear()
        proxy.cut("answer", 0)
        filling = threading.Thread(target=fill)
        # The repeat comes when the server is full: a pause is where that happens.
        filling.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("time.sleep", lambda _: filling.join())
            with pytest.raises(pyjobs.OutcomeUnknown) as caught:
                client.queue("q").put(None, jid="a")
        assert caught.value.jids == ("a",)
        assert client.jobs["a"].state == "waiting"


# A read-only replica


@pytest.fixture
def pair(executable: str) -> Iterator[tuple[OwnServer, OwnServer]]:
    """Start a primary with a replica that follows it."""
    port = str(free_port())
    with (
        OwnServer(executable, "--port", port, "--repl-diskless-sync-delay", "0") as primary,
        OwnServer(executable, "--replicaof", "127.0.0.1", port) as replica,
    ):
        primary.synchronize()
        yield primary, replica


def test_a_replica_is_read_and_not_written(
    pair: tuple[OwnServer, OwnServer], delivery: str
) -> None:
    primary, replica = pair
    with (
        pyjobs.Client(primary.url, delivery=delivery) as writer,
        pyjobs.Client(replica.url, delivery=delivery) as reader,
    ):
        writer.queue("q").put_many({"data": n, "jid": f"{n}", "tags": ["t"]} for n in range(3))
        held = writer.queue("q").pop()
        assert held
        held.fail("group")
        primary.synchronize()
        queue = reader.queue("q")
        assert reader.jobs["1"].data == 1
        assert queue.counts.waiting == 2
        assert [each.jid for each in queue.peek(9)] == ["1", "2"]
        assert queue.stats().failed == 1
        assert queue.jobs.failed() == ["0"]
        assert reader.jobs.tagged("t") == ["0", "1", "2"]
        assert reader.jobs.failed() == {"group": 1}
        assert reader.config.get("heartbeat") == 60
        assert [each.name for each in reader.workers.counts] == [writer.worker_name]
        writes: list[Callable[[], Any]] = [
            lambda: queue.put(None),
            lambda: queue.put_many([{}, {}]),
            queue.pop,
            lambda: queue.pop(wait=5),
            lambda: reader.jobs.cancel("1"),
            reader.tick,
        ]
        before = replica.dump()
        for write in writes:
            with pytest.raises(pyjobs.ReadOnlyServer, match="nothing was applied"):
                write()
        assert replica.dump() == before


def test_a_replica_whose_primary_lacks_the_engine_is_read_by_scripts(
    pair: tuple[OwnServer, OwnServer],
) -> None:
    primary, replica = pair
    with pyjobs.Client(primary.url) as writer:
        writer.queue("q").put(None, jid="a")
    primary.admin.function_flush()
    primary.synchronize()
    with pyjobs.Client(replica.url) as reader:
        with pytest.raises(pyjobs.ReadOnlyServer):
            reader.queue("q").pop()
        assert reader.jobs["a"].state == "waiting"


def test_a_replica_that_is_promoted_is_written(pair: tuple[OwnServer, OwnServer]) -> None:
    _, replica = pair
    with pyjobs.Client(replica.url) as client:
        with pytest.raises(pyjobs.ReadOnlyServer):
            client.queue("q").put(None)
        replica.admin.replicaof("NO", "ONE")
        assert client.queue("q").put(None)


def test_a_replica_without_its_primary_is_not_ready(pair: tuple[OwnServer, OwnServer]) -> None:
    primary, replica = pair
    with pyjobs.Client(primary.url) as writer:
        writer.queue("q").put(None, jid="a")
    primary.synchronize()
    replica.admin.config_set("replica-serve-stale-data", "no")
    primary.kill()
    until(lambda: replica.admin.info("replication")["master_link_status"] == "down")
    with (
        pyjobs.Client(replica.url) as reader,
        pytest.raises(pyjobs.ServerLoading, match="no primary"),
    ):
        reader.queue("q").peek()


def until(condition: Callable[[], bool]) -> None:
    """Ask the server again and again, a bounded number of times."""
    assert any(condition() for _ in range(100_000))


# Loading


@pytest.fixture
def loading(executable: str) -> Iterator[OwnServer]:
    """Start a server that takes long to load what it has, until it is told to hurry."""
    with OwnServer(executable) as server:
        with pyjobs.Client(server.url) as client:
            client.queue("q").put_many({"data": n} for n in range(1000))
        server.admin.save()
        server.kill()
        slow = ("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
        server.start(*slow, until=LOADING)
        yield server


def test_a_server_that_is_loading_is_asked_again_and_then_said_to_be(loading: OwnServer) -> None:
    with Proxy(loading.socket) as proxy, pyjobs.Client(proxy.url) as client:
        with pytest.raises(pyjobs.ServerLoading, match="nothing was applied"):
            client.queue("q").put(None)
        assert proxy.counts.calls == 5


def test_a_server_that_has_loaded_meanwhile_goes_unnoticed(
    loading: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hurry() -> None:
        proxy.wait_until(lambda: proxy.counts.calls > 2)
        loading.admin.config_set("key-load-delay", 0)

    monkeypatch.setattr(engine, "PAUSES", (0.01,) * 1000)
    with Proxy(loading.socket) as proxy, pyjobs.Client(proxy.url) as client:
        hurrying = threading.Thread(target=hurry)
        hurrying.start()
        assert client.queue("q").put(None)
        hurrying.join()
        assert client.queue("q").counts.waiting == 1001


# Who may do what


@pytest.fixture
def acl(server: Any) -> Iterator[Callable[..., str]]:
    """Give a function that makes a user and returns the address for it."""
    made: list[str] = []

    def user(*rules: str) -> str:
        name = f"user-{len(made)}"
        made.append(name)
        server.admin.execute_command("ACL", "SETUSER", name, "on", ">secret", *rules)
        return f"redis://{name}:secret@{server.host}:{server.port}"

    yield user
    for name in made:
        server.admin.acl_deluser(name)


def rules(namespace: str, *commands: str) -> list[str]:
    """Return what a user needs who may use one namespace and these commands."""
    return [f"~{{{namespace}/*", *(f"+{each}" for each in " ".join(commands).split())]


def test_the_list_of_commands_that_the_engine_needs_is_exact(server: Any) -> None:
    known = {name.decode() for name in server.admin.command_list()}
    words = {
        word.lower()
        for file in lua_folder().rglob("*.lua")
        for word in re.findall(r'"([A-Z]+)"', file.read_text())
    }
    assert words & known == set(ENGINE_COMMANDS.split())


@pytest.mark.parametrize("way", ["functions", "scripts"])
def test_a_user_with_those_commands_and_one_namespace_can_do_everything(
    server: Any, namespace: str, acl: Callable[..., str], way: str
) -> None:
    sent = CLIENT_COMMANDS if way == "functions" else SCRIPT_COMMANDS
    url = acl(*rules(namespace, ENGINE_COMMANDS, sent))
    server.admin.function_flush()
    server.admin.script_flush()
    with pyjobs.Client(url, namespace=namespace) as client:
        whole_life(client)
        assert list(client.events.listen(since="0", wait=0))
        assert list(client.check(repair=True)) == []
        assert client.queue("empty").pop(wait=0.01) is None
    with (
        pyjobs.Client(url, namespace=f"{namespace}0") as other,
        pytest.raises(pyjobs.ServerError, match="NOPERM"),
    ):
        other.queue("q").put(None)
    assert bool(server.admin.function_list()) == (way == "functions")


def whole_life(client: pyjobs.Client) -> None:
    """Use about everything."""
    queue = client.queue("q")
    client.config.set("heartbeat", 30)
    queue.put_many({"jid": f"{n}", "data": n, "tags": ["t"]} for n in range(9))
    queue.put(None, b"x" * 5000, jid="large", depends=["0"], delay=5)
    queue.recur(None, interval=60, jid="r", offset=60)
    queue.cron(None, None, "0 5 * * *", jid="c", overlap="replace")
    jobs = queue.pop(9)
    jobs[0].heartbeat()
    jobs[0].log("seen")
    jobs[0].complete()
    jobs[1].complete("next", depends=["3"])
    jobs[2].fail("group")
    jobs[3].retry(group="why")
    jobs[4].release(delay=5)
    jobs[5].timeout()
    jobs[6].move("other")
    client.track(jobs[7])
    client.jobs.cancel("8", "large")
    queue.complete([jobs[7]], pop=5)
    client.unfail("group")
    whole_flow(client)
    queue.pause()
    queue.unpause()
    client.queue("data").put_data([1, b"x" * 5000])
    assert len(client.queue("data").take(2)) == 2
    with client.lock("door") as lock:
        lock.renew()
        assert client.lock("door").holder()
        assert not client.lock("door").acquire(wait=0.01)
    assert client.rate("sms", 1, per=1).take()
    client.tick()
    assert client.jobs["0"].state == "complete"
    with pytest.raises(pyjobs.NoResult):
        client.result("0")
    assert client.wait(["3", "9"], wait=0.01).finished == {"9": "unknown"}
    assert queue.counts.complete == 2
    assert queue.stats().wait.count
    assert client.jobs.tracked()
    assert client.jobs.tagged("t")
    assert client.workers.counts


def whole_flow(client: pyjobs.Client) -> None:
    """Put a flow in slices, add to it, and wait for it."""
    with client.flow() as flow:
        leaves = flow.map("flow", None, range(120))
        flow.put("flow", None, depends=leaves[:9])
    job = client.queue("flow").pop()
    assert job
    assert job.flow
    job.flow.put("flow", None, depends=[job])
    job.fail("group")
    assert flow.retry() == 1
    assert flow.wait(0.01).state == "running"
    assert flow.members("depends")
    flow.cancel()
    assert client.flow("loose").put("flow", None)
    client.flow("loose").cancel()


def test_a_user_may_use_functions_that_somebody_else_has_loaded(
    server: Any, namespace: str, acl: Callable[..., str]
) -> None:
    with pyjobs.Client(server.url, namespace=namespace) as client:
        client.tick()
    commands = [each for each in CLIENT_COMMANDS.split() if each != "function|load"]
    url = acl(*rules(namespace, ENGINE_COMMANDS, *commands))
    with pyjobs.Client(url, namespace=namespace, delivery="functions") as client:
        whole_life(client)


@pytest.mark.parametrize("name", ["user-0", "nobody"])
def test_a_wrong_password_is_said_at_once_and_not_repeated(
    server: Any, acl: Callable[..., str], name: str
) -> None:
    acl("+@all", "~*")
    with Proxy(server.socket) as proxy:
        client = pyjobs.Client(proxy.url, username=name, password="guess")
        with client, pytest.raises(pyjobs.ServerError, match="WRONGPASS") as caught:
            client.queue("q").put(None)
        assert proxy.counts.connections == 1
    assert "guess" not in "".join(map(str, (caught.value, client)))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (["+hello", "+client", "~*"], "'evalsha'"),
        (["+@all", "~other"], "NOPERM"),
        (["+@all", "-evalsha", "-fcall", "~*"], "'evalsha'"),
    ],
)
def test_a_missing_right_is_said_at_once_and_not_repeated(
    server: Any, namespace: str, acl: Callable[..., str], rules: list[str], said: str
) -> None:
    url = acl(*rules)
    with Proxy(server.socket) as proxy:
        name = url.split("//")[1].split(":")[0]
        options: dict[str, Any] = {"namespace": namespace, "username": name, "password": "secret"}
        with (
            pyjobs.Client(proxy.url, **options) as client,
            pytest.raises(pyjobs.ServerError, match=said),
        ):
            client.queue("q").put(None)
        assert proxy.counts.connections == 1
        assert proxy.counts.calls <= 2


def test_a_right_that_is_missing_inside_the_engine_is_no_reason_to_try_another_way(
    server: Any, namespace: str, acl: Callable[..., str]
) -> None:
    url = acl(*rules(namespace, ENGINE_COMMANDS, CLIENT_COMMANDS, SCRIPT_COMMANDS), "-zadd")
    with pyjobs.Client(url, namespace=namespace) as client:
        with pytest.raises(pyjobs.ServerError, match=r"zadd|can't run this command") as caught:
            client.queue("q").put(None)
        assert type(caught.value) is pyjobs.ServerError
        assert client._engine._functions


def test_a_user_who_may_not_block_is_told(
    server: Any, namespace: str, acl: Callable[..., str]
) -> None:
    url = acl(*rules(namespace, ENGINE_COMMANDS, CLIENT_COMMANDS), "-blpop")
    with (
        pyjobs.Client(url, namespace=namespace) as client,
        pytest.raises(pyjobs.ServerError, match="blpop"),
    ):
        client.queue("q").pop(wait=20)


# Too old


@pytest.mark.parametrize("delivery", ["auto", "functions", "scripts"])
def test_a_server_that_is_too_old_is_refused_by_name(delivery: str) -> None:
    with old_server("6.2.14") as url, pyjobs.Client(url, delivery=delivery) as client:
        for call in (client.tick, client.queue("q").peek):
            with pytest.raises(pyjobs.ServerTooOld, match=r"Redis 6\.2\.14.*Redis 7\.0"):
                call()


# What a server forgets


def test_what_is_flushed_in_the_middle_is_loaded_again(
    own: OwnServer, delivery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushes = itertools.cycle([True, True, False])

    def flush() -> None:
        own.admin.function_flush()
        own.admin.script_flush()

    def load(*args: Any) -> Any:
        refused = yield from loads(*args)
        if next(flushes):  # by somebody else, before it could be used
            flush()
        return refused

    loads = engine.Engine._load
    monkeypatch.setattr(engine.Engine, "_load", load)
    with pyjobs.Client(own.url, delivery=delivery) as client:
        queue = client.queue("q")
        for number in range(5):
            flush()
            queue.put(None, number)
            flush()
            popped = queue.pop()
            assert popped
            assert popped.data == number
            flush()
            assert popped.complete() == "complete"
            flush()
            assert queue.counts.complete == number + 1


def test_after_everything_was_flushed_a_client_goes_on(own: OwnServer, delivery: str) -> None:
    with pyjobs.Client(own.url, delivery=delivery) as client:
        queue = client.queue("q")
        queue.put(None, jid="a")
        held = queue.pop()
        assert held
        own.admin.flushall()
        with pytest.raises(pyjobs.JobNotFound):
            held.complete()
        with pytest.raises(pyjobs.JobNotFound):
            held.heartbeat()
        assert queue.pop() is None
        queue.put(None, 1, jid="a")
        again = queue.pop()
        assert again
        assert again.complete() == "complete"


# Killed and started again


def test_what_was_answered_by_a_server_that_was_killed_is_there(
    executable: str, delivery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PAUSES", (0.02,) * 400)
    done: list[str] = []
    reached = threading.Condition()
    ends = threading.Event()
    # With everysec a write may wait for a slow fsync after it was answered.
    options = ("--appendonly", "yes", "--appendfsync", "always")

    def work(client: pyjobs.Client, thread: int) -> None:
        queue, number = client.queue(f"q{thread}"), 0
        while not ends.is_set():
            jid = queue.put(None, number, jid=f"{thread}.{number}")
            popped = queue.pop()
            assert popped
            assert popped.jid == jid
            assert popped.complete() == "complete"
            number += 1
            with reached:
                done.append(jid)
                reached.notify_all()

    def progress(count: int) -> None:
        wanted = len(done) + count
        with reached:
            assert reached.wait_for(lambda: len(done) >= wanted or not all_alive(), 30)
        assert all_alive()

    def all_alive() -> bool:
        return all(thread.is_alive() for thread in threads)

    with (
        OwnServer(executable, *options) as own,
        pyjobs.Client(own.url, delivery=delivery) as client,
    ):
        threads = [threading.Thread(target=work, args=(client, number)) for number in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            progress(60)
            own.kill()
            own.start()
        progress(60)
        ends.set()
        for thread in threads:
            thread.join(30)
        found = client.jobs.get(*done)
        assert [each.jid for each in found] == done
        assert {each.state for each in found} == {"complete"}
        assert {each.attempt for each in found} == {1}
        assert sum(client.queue(f"q{n}").counts.complete for n in range(3)) == len(done)


# Over TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for localhost that nobody else trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-keyout", "key.pem", "-out", "certificate.pem", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return tmp_path / "certificate.pem"


def test_rediss_is_spoken_and_the_certificate_looked_at(
    executable: str, certificate: Path, namespace: str
) -> None:
    port = free_port()
    options = (
        *("--tls-port", str(port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(certificate)),
        *("--tls-key-file", str(certificate.with_name("key.pem"))),
        *("--tls-ca-cert-file", str(certificate)),
    )
    try:
        own = OwnServer(executable, *options)
    except RuntimeError as error:
        if re.search("Failed finding TLS support|Bad directive", str(error)):
            pytest.skip("this server is built without TLS")
        raise
    with own:
        url = f"rediss://localhost:{port}"
        with pyjobs.Client(f"{url}?ssl_ca_certs={certificate}", namespace=namespace) as client:
            whole_life(client)
        with (
            pyjobs.Client(url, namespace=namespace) as client,
            pytest.raises(pyjobs.ConnectionError, match=r"(?i)certificate.*Nothing was applied"),
        ):
            client.tick()
