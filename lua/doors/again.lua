-- What becomes of a job whose attempt ended badly: the one caller of rules/retry.lua.

local conclude = require("doors.conclude")
local enter = require("doors.enter")
local events = require("store.events")
local failures = require("store.failures")
local history = require("store.history")
local leave = require("doors.leave")
local place = require("doors.place")
local records = require("store.records")
local retry = require("rules.retry")
local settings = require("store.settings")
local stats = require("store.stats")
local unblock = require("doors.unblock")

local again = {}

-- ending: entry (the history's word for how the lease ends), run (a histogram, or nil), failure
-- (the cause, a table, or nil), due (milliseconds, or nil: now), kept (true: with its old place),
-- lost (true: the lease ran out), given_up (true: the error is none to be tried again after), text
-- (what happened), detail of the history's entry, and `exhausted`, the one if there is no other
-- attempt and that differs.

-- The retries that are left, and why there is no other attempt, or nil when there is.
local function decide(step, record, ending)
  local options = records.ruling(record)
  return retry.again(record, {
    lost = ending.lost,
    given_up = ending.given_up,
    poison_after = options.poison_after or settings.value(step, "poison-after"),
    due = ending.due or step.now,
    finish_by = options.finish_by,
  })
end

-- Whether another attempt is going to follow.
function again.follows(step, record, ending)
  local _, why = decide(step, record, ending)
  return why == nil
end

-- Another attempt, after one that ended this way.
local function repeated(step, record, queue, ending, worker)
  stats.count(step, queue, "retries", 1)
  if ending.failure then
    failures.note(step, record, ending.failure)
  end
  events.report(step, ending.entry, record, queue.name, worker, "")
  if ending.kept then
    return enter.kept(step, record, queue)
  end
  return place(step, record, queue, ending.due)
end

-- What is noted of a job that fails for this reason, after so many attempts.
local function failure_of(step, record, queue, ending, why, attempt)
  local cause = ending.failure or failures.read(step, record)
  if why == "given-up" and ending.failure and ending.failure.group ~= "" then
    return ending.failure
  end
  local before = why == "poison" and string.format("poison: %d leases were lost; ", record.lost)
  return {
    group = retry.group(why, queue.name),
    cause = cause and cause.group or "",
    message = cause and cause.message
      or string.format("%sattempt %d: %s", before or "", attempt, ending.text),
    data = cause and cause.data,
  }
end

-- Ends the attempt. Returns the word of the job's state.
function again.act(step, record, queue, ending)
  local left, why = decide(step, record, ending)
  local worker, attempt = record.worker, record.attempt
  local detail = why and ending.exhausted or ending.detail
  leave.record(step, record, queue, ending.entry, detail, ending.run)
  record.left = left
  if not why then
    return repeated(step, record, queue, ending, worker)
  end
  local failure = failure_of(step, record, queue, ending, why, attempt)
  failure.when, failure.worker = step.now, worker
  history.append(step, record, queue, "failed", failure.group)
  conclude.failed(step, record, queue, failure)
  events.report(step, "failed", record, queue.name, worker, failure.group)
  unblock.ended(step, record)
  return "failed"
end

return again
