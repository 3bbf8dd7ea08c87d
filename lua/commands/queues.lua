-- queues: how many jobs each queue has in each state.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS), or: empty, 0, and queues by name.
-- Returns: {cursor of the next page (empty: this was the last), then for each queue {name, paused
-- (1 or 0), lease (milliseconds, 0: by the setting), waiting, running, stalled, scheduled, depends,
-- recurring, throttled, complete, failed}}.
-- Errors: INVALID. Cost: O(log n) a queue.

local census = require("doors.census")
local keys = require("store.keys")
local listing = require("doors.listing")
local queues = require("store.queues")

-- In the order of the answer.
local STATES = {
  "waiting",
  "running",
  "stalled",
  "scheduled",
  "depends",
  "recurring",
  "throttled",
  "complete",
  "failed",
}

local function counts(step, name)
  local queue = queues.named(step, name)
  if not queue then
    return nil
  end
  local list = { queue.name, queue.paused and 1 or 0, queue.lease }
  local jobs = census(step, queue)
  for position = 1, #STATES do
    list[#list + 1] = jobs[STATES[position]]
  end
  return list
end

return listing("queue", keys.queues, counts)
