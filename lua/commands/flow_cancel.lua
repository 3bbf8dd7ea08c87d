-- flow_cancel: cancels all members of a flow that are not complete, and takes no more.
--
-- Args: flow.
-- Returns: how many members are still to be cancelled: a tick does so, and so does the same call
-- again.
-- Errors: INVALID, NOJOB (no such flow).
-- Events: cancelled, for each member.
-- Cost: O(log n) for each of up to limits.JOBS members.
--
-- Jobs of whatever flow or none that wait for a cancelled member are cancelled too, but for those
-- that run whatever its end (run_when=ended, parent_failure=run).

local flows = require("store.flows")
local freeing = require("doors.freeing")
local limits = require("rules.limits")
local survey = require("doors.survey")

local command = { parse = survey.parse, check = survey.check }

function command.apply(step, id)
  if not flows.read(step, id).stopped then
    flows.mark(step, id, "stopped")
  end
  return (freeing.slice(step, id, limits.JOBS))
end

return command
