-- report: a worker tells about itself: what people are shown, and which queues it serves.
--
-- Args: worker, about (at most limits.REPORT bytes, opaque), then the queues that its pops name, at
-- most limits.JOBS of them.
-- Returns: reported. It replaces the worker's last report, and goes when the worker leaves the
-- registry; it is a sign of life.
-- Errors: INVALID. Cost: O(log n).

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local refuse = require("rules.refusal")
local workers = require("store.workers")

local report = {}

function report.parse(_, args)
  arguments.count(args, 2, 2 + limits.JOBS)
  local worker, about = arguments.worker(args[1]), args[2]
  if #about > limits.REPORT then
    refuse("INVALID", "about: has " .. #about .. " bytes, the limit is " .. limits.REPORT)
  end
  return { worker = worker, about = about, queues = arguments.names(args, 3, "queue") }
end

function report.apply(step, request)
  local seen = redis.call("HGET", workers.key(step, request.worker), "seen")
  workers.touch(step, request.worker, tonumber(seen or nil))
  workers.report(step, request.worker, request.about, request.queues)
  return "reported"
end

return report
