-- unpause: these queues are served again. Recurring jobs do not make up for the pause.
--
-- Args: queues, at most limits.JOBS. Returns: how many there are.
-- Errors: INVALID. Events: unpaused. Cost: O(1) a queue.

return require("doors.pausing")(false)
