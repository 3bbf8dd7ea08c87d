-- stats: what happened in a queue on one day.
--
-- Args: queue, day (days since 1970 in UTC; empty: today).
-- Returns: {retries, failures, failed, wait, run, failed-run}. retries: attempts that ended badly
-- and were followed by another. failures: jobs that failed. failed: those of them that nobody has
-- put back, put again, moved or cancelled since. The last three are {count, sum (milliseconds),
-- {bin, how many, bin, ...}}, bins as in rules/bins.lua and in their order: wait is from the moment
-- when a job became runnable until its pop, run from there until it was done, failed-run until it
-- failed or was retried. An attempt counts when it ends.
-- Errors: INVALID. Cost: O(bins).
--
-- Bins are kept for histogram-history days, the rest for stats-history days. A queue or a day of
-- which nothing is known has zeros.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local queues = require("store.queues")
local stats = require("store.stats")

local command = {}

function command.parse(step, args)
  arguments.count(args, 2)
  queues.want(step, arguments.name(args[1], "queue"))
  return { queue = args[1], day = arguments.optional(args[2], "day", 0, limits.CENTURY) }
end

function command.apply(step, request)
  local queue = queues.named(step, request.queue)
  if not queue then
    return { 0, 0, 0, { 0, 0, {} }, { 0, 0, {} }, { 0, 0, {} } }
  end
  return stats.read(step, queue, request.day or stats.day(step.now))
end

return command
