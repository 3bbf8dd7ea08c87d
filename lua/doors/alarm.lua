-- The next due moment, and who of those that wait is told it: one alone, or all would wake at once.
-- The root's field `alarm` holds the moment and that worker's name. If the worker dies, the others
-- look after limits.SLEEP.

local limits = require("rules.limits")
local queues = require("store.queues")
local rings = require("store.rings")
local root = require("store.root")

local alarm = {}

function alarm.want(step)
  root.want(step, "alarm")
end

local function read(step)
  local moment, worker = string.match(root.get(step, "alarm") or "", "^(%d+) (.*)$")
  return tonumber(moment), worker
end

-- Milliseconds until a worker that was given nothing should look again.
function alarm.rest(step, request)
  local due = tonumber(root.get(step, "due") or nil)
  if not due or due >= step.now + limits.SLEEP then
    return limits.SLEEP
  end
  if request.wait then
    local moment, worker = read(step)
    if moment and moment > step.now and moment <= due and worker ~= request.worker then
      return limits.SLEEP
    end
    root.set(step, "alarm", string.format("%.0f ", math.max(due, step.now)) .. request.worker)
  end
  return math.max(due - step.now, 1)
end

-- A worker that was given jobs will not look in time: another that waits takes its place.
function alarm.pass_on(step, request)
  local moment, worker = read(step)
  if moment and moment > step.now and worker == request.worker then
    root.drop(step, "alarm")
    for position = 1, #request.queues do
      local queue = queues.named(step, request.queues[position])
      if queue then
        rings.wake(step, queue)
      end
    end
  end
end

return alarm
