-- What who asks for jobs is told when there are none: how long to rest, and, if it is going to
-- wait, the rings to block on.

local alarm = require("doors.alarm")
local flush = require("doors.flush")
local keys = require("store.keys")
local queues = require("store.queues")
local rings = require("store.rings")

-- request: worker, wait and queues (names). refused: how many jobs were met that may not be handed
-- out; these are parked by now, and behind them there may be others that may.
local function rest(step, request, refused)
  flush(step)
  if refused > 0 and not request.wait then
    return { 0 }
  end
  if request.wait then
    for position = 1, #request.queues do
      rings.wait(step, queues.ensure(step, request.queues[position]))
    end
  end
  local pause = alarm.rest(step, request)
  local empty = { refused > 0 and 1 or pause }
  if request.wait then
    for position = 1, #request.queues do
      empty[position + 1] = keys.ring(step, queues.named(step, request.queues[position]))
    end
  end
  flush(step)
  return empty
end

return rest
