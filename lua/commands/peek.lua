-- peek: the jobs that the next pops of a queue would hand out, as far as they are runnable now.
--
-- Args: queue, offset, count (1 to limits.JOBS).
-- Returns: for each job what doors/describe.lua lists.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local describe = require("doors.describe")
local limits = require("rules.limits")
local queues = require("store.queues")
local places = require("store.places")
local records = require("store.records")
local waiting = require("doors.waiting")

local peek = {}

function peek.parse(step, args)
  arguments.count(args, 3)
  queues.want(step, arguments.name(args[1], "queue"))
  return {
    queue = args[1],
    offset = arguments.integer(args[2], "offset", 0, limits.INTEGER),
    count = arguments.integer(args[3], "count", 1, limits.JOBS),
  }
end

function peek.apply(step, request)
  local queue = queues.named(step, request.queue)
  if not queue then
    return {}
  end
  local members = waiting.peek(step, queue, request.offset, request.count)
  local jids = {}
  for position = 1, #members do
    jids[position] = string.sub(members[position], places.JID)
    records.want(step, jids[position])
  end
  records.read(step)
  local list = {}
  for position = 1, #jids do
    list[position] = describe(step, records.get(step, jids[position]))
  end
  return list
end

return peek
