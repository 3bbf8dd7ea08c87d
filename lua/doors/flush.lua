-- Sends everything that a step has gathered, and takes off what it pushed over a limit.

local purge = require("doors.purge")
local records = require("store.records")
local rests = require("store.rests")
local stats = require("store.stats")
local writes = require("store.writes")

local function flush(step)
  if step.kept then
    purge.surplus(step)
  end
  stats.flush(step)
  records.flush(step)
  writes.flush(step)
  if step.stirred then
    rests.settle(step)
  end
end

return flush
