-- Sends everything that a step has gathered, and takes off what it pushed over a limit.

local incumbents = require("doors.incumbents")
local outcome = require("doors.outcome")
local overflow = require("doors.overflow")
local purge = require("doors.purge")
local records = require("store.records")
local rests = require("store.rests")
local unpark = require("doors.unpark")
local stats = require("store.stats")
local throttles = require("store.throttles")
local weights = require("store.weights")
local writes = require("store.writes")

local function send(step)
  if step.uncounted then
    incumbents.flush(step)
  end
  if step.reopened then
    unpark.flush(step)
  end
  if step.open then
    outcome.settle(step)
  end
  if step.throttles then
    throttles.flush(step)
  end
  if step.kept then
    purge.surplus(step)
  end
  stats.flush(step)
  if step.capped then
    weights.settle(step)
  end
  records.flush(step)
  writes.flush(step)
  if step.stirred then
    rests.settle(step)
  end
end

local function flush(step)
  local changed = #step.dirty
  send(step)
  if step.capped and changed > 0 and overflow.settle(step, changed) then
    send(step)
  end
end

return flush
