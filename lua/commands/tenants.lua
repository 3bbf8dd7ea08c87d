-- tenants: which tenants have jobs waiting in a queue, by name, a page at a time.
--
-- Args: queue, cursor (empty: from the start), count (1 to limits.JOBS), or: empty, empty, 0, and
-- tenants, for their weights alone.
-- Returns: {cursor of the next page (empty: this was the last), then for each {tenant (empty: jobs
-- without one), weight, how many jobs of the queue wait}}. None when no job of the queue ever had a
-- tenant.
-- Errors: INVALID. Cost: O(log n) a tenant.

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local pages = require("store.pages")
local queues = require("store.queues")
local waiting = require("doors.waiting")

local tenants = {}

function tenants.parse(step, args)
  arguments.count(args, 3, args[1] == "" and 3 + limits.JOBS or 3)
  local names = arguments.names(args, 4, "tenant")
  if #names > 0 then
    return { names = names }
  end
  queues.want(step, arguments.name(args[1], "queue"))
  return pages.asked(args, 2, { queue = args[1] })
end

function tenants.apply(step, request)
  if request.names then
    return { "", unpack(waiting.weights(step, request.names)) }
  end
  local queue = queues.named(step, request.queue)
  if not queue or not queue.fair then
    return { "" }
  end
  local page = pages.ranked(keys.tenants(step, queue), request)
  for position = 2, #page do
    page[position] = waiting.describe(step, queue, page[position])
  end
  return page
end

return tenants
