-- configure: gives a setting a value, or its default back.
--
-- Args: name (rules/settings.lua, or <name>-<queue> of those in rules/setting.lua that a queue can
-- have of its own), value (empty: unset).
-- Returns: the value that is now in force.
-- Errors: INVALID, naming the setting and what it can be.
-- Events: config, with the name.
-- Cost: O(log n).
--
-- A queue's own setting registers the queue. Jobs that it holds when it is given its first cap by
-- bytes are weighed by the tick, in slices; where the oldest make room, those that a lower cap
-- leaves no room for are dropped likewise. Shorter retention begins at the next tick and goes
-- through all queues in slices; what has a lifetime already (leases, days of stats) keeps it.

local arguments = require("rules.arguments")
local clock = require("store.clock")
local events = require("store.events")
local own = require("store.own")
local purge = require("doors.purge")
local queues = require("store.queues")
local setting = require("rules.setting")
local settings = require("store.settings")
local weighing = require("doors.weighing")
local weights = require("store.weights")

local configure = {}

local RETENTION = {
  ["jobs-history"] = true,
  ["jobs-history-count"] = true,
  ["failed-history"] = true,
  ["failed-history-count"] = true,
}

function configure.parse(step, args)
  arguments.count(args, 2)
  local name = arguments.name(args[1], "name")
  local _, queue, short = setting.rule(name)
  if queue then
    queues.want(step, queue)
  end
  return {
    name = name,
    queue = queue,
    own = short,
    value = args[2] ~= "" and setting.value(name, args[2]) or nil,
  }
end

local function configure_lease(step, queue, value)
  queue.lease = value and math.floor(tonumber(value) * 1000 + 0.5) or 0
  queues.save(step, queue)
end

local function configure_own(step, queue, name, value)
  local capped
  capped, queue.keeps = own.set(step, queue, name, value)
  queue.capped = capped or weights.of(step, queue) ~= nil
  queues.save(step, queue)
  if RETENTION[name] then
    clock.at(step, clock.RETENTION, queue.number, step.now)
  elseif queue.capped then
    queues.cap(step, queue)
    if own.cap(step, queue, "max-bytes") > 0 then
      weighing.begin(step, queue)
    end
    clock.at(step, clock.CEILING, queue.number, step.now)
  end
end

local function configure_queue(step, request)
  local queue = queues.named(step, request.queue)
  if request.value then
    queue = queue or queues.ensure(step, request.queue)
  end
  if queue and request.own == "heartbeat" then
    configure_lease(step, queue, request.value)
  elseif queue then
    configure_own(step, queue, request.own, request.value)
  end
  return request.value or own.shown(step, nil, request.own)
end

local function configure_all(step, request)
  local name = request.name
  settings.set(step, name, request.value)
  if RETENTION[name] then
    purge.everywhere(step)
  elseif name == "worker-history" then
    clock.at(step, clock.WORKERS, 0, step.now)
  end
  return settings.shown(step, name)
end

function configure.apply(step, request)
  -- By what was in force so far: who listens hears that the events are turned off.
  events.report(step, "config", nil, request.queue or "", "", request.name)
  if request.queue then
    return configure_queue(step, request)
  end
  return configure_all(step, request)
end

return configure
