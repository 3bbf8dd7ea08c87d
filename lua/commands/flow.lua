-- flow: what has become of a flow.
--
-- Args: flow.
-- Returns: {name, value, name, ...}: state, now, created, sealed and stopped (milliseconds; 0: it
-- is not sealed, not cancelled as a whole), and how many members are held (until it is sealed),
-- depends (wait for other jobs), open (may run, or do), failed, complete and cancelled. The state
-- is unsealed, running, complete, failed or cancelled; failed: some members have, and nothing of it
-- runs or can unless they are put back. A complete flow may have members that were cancelled, as
-- their branch was not taken.
-- Errors: INVALID, NOJOB (no such flow; what it came to is known for limits.TRACE after its last
-- member has left the system). Cost: O(log n).

local survey = require("doors.survey")

local command = { parse = survey.parse, check = survey.check }

function command.apply(step, id)
  return (survey.tell(step, id))
end

return command
