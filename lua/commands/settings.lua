-- settings: the values in force.
--
-- Args: names (as configure takes them), at most limits.JOBS; none: all, by name, then
-- <name>-<queue> of what queues have of their own, among the first limits.WALK queues.
-- Returns: {name, value, name, ...}, values as texts.
-- Errors: INVALID. Cost: O(queues), at most limits.WALK of them.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local own = require("store.own")
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

local function value(step, name)
  local _, queue_name, short = setting.rule(name)
  if not queue_name then
    return settings.shown(step, name)
  end
  local queue = queues.named(step, queue_name)
  if short == "heartbeat" and queue and queue.lease > 0 then
    return setting.text(queue.lease / 1000)
  end
  return own.shown(step, queue, short)
end

-- Adds what a queue has of its own.
local function add_own(step, list, queue)
  if queue.lease > 0 then
    list[#list + 1] = "heartbeat-" .. queue.name
    list[#list + 1] = setting.text(queue.lease / 1000)
  end
  local names = own.names(step, queue)
  for position = 1, #names do
    list[#list + 1] = names[position] .. "-" .. queue.name
    list[#list + 1] = own.text(step, queue, names[position])
  end
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
      if queue then
        add_own(step, list, queue)
      end
    end
  end
  return list
end

return command
