-- settings: the values in force.
--
-- Args: names (rules/settings.lua, or heartbeat-<queue>), at most limits.JOBS; none: all, by name,
-- then heartbeat-<queue> of the queues that have their own, among the first limits.WALK queues.
-- Returns: {name, value, name, ...}, values as texts.
-- Errors: INVALID. Cost: O(queues), at most limits.WALK of them.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local queues = require("store.queues")
local rules = require("rules.settings")
local setting = require("rules.setting")
local settings = require("store.settings")

local command = {}

local function all_names()
  local names = {}
  for name in pairs(rules) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

function command.parse(step, args)
  arguments.count(args, 0, limits.JOBS)
  local names = #args > 0 and args or all_names()
  for position = 1, #names do
    local _, queue = setting.rule(arguments.name(names[position], "name"))
    if queue then
      queues.want(step, queue)
    end
  end
  return { names = names, all = #args == 0 }
end

function command.check(_, request)
  return request
end

local function value(step, name)
  local _, queue_name = setting.rule(name)
  if not queue_name then
    return settings.shown(step, name)
  end
  local queue = queues.named(step, queue_name)
  if queue and queue.lease > 0 then
    return setting.text(queue.lease / 1000)
  end
  return settings.shown(step, "heartbeat")
end

function command.apply(step, request)
  local list = {}
  for position = 1, #request.names do
    local name = request.names[position]
    list[#list + 1] = name
    list[#list + 1] = value(step, name)
  end
  if request.all then
    local names = redis.call("ZRANGE", keys.queues(step), 0, limits.WALK - 1)
    queues.read(step, names)
    for position = 1, #names do
      local queue = queues.named(step, names[position])
      if queue and queue.lease > 0 then
        list[#list + 1] = "heartbeat-" .. queue.name
        list[#list + 1] = setting.text(queue.lease / 1000)
      end
    end
  end
  return list
end

return command
