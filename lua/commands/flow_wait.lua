-- flow_wait: looks at a flow, and has its end told.
--
-- Args: flow.
-- Returns: {ring (empty: it has come to its end), then what the command flow answers}. XREAD with
-- BLOCK on the ring, from 0, for at most limits.SLEEP, then look again, whatever XREAD said. The
-- end is that its state is complete, failed or cancelled.
-- Errors: INVALID, NOJOB (no such flow). Cost: O(log n).

local rests = require("store.rests")
local survey = require("doors.survey")

local command = { parse = survey.parse, check = survey.check }

local GOES_ON = { unsealed = true, running = true }

function command.apply(step, id)
  local answer, state = survey.tell(step, id)
  table.insert(answer, 1, GOES_ON[state] and rests.await(step, id) or "")
  return answer
end

return command
