-- retry: the holder asks for another attempt; rules/retry.lua decides.
--
-- Args: queue, jid, token, delay (milliseconds, empty: none), failure group and message of the
-- cause (both may be empty).
-- Returns: waiting or scheduled, or failed when no retries are left.
-- Errors: INVALID, NOJOB, LEASELOST.
-- Events: retried or failed.
-- Cost: O(log n).

local again = require("doors.again")
local arguments = require("rules.arguments")
local lease = require("doors.lease")
local limits = require("rules.limits")
local records = require("store.records")
local sequence = require("store.sequence")

local retry = {}

function retry.parse(step, args)
  arguments.count(args, 6)
  local request = lease.parse(step, args)
  request.delay = arguments.optional(args[4], "delay", 0, limits.CENTURY)
  if args[5] ~= "" then
    request.group = arguments.name(args[5], "group")
  end
  request.message = arguments.text(args[6], "message")
  return request
end

function retry.check(step, request)
  local record, queue = lease.held(step, request, "retried")
  if not record then
    return { answer = queue }
  end
  sequence.need(step)
  if record.left == 0 then
    step.touched[request.jid] = "failed"
  end
  return { request = request, record = record, queue = queue }
end

function retry.apply(step, plan)
  if plan.answer then
    return plan.answer
  end
  local request, record = plan.request, plan.record
  local failure
  if request.group or request.message ~= "" then
    failure = {
      group = request.group or "",
      message = request.message,
      when = step.now,
      worker = record.worker,
    }
  end
  records.count(record, "errors")
  local due = request.delay and request.delay > 0 and step.now + request.delay or nil
  return again(step, record, plan.queue, {
    entry = "retried",
    detail = due and "scheduled" or "waiting",
    exhausted = "failed",
    run = "failed-run",
    failure = failure,
    due = due,
    text = "retried without a retry left",
  })
end

return retry
