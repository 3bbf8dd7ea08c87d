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
local lanes = require("doors.lanes")
local limits = require("rules.limits")
local pages = require("store.pages")
local queues = require("store.queues")

local tenants = {}

function tenants.parse(step, args)
  arguments.count(args, 3, args[1] == "" and 3 + limits.JOBS or 3)
  local request = { names = { unpack(args, 4) }, queue = args[1], cursor = args[2] }
  for position = 1, #request.names do
    arguments.name(request.names[position], "tenant")
  end
  if #request.names == 0 then
    queues.want(step, arguments.name(args[1], "queue"))
    request.count = arguments.integer(args[3], "count", 1, limits.JOBS)
  end
  return request
end

function tenants.apply(step, request)
  if #request.names > 0 then
    return { "", unpack(lanes.weights(step, request.names)) }
  end
  local queue = queues.named(step, request.queue)
  if not queue or not queue.fair then
    return { "" }
  end
  local page = pages.ranked(keys.tenants(step, queue), request)
  for position = 2, #page do
    page[position] = lanes.describe(step, queue, page[position])
  end
  return page
end

return tenants
