"""What is stored is checked against what must hold, and mended, while workers go on."""

from __future__ import annotations

import pyjobs


def test_what_was_broken_by_hand_is_found_and_mended(client: pyjobs.Client) -> None:
    queue = client.queue("mail")
    queue.put("mail.send", "ada", jid="letter")
    client.server.delete(client.key("waiting:1"))
    assert queue.pop() is None

    (finding,) = client.check()
    assert (finding.name, finding.jid, finding.mendable) == ("lost-job", "letter", True)

    assert [each.outcome for each in client.check(repair=True)] == ["mended"]
    assert list(client.check()) == []
    job = queue.pop()
    assert job
    assert job.complete() == "complete"
