-- configure: gives a setting a value, or its default back.
--
-- Args: name (rules/settings.lua, or heartbeat-<queue>), value (empty: unset).
-- Returns: the value that is now in force.
-- Errors: INVALID, naming the setting and what it can be.
-- Events: config, with the name.
-- Cost: O(log n).
--
-- A queue's own heartbeat registers the queue. Shorter retention begins at the next tick and goes
-- through all queues in slices; what has a lifetime already (leases, days of stats) keeps it.

local arguments = require("rules.arguments")
local clock = require("store.clock")
local events = require("store.events")
local purge = require("doors.purge")
local queues = require("store.queues")
local setting = require("rules.setting")
local settings = require("store.settings")

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
  local _, queue = setting.rule(name)
  if queue then
    queues.want(step, queue)
  end
  return {
    name = name,
    queue = queue,
    value = args[2] ~= "" and setting.value(name, args[2]) or nil,
  }
end

function configure.check(_, request)
  return request
end

local function configure_queue(step, request)
  local queue = queues.named(step, request.queue)
  if request.value then
    queue = queue or queues.ensure(step, request.queue)
    queue.lease = math.floor(tonumber(request.value) * 1000 + 0.5)
  elseif queue then
    queue.lease = 0
  end
  if queue then
    queues.save(step, queue)
  end
  return request.value or settings.shown(step, "heartbeat")
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
