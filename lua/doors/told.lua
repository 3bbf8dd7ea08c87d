-- Dependents of ended jobs that are still to be told: a duty of the tick.

local clock = require("store.clock")
local erase = require("doors.erase")
local keys = require("store.keys")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")
local unblock = require("doors.unblock")

local ENDED = {
  [states.number.complete] = true,
  [states.number.failed] = true,
  [states.number.cancelled] = true,
}

local function told(step, _, budget)
  local jids = redis.call("ZRANGE", keys.ended(step), 0, budget - 1)
  local done = 0
  for position = 1, #jids do
    if done >= budget then
      break
    end
    local record = records.live(step, jids[position])
    local over = true
    if record and records.has(record, states.flags.DEPENDENTS) and ENDED[record.state] then
      local count, more = unblock.slice(step, record, budget - done)
      done = done + count
      over = not more
    end
    if over then
      redis.call("ZREM", keys.ended(step), jids[position])
      if record and record.state == states.number.cancelled then
        erase(step, record, limits.TRACE)
      elseif record and record.state == states.number.complete then
        -- Nobody waits for it any more: retention may have been waiting to take it.
        clock.at(step, clock.RETENTION, record.queue, step.now)
      end
    end
  end
  return done, redis.call("EXISTS", keys.ended(step)) == 1 and step.now or nil
end

return told
