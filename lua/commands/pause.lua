-- pause: pops of these queues find nothing until they are resumed.
--
-- Args: queues, at most limits.JOBS. Returns: how many there are.
-- Errors: INVALID. Events: paused. Cost: O(1) a queue.

return require("doors.pausing")(true)
