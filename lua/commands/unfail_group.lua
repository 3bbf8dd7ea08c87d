-- unfail_group: puts the oldest failed jobs of a group back, a slice at a time.
--
-- Args: group, queue (empty: each its own), count (1 to limits.JOBS), before (milliseconds: only
-- jobs that failed before or at that time, so that slices end; empty: now).
-- Returns: how many were put back; fewer than `count` means that none are left.
-- Errors: INVALID.
-- Events: unfailed.
-- Cost: O(log n) a job.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local queues = require("store.queues")
local records = require("store.records")
local revive = require("doors.revive")
local sequence = require("store.sequence")
local steps = require("store.step")

local unfail_group = {}

function unfail_group.parse(step, args)
  arguments.count(args, 4)
  if args[2] ~= "" then
    queues.want(step, arguments.name(args[2], "queue"))
  end
  return {
    group = arguments.name(args[1], "group"),
    queue = args[2],
    count = arguments.integer(args[3], "count", 1, limits.JOBS),
    before = arguments.optional(args[4], "before", 0, limits.SEQUENCE),
  }
end

function unfail_group.check(step, request)
  local jids = redis.call(
    "ZRANGE",
    keys.group(step, request.group),
    "-inf",
    request.before or step.now,
    "BYSCORE",
    "LIMIT",
    0,
    request.count
  )
  for position = 1, #jids do
    steps.touch(step, jids[position], "put")
    records.want(step, jids[position])
  end
  records.read(step)
  sequence.need(step, #jids)
  return { jids = jids, queue = request.queue }
end

function unfail_group.apply(step, plan)
  for position = 1, #plan.jids do
    local record = records.live(step, plan.jids[position])
    revive(step, record, queues.numbered(step, record.queue), plan.queue)
  end
  return #plan.jids
end

return unfail_group
