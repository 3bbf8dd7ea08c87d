-- lock: takes a named lock for some time, unless somebody else holds it.
--
-- Args: name, holder (made for this acquisition), lease (milliseconds), wait (1: the caller is
-- going to block on the ring when it is not free).
-- Returns: {fencing number, end of the lease (milliseconds)}, or, when somebody else holds it, {0,
-- milliseconds after which to ask again (at most limits.SLEEP), then, with wait, the ring}.
-- Errors: INVALID. Cost: O(1).
--
-- Fencing numbers grow with each acquisition of any lock of the namespace. The holder of a lock
-- that asks again is answered as before, with a lease from now on. BLPOP on the ring for that long,
-- then ask again, whatever it said.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local locks = require("store.locks")
local sequence = require("store.sequence")

local lock = {}

function lock.parse(_, args)
  arguments.count(args, 4)
  return {
    name = arguments.name(args[1], "name"),
    holder = arguments.name(args[2], "holder"),
    lease = arguments.integer(args[3], "lease", 1, limits.CENTURY),
    wait = arguments.integer(args[4], "wait", 0, 1) == 1,
    found = nil,
  }
end

function lock.check(step, request)
  request.found = locks.read(step, request.name)
  return request
end

local function refused(step, request)
  local answer = { 0, math.min(request.found.ends - step.now, limits.SLEEP) }
  if request.wait then
    locks.await(step, request.name, request.found)
    answer[3] = keys.lock_ring(step, request.name)
  end
  return answer
end

function lock.apply(step, request)
  local found = request.found
  local own = found and found.holder == request.holder
  if not own and locks.held(step, found) then
    return refused(step, request)
  end
  local taken = {
    ends = step.now + request.lease,
    fence = own and found.fence or sequence.draw(step),
    waiters = found and found.waiters or 0,
    holder = request.holder,
  }
  locks.write(step, request.name, taken)
  return { taken.fence, taken.ends }
end

return lock
