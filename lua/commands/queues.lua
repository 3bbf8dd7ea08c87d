-- queues: how many jobs each queue has in each state.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS), or: empty, 0, and queues by name.
-- Returns: {cursor of the next page (empty: this was the last), then for each queue {name, paused
-- (1 or 0), lease (milliseconds, 0: by the setting), waiting, running, stalled, scheduled, depends,
-- recurring, throttled, complete, failed}}.
-- Errors: INVALID. Cost: O(log n) a queue.

local arguments = require("rules.arguments")
local census = require("doors.census")
local keys = require("store.keys")
local limits = require("rules.limits")
local pages = require("store.pages")
local queues = require("store.queues")

local command = {}

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

function command.parse(_, args)
  arguments.count(args, 2, 2 + limits.JOBS)
  local request = {
    cursor = args[1],
    count = arguments.integer(args[2], "count", 0, limits.JOBS),
    names = {},
  }
  for position = 3, #args do
    request.names[position - 2] = arguments.name(args[position], "queue")
  end
  return request
end

local function counts(step, queue)
  local list = { queue.name, queue.paused and 1 or 0, queue.lease }
  local jobs = census(step, queue)
  for position = 1, #STATES do
    list[#list + 1] = jobs[STATES[position]]
  end
  return list
end

function command.apply(step, request)
  local names, cursor = request.names, ""
  if request.count > 0 then
    names = pages.ranked(keys.queues(step), request)
    cursor = table.remove(names, 1)
  end
  local list = { cursor }
  for position = 1, #names do
    local queue = queues.named(step, names[position])
    if queue then
      list[#list + 1] = counts(step, queue)
    end
  end
  return list
end

return command
