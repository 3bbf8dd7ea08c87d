-- cancel: takes jobs out of the system, all or none.
--
-- Args: jids, at most limits.JOBS.
-- Returns: how many were cancelled; one cancelled before counts, its trace tells.
-- Errors: INVALID, NOJOB, STATE (complete), DEPENDENTS (others wait and are not included).
-- Events: cancelled.
-- Cost: O(log n) a job, tag and dependency.

local arguments = require("rules.arguments")
local discard = require("doors.discard")
local limits = require("rules.limits")
local records = require("store.records")
local refuse = require("rules.refusal")
local states = require("rules.states")
local subject = require("doors.subject")

local number = states.number

local cancel = {}

local CANCELLABLE = { waiting = true, scheduled = true, depends = true, running = true }
CANCELLABLE.throttled = true
CANCELLABLE.failed = true

function cancel.parse(step, args)
  arguments.count(args, 1, limits.JOBS)
  for position = 1, #args do
    subject.parse(step, args[position])
  end
  return args
end

function cancel.check(step, jids)
  local included, plan = {}, { count = #jids }
  for position = 1, #jids do
    included[jids[position]] = true
  end
  for position = 1, #jids do
    local jid = jids[position]
    local trace = records.get(step, jid)
    if not trace or trace.state ~= number.cancelled then
      local record, queue = subject.find(step, jid, "cancelled")
      subject.in_state(record, CANCELLABLE, "cancel")
      local dependent = discard.needed(step, record, included)
      if dependent then
        refuse("DEPENDENTS", "job " .. dependent .. " waits for job " .. jid)
      end
      plan[#plan + 1] = { record = record, queue = queue }
    end
  end
  return plan
end

function cancel.apply(step, plan)
  for position = 1, #plan do
    discard.job(step, plan[position].record, plan[position].queue, "")
  end
  return plan.count
end

return cancel
