-- drop_where: cancels the failed jobs of a queue or a failure group, oldest first, a slice at a
-- time. Those that others wait for stay.
--
-- Args: queue (empty: any; then a group), failure group (empty: any), klass (empty: any), error
-- (as failures tells it; empty: any), before (milliseconds: only jobs that failed before or at that
-- time, so that slices end; empty: now), cursor (empty: from the start), count (1 to limits.JOBS:
-- jobs that are looked at).
-- Returns: {cursor of the next slice (empty: this was the last), how many were dropped, how many
-- stayed because others wait for them, the moment before which jobs were taken}.
-- Errors: INVALID.
-- Events: cancelled.
-- Cost: O(log n) a job, tag and dependency.

local arguments = require("rules.arguments")
local discard = require("doors.discard")
local sift = require("doors.sift")

local drop_where = {}

function drop_where.parse(step, args)
  arguments.count(args, sift.WIDTH)
  return sift.parse(step, args)
end

function drop_where.check(step, request)
  return sift.check(step, request, "cancelled", function(record)
    return discard.needed(step, record, {})
  end)
end

function drop_where.apply(step, plan)
  for position = 1, #plan do
    discard.job(step, plan[position].record, plan[position].queue, "")
  end
  return sift.answer(plan)
end

return drop_where
