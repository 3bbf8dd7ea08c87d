-- Whether a job that a pop has taken out of the waiting set may be handed out. Asked only for jobs
-- with options that the doors go by, and while klasses have limits or are revoked: for others the
-- answer is yes.

local deadlines = require("doors.deadlines")
local events = require("store.events")
local late = require("doors.late")
local revoked = require("doors.revoked")
local throttle = require("doors.throttle")
local unique = require("doors.unique")

-- Returns true, or false when something else has become of the job. What is changed in the record
-- of a job that may be handed out is not saved here: the claim goes on from it.
local function admit(step, queue, record)
  local flags = record.flags
  throttle.left(step, record, queue)
  if revoked.takes(step, queue, record) or not late.admits(step, queue, record) then
    return false
  end
  local name = throttle.start(step, record, queue)
  if name then
    throttle.park(step, record, queue, name)
    events.report(step, "throttled", record, queue.name, "", name)
    return false
  end
  deadlines.forget(step, record)
  unique.started(step, record)
  if record.flags ~= flags then
    record.packed = nil
  end
  return true
end

return admit
