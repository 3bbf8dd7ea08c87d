-- forget: empty queues leave the registry, with their pause, own settings and limit, all or none.
--
-- Args: queues, at most limits.JOBS.
-- Returns: how many were there.
-- Errors: INVALID, STATE (a queue holds jobs, ended ones included, or recurring jobs).
-- Cost: O(log n) a queue.
--
-- A queue that is used again is a new one: its days of stats, which expire, are not its any more.
-- Not a member of a step, where another member could be about to put into the queue.

local arguments = require("rules.arguments")
local census = require("doors.census")
local clock = require("store.clock")
local keys = require("store.keys")
local limiting = require("rules.limiting")
local limits = require("rules.limits")
local queues = require("store.queues")
local refuse = require("rules.refusal")
local own = require("store.own")
local throttles = require("store.throttles")
local weighing = require("doors.weighing")
local weights = require("store.weights")
local writes = require("store.writes")

local forget = {}

function forget.parse(step, args)
  arguments.count(args, 1, limits.JOBS)
  for position = 1, #args do
    queues.want(step, arguments.name(args[position], "queue"))
  end
  return args
end

function forget.check(step, names)
  local plan, seen = {}, {}
  for position = 1, #names do
    local queue = queues.named(step, names[position])
    if queue and not seen[queue.name] then
      seen[queue.name] = true
      for state, count in pairs(census(step, queue)) do
        if count > 0 then
          refuse("STATE", "queue " .. queue.name .. " holds " .. count .. " jobs: " .. state)
        end
      end
      plan[#plan + 1] = queue
    end
  end
  return plan
end

function forget.apply(step, plan)
  for position = 1, #plan do
    local queue = plan[position]
    own.forget(step, queue)
    weighing.forget(step, queue)
    weights.forget(step, queue)
    queues.forget(step, queue)
    clock.forget(step, queue.number)
    if queue.limited then
      throttles.forget(step, limiting.QUEUE .. queue.name)
    end
    writes.drop(step, keys.ring(step, queue))
    writes.drop(step, keys.turns(step, queue))
    writes.drop(step, keys.tenants(step, queue))
    writes.one(step, "HDEL", keys.laned(step), queue.number)
  end
  return #plan
end

return forget
