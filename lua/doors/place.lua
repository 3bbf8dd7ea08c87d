-- Where a job goes that is to run in a queue: runnable now, or at a moment.

local enter = require("doors.enter")
local scheduled = require("store.scheduled")

-- due: milliseconds, or nil for now. Returns the word of the state.
local function place(step, record, queue, due)
  if due then
    scheduled.add(step, record, queue, due)
    return "scheduled"
  end
  return enter.last(step, record, queue)
end

return place
