-- Sends everything that a step has gathered, and takes off what it pushed over a limit.

local purge = require("doors.purge")
local records = require("store.records")
local writes = require("store.writes")

local function flush(step)
  if step.surplus then
    writes.flush(step)
    purge.surplus(step)
  end
  step.kept = nil
  records.flush(step)
  writes.flush(step)
end

return flush
