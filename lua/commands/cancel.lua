-- cancel: takes jobs out of the system, all or none.
--
-- Args: jids, at most limits.JOBS.
-- Returns: how many were cancelled; one cancelled before counts, its trace tells.
-- Errors: INVALID, NOJOB, STATE (complete), DEPENDENTS (others wait and are not included).
-- Events: cancelled.
-- Cost: O(log n) a job, tag and dependency.

local arguments = require("rules.arguments")
local cancelling = require("doors.cancelling")
local edges = require("store.edges")
local keys = require("store.keys")
local limits = require("rules.limits")
local records = require("store.records")
local refuse = require("rules.refusal")
local states = require("rules.states")
local subject = require("doors.subject")

local flags = states.flags
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

-- Whether a member of the step has seen to it that this dependent will not wait any more.
local function will_not_wait(step, dependent, jid)
  local freed = step.freed[dependent]
  return step.touched[dependent] == "cancelled" or freed == true or (freed and freed[jid])
end

-- Refuses when a job outside `included` really waits for this one, or is going to by this step.
local function refuse_dependents(step, record, included)
  for _, dependent in ipairs(step.awaited[record.jid] or {}) do
    if not included[dependent] then
      refuse("DEPENDENTS", "job " .. dependent .. " waits for job " .. record.jid)
    end
  end
  if not records.has(record, flags.DEPENDENTS) then
    return
  end
  local dependents = redis.call("ZRANGE", keys.dependents(step, record.jid), 0, limits.WALK)
  if #dependents > limits.WALK then
    refuse("DEPENDENTS", "more than " .. limits.WALK .. " jobs wait for job " .. record.jid)
  end
  for position = 1, #dependents do
    local dependent = dependents[position]
    local goes = included[dependent] or will_not_wait(step, dependent, record.jid)
    if not goes and edges.stands(step, dependent, record.jid) then
      refuse("DEPENDENTS", "job " .. dependent .. " waits for job " .. record.jid)
    end
  end
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
      refuse_dependents(step, record, included)
      plan[#plan + 1] = { record = record, queue = queue }
    end
  end
  return plan
end

function cancel.apply(step, plan)
  for position = 1, #plan do
    cancelling(step, plan[position].record, plan[position].queue)
  end
  return plan.count
end

return cancel
