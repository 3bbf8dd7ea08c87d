-- Sends everything that a step has gathered, and takes off what it pushed over a limit.

local purge = require("doors.purge")
local records = require("store.records")
local refill = require("doors.refill")
local stats = require("store.stats")
local throttles = require("store.throttles")
local writes = require("store.writes")

local function flush(step)
  if step.refills then
    refill.flush(step)
  end
  if step.throttles then
    throttles.flush(step)
  end
  if step.kept then
    purge.surplus(step)
  end
  stats.flush(step)
  records.flush(step)
  writes.flush(step)
end

return flush
