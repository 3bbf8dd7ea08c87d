-- priority: changes a job's priority; it keeps its place by age among its new equals.
--
-- Args: jid, priority.
-- Returns: the priority.
-- Errors: INVALID, NOJOB.
-- Cost: O(log n).

local arguments = require("rules.arguments")
local enter = require("doors.enter")
local limits = require("rules.limits")
local records = require("store.records")
local scheduled = require("store.scheduled")
local states = require("rules.states")
local subject = require("doors.subject")

local priority = {}

function priority.parse(step, args)
  arguments.count(args, 2)
  return {
    jid = subject.parse(step, args[1]),
    priority = arguments.integer(args[2], "priority", 1 - limits.INTEGER, limits.INTEGER - 1),
  }
end

function priority.check(step, request)
  local record, queue = subject.find(step, request.jid)
  return { record = record, queue = queue, priority = request.priority }
end

function priority.apply(step, plan)
  local record, queue = plan.record, plan.queue
  if record.state == states.number.waiting or record.state == states.number.throttled then
    enter.reorder(step, record, queue, plan.priority)
  elseif record.state == states.number.scheduled then
    scheduled.reorder(step, record, queue, plan.priority)
  else
    record.priority = plan.priority
    records.save(step, record)
  end
  return string.format("%.0f", plan.priority)
end

return priority
