-- Whether a job that a pop has taken out of the waiting set may be handed out. Asked only for jobs
-- with options that the doors go by, and while klasses are revoked: for others the answer is yes.

local revoked = require("doors.revoked")

-- Returns true, or false when something else has become of the job. What is changed in the record
-- of a job that may be handed out is not saved here: the claim goes on from it.
local function admit(step, queue, record)
  return not revoked.takes(step, queue, record)
end

return admit
