-- Sends everything that a step has gathered, and takes off what it pushed over a limit.

local overflow = require("doors.overflow")
local purge = require("doors.purge")
local records = require("store.records")
local stats = require("store.stats")
local weights = require("store.weights")
local writes = require("store.writes")

local function flush(step)
  if step.kept then
    purge.surplus(step)
  end
  stats.flush(step)
  local capped = step.capped and #step.dirty > 0
  if capped then
    weights.settle(step)
  end
  records.flush(step)
  writes.flush(step)
  if capped and overflow.settle(step) then
    flush(step)
  end
end

return flush
