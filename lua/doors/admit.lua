-- Whether a job that a pop has taken out of the waiting set may be handed out. Asked only for jobs
-- with options that the doors go by: for others the answer is yes.

local deadlines = require("doors.deadlines")
local late = require("doors.late")
local unique = require("doors.unique")

-- Returns true, or false when something else has become of the job. What is changed in the record
-- of a job that may be handed out is not saved here: the claim goes on from it.
local function admit(step, queue, record)
  if not late.admits(step, queue, record) then
    return false
  end
  deadlines.forget(step, record)
  unique.started(step, record)
  return true
end

return admit
