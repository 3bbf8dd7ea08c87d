-- retry: the holder tells of an error, and asks for another attempt as a rule; rules/retry.lua and
-- rules/backoff.lua decide.
--
-- Args: queue, jid, token, delay (milliseconds, empty: by the job's backoff or else the policy's),
-- failure group and message of the cause (both may be empty), policy (OPTIONS in rules/backoff.lua,
-- for what the job does not say; empty or left out: none), dice (0 to 999,999, for the jitter; left
-- out: 0), error (the names of its class and of the classes above that, at most limits.NAMES, for
-- the job's retry_on and give_up_on; a msgpack list; empty or left out: none), otherwise (retry or
-- fail: what the code of the job asks for when neither names the error; left out: retry).
-- Returns: waiting, throttled or scheduled, or failed when there is to be no other attempt.
-- Errors: INVALID, NOJOB, LEASELOST.
-- Events: retried or failed.
-- Cost: O(log n).

local again = require("doors.again")
local arguments = require("rules.arguments")
local backoff = require("rules.backoff")
local history = require("store.history")
local job = require("rules.job")
local lease = require("doors.lease")
local limits = require("rules.limits")
local outcome = require("doors.outcome")
local records = require("store.records")
local retrying = require("rules.retry")
local sequence = require("store.sequence")

local retry = {}

local DICE = 1000000
local OTHERWISE = { retry = true, fail = true }

function retry.parse(step, args)
  arguments.count(args, 6, 10)
  local request = lease.parse(step, args)
  request.delay = arguments.optional(args[4], "delay", 0, limits.CENTURY)
  if args[5] ~= "" then
    request.group = arguments.name(args[5], "group")
  end
  request.message = arguments.text(args[6], "message")
  request.policy = job.options(args[7] or "", backoff.OPTIONS, "policy")
  request.dice = (arguments.optional(args[8], "dice", 0, DICE - 1) or 0) / DICE
  request.names = job.names(args[9] or "", "error", limits.NAMES)
  request.again = arguments.choice(args[10] or "retry", "otherwise", OTHERWISE) == "retry"
  return request
end

-- Milliseconds until the next attempt. Retries that a lost lease used up count like others.
local function delay_of(request, record, options)
  if request.delay then
    return request.delay
  end
  local coming = record.retries - record.left + 1
  return backoff.delay(options, request.policy, coming, request.dice)
end

-- How the attempt ends, see doors/again.lua.
local function ending_of(step, request, record)
  local options, failure = records.options(record), nil
  if request.group or request.message ~= "" then
    failure = {
      group = request.group or "",
      message = request.message,
      when = step.now,
      worker = record.worker,
    }
  end
  local delay = delay_of(request, record, options)
  local due = delay > 0 and step.now + delay or nil
  return {
    entry = "retried",
    detail = due and "scheduled" or "waiting",
    exhausted = "failed",
    run = "failed-run",
    failure = failure,
    due = due,
    given_up = not retrying.wanted(options, request.names, request.again),
    text = "retried without a retry left",
  }
end

function retry.check(step, request)
  local record, queue = lease.held(step, request, "retried")
  if not record then
    return { answer = queue }
  end
  sequence.need(step)
  local ending = ending_of(step, request, record)
  if not again.follows(step, record, ending) then
    step.touched[request.jid] = "failed"
  end
  return { record = record, queue = queue, ending = ending }
end

function retry.apply(step, plan)
  if plan.answer then
    return plan.answer
  end
  local record, ending = plan.record, plan.ending
  records.count(record, "errors")
  local word = again.act(step, record, plan.queue, ending)
  if word == ending.detail or word == "failed" then
    return word
  end
  return outcome.of(step, record, word, function(known)
    history.correct(step, record, ending.entry, ending.detail, known)
  end)
end

return retry
