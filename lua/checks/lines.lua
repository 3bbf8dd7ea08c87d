-- Lines: a job of an order key that may run is the first of its line, those after it are behind it,
-- and nobody else is there.

local enter = require("doors.enter")
local evidence = require("doors.evidence")
local follow = require("doors.following")
local lines = require("store.lines")
local states = require("rules.states")

local number = states.number

local RUNNABLE = { [number.waiting] = true, [number.running] = true, [number.throttled] = true }

local stray = { name = "stray-in-line", members = { "line" } }

-- A job that is to be tried again keeps the line while it is scheduled.
function stray.find(_, subject)
  local record = subject.record
  if not record or lines.of(record) ~= subject.rest then
    return "is no job of this order key"
  elseif not RUNNABLE[record.state] and record.state ~= number.scheduled then
    return "is " .. states.name[record.state] .. ", and in line"
  end
end

function stray.mend(step, subject)
  local jid = lines.drop(step, subject.rest, subject.member)
  if jid then
    follow(step, jid)
  end
end

local out = { name = "out-of-line", keys = { "job" }, flags = states.flags.RULED }

-- Whether two jobs of an order key run.
local function both_run(step, head)
  local record = evidence.job(step, head)
  return record ~= nil and record.state == number.running
end

function out.find(step, subject)
  local record = subject.record
  if not RUNNABLE[record.state] or not lines.of(record) then
    return nil
  end
  local head, before = lines.standing(step, record)
  local queue = evidence.queue(step, record.queue)
  if not before then
    return "is not in the line of its order key", not queue.name
  elseif before > 0 and record.state ~= number.throttled then
    local left = record.state == number.running and both_run(step, head)
    return "is " .. states.name[record.state] .. " before its turn", left or not queue.name
  end
end

function out.mend(step, subject)
  local record = subject.record
  if record.state == number.running then
    lines.lead(step, record)
  elseif not lines.first(step, record) and record.state == number.waiting then
    local queue = evidence.queue(step, record.queue)
    enter.undo(step, record, queue)
    enter.again(step, record, queue)
  end
end

return {
  keys = { line = { type = "zset", jid = 1 } },
  invariants = { stray, out },
}
