-- release: the holder gives a job back untouched; no retry is counted and it keeps its place.
--
-- Args: queue, jid, token, delay (milliseconds, empty: none).
-- Returns: waiting, throttled or scheduled.
-- Errors: INVALID, NOJOB, LEASELOST.
-- Events: released.
-- Cost: O(log n).

local arguments = require("rules.arguments")
local enter = require("doors.enter")
local events = require("store.events")
local history = require("store.history")
local lease = require("doors.lease")
local leave = require("doors.leave")
local limits = require("rules.limits")
local outcome = require("doors.outcome")
local place = require("doors.place")
local sequence = require("store.sequence")

local release = {}

function release.parse(step, args)
  arguments.count(args, 4)
  local request = lease.parse(step, args)
  request.delay = arguments.optional(args[4], "delay", 0, limits.CENTURY) or 0
  return request
end

function release.check(step, request)
  local record, queue = lease.held(step, request, "released")
  if not record then
    return { answer = queue }
  end
  if request.delay > 0 then
    sequence.need(step)
  end
  return { delay = request.delay, record = record, queue = queue }
end

function release.apply(step, plan)
  if plan.answer then
    return plan.answer
  end
  local record, queue = plan.record, plan.queue
  local state = plan.delay > 0 and "scheduled" or "waiting"
  local worker = record.worker
  leave.record(step, record, queue, "released", state)
  local word
  if plan.delay > 0 then
    word = place(step, record, queue, step.now + plan.delay)
  else
    word = enter.kept(step, record, queue)
  end
  return outcome.of(step, record, word, function(known)
    history.correct(step, record, "released", state, known)
    events.report(step, "released", record, queue.name, worker, known)
  end)
end

return release
