-- A job whose parent has ended, and that fails or is cancelled by that: see rules/branches.lua.

local abandon = require("doors.abandon")

local orphan = { fate = abandon.fate }

-- The job is in no state set any more. verdict: fail, cancel or skip.
function orphan.act(step, record, queue, verdict, parent_jid)
  local group = "failed-parent-" .. queue.name
  local message = "the job " .. parent_jid .. " that it depends on has failed"
  local why = verdict == "skip" and "parent ended" or "parent failed"
  abandon.act(step, record, queue, verdict, group, message, why)
end

return orphan
