-- What who asks for jobs is told when there are none: how long to rest, and, if it is going to
-- wait, the rings to block on.

local alarm = require("doors.alarm")
local flush = require("doors.flush")
local keys = require("store.keys")
local queues = require("store.queues")
local rings = require("store.rings")

-- request: worker, wait and queues (names).
local function rest(step, request)
  if request.wait then
    for position = 1, #request.queues do
      rings.wait(step, queues.ensure(step, request.queues[position]))
    end
  end
  local empty = { alarm.rest(step, request) }
  if request.wait then
    for position = 1, #request.queues do
      empty[position + 1] = keys.ring(step, queues.named(step, request.queues[position]))
    end
  end
  flush(step)
  return empty
end

return rest
