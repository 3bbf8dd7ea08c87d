-- The settings that only queues have, each as <name>-<queue>: what a queue may hold of jobs that
-- have not ended. A default of 0 is no cap.

return {
  -- Jobs, and bytes of their payloads.
  ["max-jobs"] = { default = 0, low = 0, high = 1000000000 },
  ["max-bytes"] = { default = 0, low = 0, high = 1000000000000 },
  -- What a put into a full queue does: it is refused, or the oldest waiting jobs make room.
  ["when-full"] = { default = "reject", words = { reject = true, ["drop-oldest"] = true } },
}
