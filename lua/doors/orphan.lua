-- A job whose parent has failed, and whose policy is to fail or to be cancelled with it.

local abandon = require("doors.abandon")

local orphan = { fate = abandon.fate }

-- The job is in no state set any more.
function orphan.act(step, record, queue, policy, parent_jid)
  local group = "failed-parent-" .. queue.name
  local message = "the job " .. parent_jid .. " that it depends on has failed"
  abandon.act(step, record, queue, policy, group, message, "parent failed")
end

return orphan
