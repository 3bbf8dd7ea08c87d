-- The commands pause and unpause, which differ in one word.

local arguments = require("rules.arguments")
local events = require("store.events")
local limits = require("rules.limits")
local queues = require("store.queues")
local rings = require("store.rings")

return function(paused)
  local command = {}

  function command.parse(step, args)
    arguments.count(args, 1, limits.JOBS)
    for position = 1, #args do
      queues.want(step, arguments.name(args[position], "queue"))
    end
    return args
  end

  function command.apply(step, names)
    for position = 1, #names do
      local queue = queues.ensure(step, names[position])
      if queue.paused ~= paused then
        queue.paused = paused
        if not paused then
          queue.resumed = step.now
          rings.wake(step, queue)
        end
        queues.save(step, queue)
        events.report(step, paused and "paused" or "unpaused", nil, queue.name, "", "")
      end
    end
    return #names
  end

  return command
end
