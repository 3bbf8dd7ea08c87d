-- An order key passes on when its job has ended, is put anew, or begins to wait for others, which
-- may be behind it: it joins the line again when it is runnable.

local enter = require("doors.enter")
local lines = require("store.lines")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")
local throttle = require("doors.throttle")

-- The job leaves its line; the next one is runnable, if it was waiting for that.
local function pass_on(step, record)
  local jid = lines.leave(step, record)
  local following = jid and records.live(step, jid)
  if following and following.state == states.number.throttled then
    local queue = queues.numbered(step, following.queue)
    throttle.unpark(step, following, queue)
    enter.again(step, following, queue)
  end
end

return pass_on
