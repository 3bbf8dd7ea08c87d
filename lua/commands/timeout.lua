-- timeout: takes a running job from its holder, as if the lease had run out.
--
-- Args: jid.
-- Returns: waiting or throttled, or failed when no retries are left.
-- Errors: INVALID, NOJOB, STATE (not running).
-- Events: timed-out or failed.
-- Cost: O(log n).

local again = require("doors.again")
local arguments = require("rules.arguments")
local outcome = require("doors.outcome")
local subject = require("doors.subject")

local timeout = {}

local RUNNING = { running = true }

function timeout.parse(step, args)
  arguments.count(args, 1)
  return subject.parse(step, args[1])
end

function timeout.check(step, jid)
  local record, queue = subject.find(step, jid)
  subject.in_state(record, RUNNING, "timeout")
  local ending = {
    entry = "timed-out",
    detail = "timed-out",
    text = "timed out, held by " .. record.worker,
    kept = true,
  }
  if not again.follows(step, record, ending) then
    step.touched[jid] = "failed"
  end
  return { record = record, queue = queue, ending = ending }
end

function timeout.apply(step, plan)
  local word = again.act(step, plan.record, plan.queue, plan.ending)
  return outcome.of(step, plan.record, word)
end

return timeout
