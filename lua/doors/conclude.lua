-- The end of a job, and its coming back: what hangs on these learns of them here.

local deadlines = require("doors.deadlines")
local ends = require("store.ends")
local failures = require("store.failures")
local pass_on = require("doors.order")
local records = require("store.records")
local states = require("rules.states")
local unique = require("doors.unique")

local conclude = {}

local RULED = states.flags.RULED

-- The job has ended: it is complete for good, failed or cancelled, as its state says. The caller
-- saves the record.
function conclude.ended(step, record)
  ends.tell(step, record)
  pass_on(step, record)
  if records.has(record, RULED) then
    deadlines.forget(step, record)
    unique.ended(step, record)
  end
end

-- Into the failed state. failure: group, message and what else belongs to it, see
-- store/failures.lua.
function conclude.failed(step, record, queue, failure)
  failures.note(step, record, failure)
  failures.add(step, record, queue, failure.group)
  conclude.ended(step, record)
end

-- A job that was complete or failed, as its state still says, is to run again.
function conclude.undone(step, record)
  if records.has(record, RULED) then
    deadlines.renew(step, record)
    unique.undone(step, record)
  end
end

return conclude
