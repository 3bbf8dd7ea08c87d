-- retry: the holder asks for another attempt; rules/retry.lua and rules/backoff.lua decide.
--
-- Args: queue, jid, token, delay (milliseconds, empty: by the job's backoff or else the policy's),
-- failure group and message of the cause (both may be empty), policy (OPTIONS in rules/backoff.lua,
-- for what the job does not say; empty or left out: none), dice (0 to 999,999, for the jitter; left
-- out: 0).
-- Returns: waiting or scheduled, or failed when no retries are left.
-- Errors: INVALID, NOJOB, LEASELOST.
-- Events: retried or failed.
-- Cost: O(log n).

local again = require("doors.again")
local arguments = require("rules.arguments")
local backoff = require("rules.backoff")
local job = require("rules.job")
local lease = require("doors.lease")
local limits = require("rules.limits")
local records = require("store.records")
local sequence = require("store.sequence")

local retry = {}

local DICE = 1000000

function retry.parse(step, args)
  arguments.count(args, 6, 8)
  local request = lease.parse(step, args)
  request.delay = arguments.optional(args[4], "delay", 0, limits.CENTURY)
  if args[5] ~= "" then
    request.group = arguments.name(args[5], "group")
  end
  request.message = arguments.text(args[6], "message")
  request.policy = job.options(args[7] or "", backoff.OPTIONS, "policy")
  request.dice = (arguments.optional(args[8], "dice", 0, DICE - 1) or 0) / DICE
  return request
end

-- Milliseconds until the next attempt. Retries that a lost lease used up count like others.
local function delay_of(request, record)
  if request.delay then
    return request.delay
  end
  local coming = record.retries - record.left + 1
  return backoff.delay(records.options(record), request.policy, coming, request.dice)
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
  local delay = delay_of(request, record)
  local due = delay > 0 and step.now + delay or nil
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
