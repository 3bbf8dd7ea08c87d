-- What becomes of a job whose attempt ended badly: the one caller of rules/retry.lua.

local conclude = require("doors.conclude")
local enter = require("doors.enter")
local events = require("store.events")
local failures = require("store.failures")
local history = require("store.history")
local leave = require("doors.leave")
local place = require("doors.place")
local retry = require("rules.retry")
local stats = require("store.stats")
local unblock = require("doors.unblock")

-- ending: entry (the history's word for how the lease ends), run (a histogram, or nil), failure
-- (the cause, a table, or nil), due (milliseconds, or nil: now), kept (true: with its old place),
-- detail of the history's entry, and the one if there is no other attempt, if that differs.
-- Returns the word of the job's state.
local function again(step, record, queue, ending)
  local another, left = retry.again(record.left)
  local worker = record.worker
  local attempt = record.attempt
  local detail = another and ending.detail or ending.exhausted or ending.detail
  leave.record(step, record, queue, ending.entry, detail, ending.run)
  record.left = left
  if another then
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
  local group = retry.group(queue.name)
  local cause = ending.failure or failures.read(step, record)
  history.append(step, record, queue, "failed", group)
  conclude.failed(step, record, queue, {
    group = group,
    cause = cause and cause.group or "",
    message = cause and cause.message or string.format("attempt %d: %s", attempt, ending.text),
    data = cause and cause.data,
    when = step.now,
    worker = worker,
  })
  events.report(step, "failed", record, queue.name, worker, group)
  unblock.ended(step, record)
  return "failed"
end

return again
