-- limit: how many jobs may run at once, and how many may start in a time, under one name.
--
-- Args: name (of a limit that jobs are put under; `customer:*` for each of a family by itself;
-- `queue:` or `klass:` and a name for all jobs of that), at_once (empty: any number), rate and
-- period (so many starts in so many milliseconds; both empty: any number), burst (how many of the
-- rate may come at once, 1 for an even flow; empty: the whole rate). All empty: nothing is limited
-- any more.
-- Returns: set or removed.
-- Errors: INVALID.
-- Events: config.
-- Cost: O(log n) for each of limits.DUE parked jobs that may start now; a tick takes the rest. A
-- klass' first one: O(1) for each of limits.JOBS running jobs besides.
--
-- It holds from now on; what runs goes on, and takes its share of at_once. Jobs of a klass that run
-- when its first limit is set are counted in slices, limits.JOBS running jobs of all queues in this
-- call and in each tick that follows; until then no other starts if at_once is given. The rate is a
-- token bucket: it never lets more than burst + time * rate start.

local arguments = require("rules.arguments")
local events = require("store.events")
local incumbents = require("doors.incumbents")
local klasses = require("store.klasses")
local limiting = require("rules.limiting")
local limits = require("rules.limits")
local queues = require("store.queues")
local refuse = require("rules.refusal")
local unpark = require("doors.unpark")
local rings = require("store.rings")
local settings = require("store.settings")
local throttle = require("doors.throttle")
local throttles = require("store.throttles")

local limit = {}

local MOST = 1000000

function limit.parse(step, args)
  arguments.count(args, 5)
  local name = arguments.name(args[1], "name")
  local request = {
    name = name,
    at_once = arguments.optional(args[2], "at_once", 0, MOST),
    rate = arguments.optional(args[3], "rate", 1, MOST),
    period = arguments.optional(args[4], "period", 1, limits.CENTURY),
    burst = arguments.optional(args[5], "burst", 1, MOST),
    queue = limiting.of(name, limiting.QUEUE),
    klass = limiting.of(name, limiting.KLASS),
  }
  limiting.settable(name)
  if (request.rate == nil) ~= (request.period == nil) then
    refuse("INVALID", "rate: is so many starts in a period; both are given or none")
  end
  if request.burst and not (request.rate and request.burst <= request.rate) then
    refuse("INVALID", "burst: is at most the rate, and goes with one")
  end
  request.burst = request.burst or request.rate
  if request.queue then
    queues.want(step, arguments.name(request.queue, "queue of the limit"))
  elseif request.klass then
    klasses.want(step, arguments.name(request.klass, "klass of the limit"))
  end
  return request
end

-- Whether a queue or a klass is to be looked at, from now on.
local function mark(step, request, limited)
  if request.queue then
    local queue = limited and queues.ensure(step, request.queue)
      or queues.named(step, request.queue)
    if not queue then
      return
    end
    queue.limited = limited
    queues.save(step, queue)
    rings.wake(step, queue)
  elseif request.klass then
    local number, before = klasses.number(step, request.klass), settings.klasses(step)
    if limited ~= (before and before[number] or false) then
      settings.limit_klass(step, number, limited)
      throttles.uncount(step, request.name)
      incumbents.begin(step)
    end
  end
end

function limit.apply(step, request)
  local limited = request.at_once ~= nil or request.rate ~= nil
  local name = request.name
  if limited then
    throttles.allow(step, name, request)
  else
    throttles.forget(step, name)
  end
  mark(step, request, limited)
  throttles.relearn(step)
  if limiting.is_family(name) then
    unpark.sweep(step, name)
  else
    throttles.settle(step, throttles.get(step, name))
    throttle.look_again(step, name)
  end
  events.report(step, "config", nil, request.queue or "", "", "limit:" .. name)
  return limited and "set" or "removed"
end

return limit
