-- The job that has become the first of an order key is runnable, if it was waiting for that.

local enter = require("doors.enter")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")
local throttle = require("doors.throttle")

local function follow(step, jid)
  local record = records.live(step, jid)
  if record and record.state == states.number.throttled then
    local queue = queues.numbered(step, record.queue)
    throttle.unpark(step, record, queue)
    enter.again(step, record, queue)
  end
end

return follow
