-- unfail_where: puts the failed jobs of a queue or a failure group back, oldest first, a slice at a
-- time.
--
-- Args: queue (empty: any; then a group), failure group (empty: any), klass (empty: any), error
-- (as failures tells it; empty: any), before (milliseconds: only jobs that failed before or at that
-- time, so that slices end; empty: now), cursor (empty: from the start), count (1 to limits.JOBS:
-- jobs that are looked at), queue to put them into (empty: each its own).
-- Returns: {cursor of the next slice (empty: this was the last), how many were put back, 0, the
-- moment before which jobs were taken}.
-- Errors: INVALID.
-- Events: unfailed.
-- Cost: O(log n) a job.

local arguments = require("rules.arguments")
local queues = require("store.queues")
local revive = require("doors.revive")
local sequence = require("store.sequence")
local sift = require("doors.sift")

local unfail_where = {}

function unfail_where.parse(step, args)
  arguments.count(args, sift.WIDTH + 1)
  local request = sift.parse(step, args)
  request.to = args[sift.WIDTH + 1]
  if request.to ~= "" then
    queues.want(step, arguments.name(request.to, "queue to put them into"))
  end
  return request
end

function unfail_where.check(step, request)
  local plan = sift.check(step, request, "put")
  sequence.need(step, #plan)
  return plan
end

function unfail_where.apply(step, plan)
  for position = 1, #plan do
    revive(step, plan[position].record, plan[position].queue, plan.request.to)
  end
  return sift.answer(plan)
end

return unfail_where
